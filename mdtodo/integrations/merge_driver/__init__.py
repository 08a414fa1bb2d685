"""The merge driver: set up in `.git/config`, and run when git calls it. Merges by `markdown/merge`."""
