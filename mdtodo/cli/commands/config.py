"""`mdtodo config`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import json_option

if TYPE_CHECKING:
    from mdtodo.cli.session import Session


@click.command("config", epilog="\b\nExamples:\n  mdtodo config\n  mdtodo config --json")
@json_option
@click.pass_obj
def command(session: Session, as_json: bool) -> None:
    """Print the configuration that holds, and where each value comes from."""
    from mdtodo.config import describe
    from mdtodo.reporting.table import print_rows

    rows = describe(session.config)
    if as_json:
        from mdtodo.reporting.documents import print_json

        values = [{"key": r.key, "value": r.value, "source": r.source} for r in rows]
        print_json({"version": 1, "config": values})
        return
    print_rows([(row.key, row.value, row.source) for row in rows], colored=session.colored())
