"""What the standard library makes slowly at every start: named tuples, dataclasses, regular expressions. A type checker
sees those of the standard library.
"""
