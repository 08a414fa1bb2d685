"""`mdtodo expand [ID...]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mdtodo.cli.options import ids_argument, json_option
from mdtodo.cli.recovery import recover

if TYPE_CHECKING:
    from mdtodo.cli.context import Session
    from mdtodo.core.task import Task
    from mdtodo.project.expansion import Expansion


@click.command(
    "expand",
    epilog="\b\nExamples:\n  mdtodo expand                       tasks with expand:NAME\n"
    "  mdtodo expand 3f2a --pattern api    one task, with this pattern\n"
    "  mdtodo expand --all --dry-run | git apply --stat",
)
@ids_argument(required=False)
@click.option("--all", "everything", is_flag=True, help="Also tasks estimated at 12 hours or more.")
@click.option("--pattern", metavar="NAME", help="The pattern for tasks that name none.")
@click.option("--dry-run", is_flag=True, help="Print the diff; change nothing.")
@click.option("--commit", is_flag=True, help="Commit only this change.")
@json_option
@click.pass_obj
def command(session: Session, /, **asked: Any) -> int:
    """Break tasks down into ordered lists of subtasks, which share the estimate of their task.

    Without ID, all tasks with expand:NAME. Either all are broken down, or none. Tasks that have subtasks,
    or are done or cancelled, are left as they are.
    """
    from mdtodo.system.files import persist

    return persist(lambda: _expand(session, **asked))


def _expand(
    session: Session,
    *,
    ids: tuple[str, ...],
    everything: bool,
    pattern: str | None,
    dry_run: bool,
    commit: bool,
    as_json: bool,
) -> int:
    from mdtodo.project.expansion import meant, prepare
    from mdtodo.reporting.text import tell_each

    if not dry_run:
        recover(session)
    project = session.project()
    tasks = meant(project, ids, everything=everything)
    expansion = prepare(project, [task for task in tasks if not task.children], pattern=pattern)
    if expansion.problems:
        tell_each([*expansion.problems, "nothing was changed"])
        return 1
    already = [task for task in tasks if task.children]
    if not tasks:
        others = (
            " or is estimated at 12 hours or more"
            if everything
            else "; to break down others, name their IDs or use --all"
        )
        session.say(f"nothing to break down: no open task without subtasks has expand:NAME{others}")
    return _do(session, expansion, already, dry_run=dry_run, commit=commit, as_json=as_json)


def _do(
    session: Session,
    expansion: Expansion,
    already: list[Task],
    *,
    dry_run: bool,
    commit: bool,
    as_json: bool,
) -> int:
    from mdtodo.operations import expand
    from mdtodo.reporting.expand import print_diff, print_expansion, print_expansion_json
    from mdtodo.reporting.text import one_line, tell_each

    landing = diff = None
    if dry_run:
        from mdtodo.git.patch import patch

        diff = patch(expansion.contents)
    if not dry_run and expansion.breakdowns:
        if commit:
            landing = expand.commit(expansion)
        else:
            expand.write(expansion)
    commits = landing.commits if landing else ()
    if as_json:
        print_expansion_json(expansion.after.plan, expansion.rows(), already, commits=commits, diff=diff)
    elif diff is not None:
        print_diff(diff, color=session.colored())
    elif not session.quiet:
        print_expansion(expansion.rows(), color=session.colored())
    for task in already:
        session.say(f"{task.id} already has subtasks: {one_line(task.title)}")
    for oid in commits:
        session.say(f"committed {oid[:10]}")
    if landing is None:
        return 0
    from mdtodo.landing.policy import sentences_of

    tell_each(sentences_of(landing))
    return 3 if landing.missed else 0
