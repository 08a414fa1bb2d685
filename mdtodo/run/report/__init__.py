"""What a run says of its tasks, those that it took and those that it left, and what it tells others."""
