"""The keys of one line: `dialects` has them all and how each is spelled, `read` what each means, `write` changes one.
Never looks at another line.
"""
