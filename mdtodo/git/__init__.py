"""Git as it is: `repository` starts it, `session` keeps one going, `settings` has what the person's
configuration asks for. Knows no task and no receipt.
"""
