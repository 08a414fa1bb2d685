"""What `close-from` and the GitHub Action have in common: close what messages say, and tell of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.recovery import recover
from mdtodo.reporting.text import one_line, tell_each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.cli.context import Session
    from mdtodo.core.task import Task
    from mdtodo.git.messages import Message
    from mdtodo.operations.close_from_commits import Closing
    from mdtodo.operations.set_status import StatusChange


def close_and_report(
    session: Session, messages: Sequence[Message], *, dry_run: bool = False, as_json: bool = False
) -> int:
    """Tick what these messages, oldest first, close, and say so; 3 where a task was not in its file any more."""
    from mdtodo.landing.policy import sentences_of
    from mdtodo.operations.close_from_commits import close, closing, mentions_in

    mentions = mentions_in(session.repo, messages)
    recover(session)
    project = session.project()
    found = closing(project, mentions)
    tell_each(found.sentences)
    change = None if dry_run else close(project, found)
    landing = change.landing if change else None
    missed = landing.missed if landing else ()
    gone = {task_id for task_id, _, _ in missed}
    closed = [task for task in found.tasks if task.id not in gone]
    if as_json:
        _print_json(closed, found, change)
    else:
        _print(closed, found, change, dry_run=dry_run)
    tell_each(sentences_of(landing) if landing else ())
    return 3 if missed else 0


def _print(closed: Sequence[Task], found: Closing, change: StatusChange | None, *, dry_run: bool) -> None:
    how = "would be done" if dry_run else "done"
    for task in closed:
        click.echo(f"{task.id}  {how}  {one_line(task.title)}  (closed by {found.commit_of[task.id][:10]})")
    for task in change.parents if change else ():
        click.echo(f"{task.id}  done with its subtasks  {one_line(task.title)}")
    for commit in change.landing.commits if change and change.landing else ():
        click.echo(f"committed {commit[:10]}")


def _print_json(closed: Sequence[Task], found: Closing, change: StatusChange | None) -> None:
    from mdtodo.reporting.json_documents import print_json

    rows = [
        {
            **{name: getattr(task, name) for name in ("id", "title", "file", "line")},
            "commit": found.commit_of[task.id],
        }
        for task in closed
    ]
    commits = list(change.landing.commits) if change and change.landing else []
    print_json({"version": 1, "closed": rows, "commits": commits, "messages": list(found.sentences)})
