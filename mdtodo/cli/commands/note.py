"""`mdtodo note ID TEXT`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli._change import change_and_report, change_options
from mdtodo.cli.options import complete_id

if TYPE_CHECKING:
    from mdtodo.cli.context import Session


@click.command(
    "note",
    epilog="\b\nExamples:\n  mdtodo note 3f2a 'The vendor answers on Monday'\n"
    "  mdtodo note 3f2a --progress 40             of a claimed task, for status\n"
    "  mdtodo note 3f2a 'Half of it' --dry-run | git apply",
)
@click.argument("name", metavar="ID", shell_complete=complete_id)
@click.argument("text", nargs=-1, metavar="[TEXT...]")
@click.option(
    "--progress",
    type=click.FloatRange(0, 100),
    metavar="N",
    help="How far the claimed task is, in percent; `status` shows it, and no file changes.",
)
@change_options
@click.pass_obj
def command(
    session: Session,
    name: str,
    text: tuple[str, ...],
    progress: float | None,
    commit: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Add a note to a task: a nested bullet below it, of plain text.

    A task may have several notes, also when it is done; one that it has already is not added again.
    """
    from mdtodo.errors import UsageError
    from mdtodo.operations.edit.note import note, note_progress

    if not text and progress is None:
        raise UsageError("note takes a text, or --progress N")
    if progress is not None and not dry_run:
        project = session.project()
        task = project.find(name)
        note_progress(project, task, progress)
        if not text:
            return _report_progress(task.id, progress, as_json=as_json)
    return change_and_report(
        session,
        lambda project: note(project, project.find(name), " ".join(text)),
        commit=commit,
        dry_run=dry_run,
        as_json=as_json,
    )


def _report_progress(task_id: str, progress: float, *, as_json: bool) -> int:
    from mdtodo.reporting.json_documents import print_json

    if as_json:
        print_json({"version": 1, "id": task_id, "progress": progress})
    else:
        click.echo(f"{task_id}  {progress:.0f} %")
    return 0
