"""One version of a file in a three-way merge: its lines, which of them are tasks, and where they were before."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.markdown.merge.line import read_line
from mdtodo.markdown.source import BOM, dominant_newline

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mdtodo.core.task import Status


class FileFormat(NamedTuple):
    """What a file has besides its lines: byte order mark, line end (empty where lines are kept with theirs),
    and whether the last line ends."""

    mark: bytes
    newline: bytes
    ended: bool


class Version(NamedTuple):
    """The lines of one version, without line ends unless they differ within one of the versions.

    `may_span_lines` says that some line may open what reaches over lines that start at the left edge: fenced code,
    HTML, front matter.
    """

    lines: list[bytes]
    format: FileFormat
    may_span_lines: bool


class Task(NamedTuple):
    """A task of one version: its first line, that of the task around it, its first paragraph, and the line
    after its own part, where its first subtask or the next item starts."""

    line: int
    parent: int | None
    text: str
    status: Status
    end: int


def read_versions(*versions: bytes) -> list[Version]:
    """The versions as lines, all in the same way: with their line ends where some version mixes them."""
    marks = [BOM if data.startswith(BOM) else b"" for data in versions]
    bodies = [data[len(mark) :] for data, mark in zip(versions, marks, strict=True)]
    ends = [_line_end(body) for body in bodies]
    if None in ends:
        return [
            Version(_LINE.findall(body), FileFormat(mark, b"", True), _may_span_lines(body))
            for body, mark in zip(bodies, marks, strict=True)
        ]
    made = []
    for body, mark, end in zip(bodies, marks, ends, strict=True):
        lines = body.split(end)
        ended = not lines[-1]
        if ended:
            lines.pop()
        made.append(Version(lines, FileFormat(mark, end or b"\n", ended), _may_span_lines(body)))
    return made


def to_bytes(lines: Sequence[bytes], form: FileFormat) -> bytes:
    """Lines that `read_versions` gave as a file again."""
    # Where line ends differ within a version, they are in the lines.
    return form.mark + form.newline.join(lines) + form.newline * (form.ended and bool(lines))


def _line_end(body: bytes) -> bytes | None:
    """The one line end that the body has; None where there are several."""
    returns = body.count(b"\r")
    if not returns:
        return b"\n"
    feeds = body.count(b"\n")
    if not feeds:
        return b"\r"
    return b"\r\n" if returns == feeds == body.count(b"\r\n") else None


def merged_format(
    base: FileFormat, ours: FileFormat, theirs: FileFormat, lines: Iterable[bytes]
) -> FileFormat:
    """Each of its parts from the side that changed it, ours where both did."""
    mark, newline, ended = (t if o == b else o for b, o, t in zip(base, ours, theirs, strict=True))
    return FileFormat(mark, newline or dominant_newline(b"".join(lines)), ended)  # type: ignore[arg-type]


def align(base: Sequence[bytes], side: Sequence[bytes]) -> list[int]:
    """For each line of `base` that of `side` which is the same, or -1; in order, so nothing that moved.

    From one difference to the next, the nearest line after it that is unique on both sides; where there is
    none near, such lines in their longest common order (patience). Takes at most n log n time.
    """
    found = [-1] * len(base)
    back, least = 0, min(len(base), len(side))
    while back < least and base[-1 - back] == side[-1 - back]:
        back += 1
        found[-back] = len(side) - back
    ends = len(base) - back, len(side) - back
    near: _Unique | None = None
    i = j = 0
    while True:
        i, j = _run_on(found, base, side, (i, j), ends)
        if i == ends[0] or j == ends[1]:
            return found
        # All lines are counted only where there is a difference.
        near = near or _Unique(base, side)
        anchor = near.after(i, j, ends)
        if anchor is None:
            break
        _fill(found, base, side, (i, j), anchor)
        i, j = anchor
    for anchor in [*_in_order(base, side, (i, j), ends), ends]:
        _fill(found, base, side, (i, j), anchor)
        if anchor is not ends:
            found[anchor[0]] = anchor[1]
        i, j = anchor[0] + 1, anchor[1] + 1
    return found


# Equal lines are compared by so many at once, which is one comparison of lists in C.
_STRIDE = 64


def _run_on(
    found: list[int], base: Sequence[bytes], side: Sequence[bytes], at: tuple[int, int], ends: tuple[int, int]
) -> tuple[int, int]:
    """Match equal lines from there on; where that stops."""
    i, j = at
    least = min(ends[0] - i, ends[1] - j)
    same = 0
    while (
        same + _STRIDE <= least and base[i + same : i + same + _STRIDE] == side[j + same : j + same + _STRIDE]
    ):
        same += _STRIDE
    while same < least and base[i + same] == side[j + same]:
        same += 1
    found[i : i + same] = range(j, j + same)
    return i + same, j + same


class _Unique:
    """The lines that are there once on both sides."""

    def __init__(self, base: Sequence[bytes], side: Sequence[bytes]) -> None:
        self.base = base
        self.counts = Counter(base), Counter(side)
        self.where = dict(zip(side, range(len(side)), strict=True))

    def after(self, i: int, j: int, ends: tuple[int, int]) -> tuple[int, int] | None:
        """The nearest one after a difference, as its places in base and side."""
        best, least = None, 2 * _STRIDE
        for k in range(i, min(i + _STRIDE, ends[0])):
            if k - i >= least:
                break
            line = self.base[k]
            place = self.where.get(line, -1)
            near = j <= place < ends[1] and k - i + place - j < least
            if near and self.counts[0][line] == 1 == self.counts[1][line]:
                best, least = (k, place), k - i + place - j
        return best


def _fill(
    found: list[int],
    base: Sequence[bytes],
    side: Sequence[bytes],
    start: tuple[int, int],
    end: tuple[int, int],
) -> None:
    """Match equal lines from both ends of a gap between two anchors."""
    (i, j), (k, m) = start, end
    while i < k and j < m and base[i] == side[j]:
        found[i] = j
        i, j = i + 1, j + 1
    while k > i and m > j and base[k - 1] == side[m - 1]:
        k, m = k - 1, m - 1
        found[k] = m


def _in_order(
    base: Sequence[bytes], side: Sequence[bytes], start: tuple[int, int], ends: tuple[int, int]
) -> list[tuple[int, int]]:
    """Pairs of lines that are unique on both sides, as many as are in the same order."""
    where = _once(side, start[1], ends[1])
    pairs = [(i, where[line]) for line, i in _once(base, start[0], ends[0]).items() if line in where]
    tails: list[int] = []  # the last line of the shortest run of each length, as in patience sorting
    lasts: list[int] = []
    before: list[int] = []
    for number, (_, j) in enumerate(pairs):
        place = len(tails) if not tails or j > tails[-1] else bisect_left(tails, j)
        before.append(lasts[place - 1] if place else -1)
        if place == len(tails):
            tails.append(j)
            lasts.append(number)
        else:
            tails[place], lasts[place] = j, number
    chain: list[tuple[int, int]] = []
    number = lasts[-1] if lasts else -1
    while number >= 0:
        chain.append(pairs[number])
        number = before[number]
    return chain[::-1]


def _once(lines: Sequence[bytes], first: int, end: int) -> dict[bytes, int]:
    """The lines that stand there once, with their number, in order."""
    found: dict[bytes, int] = {}
    for number in range(first, end):
        line = lines[number]
        found[line] = -1 if line in found else number
    return {line: number for line, number in found.items() if number >= 0}


def tasks_at(version: Version, wanted: Iterable[int], statuses: Mapping[str, Status]) -> dict[int, Task]:
    """Those of the lines `wanted`, and of those around them, that start a task, as the parser says.

    Only the parts of the file that hold such lines are parsed, from one line that starts at the left edge
    and ends all lists to the next: what stands before has no say in them, unless there is something in the
    file that may span lines, such as fenced code or HTML.
    """
    from mdtodo.markdown.document import parse

    numbers = sorted(set(wanted))
    if not numbers:
        return {}
    lines = version.lines
    chosen = list(range(len(lines))) if version.may_span_lines else _parts_to_parse(lines, numbers)
    newline = version.format.newline and b"\n"
    # One line end for all: tasks are found again by their lines, and `starts` counts the same one.
    document = parse(newline.join([lines[number] for number in chosen]), statuses)
    starts = list(accumulate([len(lines[number]) + len(newline) for number in chosen], initial=0))
    places = [chosen[item.line - 1] for item in document.items]
    found: dict[int, Task] = {}
    for item, place, following in zip(document.items, places, [*places[1:], len(lines)], strict=False):
        parent = None if item.parent is None else places[item.parent]
        end = min(chosen[bisect_left(starts, item.end) - 1] + 1, following)
        found[place] = Task(place, parent, item.text, item.status, end)
    return found


def top_tasks(version: Version, wanted: Iterable[int], statuses: Mapping[str, Status]) -> dict[int, Task]:
    """Those of the lines `wanted` that are tasks below no other, whatever stands around them; with the first
    line of their text."""
    if version.may_span_lines:
        return {}
    chars = {char.encode(): status for char, status in statuses.items()}
    found: dict[int, Task] = {}
    for number in wanted:
        line = version.lines[number]
        parts = read_line(line) if _STARTS_TASK(line) and not line.startswith(b" ") else None
        if parts is not None and parts.char in chars:
            found[number] = Task(number, None, parts.text.decode(), chars[parts.char], number + 1)
    return found


def are_tasks(versions: Sequence[Version], wanted: Sequence[int], statuses: Mapping[str, Status]) -> bool:
    """Whether all of the lines `wanted` start tasks in each of the versions, which differ in nothing but boxes
    and keys at the ends of these lines."""
    chars = {char.encode() for char in statuses}
    unsure = []
    base = versions[0].lines
    for number in wanted:
        for version in versions:
            parts = read_line(version.lines[number])
            if parts is None or parts.char not in chars:
                return False
        if not _STARTS_TASK(base[number]):
            unsure.append(number)
    if versions[0].may_span_lines:
        unsure = list(wanted)
    found = tasks_at(versions[0], unsure, statuses)
    return all(number in found for number in unsure)


def _may_span_lines(body: bytes) -> bool:
    # Anywhere, also within a line: at worst the whole file is parsed where parts would do.
    if body[:3] in (b"---", b"+++") or b"```" in body or b"~~~" in body:
        return True
    return b"<" in body and _HTML.search(body.replace(b"\r", b"\n") if b"\r" in body else body) is not None


def _parts_to_parse(lines: Sequence[bytes], numbers: Sequence[int]) -> list[int]:
    """The numbers of the lines of all parts that hold one of `numbers`."""
    chosen: list[int] = []
    done = 0
    for number in numbers:
        if number < done:
            continue
        start = number
        while start > done and not _STARTS(lines[start]):
            start -= 1
        done = number + 1
        while done < len(lines) and not _STARTS(lines[done]):
            done += 1
        chosen += range(start, done)
    return chosen


_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")
# An ATX heading or a bullet at the left edge ends every paragraph and item before it. An ordered item may not:
# `2. [ ] a` continues a paragraph (GFM 5.2).
_STARTS = re.compile(rb"#{1,6}[ \t]|[-+*] {1,4}\[([^\x80-\xff\r\n]|[\xc0-\xff][\x80-\xbf]+)\][ \t]+\S").match
# Visible ASCII after the box: a blank of Unicode would be no text.
_STARTS_TASK = re.compile(
    rb" {0,3}[-+*] {1,4}\[(?:[^\x80-\xff\r\n]|[\xc0-\xff][\x80-\xbf]+)\][ \t]+[!-~]"
).match
_HTML = re.compile(rb"(?m)^(?:[ \t>]|[-+*](?=[ \t])|[0-9]{1,9}[.)](?=[ \t]))*<")
