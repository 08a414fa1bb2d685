"""A run taken back by commits of its own. Never rewrites history."""
