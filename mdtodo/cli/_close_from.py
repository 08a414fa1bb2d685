"""What `close-from` and the GitHub Action have in common: close what messages say, and tell of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.recovery import recover
from mdtodo.reporting.text import one_line, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.cli.context import Session
    from mdtodo.core.task import Task
    from mdtodo.git.messages import Message
    from mdtodo.operations.close_from_commits import Closing
    from mdtodo.operations.set_status import Spoken


def close_and_tell(
    session: Session, messages: Sequence[Message], *, dry_run: bool = False, as_json: bool = False
) -> int:
    """Tick what these messages, oldest first, close, and say so; 3 where a task was not in its file any more."""
    from mdtodo.landing.policy import sentences_of
    from mdtodo.operations.close_from_commits import close, closing, words

    said = words(session.repo, messages)
    recover(session)
    board = session.board()
    found = closing(board, said)
    for sentence in found.sentences:
        tell(one_line(sentence))
    spoken = None if dry_run else close(board, found)
    landing = spoken.landing if spoken else None
    missed = landing.missed if landing else ()
    gone = {task_id for task_id, _, _ in missed}
    closed = [task for task in found.tasks if task.id not in gone]
    if as_json:
        _print_json(closed, found, spoken)
    else:
        _print(closed, found, spoken, dry_run=dry_run)
    for sentence in sentences_of(landing) if landing else ():
        tell(one_line(sentence))
    return 3 if missed else 0


def _print(closed: Sequence[Task], found: Closing, spoken: Spoken | None, *, dry_run: bool) -> None:
    how = "would be done" if dry_run else "done"
    for task in closed:
        click.echo(f"{task.id}  {how}  {one_line(task.title)}  (closed by {found.said_in[task.id][:10]})")
    for task in spoken.followed if spoken else ():
        click.echo(f"{task.id}  done with its subtasks  {one_line(task.title)}")
    for commit in spoken.landing.commits if spoken and spoken.landing else ():
        click.echo(f"committed {commit[:10]}")


def _print_json(closed: Sequence[Task], found: Closing, spoken: Spoken | None) -> None:
    from mdtodo.reporting.json_documents import print_json

    rows = [
        {
            "id": task.id,
            "title": task.title,
            "file": task.file,
            "line": task.line,
            "commit": found.said_in[task.id],
        }
        for task in closed
    ]
    commits = list(spoken.landing.commits) if spoken and spoken.landing else []
    print_json({"version": 1, "closed": rows, "commits": commits, "messages": list(found.sentences)})
