"""Commit messages that prove something: subject and titles in `message`, the trailers, written and read, in
`trailers`, a branch's receipts in `log`. Never makes a commit.
"""
