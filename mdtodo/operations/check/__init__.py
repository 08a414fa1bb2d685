"""`mdtodo check` gathers findings, and keeps them: what tasks tell is found in `planning/findings`, what is
wrong with a key in `markdown/keys/read`. Mends nothing.
"""
