"""The pool of local processes: fork server, workers, channel. The one door to sockets and multiprocessing."""
