"""Built-in commands that use the tool of their field, where the repository has what that tool reads."""
