"""What a person or a program sees: tables, JSON, findings, progress."""
