"""One use case a file, for whoever asks: a command, a hook, a server. Prints nothing."""
