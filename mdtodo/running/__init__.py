"""Doing it: processors, the pool behind the Executor protocol, and the story of a run."""
