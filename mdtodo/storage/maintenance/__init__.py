"""The state as a whole: what is in its folder, a copy of it, a state from a copy, and what may be deleted of it. Never
lands a result, nor starts a run."""
