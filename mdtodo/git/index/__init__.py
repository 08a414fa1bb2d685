"""The index and the refs' locks: copied, changed, locked as git itself does. Never decides what is committed."""
