"""The words that all rooms speak. Frozen, without I/O.

Units: byte offsets for spans, 1-based lines, minutes for estimates, seconds for durations.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    Json = Mapping[str, object]


class Status(StrEnum):
    """What a box says."""

    TODO = "todo"
    DONE = "done"
    DOING = "doing"
    CANCELLED = "cancelled"

    @property
    def closed(self) -> bool:
        """Whether nothing more is to be done: done or cancelled."""
        return self in (Status.DONE, Status.CANCELLED)


#: Status characters as read; `[tool.mdtodo.status]` adds to them.
STATUS_CHARS: Mapping[str, Status] = {
    " ": Status.TODO,
    "x": Status.DONE,
    "X": Status.DONE,
    "/": Status.DOING,
    "-": Status.CANCELLED,
}

#: Status characters as written.
WRITTEN: Mapping[Status, str] = {
    Status.TODO: " ",
    Status.DONE: "x",
    Status.DOING: "/",
    Status.CANCELLED: "-",
}


class Priority(StrEnum):
    """How urgent a task is; the order of definition is the order of starting."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for critical to 3 for low."""
        return _RANKS[self]


_RANKS = {priority: rank for rank, priority in enumerate(Priority)}


class State(StrEnum):
    """What `list` shows: the status, and for an open task what keeps it."""

    DONE = "done"
    CANCELLED = "cancelled"
    DOING = "doing"
    READY = "ready"
    BLOCKED = "blocked"
    FAILED = "failed"
    LEASED = "leased"
    UNROUTED = "unrouted"


class Complexity(StrEnum):
    """By estimate: simple < 4 h <= medium < 12 h <= complex < 24 h <= epic."""

    SIMPLE = "simple"
    MEDIUM = "medium"
    COMPLEX = "complex"
    EPIC = "epic"

    @classmethod
    def of(cls, minutes: int | None) -> Complexity | None:
        """The complexity of an estimate in minutes; None without one."""
        if minutes is None:
            return None
        hours = minutes / 60
        return (
            cls.SIMPLE if hours < 4 else cls.MEDIUM if hours < 12 else cls.COMPLEX if hours < 24 else cls.EPIC
        )


class Outcome(StrEnum):
    """What became of a task in a run."""

    DONE = "done"
    FAILED = "failed"
    DEFERRED = "deferred"
    SKIPPED = "skipped"
    BLOCKED = "blocked"
    INTERRUPTED = "interrupted"
    CACHED = "cached"


class Severity(StrEnum):
    """Of a finding, in the words of GitHub's annotations."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes `start` to `end` (exclusive) of the one version of a file that was parsed."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that `check` has to say; `code` is stable and documented."""

    file: str
    line: int
    severity: Severity
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """How a task is found again in another version of its file: never by line number.

    `digest` is the SHA-1 (40 hex digits) over the titles of the parents and its own; `nth` counts from 0 the
    tasks of that digest in the file. An explicit id wins over both.
    """

    file: str
    explicit: str | None
    digest: str
    nth: int


@dataclass(frozen=True, slots=True)
class SetStatus:
    """Write the status character, if the box still shows one of `expects`."""

    anchor: Anchor
    status: Status
    expects: frozenset[Status] = frozenset({Status.TODO, Status.DOING})


@dataclass(frozen=True, slots=True)
class SetKey:
    """Write `key:value` on the task's line, or remove the key where `value` is None. Absolute, so
    idempotent."""

    anchor: Anchor
    key: str
    value: str | None


@dataclass(frozen=True, slots=True)
class AddSubtasks:
    """Append child list items: markdown lines, each starting with a list marker, or indented by spaces for
    deeper levels. Lines that are there as children already are not added twice."""

    anchor: Anchor
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AddNote:
    """Append a nested bullet of plain text (hostile text stays text: never a task, never another block)."""

    anchor: Anchor
    text: str


Edit = SetStatus | SetKey | AddSubtasks | AddNote


@dataclass(frozen=True, slots=True)
class Task:
    """One task as the markdown says it, with what it inherits; ids are unique in the repository.

    `own_run` is the processor named on the task's line or its section's heading; `previous` the task before
    it in the same ordered list; `after` holds explicit ids, own or inherited; `body` the markdown below the
    first paragraph, without subtasks, dedented.
    """

    id: str
    explicit_id: str | None
    file: str
    line: int
    title: str
    status: Status
    priority: Priority = Priority.MEDIUM
    own_lane: str | None = None
    tags: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    worker: str | None = None
    after: tuple[str, ...] = ()
    estimate: int | None = None
    due: str | None = None
    own_run: str | None = None
    expand: str | None = None
    failures: int = 0
    done_on: str | None = None
    parent: str | None = None
    children: tuple[str, ...] = ()
    previous: str | None = None
    section: tuple[str, ...] = ()
    depth: int = 0
    body: str = ""
    anchor: Anchor = field(default=Anchor("", None, "", 0), repr=False)

    @property
    def lane(self) -> str:
        """The lane it runs in: its own, otherwise its priority's."""
        return self.own_lane or self.priority.value

    @property
    def complexity(self) -> Complexity | None:
        """By its estimate."""
        return Complexity.of(self.estimate)


@dataclass(frozen=True, slots=True)
class Result:
    """What one attempt of a processor came to.

    `exit_code` is 0 to 255, -N for a signal N, None where the process never ran to an end. A Python
    processor may return one of these with only `notes`, `subtasks` and `metrics` filled.
    """

    exit_code: int | None = 0
    timed_out: bool = False
    duration: float = 0.0
    error: str | None = None
    notes: tuple[str, ...] = ()
    subtasks: tuple[str, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def outcome(self) -> Outcome:
        """By the table of exit codes: 0 done, 75 deferred (EX_TEMPFAIL), 77 skipped, everything else
        failed."""
        if self.timed_out or self.error is not None:
            return Outcome.FAILED
        return {0: Outcome.DONE, 75: Outcome.DEFERRED, 77: Outcome.SKIPPED}.get(
            -1 if self.exit_code is None else self.exit_code, Outcome.FAILED
        )


@dataclass(frozen=True, slots=True)
class Receipt:
    """What lands for one task: the edits that tick it, and the words of its trailer.

    `outcome` is an Outcome, or a Status where a person spoke (`cancelled`, `todo`); `processor` is the
    processor's name, `rollup` for a parent ticked with its last subtask, `person` for a person's word.
    """

    task_id: str
    title: str
    outcome: str
    processor: str
    exit_code: int | None
    seconds: float
    attempt: int
    edits: tuple[Edit, ...]
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskRun:
    """What became of one task in one run. `duration` in seconds over all attempts; `log` is a path or None;
    `tail` the end of its output; `reason` says in words why it did not run or how it failed."""

    id: str
    title: str
    file: str
    line: int
    outcome: Outcome
    processor: str | None
    attempts: int = 0
    duration: float | None = None
    exit_code: int | None = None
    log: str | None = None
    tail: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RunReport:
    """A whole run: times in ISO 8601, UTC; `messages` are sentences for a person; `interrupted` by a
    signal."""

    run: str
    started: str
    finished: str
    tasks: tuple[TaskRun, ...]
    commits: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    interrupted: bool = False
    broken: bool = False

    @property
    def summary(self) -> Mapping[str, int]:
        """A count for each outcome."""
        counts = dict.fromkeys(Outcome, 0)
        for task in self.tasks:
            counts[task.outcome] += 1
        return {outcome.value: count for outcome, count in counts.items()}

    @property
    def exit_code(self) -> int:
        """130 interrupted; 1 where a task failed, or the plan has a cycle (`broken`); else 0."""
        if self.interrupted:
            return 130
        return 1 if self.broken or any(task.outcome is Outcome.FAILED for task in self.tasks) else 0
