"""What can be made again: remembered by the ids that git gives to content."""
