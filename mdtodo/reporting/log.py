"""Receipts on standard output, each as soon as git has found it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from mdtodo.core.receipt import DIRTY
from mdtodo.core.results import Failure, Outcome, signal_name
from mdtodo.planning.analysis.durations import format_seconds
from mdtodo.reporting.json_documents import iso, renamed
from mdtodo.reporting.text import escaped_json, one_line, room, terminal_width

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mdtodo.receipts.trailers import Trailer
    from mdtodo.storage.rows import JournalEntry

#: Columns of a terminal from which on a line has the commit, the date, and the time of day too.
_COMMIT, _DATED, _TIMED = 46, 70, 100

_STYLES = {"done": "green", "cached": "green", "failed": "red", "todo": "yellow", "cancelled": "yellow"}


def print_receipts(
    receipts: Iterable[Trailer], title_of: Callable[[Trailer], str | None], *, color: bool | None
) -> int:
    """A line for each: date, task, outcome, title, proof, commit and run. How many there were.

    On a terminal a line is at most as long as that is wide, and the commit has a column of its own, as it is what
    other commands need: where room is short the run, the proof and the date go, and the title is cut.
    """
    width = terminal_width()
    count = 0
    # printed as it comes: git may take seconds for a long history, and `-n 5` or `| head` ends it early
    for one in receipts:
        count += 1
        outcome = f"{one_line(one.outcome):<9}"
        title = one_line(title_of(one) or "(title unknown)")
        commit = one.commit[:10]
        if width is None:
            start, facts = (
                f"{_when(one, 16)}{one_line(one.task_id):<8}  ",
                [_proof(one), commit, one_line(one.run)],
            )
        else:
            when = _when(one, 16 if width >= _TIMED else 10) if width >= _DATED else ""
            shown = f"{commit}  " if width >= _COMMIT else ""
            start = f"{when}{shown}{one_line(one.task_id):<7}  "
            title, facts = _fitted(title, one, width - len(start) - len(outcome) - 2)
        styled = click.style(outcome, _STYLES.get(one.outcome))
        click.echo(start + "  ".join([styled, title, *facts]), color=color)
    return count


def _when(one: Trailer, length: int) -> str:
    return f"{one.date[:length].replace('T', ' ')}  "


def _fitted(title: str, one: Trailer, width: int) -> tuple[str, list[str]]:
    """What so many columns have room for: the title, the proof, if need be without tree and duration, and the run."""
    from rich.text import Text

    whole = Text(title)
    run = one_line(one.run)
    for facts, least in (
        ([_proof(one), run], 2),
        ([_proof(one, tree=False), run], 1),
        ([_proof(one, tree=False, timed=False)], 0),
    ):
        shown, left = room(whole.cell_len, list(map(len, facts)), width, least=16)
        if shown >= least:
            break
    whole.truncate(left, overflow="ellipsis")
    return whole.plain, facts[:shown]


def print_receipts_json(
    receipts: Iterable[Trailer],
    title_of: Callable[[Trailer], str | None],
    entry_of: Callable[[Trailer], JournalEntry | None],
) -> None:
    """`{"version": 1, "receipts": [RECEIPT, ...]}`, as it comes, with what the journal has beyond the commit."""
    out = sys.stdout.buffer
    out.write(b'{\n  "version": 1,\n  "receipts": [')
    between = b"\n    "
    for one in receipts:
        record = escaped_json(
            json.dumps(receipt_document(one, title_of(one), entry_of(one)), ensure_ascii=False)
        )
        out.write(between + record.encode("utf-8", "replace"))
        between = b",\n    "
    out.write(b"]\n}\n" if between[:1] == b"\n" else b"\n  ]\n}\n")
    sys.stdout.flush()


def _proof(one: Trailer, *, timed: bool = True, tree: bool = True) -> str:
    """`(tests, exit 1, 2.3s, attempt 2, tree 5b1d3c9f0a27)`; that the tree was dirty is said in any case."""
    if one.processor in ("person", "rollup", "undo", "expand", "every"):
        return f"({one.processor})"
    code = _failure(one)
    again = f"attempt {one.attempt}" if one.attempt > 1 else ""
    time = format_seconds(one.seconds) if timed else ""
    content = f"tree {one.tree}" if one.tree and (tree or one.tree == DIRTY) else ""
    return f"({', '.join(filter(None, (one_line(one.processor), code, time, again, content)))})"


def _ending(code: int | None) -> str:
    """How a process ended that did not exit with 0: `exit 3`, or by the name of the signal."""
    if code is not None and code < 0:
        return f"killed by {signal_name(-code)}"
    return "killed" if code is None else f"exit {code}" if code else ""


#: How a task failed where its exit code does not say it.
_FAILURES: dict[str, str] = {
    Failure.TIMEOUT: "timed out",
    Failure.LOST: "its worker was lost",
    Failure.OUTPUT: "its output was refused",
    Failure.CONFLICT: "its output was changed",
}


def _failure(one: Trailer) -> str:
    """The same of a receipt, "" for one that did not fail."""
    return _FAILURES.get(one.reason or "") or _ending(one.exit_code)


def receipt_document(one: Trailer, title: str | None, entry: JournalEntry | None) -> dict[str, object]:
    """A receipt in JSON: its fields, two of them by the names that they have in the contract. When its processor
    started and ended only the journal knows; how it failed is told by that in its own words."""
    called = renamed(one, task_id="task", seconds="duration")
    found = called | {"date": one.date or None, "title": title, "metrics": dict(one.metrics)}
    del found["said_in"]
    ran = entry if one.attempt else None
    error = (entry.receipt.error if entry else None) or _failure(one) or None
    more = {
        "error": error if one.outcome == Outcome.FAILED else None,
        "started": iso(ran.receipt.began, "milliseconds") if ran else None,
        "finished": iso(ran.finished, "milliseconds") if ran else None,
    }
    return found | more
