"""What a run says of its tasks: those that it took, those that it left, and how many are to come."""
