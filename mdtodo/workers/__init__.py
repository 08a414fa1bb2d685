"""Several runners: terminals on one checkout, and runs again and again. Prints nothing; an observer is told."""
