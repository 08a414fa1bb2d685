"""What a plan says to people: explanations, statistics, durations in words, `list --sort`. Never changes a plan."""
