"""Tasks that move from one file to another: what must hold of HEAD and the index before that lands."""
