"""What `done`, `reopen` and `cancel` have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.reporting.text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.cli.session import Session
    from mdtodo.model import Status, Task
    from mdtodo.running.word import Spoken


def speak_and_tell(session: Session, ids: Sequence[str], status: Status, *, commit: bool) -> int:
    """Do it, and say what changed; 3 where a task could not be found in its file any more."""
    from mdtodo.running.landing import finish_earlier_if_any
    from mdtodo.running.word import followed_status, speak

    for sentence in finish_earlier_if_any(session.repo, session.config):
        click.echo(f"mdtodo: {one_line(sentence)}", err=True)
    board = session.board()
    tasks = list({task.id: task for task in map(board.find, ids)}.values())
    spoken = speak(board, tasks, status, commit=commit)
    missed = {task_id for task_id, _, _ in spoken.landing.missed} if spoken.landing else set()
    for task in tasks:
        if task.id not in missed:
            _tell(task, status, "" if task in spoken.changed else " already")
    for task in spoken.followed:
        if task.id not in missed:
            _tell(task, followed_status(status), " with its subtasks")
    return _tell_landing(spoken)


def _tell(task: Task, status: Status, how: str) -> None:
    words = {"done": "done", "todo": "open", "cancelled": "cancelled"}
    click.echo(f"{task.id}  {words[status.value]}{how}  {one_line(task.title)}")


def _tell_landing(spoken: Spoken) -> int:
    if spoken.landing is None:
        return 0
    for commit in spoken.landing.commits:
        click.echo(f"committed {commit[:10]}")
    for task_id, file, reason in spoken.landing.missed:
        click.echo(f"mdtodo: {one_line(file)}: {task_id}: {one_line(reason)}", err=True)
    return 3 if spoken.landing.missed else 0
