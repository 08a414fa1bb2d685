"""The line scanner for GFM's block structure: containers, leaves, what is open. Knows no task."""
