"""What a person or a program is shown: tables, JSON, annotations. Decides nothing, reads no repository."""
