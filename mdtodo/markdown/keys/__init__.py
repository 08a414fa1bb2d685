"""The keys of one line: `read` has them all and what each means, `dialects` how each is spelled, `write`
changes one. Never looks at another line.
"""
