"""`mdtodo show TASK...`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import json_option, named_tasks, tasks_argument
from mdtodo.cli.read_command import ReadCommand

if TYPE_CHECKING:
    from mdtodo.cli.context import Session
    from mdtodo.core.task import Task
    from mdtodo.planning.analysis.metric_series import MetricSeries


@click.command(
    "show",
    cls=ReadCommand,
    epilog="\b\nExamples:\n  mdtodo show 3f2a9c1\n  mdtodo show 'release notes'\n  mdtodo show build --json",
)
@tasks_argument(required=True)
@json_option
@click.pass_obj
def command(session: Session, names: tuple[str, ...], as_json: bool) -> None:
    """Show tasks: their keys, what they wait for, what would run, what was measured, and their text.

    TASK is an id, a unique prefix of one (at least four characters), or words from the title of an open task.
    """
    project = session.project()
    tasks = named_tasks(project, names)
    if as_json:
        from mdtodo.reporting.json_documents import print_tasks_json

        print_tasks_json(project.plan, tasks)
        return
    from mdtodo.planning.dates import local_today
    from mdtodo.planning.routing import processor_of
    from mdtodo.reporting.show import print_details

    today = local_today().isoformat()
    for number, task in enumerate(tasks):
        if number:
            click.echo()
        processor = processor_of(task, project.plan.routes[task.id].processor, session.config)
        measured = _metrics(session, task)
        print_details(
            *(project.plan, task, today), processor=processor, metrics=measured, colored=session.colored()
        )


def _metrics(session: Session, task: Task) -> tuple[MetricSeries, ...]:
    """What its past runs have measured; nothing where git cannot read the history, which is no reason to show nothing
    else."""
    from mdtodo.errors import GitError
    from mdtodo.planning.analysis.metric_series import metric_series
    from mdtodo.storage.run_history import runs_with_metrics

    try:
        return metric_series(runs_with_metrics(session.repo, task.id))
    except GitError:
        return ()
