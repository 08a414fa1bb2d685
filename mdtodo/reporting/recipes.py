"""Recipes, as a person or a program reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.recipes.detect import MissingKind
from mdtodo.reporting.json_documents import print_json
from mdtodo.reporting.text import columns, one_line, paragraph, printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdtodo.recipes.offers import Offer


def print_recipes(offers: Iterable[Offer], *, colored: bool) -> None:
    """For each what it checks, and the tool that would be used or what is missing, in short."""
    for offer in offers:
        used = offer.found is not None and offer.instead is None
        sign, style = ("✓", "green") if used else ("·", "dim")
        name = (offer.recipe.name, "cyan" if used else "bold")
        texts = [f"checks {offer.recipe.checks}", _available(offer) if used else _short(offer)]
        for line in columns([(sign, style), name], [one_line(text) for text in texts], 14, colored=colored):
            click.echo(line, color=colored)


def print_recipe(offer: Offer, *, color: bool) -> None:
    """One of them, with what was found and the command lines that would run."""
    name = click.style(offer.recipe.name, "cyan") if color else offer.recipe.name
    click.echo(name, color=color)
    click.echo(paragraph(f"checks {offer.recipe.checks}", first="  ", rest="    "))
    click.echo(paragraph(f"with {', '.join(offer.tools)}", first="  ", rest="    "))
    for sentence in _hindered(offer):
        click.echo(paragraph(one_line(sentence), first="  - ", rest="    "))
    found = offer.found
    if found is None:
        return
    click.echo(f"  tool    {printable(found.program)}")
    click.echo(f"  config  {one_line(found.config)}" if found.config else "  config  none needed")
    reads = f"{_count(len(found.files))} of {one_line(', '.join(found.way.reads))}"
    click.echo(paragraph(reads, first="  reads   ", rest=" " * 10))
    if found.way.scratch:
        where = "a copy of the work tree, since it writes next to what it reads"
        click.echo(paragraph(where, first="  where   ", rest=" " * 10))
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
    return [f"not used: the configuration has a processor named {offer.recipe.name}", *offer.missing]


def _available(offer: Offer) -> str:
    assert offer.found is not None
    config = f", configured by {offer.found.config}" if offer.found.config else ""
    return f"available: {offer.found.way.tool}, reads {_count(len(offer.found.files))}{config}"


def _short(offer: Offer) -> str:
    """Why it is not used here, in one sentence."""
    if offer.instead is not None:
        return f"not used: the configuration has a processor named {offer.recipe.name}"
    words = {
        MissingKind.FILES: "no files for",
        MissingKind.TOOL: "not installed:",
        MissingKind.CONFIGURATION: "not configured:",
    }
    tools: dict[MissingKind, list[str]] = {}
    for one in offer.nearest:
        tools.setdefault(one.kind, []).append(one.tool)
    return "; ".join(f"{words[lack]} {', '.join(names)}" for lack, names in tools.items())


def _count(files: int) -> str:
    return f"{files:,} file{'' if files == 1 else 's'}"
