"""A run that is one of several workers on the same tasks."""
