"""What `set`, `move` and `note` have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import click

from mdtodo.reporting.text import one_line, tell

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from mdtodo.cli.context import Session
    from mdtodo.landing.land import Landing
    from mdtodo.operations.edit.change import Change
    from mdtodo.project.project import Project

    Function = TypeVar("Function", bound=Callable[..., Any])


def change_options(function: Function) -> Function:
    """`--commit`, `--dry-run` and `--json`."""
    from mdtodo.cli.options import json_option

    function = json_option(function)
    function = click.option("--dry-run", is_flag=True, help="Print the diff; change nothing.")(function)
    return click.option("--commit", is_flag=True, help="Commit only this change.")(function)


def change_and_report(
    session: Session,
    prepare: Callable[[Project], Change],
    *,
    commit: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Make what `prepare` gives, or show it, under the name of this command; 3 where the task could not be found in
    its file any more."""
    from mdtodo.cli.recovery import recover
    from mdtodo.operations.edit.change import land

    if not dry_run:
        recover(session)
    change = prepare(session.project())
    command = click.get_current_context().info_name or ""
    landing = None
    if not dry_run and (commit or change.contents):  # what the work tree shows already HEAD may not
        landing = land(change, command, commit=commit)
    missed = bool(landing and (landing.missed or landing.unclear))
    if as_json:
        _print_json(change, landing, dry_run=dry_run)
    elif dry_run:
        from mdtodo.git.patch import patch
        from mdtodo.reporting.expand import print_diff

        print_diff(patch(change.contents), color=session.colored())
    elif not missed:
        one = change.changed
        click.echo(f"{one.id}  {change.outcome if change.contents else 'unchanged'}  {one_line(one.title)}")
    _say(session, change, landing)
    return 3 if missed else 0


def _say(session: Session, change: Change, landing: Landing | None) -> None:
    from mdtodo.landing.policy import sentences_of

    if change.contents:
        _say_mistakes(session, change)
    for commit in landing.commits if landing else ():
        session.say(f"committed {commit[:10]}")
    for sentence in sentences_of(landing) if landing else ():
        tell(one_line(sentence))


def _say_mistakes(session: Session, change: Change) -> None:
    """What is wrong with its line, and what `check` finds now and did not before."""
    from collections import Counter

    from mdtodo.core.task import Severity
    from mdtodo.planning.findings import findings

    task = change.changed
    said = [f"{task.file}:{task.line}: {one.message}" for one in change.after.problems(task)]
    before = Counter(one.message for one in findings(change.project.plan, session.config))
    for one in findings(change.after.plan, session.config):
        if before[one.message]:
            before[one.message] -= 1
        elif one.severity is Severity.ERROR:
            said.append(f"{one.file}:{one.line}: {one.message}")
    for sentence in dict.fromkeys(said):
        tell(one_line(sentence))


def _print_json(change: Change, landing: Landing | None, *, dry_run: bool) -> None:
    from mdtodo.git.patch import patch
    from mdtodo.planning.task_json import task_record
    from mdtodo.reporting.json_documents import print_json

    print_json(
        {
            "version": 1,
            "tasks": [task_record(change.after.plan, change.changed.id)],
            "was": change.task.id,
            "changed": bool(change.contents),
            "commits": list(landing.commits) if landing else [],
            "diff": patch(change.contents).decode(errors="replace") if dry_run else None,
        }
    )
