"""Bytes to documents to tasks, and back. Never touches the disk, the clock, a process or git."""
