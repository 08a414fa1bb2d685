"""The runners of a clone: their signs of life, and what each says that it has in hand. Never frees a lease."""
