"""`mdtodo output ID`, which was called `logs`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import complete_id

if TYPE_CHECKING:
    from mdtodo.cli.context import Session


@click.command(
    "output",
    epilog="\b\nExamples:\n  mdtodo output 3f2a               the last attempt of a task\n"
    "  less $(mdtodo output 3f2a --path)\n  mdtodo output 3f2a --raw | less -R",
)
@click.argument("task_id", metavar="ID", shell_complete=complete_id)
@click.option("--path", "only_path", is_flag=True, help="Print the path of the log file.")
@click.option("--raw", is_flag=True, help="Print it byte for byte, to a terminal too.")
@click.pass_obj
def command(session: Session, task_id: str, only_path: bool, raw: bool) -> None:
    """Show the captured output of a task: what its processor printed in its last attempt in this clone.

    A terminal gets plain text: colors are dropped, other control characters shown as \\xNN. A pipe or a file gets every
    byte.
    """
    import sys

    from mdtodo.storage.task_logs import last_log

    task = session.project(tolerant=True).find(task_id)
    path = last_log(session.repo, task.id)
    if path is None:
        session.say(f"the last attempt of {task.id} had no output")
        return
    if only_path:
        click.echo(path)
        return
    with open(path, "rb") as log:
        if sys.stdout.isatty() and not raw:
            from mdtodo.reporting.text import printable_output

            click.echo(printable_output(log.read()), nl=False)
            return
        # bytes, so that nothing is decoded: a log may hold anything
        while block := log.read(1 << 16):
            click.echo(block, nl=False)
