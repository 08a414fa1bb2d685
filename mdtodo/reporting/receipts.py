"""Receipts on standard output, each as soon as git has found it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from mdtodo.planning.lengths import seconds
from mdtodo.reporting.text import escaped_json, one_line, room

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mdtodo.repo.history import PastReceipt

#: Columns of a terminal from which on a line begins with the date.
_DATED = 60

_STYLES = {"done": "green", "cached": "green", "failed": "red", "todo": "yellow", "cancelled": "yellow"}


def print_receipts(
    receipts: Iterable[PastReceipt], title_of: Callable[[PastReceipt], str | None], *, color: bool | None
) -> int:
    """A line for each: date, task, outcome, title, proof, commit and run. How many there were.

    On a terminal a line is at most as long as that is wide: run and commit go first, then the title is cut.
    """
    width = _width()
    count = 0
    for one in receipts:
        count += 1
        outcome = f"{one_line(one.outcome):<9}"
        when = f"{one.date[:16].replace('T', ' ')}  " if width is None or width >= _DATED else ""
        start = f"{when}{one_line(one.task_id):<8}  "
        title = one_line(title_of(one) or "(title unknown)")
        facts = [f"({_proof(one)})", one.commit[:10], one_line(one.run)]
        if width is not None:
            title, facts = _fitted(title, facts, width - len(start) - len(outcome) - 2)
        styled = click.style(outcome, _STYLES.get(one.outcome))
        click.echo(start + "  ".join([styled, title, *facts]), color=color)
    return count


def _width() -> int | None:
    """Columns of the terminal, None where there is none."""
    from shutil import get_terminal_size

    return get_terminal_size().columns if sys.stdout.isatty() else None


def _fitted(title: str, facts: list[str], width: int) -> tuple[str, list[str]]:
    """What a line of so many columns has room for."""
    from rich.text import Text

    whole = Text(title)
    shown, left = room(whole.cell_len, list(map(len, facts)), width, least=16)
    whole.truncate(left, overflow="ellipsis")
    return whole.plain, facts[:shown]


def print_receipts_json(
    receipts: Iterable[PastReceipt], title_of: Callable[[PastReceipt], str | None]
) -> None:
    """`{"version": 1, "receipts": [RECEIPT, ...]}`, as it comes."""
    out = sys.stdout.buffer
    out.write(b'{\n  "version": 1,\n  "receipts": [')
    between = b"\n    "
    for one in receipts:
        record = escaped_json(json.dumps(_record(one, title_of(one)), ensure_ascii=False))
        out.write(between + record.encode("utf-8", "replace"))
        between = b",\n    "
    out.write(b"]\n}\n" if between[:1] == b"\n" else b"\n  ]\n}\n")
    sys.stdout.flush()


def _proof(one: PastReceipt) -> str:
    if one.processor in ("person", "rollup", "undo", "expand"):
        return one.processor
    code = "killed" if one.exit_code is None else f"exit {one.exit_code}" if one.exit_code else ""
    again = f"attempt {one.attempt}" if one.attempt > 1 else ""
    return ", ".join(filter(None, (one_line(one.processor), code, seconds(one.seconds), again)))


def _record(one: PastReceipt, title: str | None) -> dict[str, object]:
    return {
        "commit": one.commit,
        "date": one.date or None,
        "author": one.author,
        "run": one.run,
        "task": one.task_id,
        "title": title,
        "outcome": one.outcome,
        "processor": one.processor,
        "exit_code": one.exit_code,
        "duration": one.seconds,
        "attempt": one.attempt,
        "inputs": one.inputs,
    }
