"""Edits applied to a file's bytes, or read off two versions of it. Never decides which edit is due."""
