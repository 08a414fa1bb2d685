"""What a plan says to people: explanations, statistics, durations in words. Never changes a plan."""
