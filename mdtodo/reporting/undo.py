"""What an undo came to, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.core.edits import Revert
from mdtodo.reporting.json_documents import print_json, renamed
from mdtodo.reporting.text import one_line, print_patch

if TYPE_CHECKING:
    from mdtodo.core.receipt import Receipt
    from mdtodo.core.results import Undone

_LABELS = {"todo": "open", "doing": "begun"}


def print_undone(undone: Undone, *, color: bool) -> None:
    """A line for each task and file, and the commit; of a dry run the diff."""
    if undone.before is not None:
        click.echo(f"{one_line(undone.undone)} was already undone, by {one_line(undone.before)}")
        return
    if undone.diff is not None:
        print_patch(undone.diff, color=color)
        return
    for receipt in undone.receipts:
        if receipt.edits:
            click.echo(f"{one_line(receipt.task_id)}  {_label(receipt)}  {one_line(receipt.title)}")
    for path in undone.files:
        click.echo(f"restored  {one_line(path)}")
    for commit in undone.commits:
        click.echo(f"committed {commit[:10]}, which undoes {one_line(undone.undone)}", color=color)
    if not undone.commits:
        click.echo(f"nothing that {one_line(undone.undone)} did is left to undo")


def _label(receipt: Receipt) -> str:
    """What became of the task: its status, or `restored` where only other parts of its line went back."""
    same = [edit.was == receipt.outcome for edit in receipt.edits[:1] if isinstance(edit, Revert)]
    return "restored" if same and all(same) else _LABELS.get(receipt.outcome, receipt.outcome)


def print_undone_json(undone: Undone) -> None:
    """`undone` and `run` name runs, `already` the one that had undone it; `tasks` have `id`, `title` and `status`."""
    tasks = [
        {"id": one.task_id, "title": one.title, "status": str(one.outcome)}
        for one in undone.receipts
        if one.edits
    ]
    found = renamed(undone, before="already", receipts="tasks") | {
        "tasks": tasks,
        "files": list(undone.files),
    }
    del found["messages"]  # a person was told of them
    print_json({"version": 1, **found})
