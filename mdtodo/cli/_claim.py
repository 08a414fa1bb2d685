"""What `claim` and `release` have in common."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import click

from mdtodo.core.titles import title_and_id
from mdtodo.errors import UsageError
from mdtodo.reporting.text import one_line, tell, tell_each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.cli.context import Session
    from mdtodo.core.task import Task
    from mdtodo.operations.claim import Claim
    from mdtodo.project.project import Project


def claim_and_report(
    session: Session,
    task: str,
    name: str | None,
    duration: str | None,
    *,
    commit: bool,
    steal: bool,
    as_json: bool,
) -> int:
    """Claim it, and print the token."""
    from mdtodo.operations.claim import claim
    from mdtodo.workers.name import worker_name

    if name is None:
        raise UsageError("claim takes --name NAME, or --token T of a claim that is to be renewed")
    worker_name(name)
    ttl = _seconds(session, duration, program=as_json)
    project, meant = _task(session, task, follow=commit)
    made = claim(project, meant, name, ttl, commit=commit, steal=steal)
    if as_json:
        return _print_json(made)
    whose = f", taken from {made.taken_from}" if made.taken_from else ""
    click.echo(f"{meant.id}  claimed by {name}{whose}, {_until(made)}  {one_line(meant.title)}")
    click.echo(f"token {made.lease.token}")
    _report_landing(made)
    return 0


def renew_and_report(session: Session, task: str, token: int, duration: str | None, *, as_json: bool) -> int:
    """Renew it, and print until when it holds now."""
    from mdtodo.operations.claim import renew

    ttl = None if duration is None else _seconds(session, duration, program=as_json)
    project = session.project()
    made = renew(project, project.find(task), token, ttl)
    if as_json:
        return _print_json(made)
    click.echo(f"{made.task.id}  claimed by {made.lease.worker}, {_until(made)}  {one_line(made.task.title)}")
    return 0


def release_and_report(session: Session, task: str, token: int, *, commit: bool, as_json: bool) -> int:
    """Give it back, and say so."""
    from mdtodo.operations.claim import release

    project, meant = _task(session, task, follow=commit)
    made = release(project, meant, token, commit=commit)
    if as_json:
        from mdtodo.reporting.json_documents import print_json

        tell_each(made.messages)
        print_json({"version": 1, "id": meant.id, "released": True})
        return 0
    click.echo(f"{meant.id}  released by {made.lease.worker}  {one_line(meant.title)}")
    _report_landing(made)
    return 0


def refuse_claimed(session: Session, tasks: Sequence[Task], token: int | None, *, finishes: bool) -> bool:
    """Say of tasks that somebody else has claimed that they are not ours to change, and what to do; whether there are
    any. `finishes`: the command is one that takes a token."""
    from mdtodo.storage.state import StateStore

    with StateStore.open(session.repo, create=False) as state:
        claims = {one.task_id: one for one in state.live_leases() if one.claimed and one.token != token}
    refused = [task for task in tasks if task.id in claims]
    for task in refused:
        way = "--token T finishes it" if finishes else f"`mdtodo release {task.id} --token T` gives it back"
        what = f"with another token than {token}" if token is not None else way
        steal = f"`mdtodo claim {task.id} --name NAME --steal` takes it over"
        tell(one_line(f"{title_and_id(task)} is claimed by {claims[task.id].worker}: {what}; {steal}"))
    return bool(refused)


def _task(session: Session, name: str, *, follow: bool) -> tuple[Project, Task]:
    from mdtodo.landing.recovery.recover import finish_earlier_if_any

    # before the files are read, as it may tick boxes in them
    tell_each(finish_earlier_if_any(session.repo, session.config, follow=follow))
    project = session.project()
    return project, project.find(name)


def _seconds(session: Session, duration: str | None, *, program: bool) -> float:
    from mdtodo.config.value_types import parse_duration

    if duration is None:
        return session.config.lease if program else math.inf
    try:
        seconds = parse_duration(duration)
    except ValueError as error:
        raise UsageError(f"--for {error}") from error
    if not seconds:
        raise UsageError("--for must be more than nothing")
    return seconds


def _until(made: Claim) -> str:
    from mdtodo.reporting.json_documents import iso

    expires = iso(made.lease.expires)  # None of one without an end
    return f"until {expires}" if expires else "until it is released"


def _print_json(made: Claim) -> int:
    from mdtodo.reporting.json_documents import iso, print_json

    tell_each(made.messages)
    print_json(
        {"version": 1, "id": made.task.id, "token": made.lease.token, "expires": iso(made.lease.expires)}
    )
    return 0


def _report_landing(made: Claim) -> None:
    for commit in made.commits:
        click.echo(f"committed {commit[:10]}")
    tell_each(made.messages)
