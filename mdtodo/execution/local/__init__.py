"""The pool of local processes: fork server, workers, channel; the one door to sockets. A worker sees the
channel's end when the runner dies, and ends its commands.
"""
