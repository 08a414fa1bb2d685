"""The recipes: what each checks, and the ways to do so, from the files in `data/`, one a recipe.

Nothing here looks at a repository; `detect` does.
"""

from __future__ import annotations

from functools import cache
from os.path import dirname, join
from typing import TYPE_CHECKING, Any, NamedTuple

from mdtodo.recipes import NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping


class Way(NamedTuple):
    """One tool that a recipe may use, and what must be there for it.

    `tool` is the program's name, `reads` gitignore-style patterns of the files it is given, `run` the command line
    that begins with the tool, in which `{files}` stands for all of them, `{file}` for one of them (the command is
    run for each) and `{folder}` for the folder that it is in, `{config}` for the configuration found, `{copy}` for a
    copy of it that the tool may change, and `{tmp}` for a temporary folder. `install` is a command that gets the tool.

    `content_pattern` is a regular expression that one of a file's first MiB must match; `config` names files of
    which one must be there, `file:key` a file with that table; in `env` `{tmp}` means the same as in `run`. A failure
    whose output matches `retry_pattern` is to be tried again later; `nothing_codes` are exit codes for "nothing to
    check". Where `checked_pattern` is given, exit code 0 with output that it does not match means the same: a tool that
    was given files may have passed over all of them. `success_codes` are exit codes that mean what 0 does; output that
    matches `failure_pattern` makes a failure of them: the tool itself says that it left something out, or that
    something is wrong. A failure whose output matches `nothing_pattern` means that there was nothing to check. So does
    exit code 0 with output that matches `unproven_pattern`, and `checked_pattern` is asked for only there where that is
    given. What the tool writes into the file `record`, in which `{tmp}` means the same as in `run`, counts as output.
    With `scratch` the commands run in a copy of the work tree, for tools that write beside what they read. `run` may
    begin with another program than the tool, where both must be there.
    """

    tool: str
    reads: tuple[str, ...]
    run: tuple[str, ...]
    install: str
    content_pattern: str | None = None
    config: tuple[str, ...] = ()
    env: Mapping[str, str] = {}
    retry_pattern: str | None = None
    nothing_codes: tuple[int, ...] = ()
    checked_pattern: str | None = None
    success_codes: tuple[int, ...] = ()
    failure_pattern: str | None = None
    nothing_pattern: str | None = None
    unproven_pattern: str | None = None
    record: str | None = None
    scratch: bool = False


class Recipe(NamedTuple):
    """`checks` finishes the sentence "checks ..."; of `ways` the first that fits is used."""

    name: str
    checks: str
    ways: tuple[Way, ...]


def recipes() -> dict[str, Recipe]:
    """Every recipe by name, in the order of the categories."""
    return {name: recipe(name) for name in NAMES}


@cache
def recipe(name: str) -> Recipe:
    """The recipe of one of NAMES; KeyError for any other name."""
    import tomllib

    if name not in NAMES:
        raise KeyError(name)
    with open(join(dirname(__file__), "data", f"{name}.toml"), "rb") as file:
        data: dict[str, Any] = tomllib.load(file)
    return Recipe(name, data["checks"], tuple(Way(**_frozen(way)) for way in data["ways"]))


def _frozen(way: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in way.items()}
