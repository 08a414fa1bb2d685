"""Several runners: terminals on one checkout, runs again and again, and clones that share a remote, whose `claims` are
refs there and stand behind a run as `remote_leases`. Prints nothing; never decides whether a tick counts.
"""
