"""The repository's TODO files as tasks and a plan, at one moment. Only reads."""
