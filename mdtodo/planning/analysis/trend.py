"""How a list grew and shrank: what was opened and closed in each day, week or month, and how long that took. Pure."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mdtodo.core.task import Status
    from mdtodo.markdown.task_index import TaskIndex

#: What a row can stand for.
PERIODS = ("day", "week", "month")


class Period(NamedTuple):
    """`begin` is its first day. How many tasks were opened (new, or opened again), closed (ticked or cancelled) and
    taken away while they were open; how many were open at its end; then, in seconds, how long ago the oldest of
    these was opened, and the median from opening to closing of those that were closed; None where there is none."""

    begin: date
    opened: int
    closed: int
    removed: int
    open: int
    oldest: float | None
    median_to_close: float | None


class _Life:
    """One task through all versions."""

    __slots__ = ("opened", "status")

    def __init__(self) -> None:
        self.status: Status | None = None
        self.opened = 0.0


class _List(NamedTuple):
    """A file in one version, with whose life each of its tasks is."""

    tasks: TaskIndex
    lives: Sequence[_Life]


class _Tally:
    """What happened in one period."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.durations: list[float] = []


def trend(
    versions: Iterable[tuple[float, Mapping[str, TaskIndex | None]]], by: str, now: float
) -> list[Period]:
    """One for each period from the first version to `now` (Unix time), in order, in UTC. `versions`: times, and the
    files that changed, in order; a time before the one before it counts as that."""
    files: dict[str, _List] = {}
    open_lives: set[_Life] = set()
    found: list[Period] = []
    begin: date | None = None
    tally, clock = _Tally(), 0.0
    for time, changed in versions:
        clock = max(clock, min(time, now))
        begin = begin or _begin(clock, by)
        while _end(begin, by) <= clock:
            found.append(_period(begin, tally, open_lives, _end(begin, by)))
            tally, begin = _Tally(), _next(begin, by)
        _replay(files, changed, clock, tally, open_lives)
    while begin is not None and begin <= _begin(now, by):
        found.append(_period(begin, tally, open_lives, min(now, _end(begin, by))))
        tally, begin = _Tally(), _next(begin, by)
    return found


def _replay(
    files: dict[str, _List],
    changed: Mapping[str, TaskIndex | None],
    time: float,
    tally: _Tally,
    open_lives: set[_Life],
) -> None:
    """What one version did."""
    before = {path: files.pop(path) for path in changed if path in files}
    after = {path: index for path, index in changed.items() if index is not None}
    lives = _matched(before, after)
    for path, index in after.items():
        files[path] = _List(index, lives[path])
        for life, item in zip(lives[path], index.document.items, strict=True):
            _become(life, item.status, time, tally, open_lives)
    kept = {id(life) for path in after for life in lives[path]}
    for one in before.values():
        for life in one.lives:
            if id(life) not in kept and life in open_lives:
                open_lives.discard(life)
                tally.counts["removed"] += 1


def _become(life: _Life, status: Status, time: float, tally: _Tally, open_lives: set[_Life]) -> None:
    if status.closed and life in open_lives:
        open_lives.discard(life)
        tally.counts["closed"] += 1
        tally.durations.append(time - life.opened)
    elif not status.closed and life not in open_lives:
        open_lives.add(life)
        tally.counts["opened"] += 1
        life.opened = time
    life.status = status


#: Tasks of the old version that have no place in the new one yet: file, index and life, by the life's `id()`.
_Left = dict[int, tuple[str, int, _Life]]


def _matched(before: Mapping[str, _List], after: Mapping[str, TaskIndex]) -> dict[str, list[_Life]]:
    """Whose life each task of the new version is: the same place and name, else the same id or the same titles, also in
    another file; else, between the same neighbours, in the same order, since it was reworded. Others begin one."""
    found: dict[str, list[_Life | None]] = {
        path: [None] * len(index.document.items) for path, index in after.items()
    }
    left = {id(life): (path, at, life) for path, one in before.items() for at, life in enumerate(one.lives)}
    for key in (_name, _words):
        _pair(before, after, found, left, key)
    _reworded(before, found, left)
    return {path: [life or _Life() for life in lives] for path, lives in found.items()}


def _name(index: TaskIndex, at: int) -> tuple[object, ...]:
    return index[at].name


def _words(index: TaskIndex, at: int) -> tuple[object, ...]:
    anchor = index[at]
    return (anchor.explicit,) if anchor.explicit is not None else (anchor.digest, "")


def _pair(
    before: Mapping[str, _List],
    after: Mapping[str, TaskIndex],
    found: Mapping[str, list[_Life | None]],
    left: _Left,
    key: Callable[[TaskIndex, int], tuple[object, ...]],
) -> None:
    """Those that have the same key, in order."""
    waiting: dict[tuple[object, ...], list[tuple[str, int, _Life]]] = {}
    for path, at, life in left.values():
        waiting.setdefault(key(before[path].tasks, at), []).append((path, at, life))
    for path, lives in found.items():
        for at in range(len(lives)):
            same = waiting.get(key(after[path], at)) if lives[at] is None else None
            if same:
                lives[at] = same[0][2]
                del left[id(same.pop(0)[2])]


def _reworded(
    before: Mapping[str, _List],
    found: Mapping[str, list[_Life | None]],
    left: _Left,
) -> None:
    """What stands behind the same task as before."""
    for path, lives in found.items():
        old = before[path].lives if path in before else ()
        follows = {id(one): other for one, other in pairwise(old)}
        previous: _Life | None = None
        for at in range(len(lives)):
            heir = (old[0] if old else None) if at == 0 else follows.get(id(previous))
            if lives[at] is None and heir is not None and id(heir) in left:
                lives[at] = heir
                del left[id(heir)]
            previous = lives[at]


def _period(begin: date, tally: _Tally, open_lives: set[_Life], end: float) -> Period:
    oldest = min((life.opened for life in open_lives), default=None)
    return Period(
        begin,
        tally.counts["opened"],
        tally.counts["closed"],
        tally.counts["removed"],
        len(open_lives),
        None if oldest is None else max(0.0, end - oldest),
        median(tally.durations) if tally.durations else None,
    )


def _begin(time: float, by: str) -> date:
    day = datetime.fromtimestamp(time, UTC).date()
    if by == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if by == "month" else day


def _next(begin: date, by: str) -> date:
    if by == "month":
        return (begin.replace(day=28) + timedelta(days=4)).replace(day=1)
    return begin + timedelta(days=7 if by == "week" else 1)


def _end(begin: date, by: str) -> float:
    return datetime.combine(_next(begin, by), datetime.min.time(), UTC).timestamp()
