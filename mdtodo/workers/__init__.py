"""Workers in several clones that share a remote: `claims` are refs there, `remote_leases` puts them behind a run.

Never decides whether a tick counts: `landing/` does.
"""
