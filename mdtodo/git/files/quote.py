"""Paths for git commands that read them line by line from standard input, and have no `-z` for it."""

from __future__ import annotations


def path_line(path: bytes) -> bytes:
    """A path as a line for `git hash-object --stdin-paths`, which takes a line that begins with `"` as quoted in C.

    So that is what a path becomes that begins so, or that a line could not hold as it is. `git cat-file --batch`
    knows no such quotes.
    """
    if not any(byte < 32 or byte in b'"\\' for byte in path):
        return path + b"\n"
    quoted = b"".join(b"\\%03o" % byte if byte < 32 or byte in b'"\\' else bytes([byte]) for byte in path)
    return b'"' + quoted + b'"\n'
