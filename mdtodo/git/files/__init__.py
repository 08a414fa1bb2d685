"""Which files a tree, the index and the work tree have, and which differ. Reads no task in them, and writes none."""
