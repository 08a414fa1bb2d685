"""`mdtodo config`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import json_option

if TYPE_CHECKING:
    from mdtodo.cli.context import Session


@click.command(
    "config",
    epilog="\b\nExamples:\n  mdtodo config          what pyproject.toml and .mdtodo.toml set\n"
    "  mdtodo config --all    all keys, with their defaults\n  mdtodo config --json",
)
@click.option("--all", "everything", is_flag=True, help="Print all keys, including those that are not set.")
@json_option
@click.pass_obj
def command(session: Session, everything: bool, as_json: bool) -> None:
    """Print what is configured, as TOML, and where each value comes from.

    Without --all, keys that have their default value are left out; --json prints all keys.
    """
    from mdtodo.config.show import describe

    rows = describe(session.config)
    if as_json:
        from mdtodo.reporting.json_documents import print_json

        values = [{"key": r.key, "value": r.value or None, "source": r.source} for r in rows]
        print_json({"version": 1, "config": values})
        return
    from mdtodo.reporting.configuration import print_configuration

    shown = [row for row in rows if everything or row.given]
    print_configuration(shown, color=session.color)
    if not shown:
        session.say("all keys have their default values; `mdtodo config --all` shows them")
