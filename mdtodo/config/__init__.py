"""The configuration: `[tool.mdtodo]` of pyproject.toml, or .mdtodo.toml.

Each field carries its type, default, check and documentation, so that reading, `mdtodo config` and the
reference come from one place. Durations are in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mdtodo.config import values
from mdtodo.config.categories import CATEGORIES
from mdtodo.config.kinds import (
    InvalidError,
    Record,
    Shape,
    Table,
    anything,
    check_name,
    choice,
    flag,
    line,
    lines,
    names_of,
    number,
    whole,
)
from mdtodo.config.names import nearest, suggestion
from mdtodo.config.values import format_duration, parse_duration
from mdtodo.model import STATUS_CHARS, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.config.showing import Row

__all__ = [
    "DEFAULT",
    "Config",
    "Expand",
    "Match",
    "Pattern",
    "Processor",
    "describe",
    "format_duration",
    "load",
    "nearest",
    "parse_duration",
    "reference",
    "suggestion",
]


def _of(shape: Shape, doc: str) -> dict[str, object]:
    return {"shape": shape, "doc": doc}


def _category_words(value: object) -> object:
    """`frontend = ["theme", "css"]` is short for `frontend = { theme = ["theme"], css = ["css"] }`."""
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return {word.removeprefix("^"): [word] for word in value}
    if not isinstance(value, dict):
        raise InvalidError("must be a list of kinds, or a table of kinds and their words")
    return value


@dataclass(frozen=True, slots=True)
class Match:
    """Which tasks a processor takes: all that are given must hold."""

    category: str | None = field(default=None, metadata=_of(line("a category"), "The task's category."))
    kind: str | None = field(default=None, metadata=_of(line("a kind"), "The task's kind."))
    tags: tuple[str, ...] = field(
        default=(), metadata=_of(values.tags(), "Tags, all of which the task must have.")
    )
    title: str | None = field(
        default=None, metadata=_of(values.regex(), "A regular expression that is found in the title.")
    )


@dataclass(frozen=True, slots=True)
class Processor:
    """How a task is proven: a command, or a Python callable; exactly one of `run` and `python` is set."""

    name: str
    run: str | tuple[str, ...] | None = field(
        default=None,
        metadata=_of(values.command(), "A command; a string goes through the shell, a list does not."),
    )
    python: str | None = field(
        default=None,
        metadata=_of(
            values.callable_name(),
            "A Python callable, as `package.module:function` or entry point; called with a Task in the pool.",
        ),
    )
    match: Match | None = field(
        default=None, metadata=_of(Record(Match), "Tasks that name no processor and are taken by this one.")
    )
    timeout: float | None = field(
        default=None,
        metadata=_of(values.duration(), "An attempt that takes longer is ended, and has failed."),
    )
    retries: int = field(default=0, metadata=_of(whole(0), "More attempts inside one run."))
    retry_delay: float = field(
        default=1.0, metadata=_of(values.duration(zero=True), "The wait before the second attempt.")
    )
    backoff: float = field(
        default=2.0, metadata=_of(number(1, 100), "What each further wait is multiplied by.")
    )
    needs: tuple[str, ...] = field(
        default=(),
        metadata=_of(
            lines("a list of capabilities", names_of("capability")), "Capabilities that a worker must have."
        ),
    )
    inputs: tuple[str, ...] = field(
        default=(),
        metadata=_of(
            values.paths("a list of patterns"),
            "Files it reads; unchanged since the last result, the result stands.",
        ),
    )
    outputs: tuple[str, ...] = field(
        default=(),
        metadata=_of(
            values.paths("a list of paths"),
            "Files it writes, committed with the tick; those that only a pattern fits it names in `$MDTODO_OUTPUT`.",
        ),
    )
    env: Mapping[str, str] = field(
        default_factory=dict,
        metadata=_of(
            Table(values.environment_value(), values.check_variable), "Environment variables it is given."
        ),
    )


@dataclass(frozen=True, slots=True)
class Pattern:
    """How a task is broken down into subtasks."""

    name: str
    match: tuple[str, ...] = field(
        default=(), metadata=_of(lines("a list of phrases"), "Phrases of a title that call for this pattern.")
    )
    steps: tuple[str, ...] = field(
        default=(),
        metadata=_of(
            lines("a list of steps", least=1),
            "The subtasks, as text with keys; `{task}` is what the task is about.",
        ),
    )
    weights: tuple[float, ...] = field(
        default=(),
        metadata=_of(values.weights(), "Shares of the estimate, one for each step; without, all are equal."),
    )


@dataclass(frozen=True, slots=True)
class Expand:
    """How tasks are broken down where no pattern is named."""

    command: str | None = field(
        default=None,
        metadata=_of(
            values.shell_command(), "A program that breaks tasks down: JSON in, a markdown list out."
        ),
    )
    timeout: float = field(
        default=60.0, metadata=_of(values.duration(), "The program is ended if it takes longer for a task.")
    )


def _lanes() -> dict[str, int]:
    return {"critical": 5, "high": 10, "medium": 20, "low": 50, "general": 1}


@dataclass(frozen=True, slots=True)
class Config:
    """What holds. `sources` says where each given value comes from, by dotted key; one that is not in it has
    its default."""

    files: tuple[str, ...] = field(
        default=("TODO.md", "**/TODO.md", "todo/**/*.md"),
        metadata=_of(lines("a list of patterns"), "gitignore-style patterns of the TODO files."),
    )
    jobs: int = field(default=0, metadata=_of(whole(0, 10_000), "Tasks that run at once; 0: one per core."))
    rollup: bool = field(
        default=True, metadata=_of(flag(), "Tick a parent without a processor with its last subtask.")
    )
    stamp: bool = field(default=False, metadata=_of(flag(), "Write `done:DATE` on a ticked task."))
    auto_expand: bool = field(
        default=False, metadata=_of(flag(), "`run` expands what must be expanded first.")
    )
    commit: str = field(
        default="run",
        metadata=_of(
            choice("run", "task", "none"), "One commit for a run or batch, one for each task, or none."
        ),
    )
    max_failures: int = field(
        default=3, metadata=_of(whole(1), "Runs in which a task may fail before it needs a person.")
    )
    recipes: str = field(
        default="explicit",
        metadata=_of(
            choice("explicit", "auto"), '"auto": a task that nothing else routes gets its kind\'s recipe.'
        ),
    )
    inline: bool = field(
        default=False, metadata=_of(flag(), "A fenced block inside a task may be its processor.")
    )
    isolation: str = field(
        default="checkout", metadata=_of(choice("checkout", "worktree"), "Where processors run.")
    )
    lease: float = field(
        default=300.0,
        metadata=_of(values.duration(), "A worker that gives no sign for so long has lost its task."),
    )
    max_cpu: int = field(
        default=85, metadata=_of(whole(1, 100), "Percent of CPU above which no new task is started.")
    )
    max_memory: int = field(
        default=90, metadata=_of(whole(1, 100), "Percent of memory above which no new task is started.")
    )
    close_from_commits: bool = field(
        default=False, metadata=_of(flag(), "A person's commit may close a task that its message names.")
    )
    lanes: Mapping[str, int] = field(
        default_factory=_lanes,
        metadata=_of(Table(whole(1), check_name("lane")), "Tasks of a lane that may run at once."),
    )
    processors: Mapping[str, Processor] = field(
        default_factory=dict,
        metadata=_of(Table(Record(Processor), check_name("processor")), "How tasks are proven, in order."),
    )
    patterns: Mapping[str, Pattern] = field(
        default_factory=dict,
        metadata=_of(Table(Record(Pattern), check_name("pattern")), "How tasks are broken down."),
    )
    expand: Expand = field(default=Expand(), metadata=_of(Record(Expand), "Breaking tasks down."))
    status: Mapping[str, Status] = field(
        default_factory=lambda: dict(STATUS_CHARS),
        metadata=_of(
            Table(choice(*Status, into=Status), values.check_status_char), "What a character in a box means."
        ),
    )
    categories: Mapping[str, Mapping[str, tuple[str, ...]]] = field(
        default_factory=lambda: CATEGORIES,
        metadata=_of(
            Table(Table(lines("a list of words"), anything, _category_words), check_name("category")),
            "Categories, their kinds, and the words of a title that name them.",
        ),
    )
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)


#: What holds without any configuration.
DEFAULT = Config()


def load(pyproject: bytes | None, dotfile: bytes | None) -> Config:
    """What the bytes of pyproject.toml and of .mdtodo.toml say; None where there is no such file.

    The keys of both are put together. Raises ConfigError with file, line where known, key and the nearest
    valid name; also where both set a key and disagree.
    """
    if dotfile is None and (pyproject is None or b"mdtodo" not in pyproject):
        return DEFAULT
    from mdtodo.config.reading import read_config

    return read_config(pyproject, dotfile)


def describe(config: Config) -> list[Row]:
    """Every value that holds, in the order of the fields: key, value as TOML, source, documentation."""
    from mdtodo.config.showing import rows

    return rows(config)


def reference() -> str:
    """A markdown table of all keys, with type, default and documentation."""
    from mdtodo.config.showing import table

    return table()
