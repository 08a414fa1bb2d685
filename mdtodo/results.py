"""What a run and an edit come to, in the words that all rooms speak. Frozen, without I/O.

Apart from `mdtodo.model`, since reading and checking need none of it.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.model import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mdtodo.model import Anchor


class Outcome(StrEnum):
    """What became of a task in a run."""

    DONE = "done"
    FAILED = "failed"
    DEFERRED = "deferred"
    SKIPPED = "skipped"
    BLOCKED = "blocked"
    INTERRUPTED = "interrupted"
    CACHED = "cached"


#: The outcome in the receipt of a task that was broken down into subtasks; it says nothing of whether it is done.
EXPANDED = "expanded"


class SetStatus(NamedTuple):
    """Write the status character, if the box still shows one of `expects`."""

    anchor: Anchor
    status: Status
    expects: frozenset[Status] = frozenset({Status.TODO, Status.DOING})


class SetKey(NamedTuple):
    """Write `key:value` on the task's line, or remove the key where `value` is None. Absolute, so
    idempotent."""

    anchor: Anchor
    key: str
    value: str | None


class AddSubtasks(NamedTuple):
    """Append child list items: markdown lines, each starting with a list marker, or indented by spaces for
    deeper levels. Lines that are there as children already are not added twice. `first`: not to a task that has
    other subtasks."""

    anchor: Anchor
    lines: tuple[str, ...]
    first: bool = False


class AddNote(NamedTuple):
    """Append a nested bullet of plain text (hostile text stays text: never a task, never another block)."""

    anchor: Anchor
    text: str


class Words(NamedTuple):
    """What a task's box and its first paragraph say: the character, and the text after it."""

    char: str
    text: str


class Added(NamedTuple):
    """A list item that was put right below a task: its text, box included, and those of the lines `inside` it, all
    without markers and indentation; `gap` and `space` count blank lines that came with it, before and after."""

    text: str
    inside: tuple[str, ...] = ()
    gap: int = 0
    space: int = 0


class Rewind(NamedTuple):
    """Take back what was made of a task: `after` becomes `before` again, and what was `added` below it goes.

    Of the words only the box and the keys that mdtodo owns are taken back where others have changed since.
    """

    anchor: Anchor
    after: Words
    before: Words
    added: tuple[Added, ...] = ()


Edit = SetStatus | SetKey | AddSubtasks | AddNote | Rewind


def new_subtasks(edits: Iterable[Edit]) -> int:
    """How many subtasks these edits make."""
    return sum(len(edit.lines) for edit in edits if isinstance(edit, AddSubtasks))


class Result(NamedTuple):
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
    metrics: Mapping[str, float] = MappingProxyType({})

    @property
    def outcome(self) -> Outcome:
        """By the table of exit codes: 0 done, 75 deferred (EX_TEMPFAIL), 77 skipped, everything else
        failed."""
        if self.timed_out or self.error is not None:
            return Outcome.FAILED
        return {0: Outcome.DONE, 75: Outcome.DEFERRED, 77: Outcome.SKIPPED}.get(
            -1 if self.exit_code is None else self.exit_code, Outcome.FAILED
        )


class Output(NamedTuple):
    """A file that a processor has changed.

    `digest` stands for what it left there, None where it deleted it; `base` is what HEAD and the index had,
    `<mode> <object id>`, None for nothing; `entry` what they are to have, "" for nothing, None where that is not in
    git's object store yet.
    """

    path: str
    digest: str | None
    base: str | None
    entry: str | None = None


class Restore(NamedTuple):
    """A file that goes back from what a commit made of it to what it was, each `<mode> <object id>`, None for no
    file."""

    path: str
    after: str | None
    before: str | None


class Receipt(NamedTuple):
    """What lands for one task: the edits that tick it, and the words of its trailer.

    `outcome` is an Outcome, or a Status where a person spoke (`cancelled`, `todo`); `processor` is the
    processor's name, `rollup` for a parent ticked with its last subtask, `person` for a person's word.
    `outputs` is what its processor declares; `held` the files of it that go with the tick, as the task's end found
    them, None where it wrote none. `inputs` is a digest of what its processor had read, None where that does
    not count. `undoes` is the run that all receipts of this landing take back, `restores` its files. `said_in` is
    the commit whose message was the person's word.
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
    held: tuple[Output, ...] | None = None
    inputs: str | None = None
    undoes: str | None = None
    restores: tuple[Restore, ...] = ()
    said_in: str | None = None


class TaskRun(NamedTuple):
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

    @property
    def failed(self) -> bool:
        """Whether it failed in this run, or had failed before and that stands."""
        stands = self.outcome is Outcome.CACHED and self.exit_code != 0
        return stands or self.outcome is Outcome.FAILED


class PastRun(NamedTuple):
    """One processor's run of one task, as the history has it: `attempts` (at least 1) and `seconds` over all of them.

    `finished` in Unix time, None where a commit's date is none; `inputs` the digest of what it had read; `title`
    as the receipt has it.
    """

    run: str
    task_id: str
    processor: str
    outcome: str
    attempts: int
    seconds: float
    finished: float | None
    inputs: str | None = None
    title: str | None = None


class GivenUp(NamedTuple):
    """A task that has failed in so many runs that `run` no longer tries it."""

    id: str
    title: str
    file: str
    line: int
    failures: int


class RunReport(NamedTuple):
    """A whole run: times in ISO 8601, UTC; `messages` are sentences for a person; `interrupted` by a
    signal; `refused`: a task that was asked for by id could not start; `given_up`: those that it should have run;
    `nothing` says why it ran nothing, where that is so, and `hints` what helps."""

    run: str
    started: str
    finished: str
    tasks: tuple[TaskRun, ...]
    commits: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    interrupted: bool = False
    broken: bool = False
    refused: bool = False
    given_up: tuple[GivenUp, ...] = ()
    nothing: str = "nothing to run"
    hints: tuple[str, ...] = ()

    @property
    def idle(self) -> bool:
        """Whether it ran nothing, and no earlier result stands either."""
        return all(task.outcome is Outcome.BLOCKED for task in self.tasks)

    @property
    def summary(self) -> Mapping[str, int]:
        """A count for each outcome."""
        counts = dict.fromkeys(Outcome, 0)
        for task in self.tasks:
            counts[task.outcome] += 1
        return {outcome.value: count for outcome, count in counts.items()}

    @property
    def exit_code(self) -> int:
        """130 interrupted; 1 where a task failed, now or in a result that stands, or has given up, where one that was
        asked for could not start, or the plan has a cycle (`broken`); else 0."""
        if self.interrupted:
            return 130
        wrong = self.broken or self.refused or bool(self.given_up)
        return 1 if wrong or any(task.failed for task in self.tasks) else 0


class Undone(NamedTuple):
    """What an undo came to: the run it took back, its own name, what became of which task (the outcome is the status),
    and the files that went back. `before`: the run that had undone it already, in which case nothing was done."""

    undone: str
    run: str | None = None
    receipts: tuple[Receipt, ...] = ()
    commits: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    diff: str | None = None
    before: str | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """Paths of files that went back as a whole."""
        return tuple(one.path for receipt in self.receipts for one in receipt.restores)


def signal_name(number: int) -> str:
    """`SIGSEGV`, or `signal 99` for one without a name."""
    import signal

    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
