"""Done tasks whose processors run again: to verify them, to prove their ticks, or since their proofs are too old."""
