"""The outputs that a processor declares: surveyed, judged, marked. Never commits one: `landing/` does."""
