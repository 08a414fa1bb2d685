"""What `.git/mdtodo` keeps: leases, journal, spool, logs, caches. Never touches the work tree."""
