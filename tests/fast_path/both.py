"""What the fast path says of a file, and what the whole program says of it."""

from __future__ import annotations

from mdtodo.config.load import load
from mdtodo.fast_path.blocks import Reader, UnsureError
from mdtodo.fast_path.memory import Memory
from mdtodo.fast_path.verdict import Facts, facts_of, look_between, text_of
from mdtodo.markdown.document import parse
from mdtodo.recipes import NAMES

#: A task, the one around it, and the headings above it.
Row = tuple[str, str, int, tuple[str, ...]]

#: Of a repository with one file.
SETTINGS = b'[processors.test]\nrun = "true"\n[processors.lint]\nrun = "true"\nmatch = {tags = ["lint"]}\n'
CONFIG = load(None, SETTINGS)
MEMORY = Memory(
    [b"-", b"-"], [], frozenset({*CONFIG.processors, *NAMES}), frozenset(CONFIG.lanes), {}, matches=True
)


def read(data: bytes) -> tuple[list[Row], list[str]] | None:
    """The tasks and the headings by the fast path; None where it is not sure."""
    try:
        found = Reader(text_of(data))
    except UnsureError:
        return None
    rows = [
        (one.char, one.text, one.parent, tuple(_bare(text) for _, text in one.headings))
        for one in found.tasks
    ]
    return rows, [*map(_bare, found.headings)]


def parsed(data: bytes) -> tuple[list[Row], list[str]]:
    """The same by the whole program, where there is nothing else to be said of the file."""
    found = parse(data)
    headings = [_bare(heading.text) for heading in found.headings]
    rows = [
        (
            item.char,
            item.text,
            -1 if item.parent is None else item.parent,
            tuple([headings[at] for at in item.headings]),
        )
        for item in found.items
    ]
    assert not found.empty_boxes
    assert not found.unknown_boxes
    assert not found.conflicts
    return rows, headings


def _bare(heading: str) -> str:
    return heading.strip().rstrip("# \t")


def facts(data: bytes) -> Facts | None:
    """What is surely so of the only file of a repository."""
    try:
        found = facts_of(data, MEMORY)
        look_between(MEMORY, {b"TODO.md": found})
    except UnsureError:
        return None
    return found
