"""`mdtodo doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import json_option

if TYPE_CHECKING:
    from mdtodo.cli.context import Session
    from mdtodo.operations.doctor import Diagnosis


@click.command(
    "doctor",
    epilog="\b\nExamples:\n  mdtodo doctor\n  mdtodo doctor --json | jq -r '.looks[] | select(.ok | not).mends'",
)
@json_option
@click.pass_obj
def command(session: Session, as_json: bool) -> int:
    """Look for what is wrong with this setup, and say what mends it. Nothing is changed.

    The exit code is 1 if anything is wrong.
    """
    from mdtodo.operations.doctor import diagnose

    found = list(diagnose(session.repo))
    if as_json:
        from mdtodo.reporting.json_documents import print_json

        print_json({"version": 1, "looks": [one._asdict() for one in found]})
    else:
        for one in found:
            _show(session, one)
    return 0 if all(one.ok for one in found) else 1


def _show(session: Session, one: Diagnosis) -> None:
    from mdtodo.reporting.text import one_line

    mark = click.style("ok", fg="green") if one.ok else click.style("wrong", fg="red")
    if one.ok and session.quiet:
        return
    color = session.colored()
    click.echo(f"{mark}{'' if not one.ok else '   '}  {one.what}: {one_line(one.sentence)}", color=color)
    if one.mends:
        click.echo(f"       {one_line(one.mends)}", color=color)
