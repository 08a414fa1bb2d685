"""The result of a merge: lines and conflicts, and these as bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mdtodo.markdown.merge.line import merged_line
from mdtodo.markdown.merge.version import merged_format

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mdtodo.core.task import Status
    from mdtodo.markdown.merge.version import Version


class Markers(NamedTuple):
    """How conflicts are written: the labels, the length of the markers, and whether base's lines are shown
    (`style` is git's `merge`, `diff3` or `zdiff3`)."""

    ours: str = "ours"
    base: str = "base"
    theirs: str = "theirs"
    size: int = 7
    style: str = "merge"


class ConflictLine(NamedTuple):
    """A line in a conflict, and the task that it is."""

    line: bytes
    entity: int | None


class Conflict(NamedTuple):
    """Lines that only a person can put together."""

    ours: list[ConflictLine]
    base: list[ConflictLine]
    theirs: list[ConflictLine]


class Result(NamedTuple):
    """Lines and conflicts in order; `places` says which of the lines are tasks that the merge looked at."""

    pieces: list[bytes | Conflict]
    places: dict[int, int]
    conflicts: int

    def disputed(self) -> set[int]:
        """The tasks in conflicts."""
        conflicts = (
            piece for piece in (self.pieces if self.conflicts else ()) if isinstance(piece, Conflict)
        )
        return {one.entity for piece in conflicts for side in piece for one in side if one.entity is not None}


def merged_task(
    entity: int, base: bytes | None, ours: bytes, theirs: bytes, statuses: Mapping[str, Status]
) -> bytes | Conflict:
    """The line of a task with the changes of both sides."""
    made = merged_line(base, ours, theirs, statuses)
    if made is not None:
        return made
    was = [] if base is None else [ConflictLine(base, entity)]
    return Conflict([ConflictLine(ours, entity)], was, [ConflictLine(theirs, entity)])


def to_bytes(result: Result, versions: Sequence[Version], markers: Callable[[], Markers]) -> bytes:
    """The bytes of a result; `markers` is asked only if there is a conflict."""
    base, ours, theirs = (version.format for version in versions)
    file_format = merged_format(base, ours, theirs, versions[1].lines)
    ends_in_conflict = bool(result.pieces) and isinstance(result.pieces[-1], Conflict)
    lines = _lines(result, markers, b"" if ours.newline else file_format.newline)
    if ours.newline:
        return (
            file_format.mark
            + file_format.newline.join(lines)
            # A marker ends its line, whatever the file ends with: git writes it so.
            + file_format.newline * (bool(lines) and (file_format.ended or ends_in_conflict))
        )
    last = len(lines) - 1
    return file_format.mark + b"".join(
        [
            line if at == last or line.endswith((b"\n", b"\r")) else line + file_format.newline
            for at, line in enumerate(lines)
        ]
    )


def _lines(result: Result, markers: Callable[[], Markers], end: bytes) -> list[bytes]:
    if not result.conflicts:
        return result.pieces  # type: ignore[return-value]
    known = markers()
    lines: list[bytes] = []
    for piece in result.pieces:
        lines += [piece] if isinstance(piece, bytes) else _marked(piece, known, end)
    return lines


def _marked(conflict: Conflict, markers: Markers, end: bytes) -> Iterator[bytes]:
    """The conflict as git would write it."""
    for mark, label, side in (
        (b"<", markers.ours, conflict.ours),
        (b"|", markers.base, conflict.base),
        (b"=", "", conflict.theirs),
        (b">", markers.theirs, []),
    ):
        if mark != b"|" or markers.style != "merge":
            # Labels are names of files and branches, which need not be UTF-8.
            words = f" {label}".encode("utf-8", "surrogateescape") if label else b""
            yield mark * markers.size + words + end
            yield from [placed.line for placed in side]
