"""The patterns that tasks are broken down by, and which of them fits a task.

Built in are those of `patterns.toml` beside this module; the configuration adds others, and one of the same name
takes the place of a built-in one.
"""

from __future__ import annotations

import re
from functools import cache
from os.path import dirname, join
from typing import TYPE_CHECKING, Any, NamedTuple

from mdtodo.errors import ConfigError, EditError
from mdtodo.markdown.keys.read import read_keys

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdtodo.config.settings import Config
    from mdtodo.core.task import Task
    from mdtodo.planning.route import Route

BUILT_IN = "built in"

#: The pattern for a task that nothing else fits; its own words count only where no other pattern has one.
GENERAL = "implement"


class Step(NamedTuple):
    """A step as text with keys, in which `{task}` stands for the task's subject; `weight` is its share."""

    text: str
    weight: float


class Pattern(NamedTuple):
    """`words` are phrases of a title that call for it, `category` one that does (`backend/api`), `source` the file
    that it is from, or BUILT_IN. `template` is the path of a file that takes the place of steps, "" for none."""

    name: str
    words: tuple[str, ...]
    steps: tuple[Step, ...]
    source: str = BUILT_IN
    category: str | None = None
    template: str = ""


class Grammar(NamedTuple):
    """What a title may begin with that its steps need not repeat, unless one of `links` comes next. Tokens."""

    verbs: frozenset[tuple[str, ...]]
    links: frozenset[str]


def patterns(config: Config) -> dict[str, Pattern]:
    """Every pattern by name: those of the configuration in its order, then the built-in ones.

    Raises ConfigError where patterns of the configuration expand into one another without end.
    """
    own = {
        name: Pattern(
            name,
            one.match,
            tuple(map(Step, one.steps, one.weights or (1.0,) * len(one.steps))),
            config.sources.get(
                f"patterns.{name}.{'template' if one.template else 'steps'}", "the configuration"
            ),
            template=one.template,
        )
        for name, one in config.patterns.items()
    }
    _refuse_endless(own)
    return {**own, **{name: one for name, one in _built_in()[0].items() if name not in own}}


def pattern_by_name(name: str, known: Mapping[str, Pattern], task: Task) -> Pattern:
    """The pattern that a task asks for. Raises EditError with the nearest name where there is none."""
    if name in known:
        return known[name]
    from mdtodo.core.names import suggestion

    hint = suggestion(name, known)
    raise EditError(f'unknown pattern "{name}"{hint}', file=task.file, line=task.line)


def choose_pattern(task: Task, route: Route, known: Mapping[str, Pattern]) -> Pattern:
    """The pattern for a task that names none.

    The first of the configuration with a phrase in the title; else the built-in one whose word stands first
    there; else the one for its category; else GENERAL.
    """
    title = _tokens(task.title)
    for pattern in known.values():
        if pattern.source != BUILT_IN and _first(pattern.words, title) is not None:
            return pattern
    found = {
        name: place
        for name, pattern in known.items()
        if pattern.source == BUILT_IN and name != GENERAL
        if (place := _first(pattern.words, title)) is not None
    }
    if found:
        return known[min(found, key=lambda name: found[name])]
    for pattern in known.values():
        if pattern.category in (route.category, f"{route.category}/{route.kind}") and route.category:
            return pattern
    return known[GENERAL]


def grammar() -> Grammar:
    """That of English, as far as the steps need it."""
    return _built_in()[1]


@cache
def _phrases(phrases: tuple[str, ...]) -> tuple[list[str], ...]:
    return tuple(map(_tokens, phrases))


def _first(phrases: tuple[str, ...], title: Sequence[str]) -> tuple[int, int] | None:
    """Where the first of the phrases stands in the title, and minus its length, so that the longest is the least."""
    places = [
        (at, -len(phrase))
        for phrase in _phrases(phrases)
        for at in range(len(title) - len(phrase) + 1)
        if phrase and title[at : at + len(phrase)] == phrase
    ]
    return min(places, default=None)


def _tokens(text: str) -> list[str]:
    """The words, without case and without the ending of a plural."""
    words = re.findall(r"[\w+#]+", text.casefold())
    return [
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
        for word in words
    ]


@cache
def _built_in() -> tuple[dict[str, Pattern], Grammar]:
    import tomllib

    with open(join(dirname(__file__), "patterns.toml"), "rb") as file:
        data: dict[str, Any] = tomllib.load(file)
    verbs = frozenset(tuple(verb.split()) for verb in data.pop("verbs"))
    links = frozenset(data.pop("links"))
    found = {
        name: Pattern(
            name,
            tuple(one["words"]),
            tuple(Step(step["text"], step["weight"]) for step in one["steps"]),
            category=one.get("category"),
        )
        for name, one in data.items()
    }
    return found, Grammar(verbs, links)


def _refuse_endless(own: Mapping[str, Pattern]) -> None:
    """A pattern whose step asks for the pattern itself, or for one that leads back to it, would never end."""
    from graphlib import CycleError, TopologicalSorter

    # Only patterns of the configuration: no step of a built-in one says `expand:`.
    follow = {
        name: [key for step in one.steps if (key := read_keys(step.text).expand) in own]
        for name, one in own.items()
    }
    try:
        TopologicalSorter(follow).prepare()
    except CycleError as error:
        # it names each before the one that asks for it
        path: list[str] = error.args[1][::-1]
        name = path[0]
        raise ConfigError(
            f"`patterns.{name}`: its steps lead back to itself: {' -> '.join(path)}", file=own[name].source
        ) from None
