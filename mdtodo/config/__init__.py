"""What `[tool.mdtodo]` and `.mdtodo.toml` say: shape, default and documentation of each key. Reads no file itself."""
