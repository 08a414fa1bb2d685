"""One command a file: its options, one call of an operation, one report. No logic that another caller would need."""
