"""The terms that all packages share. Frozen, without I/O.

Values are named tuples, whose classes take a seventh of the time of a dataclass to make: that is most of what
`check` needs to start.

Units: byte offsets for spans, 1-based lines, minutes for estimates, seconds for durations.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NamedTuple

    Json = Mapping[str, object]
else:
    from mdtodo.core.light.named_tuples import NamedTuple


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
    # GFM has both (5.3); WRITTEN has the small one.
    "X": Status.DONE,
    "/": Status.DOING,
    "-": Status.CANCELLED,
}

#: Status characters as written.
WRITTEN_CHARS: Mapping[Status, str] = {
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


# Made once: `list(Priority).index` would walk through the members for each task that is sorted.
_RANKS = {priority: rank for rank, priority in enumerate(Priority)}


class State(StrEnum):
    """What `list` shows: the status, and for an open task what keeps it."""

    DONE = "done"
    CANCELLED = "cancelled"
    DOING = "doing"
    READY = "ready"
    BLOCKED = "blocked"
    FAILED = "failed"
    RUNNING = "running"
    MANUAL = "manual"


#: What two of the states were called; filters still take these names.
OLD_STATES: Mapping[str, str] = {"leased": State.RUNNING.value, "unrouted": State.MANUAL.value}


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


class Severity(StrEnum):
    """Of a finding, in the words of GitHub's annotations."""

    ERROR = "error"
    WARNING = "warning"


class Span(NamedTuple):
    """Bytes `start` to `end` (exclusive) of the one version of a file that was parsed."""

    start: int
    end: int


class Finding(NamedTuple):
    """One thing that `check` has to say; `code` is stable and documented. `commit` is the one that made it, where a
    range of commits is judged."""

    file: str
    line: int
    severity: Severity
    code: str
    message: str
    commit: str | None = None


class Anchor(NamedTuple):
    """How a task is found again in another version of its file: never by line number. See `markdown.anchors`.

    `digest` is the SHA-1 (40 hex digits) over the titles of the parents and its own. `title` is its own, None where its
    words and its `run:` may have changed; `section` the titles of its headings, a line each; `keys` those that mdtodo
    does not write, None where a version from before there was such a thing wrote the anchor; `before` and `after` the
    titles of its neighbours. `nth` counts from 0 the tasks of that digest under the same headings.

    Of equal tasks in the version that the anchor is of: `alone`, no other task of the file has these titles;
    `elsewhere`, one of another file has; `shared`, another one has the same explicit id; `twin` counts from 0 those of
    the same headings and keys too, and `twins` is a digest of all of those ("" for a single one); `peers` stand for
    the others of the file.
    """

    file: str
    explicit: str | None
    digest: str
    nth: int
    title: str | None = None
    section: str = ""
    keys: str | None = None
    before: str = ""
    after: str = ""
    alone: bool = True
    elsewhere: bool = False
    shared: bool = False
    twin: int = 0
    twins: str = ""
    peers: tuple[str, ...] = ()

    @property
    def name(self) -> tuple[str, str | None, str, str, int]:
        """What the task is called: the same in each version in which no equal one comes or goes."""
        return self.file, self.explicit, self.digest, self.section, self.nth


class Subtask(NamedTuple):
    """What became of a subtask, for the processor of its parent.

    `outcome` is that of its newest receipt, None where there is none; `notes` are the bullets below it, as plain text;
    `metrics` what its processor has measured then.
    """

    id: str
    title: str
    status: Status
    outcome: str | None
    notes: tuple[str, ...]
    metrics: Mapping[str, float]


class Task(NamedTuple):
    """One task as the markdown says it, with what it inherits; ids are unique in the repository.

    `own_run` is the processor named on the task's line or its section's heading; `previous` the task before
    it in the same ordered list; `after` holds explicit ids, own or inherited; `every` is a span
    such as `7d`; `body` the markdown below the first paragraph, without subtasks, dedented, and `opening` what of that
    is above the first subtask, None where it is all of it (see `above`). `boxes_before` and
    `boxes_inside` are the lines of list items with an unknown box: those between `previous` and it, for which it waits,
    and those right below it, for which its end waits. `subtasks` says more of its `children`, to a processor alone.
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
    not_before: str | None = None
    every: str | None = None
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
    boxes_before: tuple[int, ...] = ()
    boxes_inside: tuple[int, ...] = ()
    opening: str | None = None
    anchor: Anchor = Anchor("", None, "", 0)
    subtasks: tuple[Subtask, ...] = ()

    @property
    def lane(self) -> str:
        """The lane it runs in: its own, otherwise its priority's."""
        return self.own_lane or self.priority.value

    @property
    def above(self) -> str:
        """The text above its first subtask: what is below that may be what mdtodo has noted there."""
        return self.body if self.opening is None else self.opening

    @property
    def complexity(self) -> Complexity | None:
        """By its estimate."""
        return Complexity.of(self.estimate)
