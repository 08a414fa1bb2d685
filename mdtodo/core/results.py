"""What an attempt, a task, a run and an undo come to. Frozen, without I/O.

Apart from `mdtodo.core.task`, since reading and checking need none of it.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NamedTuple

    from mdtodo.core.receipt import Receipt
else:
    from mdtodo.core.light.named_tuples import NamedTuple


class Outcome(StrEnum):
    """What became of a task in a run."""

    DONE = "done"
    FAILED = "failed"
    DEFERRED = "deferred"
    SKIPPED = "skipped"
    BLOCKED = "blocked"
    INTERRUPTED = "interrupted"
    CACHED = "cached"


_BY_EXIT_CODE = {0: Outcome.DONE, 75: Outcome.DEFERRED, 77: Outcome.SKIPPED}


class Failure(StrEnum):
    """How a task failed."""

    #: Its processor exited with another code than 0, 75 and 77, or could not be started.
    EXIT = "exit"
    TIMEOUT = "timeout"
    SIGNAL = "signal"
    #: Its worker process or its lease was lost, so nobody knows how far the processor got.
    LOST = "lost"
    #: Its processor exited 0, and what it wrote cannot be taken: subtasks, or files that it did not name.
    OUTPUT = "output"
    #: What it wrote, or would write, is changed or staged by somebody else.
    CONFLICT = "conflict"


#: The outcome in the receipt of a task that was broken down into subtasks; it says nothing of whether it is done.
EXPANDED = "expanded"

#: The same of a task that a person has added, or given a note, other words or another place, also in an archive; nor do
#: they end a proof.
ADDED, NOTED, CHANGED, MOVED, ARCHIVED = "added", "noted", "changed", "moved", "archived"
REWRITTEN = frozenset({ADDED, NOTED, CHANGED, MOVED, ARCHIVED})


# People's Python processors import this from here, as the reference says: it can be moved only with a word to them.
class Result(NamedTuple):
    """What one attempt of a processor came to: as a worker sends it, and the spool keeps it.

    `exit_code` is 0 to 255, -N for a signal N, None where the process never ran to an end; `duration` in seconds;
    `error` a sentence, which means failed. A Python processor may return one of these with only `notes`, `subtasks` and
    `metrics` filled. The rest is for the runner alone: `failed_by`, how it failed, where exit code and `timed_out` do
    not tell; `outputs`, what it wrote of its declared outputs (see `outputs.snapshot`), None where it declares none;
    `tail`, the last 4 KiB of output; `log_error`, why the log is incomplete; `changes`, of an attempt in a clone that
    passed, what it came to there (see `Proven`), and `work_tail`, where a check came after it, the end of the output
    before that, else None; `logged` is false where there was nothing to log, so that there is no file.
    """

    exit_code: int | None = 0
    timed_out: bool = False
    duration: float = 0.0
    error: str | None = None
    notes: tuple[str, ...] = ()
    subtasks: tuple[str, ...] = ()
    metrics: Mapping[str, float] = MappingProxyType({})  # one default for all, so nobody may change it
    failed_by: Failure | None = None
    interrupted: bool = False
    outputs: Mapping[str, object] | None = None
    tail: str = ""
    log_error: str | None = None
    changes: Mapping[str, object] | None = None
    work_tail: str | None = None
    logged: bool = True

    @property
    def outcome(self) -> Outcome:
        """By the table of exit codes: 0 done, 75 deferred (EX_TEMPFAIL), 77 skipped, everything else
        failed."""
        if self.timed_out or self.error is not None or self.exit_code is None:
            return Outcome.FAILED
        return _BY_EXIT_CODE.get(self.exit_code, Outcome.FAILED)

    @property
    def never_began(self) -> bool:
        """Whether there was no place for it to run in, so that nobody is to blame."""
        return self.exit_code is None and not self.timed_out and self.failed_by is Failure.CONFLICT

    @property
    def failure(self) -> Failure | None:
        """How it failed; None where it did not."""
        if self.outcome is not Outcome.FAILED:
            return None
        if self.failed_by is not None:
            return self.failed_by
        if self.timed_out:
            return Failure.TIMEOUT
        return Failure.SIGNAL if self.exit_code is not None and self.exit_code < 0 else Failure.EXIT


class Proven(NamedTuple):
    """What an attempt in a clone came to, where it passed: the commit that it began with, and a commit of what it
    changed, on top of that, which `check` has seen; the same one where nothing was changed."""

    base: str
    commit: str


class TaskRun(NamedTuple):
    """What became of one task in one run. `duration` in seconds over all attempts; `log` is a path or None;
    `tail` the end of its output; `reason` says in words why it did not run or how it failed, `failure` in one.
    `started` and `finished` in ISO 8601, UTC: its first attempt, and its end; None where it never started. `metrics`
    are what its processor has measured."""

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
    failure: Failure | None = None
    started: str | None = None
    finished: str | None = None
    metrics: Mapping[str, float] = MappingProxyType({})

    @property
    def error(self) -> str | None:
        """What went wrong, in words; None where nothing did."""
        return self.reason or None if self.failed or self.failure is not None else None

    @property
    def failed(self) -> bool:
        """Whether it failed in this run, or had failed before and that stands."""
        stands = self.outcome is Outcome.CACHED and self.exit_code != 0
        return stands or self.outcome is Outcome.FAILED

    @property
    def expected(self) -> bool:
        """Whether it is one of the tasks that a run expects: a parent that is ticked with its subtasks is none, and
        one that still waits is not over."""
        return self.processor is not None and self.outcome is not Outcome.BLOCKED


class PastRun(NamedTuple):
    """What the history, of this clone or of the branch, has of one task in one run: `attempts` (0 where no processor
    ran) and `seconds` over all of them.

    `outcome` is that of a receipt; `finished` in Unix time, None where a commit's date is none; `inputs` the digest of
    what was read; `title` as the receipt has it, as far as that is known; `log` where the output is, in this clone;
    `metrics` what its processor has measured; `worker` the name of the worker, None where it had none of its own.
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
    exit_code: int | None = None
    log: str | None = None
    metrics: Mapping[str, float] = MappingProxyType({})
    worker: str | None = None

    @property
    def done(self) -> bool:
        """Whether it proved the task."""
        return self.outcome in (Outcome.DONE, Outcome.CACHED) and self.exit_code == 0


class GivenUp(NamedTuple):
    """A task that has failed in so many runs that `run` no longer tries it."""

    id: str
    title: str
    file: str
    line: int
    failures: int


class RunReport(NamedTuple):
    """A whole run: times in ISO 8601, UTC; `messages` are sentences for a person; `interrupted` by a
    signal; `refused`: a task that was asked for by id could not start, or a result waits; `given_up`: those that it
    should have run; `nothing` says why it ran nothing, where that is so, and `hints` what helps. `unopened`: tasks
    that no longer pass, and whose boxes stay closed, as files differ from HEAD. `left`: sentences on what it left, and
    for whom."""

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
    unopened: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def idle(self) -> bool:
        """Whether it ran nothing, and no earlier result stands either."""
        return all(task.outcome is Outcome.BLOCKED and not task.attempts for task in self.tasks)

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
