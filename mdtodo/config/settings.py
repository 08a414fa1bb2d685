"""The settings: what `[tool.mdtodo]` of pyproject.toml, or .mdtodo.toml, may hold.

Each field carries its type, default, check and documentation, so that reading, `mdtodo config` and the
reference come from one place. Durations are in seconds.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from mdtodo.config import value_types
from mdtodo.config.categories import CATEGORIES
from mdtodo.config.check_rules import CheckRules
from mdtodo.config.processor_settings import Defaults, Processor
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
    table,
)
from mdtodo.core.archive_paths import archive_patterns
from mdtodo.core.task import STATUS_CHARS, Status

if TYPE_CHECKING:
    from collections.abc import Mapping
    from dataclasses import dataclass
else:
    from mdtodo.core.light.dataclasses import dataclass

#: The keys of a task's line that a person may let processors write: what proves the task, what it waits for, what
#: others call it, who takes it; and those that are free anyhow. Not `failed` and `done`, which mdtodo alone writes.
SUBTASK_KEYS = (
    "run",
    "after",
    "id",
    "expand",
    "worker",
    "needs",
    "lane",
    "priority",
    "due",
    "from",
    "est",
    "every",
)


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
    template: str = key(
        value_types.optional_path(),
        "In place of steps a Markdown file with a list; `{task}` is the title of the task.",
        "",
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


#: What messages are sent of.
EVENTS = ("failed", "gave_up", "manual_ready", "run")


@dataclass(frozen=True, slots=True)
class Notify:
    """To whom a run sends messages, and of what."""

    on: tuple[str, ...] = key(
        list_of("a list of events", choice(*EVENTS)),
        "What is sent: a task that failed, one that was given up, one that became ready for a person, what a run came "
        "to.",
        ("failed", "gave_up", "manual_ready"),
    )
    webhook: str = key(
        value_types.message_url(web=True),
        "Where messages are posted as JSON; `$MDTODO_NAME` stands for that variable.",
        "",
    )
    urls: tuple[str, ...] = key(
        list_of("a list of URLs", value_types.message_url(web=False)),
        "The same for the services that the library apprise knows, by its URLs (extra `notify`).",
        (),
    )
    output: bool = key(boolean(), "Messages have the end of a failed task's output, too.", False)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where attempts run, if not on this machine."""

    url: str = key(
        value_types.executor_url(),
        "A Dask cluster that processors run on: `dask://HOST:PORT`, `tls://HOST:PORT` or `local-cluster:N`.",
        "",
    )
    reconnect: float = key(
        value_types.duration(), "For how long a scheduler that was lost is waited for.", 60.0
    )


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
    isolation: str = key(
        choice("checkout", "clone"),
        "Where processors run that say nothing else: in the checkout, or each in a throw-away clone.",
        "checkout",
    )
    lease: float = key(
        value_types.duration(), "A worker that gives no sign of life for this long loses its task.", 300.0
    )
    remote_lease: float = key(
        value_types.duration(), "The same for a task that was claimed on a remote (`run --remote`).", 1800.0
    )
    logs: Logs = key(Record(Logs), "Captured output.", Logs())
    notify: Notify = key(Record(Notify), "Messages of runs.", Notify())
    archive: str = key(
        value_types.archive_path(),
        "Where `archive` puts closed tasks, in the folder of their file; `%Y` is the year. Never one of `files`.",
        "TODO.archive.md",
    )
    executor: Cluster = key(Record(Cluster), "Where processors run.", Cluster())
    max_cpu: int = key(integer(1, 100), "CPU load in percent, above which no new task is started.", 85)
    max_memory: int = key(integer(1, 100), "Memory use in percent, above which no new task is started.", 90)
    warnings_as_errors: bool = key(
        boolean(), "Warnings of `check` count as errors: the exit code is 1.", False
    )
    check: CheckRules = key(Record(CheckRules), "What `check` reports.", CheckRules())
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

    @property
    def task_files(self) -> tuple[str, ...]:
        """The patterns of `files`, which fit no archive."""
        return (*self.files, *(f"!{one}" for one in archive_patterns(self.archive)))

    @property
    def files_and_archives(self) -> tuple[str, ...]:
        """The patterns of all files whose ticks are judged."""
        return (*self.files, *archive_patterns(self.archive))

    def isolates(self, processor: Processor) -> bool:
        """Whether the processor works in a clone of its own."""
        return (processor.isolation or self.isolation) == "clone"


#: What is in effect without any configuration.
DEFAULT = Config()
