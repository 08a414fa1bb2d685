"""Tasks changed where they stand, or moved: worked out as edits, then made in the work tree or committed."""
