"""The words of the whole house: tasks, edits, results, receipts, path patterns. No I/O; imports no other room."""
