"""`mdtodo add TEXT`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import complete_id, complete_section, json_option

if TYPE_CHECKING:
    from mdtodo.cli.context import Session
    from mdtodo.core.task import Task
    from mdtodo.project.project import Project


@click.command(
    "add",
    epilog="\b\nExamples:\n  mdtodo add 'Tests pass run:tests !high'\n"
    "  mdtodo add 'Write the guide due:friday' --section Docs\n  mdtodo add 'Edge cases' --under 3f2a",
)
@click.argument("text", nargs=-1, required=True, metavar="TEXT...")
@click.option(
    "--under", metavar="ID", shell_complete=complete_id, help="Add it as the last subtask of this task."
)
@click.option(
    "--section",
    metavar="HEADING",
    shell_complete=complete_section,
    help="Add it to the end of the list below this heading.",
)
@click.option(
    "--file",
    "path",
    metavar="PATH",
    type=click.Path(),
    help="Add it to this file; default: the first TODO file.",
)
@click.option("--note", metavar="TEXT", help="Add a nested bullet of this text below it.")
@json_option
@click.pass_obj
def command(
    session: Session,
    text: tuple[str, ...],
    under: str | None,
    section: str | None,
    path: str | None,
    note: str | None,
    as_json: bool,
) -> None:
    """Add a task, whose text may contain keys; prints its id.

    A date may be relative: due:tomorrow, from:friday, due:+2w. It is written as YYYY-MM-DD.
    """
    from mdtodo.cli._run import say
    from mdtodo.operations.add import add, new_file, warnings
    from mdtodo.system.files import persist

    def attempt() -> tuple[Project, Task]:
        # all of it again where a file has changed meanwhile: of ten `add` at once eight gave up
        named = session.named([path]) if path and session.exists(path) else ()
        project = session.project(named)
        parent = project.find(under) if under else None
        file = None
        if path:
            file = named[0] if named else new_file(session.repo.root, path, session.directory)
        return add(project, " ".join(text), parent=parent, section=section, file=file, note=note)

    after, task = persist(attempt)
    say(warnings(after, task, named=path is not None))
    if as_json:
        from mdtodo.reporting.json_documents import print_tasks_json

        print_tasks_json(after.plan, [task])
        return
    from mdtodo.reporting.text import one_line

    click.echo(f"{task.id}  {one_line(task.file)}:{task.line}  {one_line(task.title)}")
