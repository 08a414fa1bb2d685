"""Tasks of a run that work in clones of their own: how they begin, how they land, and what waits on a branch."""
