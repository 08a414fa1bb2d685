"""Receipts of ticks that no landing has committed: into the message of a person's commit, else after it in commits of
trailers alone. Ticks nothing.
"""
