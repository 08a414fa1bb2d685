"""The repositories that are served, as snapshots: each read again when it has changed, and changed by one request at a
time."""
