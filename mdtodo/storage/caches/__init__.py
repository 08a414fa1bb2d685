"""What was worked out once and may be deleted at any time: files named by a hash, below `.git/mdtodo`."""
