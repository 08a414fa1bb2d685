"""A run as it goes on, on standard error: live lines on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from mdtodo.core.results import Outcome, TaskRun
from mdtodo.planning.analysis.durations import format_seconds
from mdtodo.reporting.text import message, one_line, paragraph, printable, redraws

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from mdtodo.core.task import Task
    from mdtodo.reporting.live import LiveLines

MARKS = {
    Outcome.DONE: ("✓", "green"),
    Outcome.CACHED: ("✓", "green"),
    Outcome.FAILED: ("✗", "bold red"),
    Outcome.DEFERRED: ("…", "yellow"),
    Outcome.SKIPPED: ("-", "dim"),
    Outcome.BLOCKED: ("·", "dim"),
    Outcome.INTERRUPTED: ("!", "yellow"),
}

#: What a processor does without saying why in its exit code.
_PUT_OFF = (Outcome.SKIPPED, Outcome.DEFERRED)

#: Lines of a failed task's output that are shown at once.
TAIL_LINES = 12

#: Characters of a last line that stands behind a title.
_LONGEST = 200


def describe(done: TaskRun) -> str:
    """`id  title  (processor, 0.4s)`, and why, in one line; of a task that was skipped or deferred, its own last words
    say why."""
    facts = [done.processor or "", "" if done.duration is None else format_seconds(done.duration)]
    if done.attempts > 1:
        facts.append(f"{done.attempts} attempts")
    shown = ", ".join(fact for fact in facts if fact)
    why = done.reason or (last_line(done.tail) if done.outcome in _PUT_OFF else "")
    reason = f": {one_line(why)}" if why else ""
    return f"{done.id}  {one_line(done.title)}" + (f"  ({shown})" if shown else "") + reason


def mark(done: TaskRun) -> tuple[str, str]:
    """Sign and style; those of a failure too where it is a cached one."""
    return MARKS[Outcome.FAILED if done.failed else done.outcome]


def describe_retry(task: Task, delay: float, reason: str) -> str:
    """`id  title: exit 1; retrying in 5s`."""
    return f"{task.id}  {one_line(task.title)}: {one_line(reason)}; retrying in {format_seconds(delay)}"


def tail(done: TaskRun) -> list[str]:
    """The last lines of a failed task's output, and where all of it is."""
    if done.outcome is not Outcome.FAILED:
        return []
    lines = _lines(done.tail)
    if not lines:
        return ["    no output"]
    return [
        *(f"    {line}".rstrip() for line in lines[-TAIL_LINES:]),
        f"    full log: mdtodo output {done.id}",
    ]


def last_line(output: str) -> str:
    """The last line that says anything, cut where it is very long; empty where there is none."""
    line = next((line for line in reversed(_lines(output)) if line.strip()), "")
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _lines(output: str) -> list[str]:
    r"""Output as lines that are safe to show: of a line that was written over (`\r`) what stood there in the end,
    without colours, and without blank lines at the end."""
    text = click.unstyle(output.replace("\r\n", "\n")).rstrip()
    return [printable(line.rstrip("\r").rpartition("\r")[2]) for line in text.split("\n")] if text else []


class PlainProgress:
    """One line when a task starts being slow to tell, one when it is over; no cursor movement, no colour."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.expected = 0
        self.over = 0
        self._told: list[str] = []

    def __enter__(self) -> PlainProgress:
        return self

    def __exit__(self, *_: object) -> None:
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
        self._line(f"~ {describe_retry(task, delay, reason)}")

    def finished(self, done: TaskRun) -> None:
        """`[3/20] ✓ done  id  title  (processor, 0.4s)`; what was not expected is not counted."""
        self.over += done.expected
        count = f"[{self.over}/{max(self.expected, self.over)}]" if done.expected else "[-]"
        self._line(f"{count} {mark(done)[0]} {done.outcome.value}  {describe(done)}")
        for line in tail(done):
            self._line(line)

    def expect(self, more: int) -> None:
        """More to do."""
        self.expected += more

    def others(self, in_hand: Sequence[tuple[str, Task]]) -> None:
        """Nothing: each of them tells its own."""

    def say(self, sentence: str) -> None:
        """A sentence of its own, also where nothing else is told."""
        self._told.append(message(sentence, stream=sys.stderr) + "\n")
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
    """A live line for each task that runs, and one of the whole; what is over scrolls up, and stays as it is."""

    def __init__(self, *, colored: bool) -> None:
        # rich takes longer to import than click: for a terminal alone
        from mdtodo.reporting.live import live_console
        from mdtodo.reporting.progress_lines import ProgressLines

        self._console = live_console(colored=colored, stderr=True)
        self._live: LiveLines | None = None
        self._lines = ProgressLines(plain=self._console.options.ascii_only)
        self._told: list[Text] = []

    def __enter__(self) -> LiveProgress:
        from mdtodo.reporting.live import LiveLines

        self._live = LiveLines(self._console, self._lines.rows)
        self._live.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()
        if self._live:
            self._live.__exit__()

    def begin(self, expected: int, seconds_of: dict[str, float]) -> None:
        """The line of the whole."""
        self._lines.begin(expected, seconds_of)

    def started(self, task: Task, attempt: int) -> None:
        """A line of its own."""
        self._lines.started(task, attempt)

    def progressed(self, task: Task, percent: float) -> None:
        """Move its bar."""
        self._lines.progressed(task.id, percent)

    def retrying(self, task: Task, attempt: int, delay: float, reason: str) -> None:
        """Say it above; its line counts down."""
        self._lines.retrying(task.id, delay)
        self._print(_folded("~ ", describe_retry(task, delay, reason)), "yellow")

    def finished(self, done: TaskRun) -> None:
        """Its line goes, and its outcome scrolls up, with the end of its output if it failed."""
        self._lines.finished(done)
        sign, style = mark(done)
        self._print(_folded(f"{sign} ", describe(done)), style)
        for line in tail(done):
            self._print(line, "dim")

    def expect(self, more: int) -> None:
        """A longer line of the whole."""
        self._lines.expected += more

    def others(self, in_hand: Sequence[tuple[str, Task]]) -> None:
        """A line for each, below the own ones."""
        self._lines.others(in_hand)

    def say(self, sentence: str) -> None:
        """A sentence of its own, above the live lines."""
        self._print(message(sentence, stream=sys.stderr), "yellow")
        self.flush()

    def flush(self) -> None:
        """Show what scrolls up, all at once: the live lines are drawn again by themselves."""
        from rich.text import Text

        told, self._told = self._told, []
        try:
            if told:
                self._console.print(Text("\n").join(told), soft_wrap=True)
        except OSError:
            _tell_nobody()

    def _print(self, text: str, style: str) -> None:
        from rich.text import Text

        self._told.append(Text(text, style))


def _folded(sign: str, text: str) -> str:
    return paragraph(text, first=sign, rest="  ", stream=sys.stderr)


def _tell_nobody() -> None:
    """Nobody reads on, or the disk is full: no reason to end a run."""
    import os

    nowhere = os.open(os.devnull, os.O_WRONLY)
    # the number stays in use: else the next file that is opened would get what is told
    os.dup2(nowhere, sys.stderr.fileno())
    os.close(nowhere)


def observer_for(*, color: bool | None, quiet: bool) -> PlainProgress | LiveProgress:
    """Live lines where standard error is a terminal that can show them, else plain ones; `quiet` tells
    nothing but what a person must know."""
    if quiet or not redraws(sys.stderr):
        return PlainProgress(quiet=quiet)
    return LiveProgress(colored=color is not False)
