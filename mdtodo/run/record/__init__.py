"""What a run writes down of itself while it goes on: logs, signs of life, results that have yet to land."""
