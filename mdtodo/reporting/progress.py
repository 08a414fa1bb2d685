"""A run as it goes on, on standard error: live lines on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mdtodo.planning.lengths import seconds
from mdtodo.reporting.text import one_line, printable
from mdtodo.results import Outcome, TaskRun

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console
    from rich.progress import Progress, TaskID
    from rich.text import Text

    from mdtodo.model import Task

MARKS = {
    Outcome.DONE: ("✓", "green"),
    Outcome.CACHED: ("✓", "green"),
    Outcome.FAILED: ("✗", "bold red"),
    Outcome.DEFERRED: ("…", "yellow"),
    Outcome.SKIPPED: ("-", "dim"),
    Outcome.BLOCKED: ("·", "dim"),
    Outcome.INTERRUPTED: ("!", "yellow"),
}

#: Lines of a failed task's output that are shown at once.
TAIL_LINES = 12


def describe(done: TaskRun) -> str:
    """`id  title  (processor, 0.4s)`, and why, in one line."""
    facts = [done.processor or "", "" if done.duration is None else seconds(done.duration)]
    if done.attempts > 1:
        facts.append(f"{done.attempts} attempts")
    shown = ", ".join(fact for fact in facts if fact)
    reason = f": {one_line(done.reason)}" if done.reason else ""
    return f"{done.id}  {one_line(done.title)}" + (f"  ({shown})" if shown else "") + reason


def mark(done: TaskRun) -> tuple[str, str]:
    """Sign and style; those of a failure too where it is an earlier one that stands."""
    return MARKS[Outcome.FAILED if done.failed else done.outcome]


def tail(done: TaskRun) -> list[str]:
    """The last lines of a failed task's output, and where all of it is."""
    if done.outcome is not Outcome.FAILED:
        return []
    if not done.tail.strip():
        return ["    it printed nothing"]
    lines = printable(done.tail).rstrip("\n").split("\n")
    return [*(f"    {line}" for line in lines[-TAIL_LINES:]), f"    all of it: mdtodo logs {done.id}"]


class PlainProgress:
    """One line when a task starts being slow to tell, one when it is over; no cursor movement, no colour."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.expected = 0
        self.over = 0
        self._told: list[str] = []

    def __enter__(self) -> PlainProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.flush()

    def begin(self, expected: int, seconds_of: dict[str, float]) -> None:
        """Remember how many there are."""
        self.expected = expected

    def started(self, task: Task, attempt: int) -> None:
        """Nothing: its end is told."""

    def progressed(self, task: Task, percent: float) -> None:
        """Nothing: a log is no place for a bar."""

    def retrying(self, task: Task, attempt: int, delay: float, reason: str) -> None:
        """Say it: it explains why a task takes so long."""
        self._line(f"~ {task.id}  {one_line(task.title)}: {one_line(reason)}; again in {seconds(delay)}")

    def finished(self, done: TaskRun) -> None:
        """`[3/20] ✓ done  id  title  (processor, 0.4s)`; what no process did is not counted."""
        self.over += done.attempts > 0
        count = f"[{self.over}/{max(self.expected, self.over)}]" if done.attempts else "[-]"
        self._line(f"{count} {mark(done)[0]} {done.outcome.value}  {describe(done)}")
        for line in tail(done):
            self._line(line)

    def expect(self, more: int) -> None:
        """More to do."""
        self.expected += more

    def say(self, sentence: str) -> None:
        """A sentence of its own, also where nothing else is told."""
        self._told.append(f"mdtodo: {printable(sentence)}\n")
        self.flush()

    def flush(self) -> None:
        """Write it, all at once: a system call for each of many lines would take longer than short tasks."""
        told, self._told = self._told, []
        try:
            sys.stderr.write("".join(told))
            sys.stderr.flush()
        except OSError:
            _tell_nobody()

    def _line(self, text: str) -> None:
        if not self.quiet:
            self._told.append(text + "\n")


class LiveProgress:
    """A live line for each running task, counts and the time left; what is over scrolls up."""

    def __init__(self, *, colored: bool) -> None:
        from rich.console import Console

        self._console: Console = Console(
            stderr=True, no_color=not colored, highlight=False, emoji=False, markup=False
        )
        self._live: Progress | None = None
        self._total: TaskID | None = None
        self._lines: dict[str, TaskID] = {}
        self._counts = dict.fromkeys(Outcome, 0)
        self._seconds: dict[str, float] = {}
        self._left = 0.0

    def __enter__(self) -> LiveProgress:
        from rich.progress import (
            BarColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
        )

        self._live = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[count]}", markup=False),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}", markup=False),
            console=self._console,
            transient=True,
        )
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def begin(self, expected: int, seconds_of: dict[str, float]) -> None:
        """The line of the whole."""
        if self._live:
            self._total = self._live.add_task("", total=expected, left="", count="")
        self._seconds = seconds_of
        self._left = sum(seconds_of.values())
        self._refresh()

    def started(self, task: Task, attempt: int) -> None:
        """A line of its own, with a bar if its duration is known."""
        known = self._seconds.get(task.id)
        again = f" (attempt {attempt})" if attempt > 1 else ""
        if self._live:
            left = f"about {seconds(known)}" if known else ""
            title = f"{one_line(task.title)[:60]}{again}"
            self._lines[task.id] = self._live.add_task(title, total=None, left=left, count="")

    def progressed(self, task: Task, percent: float) -> None:
        """Move its bar."""
        if self._live and task.id in self._lines:
            done = max(0.0, min(100.0, percent))
            self._live.update(self._lines[task.id], total=100, completed=done, count=f"{done:.0f} %")

    def retrying(self, task: Task, attempt: int, delay: float, reason: str) -> None:
        """Say it above, and take the line away until it begins again."""
        self._drop(task.id)
        self.say(f"{task.id} {one_line(task.title)}: {one_line(reason)}; again in {seconds(delay)}")

    def finished(self, done: TaskRun) -> None:
        """Its line scrolls up with its outcome."""
        self._drop(done.id)
        self._counts[done.outcome] += 1
        self._left -= self._seconds.get(done.id, 0.0)
        if self._live and self._total is not None and done.attempts:
            self._live.advance(self._total)
        sign, style = mark(done)
        self._print(f"{sign} {describe(done)}", style)
        for line in tail(done):
            self._print(line, "dim")
        self._refresh()

    def expect(self, more: int) -> None:
        """A longer line of the whole."""
        if self._live and self._total is not None:
            self._live.update(self._total, total=(self._live.tasks[0].total or 0) + more)

    def say(self, sentence: str) -> None:
        """A sentence of its own, above the live lines."""
        self._print(f"mdtodo: {printable(sentence)}", "yellow")

    def flush(self) -> None:
        """Nothing: it is seen at once."""

    def _print(self, text: str, style: str) -> None:
        from rich.text import Text

        line: Text = Text(text, style)
        self._console.print(line, soft_wrap=True)

    def _drop(self, task_id: str) -> None:
        if self._live and task_id in self._lines:
            self._live.remove_task(self._lines.pop(task_id))

    def _refresh(self) -> None:
        """Counts, and the time left where durations are known."""
        if not self._live or self._total is None:
            return
        counts = ", ".join(f"{count} {outcome.value}" for outcome, count in self._counts.items() if count)
        left = (
            f"about {seconds(max(0.0, self._left))} of work left"
            if self._seconds and self._left > 0.05
            else ""
        )
        whole = self._live.tasks[0]
        count = f"{whole.completed:.0f}/{whole.total or 0:.0f}"
        self._live.update(self._total, description=counts or "starting", left=left, count=count)


def _tell_nobody() -> None:
    """Nobody reads on, or the disk is full: no reason to end a run."""
    import os

    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stderr.fileno())
    os.close(nowhere)


def watcher_for(*, color: bool | None, quiet: bool) -> PlainProgress | LiveProgress:
    """Live lines where standard error is a terminal that can show them, else plain ones; `quiet` tells
    nothing but what a person must know."""
    import os

    if quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return PlainProgress(quiet=quiet)
    return LiveProgress(colored=color is not False)
