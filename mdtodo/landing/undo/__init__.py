"""A run taken back by a commit: `undo` and `reversal` look whether it can be, and say why not. Rewrites no history."""
