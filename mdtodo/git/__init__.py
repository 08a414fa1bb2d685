"""Git as it is: objects, trees, HEAD, log, remotes, the work tree. Knows no task and no receipt."""
