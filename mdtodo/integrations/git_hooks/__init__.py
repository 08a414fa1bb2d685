"""Plain git hooks: installed beside those that are there, and removed. Decides nothing that a command does not."""
