"""The findings of `mdtodo check`, and what is remembered of them. Mends nothing."""
