"""The operating system: files, processes, who is alive, failpoints. Knows neither git nor tasks."""
