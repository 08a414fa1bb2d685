"""`prove --accept`: what is taken as it stands, and what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli._run import say
from mdtodo.core.task import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.cli.context import Session
    from mdtodo.core.task import Task
    from mdtodo.project.project import Project
    from mdtodo.run.recheck.prove import Ticks


def accept_and_report(session: Session, names: Sequence[str], *, dry_run: bool) -> int:
    """Take unproven ticks as they stand, those of the tasks that are named or all that HEAD has; the exit code."""
    from mdtodo.landing.recovery.recover import finish_earlier_if_any
    from mdtodo.project.archives import with_archives
    from mdtodo.run.recheck.prove import unproven_ticks

    if not dry_run:
        say(finish_earlier_if_any(session.repo, session.config))
    project, _ = with_archives(session.project(), names)
    ticks = unproven_ticks(project)
    named = {task.id: task for task in map(project.find, names)}
    others = [task for task in named.values() if task.id not in ticks.unproven]
    say(map(_why_not, others))
    chosen = [project.tasks[name] for name in ticks.unproven if name in named or not names]
    if ticks.strict and chosen:
        say(
            [
                'proof = "strict": a person\'s word proves no task that has a processor, so nothing was accepted'
            ]
        )
        return 1
    code = 0 if all(task.status is Status.DONE for task in others) else 1
    if dry_run:
        return _report_dry_run(session, project, ticks, chosen if names else None) or code
    return (_accept_named(project, chosen) if names else _accept_all(session, project, ticks)) or code


def _why_not(task: Task) -> str:
    from mdtodo.core.titles import title_and_id

    if task.status is not Status.DONE:
        return f"{title_and_id(task)} is not ticked, so there is nothing to accept"
    return f"{title_and_id(task)} does not lack a proof, so there is nothing to accept"


def _accept_named(project: Project, chosen: Sequence[Task]) -> int:
    from mdtodo.cli._set_status import report_change
    from mdtodo.operations.set_status import set_status

    if not chosen:
        return 0
    return report_change(set_status(project, chosen, Status.DONE, commit=True), chosen, Status.DONE)


def _accept_all(session: Session, project: Project, ticks: Ticks) -> int:
    from mdtodo.operations.accept import accept_all
    from mdtodo.run.recheck.prove import not_counted

    accepted = accept_all(session.repo, session.config)
    click.echo(f"{accepted.number} accepted" if accepted.commit else "nothing to accept")
    if accepted.commit:
        click.echo(f"committed {accepted.commit[:10]}")
    _report_new(ticks)
    left = not_counted(project, frozenset(ticks.unproven) - ticks.new)
    say(left)
    return 1 if left else 0


def _report_new(ticks: Ticks) -> None:
    """Say of ticks that HEAD does not have that they were not accepted."""
    if not ticks.new:
        return
    number = len(ticks.new)
    which = "1 unproven tick is" if number == 1 else f"{number} unproven ticks are"
    say([f"{which} not committed, and not accepted: commit first, or name {'it' if number == 1 else 'them'}"])


def _report_dry_run(session: Session, project: Project, ticks: Ticks, chosen: Sequence[Task] | None) -> int:
    """List what would be accepted: these, or all that HEAD has."""
    tasks = chosen
    if tasks is None:
        tasks = [project.tasks[name] for name in ticks.unproven if name not in ticks.new]
        _report_new(ticks)
    session.print_tasks(project.plan, tasks, as_json=False)
    session.say(f"{len(tasks)} would be accepted; nothing was committed")
    return 0
