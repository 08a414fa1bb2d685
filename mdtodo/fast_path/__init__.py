"""The commit hook's fast path: `check --staged` and `check --changed` where nothing is wrong, and few lines tell so. It
only ever answers that nothing is wrong: whatever is not sure is for the whole program. Writes nothing, prints nothing,
and imports neither click, nor re, nor another room.
"""
