"""`mdtodo move ID`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli._change import change_and_report, change_options
from mdtodo.cli.options import complete_id, complete_section

if TYPE_CHECKING:
    from mdtodo.cli.context import Session
    from mdtodo.operations.edit.change import Change
    from mdtodo.project.project import Project


@click.command(
    "move",
    epilog="\b\nExamples:\n  mdtodo move 3f2a --top                    first of its list\n"
    "  mdtodo move 3f2a --before 81bc\n  mdtodo move 3f2a --under build --commit   as its last subtask\n"
    "  mdtodo move 3f2a --section Later --dry-run",
)
@click.argument("name", metavar="ID", shell_complete=complete_id)
@click.option("--under", metavar="ID", shell_complete=complete_id, help="As the last subtask of this task.")
@click.option("--before", metavar="ID", shell_complete=complete_id, help="Right before this task.")
@click.option(
    "--section",
    metavar="HEADING",
    shell_complete=complete_section,
    help="To the end of the list below this heading.",
)
@click.option(
    "--file",
    "path",
    metavar="PATH",
    type=click.Path(),
    help="To another TODO file: to that section of it, or to the end of its tasks.",
)
@click.option("--top", is_flag=True, help="To the front of that, or, alone, of where it is.")
@change_options
@click.pass_obj
def command(
    session: Session,
    name: str,
    under: str | None,
    before: str | None,
    section: str | None,
    path: str | None,
    top: bool,
    commit: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Move a task, with all that is below it.

    Its lines stay as they are but for their indentation, and for its marker where the list has another one. In numbered
    lists that count up, the numbers follow. Nothing is moved if another task would change by it.
    """
    from mdtodo.errors import UsageError
    from mdtodo.operations.edit.move import Destination, move

    if sum(one is not None for one in (under, before, section)) > 1 or (before is not None and top):
        raise UsageError("--under, --before and --section are different places")
    if path is not None and not session.exists(path):
        raise UsageError(f"--file {path}: no such file", hint="`mdtodo add TEXT --file PATH` makes one")
    if (under, before, section, path, top) == (None, None, None, None, False):
        raise UsageError("move takes --under ID, --before ID, --section HEADING, --file PATH or --top")

    def prepare(project: Project) -> Change:
        above = None if under is None else project.find(under)
        behind = None if before is None else project.find(before)
        file = None if path is None else session.named([path])[0]
        if file is not None and file not in project.documents:
            raise UsageError(f"{file} does not match `files`, so other commands do not read it")
        return move(project, project.find(name), Destination(above, behind, section, file, top))

    return change_and_report(session, prepare, commit=commit, dry_run=dry_run, as_json=as_json)
