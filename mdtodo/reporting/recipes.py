"""Recipes, as a person or a program reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.reporting.documents import print_json
from mdtodo.reporting.table import console, print_grid
from mdtodo.reporting.text import one_line, printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdtodo.recipes.offers import Offer

#: Columns of a terminal from which tools have a column of their own.
_WIDE = 120


def print_recipes(offers: Iterable[Offer], *, colored: bool) -> None:
    """A row for each: whether it is available here, its tools, what it checks, and what it would read, or why not."""
    from rich.table import Table
    from rich.text import Text

    wide = console(colored).width >= _WIDE
    table = Table.grid(padding=(0, 2))
    for number in range(4 if wide else 3):
        table.add_column(no_wrap=number < 2, overflow="fold")
    for offer in offers:
        used = offer.found is not None and offer.instead is None
        sign = Text("✓", "green") if used else Text("·", "dim")
        name = Text(offer.recipe.name, "cyan" if used else "")
        tools, checks = ", ".join(offer.tools), f"checks {offer.recipe.checks}"
        table.add_row(sign, name, *(map(Text, (tools, checks)) if wide else [Text(f"({tools}) {checks}")]))
        for sentence in [_available(offer)] if used else _hindered(offer):
            table.add_row("", "", *([""] * wide), Text(one_line(sentence), "dim"))
    print_grid(table, colored=colored)


def print_recipe(offer: Offer, *, color: bool) -> None:
    """One of them, with what was found and the command lines that would run."""
    name = click.style(offer.recipe.name, "cyan") if color else offer.recipe.name
    click.echo(f"{name}  ({', '.join(offer.tools)})  checks {offer.recipe.checks}", color=color)
    for sentence in _hindered(offer):
        click.echo(f"  - {one_line(sentence)}")
    found = offer.found
    if found is None:
        return
    click.echo(f"  tool    {printable(found.program)}")
    click.echo(f"  config  {one_line(found.config)}" if found.config else "  config  none needed")
    click.echo(f"  reads   {_count(len(found.files))} of {one_line(', '.join(found.way.reads))}")
    if found.way.scratch:
        click.echo("  where   a copy of the work tree, since it writes beside what it reads")
    for line in offer.lines():
        click.echo(f"$ {line}")


def print_recipes_json(offers: Iterable[Offer], *, lines: bool) -> None:
    """`{"version": 1, "recipes": [{"name", "tools", "checks", "available", "missing", "instead", "tool", "config",
    "files", "scratch"}, ...]}`; with `lines` each has `commands` too. `tool` is a path, `files` a number, and `scratch`
    says that the commands run in a copy of the work tree."""
    print_json({"version": 1, "recipes": [_record(offer, lines=lines) for offer in offers]})


def _record(offer: Offer, *, lines: bool) -> dict[str, object]:
    found = offer.found
    record: dict[str, object] = {
        "name": offer.recipe.name,
        "tools": list(offer.tools),
        "checks": offer.recipe.checks,
        "available": found is not None,
        "missing": list(offer.missing),
        "instead": None if offer.instead is None else offer.instead.name,
        "tool": None if found is None else found.program,
        "config": None if found is None else found.config,
        "files": 0 if found is None else len(found.files),
        "scratch": found is not None and found.way.scratch,
    }
    return {**record, "commands": offer.lines()} if lines else record


def _hindered(offer: Offer) -> list[str]:
    """Why it is not used here, a sentence for each way."""
    if offer.instead is None:
        return list(offer.missing)
    return [f"not used: a processor of the configuration is called {offer.recipe.name}", *offer.missing]


def _available(offer: Offer) -> str:
    assert offer.found is not None
    config = f", configured by {one_line(offer.found.config)}" if offer.found.config else ""
    return f"reads {_count(len(offer.found.files))}{config}"


def _count(files: int) -> str:
    return f"{files:,} file{'' if files == 1 else 's'}"
