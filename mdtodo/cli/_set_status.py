"""What `done`, `reopen` and `cancel` have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import claimed_with, named_tasks
from mdtodo.core.task import Status
from mdtodo.reporting.text import one_line, tell, tell_each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.cli.context import Session
    from mdtodo.core.task import Task
    from mdtodo.operations.set_status import StatusChange
    from mdtodo.project.project import Project


def set_status_and_report(
    session: Session,
    names: Sequence[str],
    status: Status,
    *,
    commit: bool,
    force: bool = False,
    token: int | None = None,
) -> int:
    """Do it, and say what changed; 3 where a task could not be found in its file any more.

    Without `force`, 1 and nothing is changed where one of the tasks cannot be done yet, or not by a person's word, or
    is claimed with another `token`. `done` takes words of titles too.
    """
    from mdtodo.cli._claim import refuse_claimed
    from mdtodo.landing.recovery.follow_claims import follow_claims
    from mdtodo.landing.recovery.recover import finish_earlier_if_any
    from mdtodo.operations.set_status import set_status

    # before the files are read, as it may tick boxes in them
    tell_each(finish_earlier_if_any(session.repo, session.config, follow=commit))
    project = session.project()
    follow_claims(project)
    if status is Status.DONE:
        tasks = named_tasks(project, names)
    else:
        tasks = list({task.id: task for task in map(project.find, names)}.values())
    claimed_with(token, tasks)
    if not force and refuse_claimed(session, tasks, token, finishes=status is Status.DONE):
        return 1
    if status is Status.DONE and not force and _report_refused(project, tasks):
        return 1
    return report_change(set_status(project, tasks, status, commit=commit), tasks, status)


def report_change(change: StatusChange, tasks: Sequence[Task], status: Status) -> int:
    """Say what was changed of these tasks; 3 where one could not be found in its file any more."""
    from mdtodo.operations.set_status import parent_status

    missed = _missed(change)
    for task in tasks:
        if task.id not in missed:
            vouched = ", on your word" if task in change.vouched else " already"
            _report(task, status, "" if task in change.changed else vouched)
    for task in change.parents:
        if task.id not in missed:
            _report(task, parent_status(status), " with its subtasks")
    return _report_landing(change)


def _report_refused(project: Project, tasks: Sequence[Task]) -> bool:
    """Say which of these tasks cannot be done yet, or not by a person's word, and why; whether there are any."""
    from mdtodo.operations.set_status import in_words, strictly_proven, waits_of
    from mdtodo.planning.analysis.waits import waits_in_words

    refused = [
        (name, waits_in_words(project.plan, name, waits)) for name, waits in waits_of(project, tasks).items()
    ]
    strict = strictly_proven(project, tasks)
    refused += [(name, in_words(processor)) for name, processor in strict.items()]
    for name, why in refused:
        task = project.tasks[name]
        tell(one_line(f"{task.file}:{task.line}: {name} ({task.title}) {why}"))
    if refused:
        tell("nothing was ticked")
        names = [
            f"{'prove' if project.tasks[name].status is Status.DONE else 'run'} {name}" for name in strict
        ]
        proves = f"`mdtodo {names[0]}` proves it; " if len(names) == 1 else ""
        tell(f"{proves}--force ticks it anyway", first="  hint: ")
    return bool(refused)


def _report(task: Task, status: Status, how: str) -> None:
    labels = {"done": "done", "todo": "open", "cancelled": "cancelled"}
    click.echo(f"{task.id}  {labels[status.value]}{how}  {one_line(task.title)}")


def _report_landing(change: StatusChange) -> int:
    from mdtodo.landing.policy import sentences_of

    if change.landing is None:
        return 0
    for commit in change.landing.commits:
        click.echo(f"committed {commit[:10]}")
    tell_each(sentences_of(change.landing))
    return 3 if _missed(change) else 0


def _missed(change: StatusChange) -> set[str]:
    """The tasks that were not found, or could not be told from equal ones."""
    if change.landing is None:
        return set()
    return {*change.landing.unclear, *(task_id for task_id, _, _ in change.landing.missed)}
