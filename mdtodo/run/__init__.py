"""The story of a run: loop, ready queue, journal, result cache, signals. Prints nothing; an observer is told."""
