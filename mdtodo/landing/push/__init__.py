"""Receipts pushed, replayed on what others pushed, and this checkout moved after them. Never forces a push."""
