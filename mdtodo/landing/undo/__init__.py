"""A run taken back by a commit: what `undo` refuses is in `refusals`, what it gives back in `reversal`.
Rewrites no history.
"""
