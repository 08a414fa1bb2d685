"""The same edits to HEAD, index and work tree, and what a killed run left. Never runs a processor."""
