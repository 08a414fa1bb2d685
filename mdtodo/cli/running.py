"""What `run` and `verify` have in common: the run itself, and what is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.reporting.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdtodo.cli.session import Session
    from mdtodo.model import Task
    from mdtodo.running.course import Options


def tell_dry_run(session: Session, options: Options, *, as_json: bool) -> int:
    """Say what would run, in its order."""
    from mdtodo.running.runner import dry_run

    board = session.board()
    if session.config.auto_expand and not options.verify:
        from mdtodo.running.expanding import expanded_for_dry_run

        board, options = expanded_for_dry_run(board, options, lambda sentence: say([sentence]))
    tasks, left = dry_run(board, options)
    session.previews.append(tasks)
    if not options.verify:
        say(left.messages)
    if as_json:
        from mdtodo.reporting.documents import print_tasks_json

        print_tasks_json(board.plan, tasks)
        return 1 if left.refused else 0
    from mdtodo.reporting.table import print_tasks

    print_tasks(board.plan, tasks, colored=session.colored())
    say([f"{len(tasks)} would run; nothing was started" if tasks or options.verify else left.nothing])
    return 1 if left.refused else 0


def tell_left_out(tasks: Iterable[Task]) -> None:
    """Say of tasks that were named, and that do not match the filters given with them, that they do not run."""
    from mdtodo.running.unstarted import named

    say(f"{named(task)} does not match the filters, so it is left out" for task in tasks)


def say(sentences: Iterable[str]) -> None:
    """Sentences for a person, each on a line of standard error."""
    for sentence in sentences:
        click.echo(f"mdtodo: {printable(sentence)}", err=True)


def run_and_tell(session: Session, options: Options, *, as_json: bool, push: bool = False) -> int:
    """Run, with progress on standard error, and the report on standard output; the exit code.

    Raises GitError, after the report, where a push was asked for and did not succeed.
    """
    from mdtodo.reporting.progress import watcher_for
    from mdtodo.running.runner import run

    with watcher_for(color=session.color, quiet=as_json) as watcher:
        report = run(session.repo, session.config, options, watcher)
    refusal = None
    if push:
        from mdtodo.running.pushing import push_receipts

        report, refusal = push_receipts(session.repo, session.config, report)
    session.reports.append(report)
    if as_json:
        from mdtodo.reporting.documents import print_run_json
        from mdtodo.reporting.summary import print_messages

        print_messages(report)
        print_run_json(report)
    else:
        from mdtodo.reporting.summary import print_summary

        print_summary(report, color=session.color, verified=options.verify)
    if refusal is not None:
        raise refusal
    return report.exit_code
