"""`every:`: how old a proof is, and the boxes that it opens."""
