"""Commit messages that prove something: written, read, listed. Never makes a commit."""
