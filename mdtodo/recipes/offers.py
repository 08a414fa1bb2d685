"""The recipes in one repository: which could be carried out there, and by which command lines."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.recipes.catalogue import recipe
from mdtodo.recipes.commands import commands, limit, shown
from mdtodo.recipes.detect import Found, Missing, detect_or_reasons

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mdtodo.config.processor_settings import Processor
    from mdtodo.recipes.catalogue import Recipe
    from mdtodo.recipes.detect import Tree


class Offer(NamedTuple):
    """A recipe here. `found` is the way that fits, else `lacks` has for each way what is missing; `instead` is the
    configured processor that takes the recipe's place."""

    recipe: Recipe
    found: Found | None
    lacks: tuple[Missing, ...]
    instead: Processor | None

    @property
    def missing(self) -> tuple[str, ...]:
        """For each way a sentence on what it lacks and how to get that."""
        return tuple(dict.fromkeys(one.sentence for one in self.lacks))

    @property
    def nearest(self) -> tuple[Missing, ...]:
        """For each tool what it lacks in the way that is nearest to fitting; the nearest tool first."""
        best: dict[str, Missing] = {}
        for one in self.lacks:
            if one.tool not in best or one.kind > best[one.tool].kind:
                best[one.tool] = one
        return tuple(sorted(best.values(), key=lambda one: -one.kind))

    @property
    def tools(self) -> tuple[str, ...]:
        """The tool that would be used, else all that could be, the preferred one first."""
        ways = self.recipe.ways if self.found is None else (self.found.way,)
        return tuple(dict.fromkeys(way.tool for way in ways))

    def lines(self) -> list[str]:
        """The command lines that would run, for bash, in their order; one that needs a temporary folder has a name
        as `mktemp -d` takes it."""
        if self.found is None:
            return []
        tmp = os.path.join(tempfile.gettempdir(), "mdtodo-XXXXXXXX")
        return [shown(command) for command in commands(self.found, tmp, limit())]


def offers(names: Iterable[str], tree: Tree, processors: Mapping[str, Processor]) -> Iterator[Offer]:
    """An offer for each of these names of recipes; `processors` are the configured ones.

    Raises GitError where git cannot list the files.
    """
    for name in names:
        one = recipe(name)
        found = detect_or_reasons(one, tree)
        instead = processors.get(name)
        if isinstance(found, Found):
            yield Offer(one, found, (), instead)
        else:
            yield Offer(one, None, found, instead)
