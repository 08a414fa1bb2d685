"""Refs on a remote: changed by compare-and-swap, and read. Knows no claim."""
