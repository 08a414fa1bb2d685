"""How much of mdtodo a command can reach by its imports: `python -m tests.layout list` prints the figures.

Every `import` counts, at the top of a module or inside a function, but not those for type checkers. The package of a
module that is reached is reached too. Not so `mdtodo.cli` itself: the group calls the command, not the other way.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import mdtodo

#: Commands that only read. What killed runs have left lands before those of them that want it.
READERS = (
    *("list", "next", "show", "plan", "status", "stats", "log", "output"),
    *("check", "config", "recipes", "patterns"),
)
ABOVE = "mdtodo.cli"


@cache
def imports() -> dict[str, frozenset[str]]:
    """What each module of mdtodo imports of mdtodo."""
    import grimp

    graph = grimp.build_graph("mdtodo", exclude_type_checking_imports=True, cache_dir=None)
    return {name: frozenset(graph.find_modules_directly_imported_by(name)) for name in graph.modules}


def reach(*modules: str) -> dict[str, str]:
    """These modules and all that they reach, each with the one that it was reached from ("" for the first)."""
    found = dict.fromkeys(modules, "")
    waiting = [*modules]
    while waiting:
        name = waiting.pop()
        packages = {name.rpartition(".")[0]} - {"", ABOVE}
        for other in sorted((imports()[name] | packages) - found.keys()):
            found[other] = name
            waiting.append(other)
    return found


def reach_of(command: str) -> dict[str, str]:
    """The same of a command, and of the session that it is given."""
    return reach(f"mdtodo.cli.commands.{command.replace('-', '_')}", "mdtodo.cli.context")


def way_to(name: str, found: dict[str, str]) -> str:
    """How `name` is reached, as one line."""
    steps = [name]
    while found[steps[-1]]:
        steps.append(found[steps[-1]])
    return " -> ".join(reversed(steps))


def lines_of(name: str) -> int:
    """The lines of a module."""
    place = Path(mdtodo.__file__).parent.joinpath(*name.split(".")[1:])
    source = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    return len(source.read_text(encoding="utf-8").splitlines())


if __name__ == "__main__":
    for command in sys.argv[1:] or READERS:
        modules = reach_of(command)
        figures = f"{len(modules):>5} modules {sum(map(lines_of, modules)):>7,} lines"
        sys.stdout.write(f"{command:<10}{figures}\n")
