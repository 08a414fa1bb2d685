"""`mdtodo patterns`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import complete_pattern, json_option

if TYPE_CHECKING:
    from mdtodo.cli.context import Session
    from mdtodo.planning.expand.patterns import Pattern


@click.command(
    "patterns",
    epilog="\b\nExamples:\n  mdtodo patterns              names, and the words that select each\n"
    "  mdtodo patterns api          its steps, and their shares of the estimate\n"
    "  mdtodo patterns --json | jq -r '.patterns[].name'",
)
@click.argument("name", required=False, metavar="[NAME]", shell_complete=complete_pattern)
@json_option
@click.pass_obj
def command(session: Session, /, name: str | None, as_json: bool) -> None:
    """List the patterns that `expand` uses, and the words in a title that select each; with NAME, the steps of one.

    Patterns from the configuration come first; they are also tried first.
    """
    from mdtodo.planning.expand.patterns import patterns
    from mdtodo.reporting.expand import print_pattern, print_patterns, print_patterns_json

    known = _chosen(patterns(session.config), name)
    if as_json:
        print_patterns_json(known.values())
    elif name is not None:
        print_pattern(known[name], color=session.colored())
    else:
        print_patterns(known.values(), color=session.colored())
        session.hint("`mdtodo patterns NAME` shows the steps")


def _chosen(known: dict[str, Pattern], name: str | None) -> dict[str, Pattern]:
    """All of them, or the one of that name; UsageError with the nearest name where there is none."""
    from mdtodo.core.names import suggestion
    from mdtodo.errors import UsageError

    if name is None:
        return known
    if name not in known:
        raise UsageError(f"there is no pattern {name!r}{suggestion(name, known)}")
    return {name: known[name]}
