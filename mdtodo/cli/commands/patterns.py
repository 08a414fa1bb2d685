"""`mdtodo patterns`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import json_option

if TYPE_CHECKING:
    from mdtodo.cli.session import Session


@click.command(
    "patterns",
    epilog="\b\nExamples:\n  mdtodo patterns\n  mdtodo patterns --json | jq -r '.patterns[].name'",
)
@json_option
@click.pass_obj
def command(session: Session, /, as_json: bool) -> None:
    """List the patterns that `expand` breaks tasks down by: name, words that call for it, steps.

    The configuration's come first, as they do when one is looked for.
    """
    from mdtodo.planning.catalogue import patterns
    from mdtodo.reporting.expanding import print_patterns, print_patterns_json

    known = patterns(session.config).values()
    if as_json:
        print_patterns_json(known)
    else:
        print_patterns(known, color=session.colored())
