"""What one version of a file has changed of another one, made in a third by a merge. Commits nothing."""
