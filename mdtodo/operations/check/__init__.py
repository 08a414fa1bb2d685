"""`mdtodo check` gathers findings, and keeps them: what tasks tell is found in `planning/findings`, what is
wrong with a key in `markdown/keys/read`, what else a line or a document says in `check`. Mends nothing.
"""
