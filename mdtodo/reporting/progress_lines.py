"""A run as it stands now, in lines of a terminal: one for each task that runs, and one of the whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from rich.spinner import Spinner
from rich.text import Text

from mdtodo.core.results import Outcome
from mdtodo.planning.analysis.durations import format_seconds
from mdtodo.reporting.text import one_line, room

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.core.results import TaskRun
    from mdtodo.core.task import Task

_BAR = 20
#: Columns that a title may take, since the eye has to find what stands behind it, and a row that is folded where the
#: window gets narrow should not take many; and those that it keeps before what stands behind it gives way.
_TITLE, _LEAST = 48, 24


@dataclass(slots=True, eq=False)
class _Running:
    """A task in hand: since when, how far its processor says it is, and when it is tried again, all by `monotonic`."""

    title: str
    since: float
    percent: float | None = None
    again: float | None = None


@dataclass(slots=True, eq=False, repr=False)
class ProgressLines:
    """What a run has told so far. `rows` may be called from any thread; `plain`: in ASCII alone."""

    plain: bool = False
    expected: int = 0
    _counts: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    _running: dict[str, _Running] = field(default_factory=dict)
    _others: dict[str, _Running] = field(default_factory=dict)
    _known: dict[str, float] = field(default_factory=dict)
    _left: float = 0.0
    _began: float = field(default_factory=monotonic)
    # the run tells, and a thread of the live lines draws
    _lock: Lock = field(default_factory=Lock)
    _spinner: Spinner = field(init=False)

    def __post_init__(self) -> None:
        self._spinner = Spinner("line" if self.plain else "dots")

    def begin(self, expected: int, seconds_of: dict[str, float]) -> None:
        """See `Observer.begin`."""
        with self._lock:
            self.expected, self._known, self._left = expected, seconds_of, sum(seconds_of.values())

    def started(self, task: Task, attempt: int) -> None:
        """See `Observer.started`."""
        title = one_line(task.title) + (f" (attempt {attempt})" if attempt > 1 else "")
        with self._lock:
            self._running[task.id] = _Running(title, monotonic())

    def progressed(self, name: str, percent: float) -> None:
        """See `Observer.progressed`."""
        with self._lock:
            if name in self._running:
                self._running[name].percent = max(0.0, min(100.0, percent))

    def retrying(self, name: str, delay: float) -> None:
        """See `Observer.retrying`."""
        with self._lock:
            if name in self._running:
                self._running[name].again = monotonic() + delay

    def finished(self, done: TaskRun) -> None:
        """See `Observer.finished`."""
        with self._lock:
            self._running.pop(done.id, None)
            if done.expected:
                self._counts[done.outcome] += 1
                self._left -= self._known.get(done.id, 0.0)

    def others(self, in_hand: Sequence[tuple[str, Task]]) -> None:
        """See `Observer.others`."""
        with self._lock:
            known, now = self._others, monotonic()
            self._others = {
                task.id: known.get(task.id) or _Running(one_line(f"{worker}: {task.title}"), now)
                for worker, task in in_hand
            }

    def rows(self, width: int, height: int) -> Sequence[Text]:
        """At most `height` rows of at most `width` columns, the last of them of the whole."""
        now = monotonic()
        with self._lock:
            tasks = [*self._running.items(), *self._others.items()]
            free = height - 1
            shown = tasks if len(tasks) <= free else tasks[: max(0, free - 1)]
            rows = self._rows(width, [self._task(name, one, now) for name, one in shown], _LEAST)
            for row in rows[len(self._running) :]:
                row.stylize("dim")
            if free > len(shown) < len(tasks):
                rows.append(Text(f"  and {len(tasks) - len(shown)} more", "dim"))
                rows[-1].truncate(width, overflow="ellipsis")
            return [*rows, *self._rows(width, [self._whole(now)], width)]

    def _task(self, name: str, one: _Running, now: float) -> list[Text]:
        """Title, time and how long it takes, how far it is."""
        title = Text(one.title)
        title.truncate(_TITLE, overflow="ellipsis")
        if one.again is not None:
            wait = max(0.0, one.again - now)
            return [title, Text(f"retrying in {format_seconds(wait)}", "yellow")]
        known = self._known.get(name)
        parts = [title, Text(format_seconds(now - one.since), "dim")]
        parts += [Text(f"of about {format_seconds(known)}", "dim")] if known else []
        if one.percent is not None:
            parts += [Text(f"{one.percent:3.0f} %"), self._bar(one.percent / 100)]
        return parts

    def _whole(self, now: float) -> list[Text]:
        """What came of how many, how many run, the time, and the time left where durations are known."""
        over = sum(self._counts.values())
        waiting = sum(one.again is not None for one in self._running.values())
        running = len(self._running) - waiting
        told = [f"{running} running"] if running else []
        told += [f"{waiting} waiting to retry"] if waiting else []
        told += [f"{count} {outcome.value}" for outcome, count in self._counts.items() if count]
        whole = max(self.expected, over)
        parts = [Text(", ".join(told) or "starting")]
        parts += [Text(f"{over}/{whole}", "bold")] if whole else []
        parts.append(Text(format_seconds(now - self._began), "dim"))
        parts += [self._bar(over / whole)] if whole else []
        left = self._seconds_left(now)
        return [*parts, Text(f"about {format_seconds(left)} of work left", "dim")] if left > 0.05 else parts

    def _seconds_left(self, now: float) -> float:
        spent = sum(
            min(known, now - one.since)
            for name, one in self._running.items()
            if one.again is None and (known := self._known.get(name))
        )
        return self._left - spent

    def _rows(self, width: int, rows: list[list[Text]], least: int) -> list[Text]:
        """The parts of each row side by side, all second parts in one column. Where they do not fit, the first part is
        cut to `least` columns, then the last parts are left out, then the first one is cut further."""
        sign = self._spinner.render(monotonic())
        assert isinstance(sign, Text), "a spinner without a text of its own"
        widest = max((row[0].cell_len for row in rows), default=0)
        fits = [room(widest, [fact.cell_len for fact in row[1:]], width - 2, least=least) for row in rows]
        column = min((left for _, left in fits), default=widest)
        for (title, *_), (shown, _) in zip(rows, fits, strict=True):
            title.truncate(min(widest, column), overflow="ellipsis", pad=shown > 0)
        return [
            Text("  ").join([Text.assemble(sign.copy(), " ", row[0]), *row[1 : shown + 1]])
            for row, (shown, _) in zip(rows, fits, strict=True)
        ]

    def _bar(self, share: float) -> Text:
        filled = int(share * _BAR)
        done, rest = ("#", ".") if self.plain else ("━", "─")
        return Text.assemble((done * filled, "cyan"), (rest * (_BAR - filled), "dim"))
