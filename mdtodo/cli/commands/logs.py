"""`mdtodo logs ID`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import complete_id

if TYPE_CHECKING:
    from mdtodo.cli.session import Session


@click.command(
    "logs",
    epilog="\b\nExamples:\n  mdtodo logs 3f2a9c1\n  mdtodo logs 3f2a --path\n  mdtodo logs 3f2a --raw | less -R",
)
@click.argument("task_id", metavar="ID", shell_complete=complete_id)
@click.option("--path", "only_path", is_flag=True, help="Print the path of the file instead.")
@click.option("--raw", is_flag=True, help="Its very bytes, on a terminal too.")
@click.pass_obj
def command(session: Session, task_id: str, only_path: bool, raw: bool) -> None:
    """Show what the processor of a task printed in its last attempt.

    On a terminal without colours, and with other control characters shown as \\xNN; a pipe or file gets its very bytes.
    """
    import sys

    from mdtodo.running.logs import last_log

    task = session.board(tolerant=True).find(task_id)
    path = last_log(session.repo, task.id)
    if path is None:
        click.echo(f"mdtodo: the last attempt of {task.id} printed nothing", err=True)
        return
    if only_path:
        click.echo(path)
        return
    with open(path, "rb") as log:
        if sys.stdout.isatty() and not raw:
            from mdtodo.reporting.text import printable_output

            click.echo(printable_output(log.read()), nl=False)
            return
        while block := log.read(1 << 16):
            click.echo(block, nl=False)
