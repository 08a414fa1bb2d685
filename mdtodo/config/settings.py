"""The settings: what `[tool.mdtodo]` of pyproject.toml, or .mdtodo.toml, may hold.

Each field carries its type, default, check and documentation, so that reading, `mdtodo config` and the
reference come from one place. Durations are in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mdtodo.config import value_types
from mdtodo.config.categories import CATEGORIES
from mdtodo.config.processor_settings import Defaults, Processor
from mdtodo.config.shapes import (
    InvalidError,
    Record,
    Table,
    any_name,
    boolean,
    check_name,
    choice,
    described,
    integer,
    string_list,
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
class Pattern:
    """How a task is broken down into subtasks."""

    name: str
    match: tuple[str, ...] = field(
        default=(),
        metadata=described(string_list("a list of phrases"), "Phrases in a title that select this pattern."),
    )
    steps: tuple[str, ...] = field(
        default=(),
        metadata=described(
            string_list("a list of steps", least=1),
            "The subtasks, as text with keys; `{task}` is what the task is about.",
        ),
    )
    weights: tuple[float, ...] = field(
        default=(),
        metadata=described(
            value_types.weights(), "Shares of the estimate, one for each step; default: equal shares."
        ),
    )


@dataclass(frozen=True, slots=True)
class Expand:
    """How tasks are broken down where no pattern is named."""

    command: str | None = field(
        default=None,
        metadata=described(
            value_types.shell_command(), "A program that breaks tasks down: JSON in, a Markdown list out."
        ),
    )
    timeout: float = field(
        default=60.0,
        metadata=described(value_types.duration(), "The program is stopped if it takes longer for a task."),
    )


@dataclass(frozen=True, slots=True)
class Logs:
    """How much captured output is kept; that of the oldest runs goes first."""

    size: int = field(
        default=100_000_000,
        metadata=described(
            value_types.size(), "Captured output that is kept in all; above it that of the oldest runs goes."
        ),
    )
    age: float = field(
        default=90 * 86400.0,
        metadata=described(value_types.duration(), "How long captured output is kept."),
    )


def _lanes() -> dict[str, int]:
    return {"critical": 5, "high": 10, "medium": 20, "low": 50, "general": 1}


@dataclass(frozen=True, slots=True)
class Config:
    """The effective configuration. `sources` says where each given value comes from, by dotted key; one that is not in
    it has its default."""

    files: tuple[str, ...] = field(
        default=("TODO.md", "**/TODO.md", "todo/**/*.md"),
        metadata=described(string_list("a list of patterns"), "gitignore-style patterns for the TODO files."),
    )
    jobs: int = field(
        default=0, metadata=described(integer(0, 10_000), "How many tasks run at once; 0: one per core.")
    )
    rollup: bool = field(
        default=True,
        metadata=described(boolean(), "Tick a parent without a processor with its last subtask."),
    )
    stamp: bool = field(default=False, metadata=described(boolean(), "Write `done:DATE` on a ticked task."))
    auto_expand: bool = field(
        default=False, metadata=described(boolean(), "`run` first breaks down tasks that need it.")
    )
    commit: str = field(
        default="run",
        metadata=described(
            choice("run", "task", "none"), "One commit for a run or batch, one for each task, or none."
        ),
    )
    max_failures: int = field(
        default=3, metadata=described(integer(1), "After this many failed runs, `run` gives the task up.")
    )
    recipes: str = field(
        default="explicit",
        metadata=described(
            choice("explicit", "auto"),
            '"auto": a task without any other processor gets the recipe of its kind.',
        ),
    )
    classify: str = field(
        default="tags",
        metadata=described(
            choice("tags", "words"),
            '"words": a category or kind that is guessed from the title may choose a processor.',
        ),
    )
    proof: str = field(
        default="warn",
        metadata=described(
            choice("off", "warn", "require", "strict"),
            "What `check` says of a ticked task that has a processor and no receipt: nothing, a warning, or an error; "
            '"strict" accepts neither a person\'s word nor a proof that is `tree=dirty`.',
        ),
    )
    signers: str = field(
        default="",
        metadata=described(
            value_types.optional_path(),
            "A file of allowed signers, in the format of git's `gpg.ssh.allowedSignersFile`; then only receipts in "
            "commits that one of them signed count as proof.",
        ),
    )
    inline: bool = field(
        default=False,
        metadata=described(boolean(), "A fenced code block inside a task may be its processor."),
    )
    subtask_keys: tuple[str, ...] = field(
        default=(),
        metadata=described(
            string_list("a list of keys", choice(*SUBTASK_KEYS)),
            "Keys that the new subtasks of a processor may have, besides priority, `due`, `est` and tags.",
        ),
    )
    isolation: str = field(
        default="checkout",
        metadata=described(
            choice("checkout", "clone"),
            "Where processors run that say nothing else: in the checkout, or each in a throw-away clone.",
        ),
    )
    lease: float = field(
        default=300.0,
        metadata=described(
            value_types.duration(), "A worker that gives no sign of life for this long loses its task."
        ),
    )
    remote_lease: float = field(
        default=1800.0,
        metadata=described(
            value_types.duration(), "The same for a task that was claimed on a remote (`run --remote`)."
        ),
    )
    logs: Logs = field(default=Logs(), metadata=described(Record(Logs), "Captured output."))
    max_cpu: int = field(
        default=85,
        metadata=described(integer(1, 100), "CPU load in percent, above which no new task is started."),
    )
    max_memory: int = field(
        default=90,
        metadata=described(integer(1, 100), "Memory use in percent, above which no new task is started."),
    )
    warnings_as_errors: bool = field(
        default=False,
        metadata=described(boolean(), "Warnings of `check` count as errors: the exit code is 1."),
    )
    close_from_commits: bool = field(
        default=False, metadata=described(boolean(), "Commit messages may close the tasks that they name.")
    )
    lanes: Mapping[str, int] = field(
        default_factory=_lanes,
        metadata=described(Table(integer(1), check_name("lane")), "How many tasks of the lane run at once."),
    )
    defaults: Defaults = field(
        default=Defaults(),
        metadata=described(Record(Defaults), "Defaults for all processors."),
    )
    processors: Mapping[str, Processor] = field(
        default_factory=dict,
        metadata=described(
            Table(Record(Processor), check_name("processor")), "How tasks are proven, in order."
        ),
    )
    patterns: Mapping[str, Pattern] = field(
        default_factory=dict,
        metadata=described(Table(Record(Pattern), check_name("pattern")), "How tasks are broken down."),
    )
    expand: Expand = field(default=Expand(), metadata=described(Record(Expand), "Breaking tasks down."))
    status: Mapping[str, Status] = field(
        default_factory=lambda: dict(STATUS_CHARS),
        metadata=described(
            Table(choice(*Status, into=Status), value_types.check_status_char),
            "What a character in a box means.",
        ),
    )
    categories: Mapping[str, Mapping[str, tuple[str, ...]]] = field(
        default_factory=lambda: CATEGORIES,
        metadata=described(
            Table(Table(string_list("a list of words"), any_name, _category_words), check_name("category")),
            "Categories, their kinds, and the words of a title that name them.",
        ),
    )
    # not compared: the same keys are the same configuration, whichever of the two files has them
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)

    def isolates(self, processor: Processor) -> bool:
        """Whether the processor works in a clone of its own."""
        return (processor.isolation or self.isolation) == "clone"


#: What is in effect without any configuration.
DEFAULT = Config()
