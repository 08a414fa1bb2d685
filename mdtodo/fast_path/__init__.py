"""The fast path of git's hooks: `check --staged` and `check --changed` where nothing is wrong, `hook receipt` where
there is nothing to add, and few lines tell so; and what shells ask for to complete commands and options. Whatever is
not sure is for the whole program. Writes nothing, prints nothing, and imports neither click, nor re, nor another room.
"""
