"""The settings: what `[tool.mdtodo]` of pyproject.toml, or .mdtodo.toml, may hold.

Each field carries its type, default, check and documentation, so that reading, `mdtodo config` and the
reference come from one place. Durations are in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mdtodo.config import value_types
from mdtodo.config.categories import CATEGORIES
from mdtodo.config.shapes import (
    InvalidError,
    Record,
    Table,
    any_name,
    boolean,
    check_name,
    choice,
    integer,
    key,
    list_of,
    name_of,
    number,
    single_line,
    table,
)
from mdtodo.core.task import STATUS_CHARS, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The keys of a task's line that a person may let processors write: what proves the task, what it waits for, what
#: others call it, who takes it; and those that are free anyhow. Not `failed` and `done`, which mdtodo alone writes.
SUBTASK_KEYS = ("run", "after", "id", "expand", "worker", "needs", "lane", "priority", "due", "from", "est")


def _category_words(value: object) -> object:
    """`frontend = ["theme", "css"]` is short for `frontend = { theme = ["theme"], css = ["css"] }`."""
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        # `^` says where in a title the word counts; the kind is called without it
        return {word.removeprefix("^"): [word] for word in value}
    if not isinstance(value, dict):
        raise InvalidError("must be a list of kinds, or a table of kinds and their words")
    return value


@dataclass(frozen=True, slots=True)
class Match:
    """Which tasks a processor takes: all that are given must hold."""

    category: str | None = key(
        single_line("a category"), "The task's category, from a tag; see `classify`.", None
    )
    kind: str | None = key(single_line("a kind"), "The task's kind, from a tag; see `classify`.", None)
    tags: tuple[str, ...] = key(value_types.tags(), "Tags, all of which the task must have.", ())
    title: str | None = key(
        value_types.regex(), "A regular expression that matches anywhere in the title.", None
    )


@dataclass(frozen=True, slots=True)
class Processor:
    """How a task is proven: a command, or a Python callable; exactly one of `run` and `python` is set."""

    name: str
    run: str | tuple[str, ...] | None = key(
        value_types.command(), "A command; a string goes through the shell, a list does not.", None
    )
    python: str | None = key(
        value_types.callable_name(),
        "A Python callable, as `package.module:function` or entry point; called with a Task in the pool.",
        None,
    )
    match: Match | None = key(Record(Match), "The tasks without `run:` that this processor takes.", None)
    timeout: float | None = key(
        value_types.duration(), "An attempt that takes longer is stopped, and fails.", None
    )
    retries: int = key(integer(0), "Further attempts after a failure, in the same run.", 0)
    retry_delay: float = key(value_types.duration(zero=True), "The delay before the second attempt.", 1.0)
    backoff: float = key(number(1, 100), "Each further delay is longer by this factor.", 2.0)
    needs: tuple[str, ...] = key(
        list_of("a list of capabilities", name_of("capability")),
        "Capabilities that a worker must have.",
        (),
    )
    inputs: tuple[str, ...] = key(
        value_types.paths("a list of patterns"),
        "Files that it reads; while they are unchanged, the last result stands.",
        (),
    )
    outputs: tuple[str, ...] = key(
        value_types.paths("a list of paths"),
        "Files it writes, committed with the tick; those that only a pattern fits it names in `$MDTODO_OUTPUT`.",
        (),
    )
    env: Mapping[str, str] = table(
        Table(value_types.environment_value(), value_types.check_variable),
        "Environment variables for the processor.",
    )
    repeatable: bool = key(
        boolean(),
        "Whether it may run again for a task that is done: `verify` and `prove` leave others alone.",
        True,
    )
    cwd: str | None = key(
        value_types.folder(),
        "The folder that it runs in, relative to the root of the repository; default: the root.",
        None,
    )

    @property
    def command_line(self) -> str:
        """The command as a person would type it, or the name of the callable."""
        import shlex

        if self.run is None:
            return self.python or ""
        return self.run if isinstance(self.run, str) else shlex.join(self.run)


@dataclass(frozen=True, slots=True)
class Defaults:
    """For every processor, recipe and inline block that does not say otherwise; None: not given."""

    timeout: float | None = key(value_types.duration(), "The `timeout` of processors that set none.", None)
    retries: int | None = key(integer(0), "The `retries` of processors that set none.", None)
    retry_delay: float | None = key(
        value_types.duration(zero=True), "The `retry_delay` of processors that set none.", None
    )
    backoff: float | None = key(number(1, 100), "The `backoff` of processors that set none.", None)
    env: Mapping[str, str] = table(
        Table(value_types.environment_value(), value_types.check_variable),
        "Environment variables for every processor; a processor's own value wins.",
    )

    def merge_into(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The keys of a processor, with those that it does not give itself."""
        numbers = {name: getattr(self, name) for name in ("timeout", "retries", "retry_delay", "backoff")}
        # not `if value`: `retries = 0` is given too
        set_here = {name: value for name, value in numbers.items() if value is not None}
        return {**set_here, **given, "env": {**self.env, **given.get("env", {})}}

    def apply_to(self, processor: Processor) -> Processor:
        """A processor that says nothing of these itself: a recipe, or the block inside a task."""
        return processor if self == Defaults() else replace(processor, **self.merge_into({}))


@dataclass(frozen=True, slots=True)
class Pattern:
    """How a task is broken down into subtasks."""

    name: str
    match: tuple[str, ...] = key(
        list_of("a list of phrases"), "Phrases in a title that select this pattern.", ()
    )
    steps: tuple[str, ...] = key(
        list_of("a list of steps", least=1),
        "The subtasks, as text with keys; `{task}` is what the task is about.",
        (),
    )
    weights: tuple[float, ...] = key(
        value_types.weights(), "Shares of the estimate, one for each step; default: equal shares.", ()
    )


@dataclass(frozen=True, slots=True)
class Expand:
    """How tasks are broken down where no pattern is named."""

    command: str | None = key(
        value_types.shell_command(), "A program that breaks tasks down: JSON in, a Markdown list out.", None
    )
    timeout: float = key(
        value_types.duration(), "The program is stopped if it takes longer for a task.", 60.0
    )


@dataclass(frozen=True, slots=True)
class Logs:
    """How much captured output is kept; that of the oldest runs goes first."""

    size: int = key(
        value_types.size(),
        "Captured output that is kept in all; above it that of the oldest runs goes.",
        100_000_000,
    )
    age: float = key(value_types.duration(), "How long captured output is kept.", 90 * 86400.0)


def _lanes() -> dict[str, int]:
    return {"critical": 5, "high": 10, "medium": 20, "low": 50, "general": 1}


@dataclass(frozen=True, slots=True)
class Config:
    """The effective configuration. `sources` says where each given value comes from, by dotted key; one that is not in
    it has its default."""

    files: tuple[str, ...] = key(
        list_of("a list of patterns"),
        "gitignore-style patterns for the TODO files.",
        ("TODO.md", "**/TODO.md", "todo/**/*.md"),
    )
    jobs: int = key(integer(0, 10_000), "How many tasks run at once; 0: one per core.", 0)
    rollup: bool = key(boolean(), "Tick a parent without a processor with its last subtask.", True)
    stamp: bool = key(boolean(), "Write `done:DATE` on a ticked task.", False)
    auto_expand: bool = key(boolean(), "`run` first breaks down tasks that need it.", False)
    commit: str = key(
        choice("run", "task", "none"), "One commit for a run or batch, one for each task, or none.", "run"
    )
    max_failures: int = key(integer(1), "After this many failed runs, `run` gives the task up.", 3)
    recipes: str = key(
        choice("explicit", "auto"),
        '"auto": a task without any other processor gets the recipe of its kind.',
        "explicit",
    )
    classify: str = key(
        choice("tags", "words"),
        '"words": a category or kind that is guessed from the title may choose a processor.',
        "tags",
    )
    proof: str = key(
        choice("off", "warn", "require", "strict"),
        "What `check` says of a ticked task that has a processor and no receipt: nothing, a warning, or an error; "
        '"strict" accepts neither a person\'s word nor a proof that is `tree=dirty`.',
        "warn",
    )
    signers: str = key(
        value_types.optional_path(),
        "A file of allowed signers, in the format of git's `gpg.ssh.allowedSignersFile`; then only receipts in "
        "commits that one of them signed count as proof.",
        "",
    )
    inline: bool = key(boolean(), "A fenced code block inside a task may be its processor.", False)
    subtask_keys: tuple[str, ...] = key(
        list_of("a list of keys", choice(*SUBTASK_KEYS)),
        "Keys that the new subtasks of a processor may have, besides priority, `due`, `est` and tags.",
        (),
    )
    isolation: str = key(choice("checkout", "worktree"), "Where processors run.", "checkout")
    lease: float = key(
        value_types.duration(), "A worker that gives no sign of life for this long loses its task.", 300.0
    )
    remote_lease: float = key(
        value_types.duration(), "The same for a task that was claimed on a remote (`run --remote`).", 1800.0
    )
    logs: Logs = key(Record(Logs), "Captured output.", Logs())
    max_cpu: int = key(integer(1, 100), "CPU load in percent, above which no new task is started.", 85)
    max_memory: int = key(integer(1, 100), "Memory use in percent, above which no new task is started.", 90)
    warnings_as_errors: bool = key(
        boolean(), "Warnings of `check` count as errors: the exit code is 1.", False
    )
    close_from_commits: bool = key(boolean(), "Commit messages may close the tasks that they name.", False)
    lanes: Mapping[str, int] = table(
        Table(integer(1), check_name("lane")), "How many tasks of the lane run at once.", _lanes
    )
    defaults: Defaults = key(Record(Defaults), "Defaults for all processors.", Defaults())
    processors: Mapping[str, Processor] = table(
        Table(Record(Processor), check_name("processor")), "How tasks are proven, in order."
    )
    patterns: Mapping[str, Pattern] = table(
        Table(Record(Pattern), check_name("pattern")), "How tasks are broken down."
    )
    expand: Expand = key(Record(Expand), "Breaking tasks down.", Expand())
    status: Mapping[str, Status] = table(
        Table(choice(*Status, into=Status), value_types.check_status_char),
        "What a character in a box means.",
        lambda: dict(STATUS_CHARS),
    )
    categories: Mapping[str, Mapping[str, tuple[str, ...]]] = table(
        Table(Table(list_of("a list of words"), any_name, _category_words), check_name("category")),
        "Categories, their kinds, and the words of a title that name them.",
        lambda: CATEGORIES,
    )
    # not compared: the same keys are the same configuration, whichever of the two files has them
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)


#: What is in effect without any configuration.
DEFAULT = Config()
