"""`mdtodo recipes [NAME]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import complete_recipe, json_option

if TYPE_CHECKING:
    from mdtodo.cli.context import Session


@click.command(
    "recipes",
    epilog="\b\nExamples:\n  mdtodo recipes           what can be checked here, and what is missing\n"
    "  mdtodo recipes css       its tool, and the commands that `run:css` would run\n"
    "  mdtodo recipes --json | jq -r '.recipes[] | select(.available).name'",
)
@click.argument("name", required=False, metavar="[NAME]", shell_complete=complete_recipe)
@json_option
@click.pass_obj
def command(session: Session, /, name: str | None, as_json: bool) -> None:
    """List the recipes, the built-in processors for `run:NAME`: what each checks, and whether it is available here.

    With NAME, one of them: its tool, what is missing, and the commands that would run. Nothing is run.
    """
    from mdtodo.recipes.detect import Tree
    from mdtodo.recipes.offers import offers
    from mdtodo.reporting.recipes import print_recipe, print_recipes, print_recipes_json

    found = list(offers(_names(name), Tree(session.repo.root), session.config.processors))
    if as_json:
        print_recipes_json(found, lines=name is not None)
    elif name is not None:
        print_recipe(found[0], color=session.colored())
    else:
        print_recipes(found, colored=session.colored())
        session.hint("`mdtodo recipes NAME` shows what is missing, or the commands")


def _names(name: str | None) -> tuple[str, ...]:
    """The recipe of that name, or all of them; UsageError with the nearest name where there is none."""
    from mdtodo.core.names import suggestion
    from mdtodo.errors import UsageError
    from mdtodo.recipes.catalogue import recipes

    known = recipes()
    if name is None:
        return tuple(known)
    if name not in known:
        raise UsageError(f"there is no recipe {name!r}{suggestion(name, known)}")
    return (name,)
