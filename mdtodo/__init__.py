"""mdtodo: your TODO.md is the queue, and a box is ticked only when something proves it."""

__version__ = "0.1.0"
