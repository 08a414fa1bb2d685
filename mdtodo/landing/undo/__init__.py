"""A run taken back by a commit: `undo` and `reversal` look whether it can be, `refusals` has what is said where not.
Rewrites no history.
"""
