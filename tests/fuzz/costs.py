"""What a text costs that is a few bytes again and again."""

from __future__ import annotations

from contextlib import suppress
from functools import cache, partial
from typing import TYPE_CHECKING

from mdtodo.core.edits import SetKey, SetStatus
from mdtodo.core.task import Status
from mdtodo.errors import EditError
from mdtodo.markdown.anchors import anchors
from mdtodo.markdown.document import parse
from mdtodo.markdown.edits.add_task import add_task
from mdtodo.markdown.edits.apply import apply
from mdtodo.markdown.keys.read import read_keys
from mdtodo.markdown.reparse import reparse_part
from mdtodo.markdown.tasks import read_tasks
from tests.timing import cpu_seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fuzz.versions import Versions

#: So many times as much as a plain list of as many bytes.
MOST = 5
SIZE, SMALL = 100_000, 20_000
_PLAIN = b"- [ ] a\n"
_SEED, _TRIES = 60, 5


def costs(versions: Versions) -> None:
    """The first text, again and again behind the second one, is read in the time of a plain list, and so is a change."""
    seed, head = versions.texts[0][:_SEED], b"".join(versions.texts[1:2])[:_SEED]
    if not seed or versions.document(head + seed) is None:
        return
    for name in _WORK:
        if _is_dear(name, head, seed, SMALL) and _is_dear(name, head, seed, SIZE):
            raise AssertionError(f"{name} of {SIZE} bytes of {seed!r} after {head!r}")


def _is_dear(name: str, head: bytes, seed: bytes, size: int) -> bool:
    data = head + seed * (size // len(seed))
    most = MOST * _plain(name, size)
    return any(all(cpu_seconds(work) > most for _ in range(_TRIES)) for work in _WORK[name](data))


@cache
def _plain(name: str, size: int) -> float:
    # of a plain list only a part is read again, which other texts do not allow
    works = _WORK["parse" if name == "reparse_part" else name](_PLAIN * (size // len(_PLAIN)))
    return max(min(cpu_seconds(work) for _ in range(_TRIES)) for work in works)


def _reading(data: bytes) -> list[Callable[[], object]]:
    return [partial(parse, data)]


def _tasks(data: bytes) -> list[Callable[[], object]]:
    document = parse(data)

    def work() -> None:
        read_keys.cache_clear()
        read_tasks({"TODO.md": document})

    return [work]


def _rereading(data: bytes) -> list[Callable[[], object]]:
    document, middle = parse(data), data.find(b"\n", len(data) // 2) + 1
    changed = data[:middle] + b"- [ ] new\n" + data[middle:], data + b"x", b"x" + data
    return [partial(reparse_part, document, one) for one in changed]


def _editing(data: bytes) -> list[Callable[[], object]]:
    """A tick, a key and a new task."""
    document = parse(data)
    found = anchors(document, "TODO.md")[:1]
    edits = [edit for one in found for edit in (SetStatus(one, Status.DONE), SetKey(one, "failed", "1"))]

    def add() -> None:
        read_keys.cache_clear()
        with suppress(EditError):  # code or HTML up to the end of the file
            add_task(data, "one more #tag")

    def change() -> None:
        read_keys.cache_clear()
        apply(data, edits, tolerant=True)

    return [change, add]


_WORK = {"parse": _reading, "read_tasks": _tasks, "reparse_part": _rereading, "edits": _editing}
