"""Bytes to tasks and back. Pure: no disk, no clock, no process, no git."""
