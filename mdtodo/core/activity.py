"""What goes on in a clone: the runners, their runs, and what each has in hand. Frozen, without I/O."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from mdtodo.core.light.named_tuples import NamedTuple


class Phase(StrEnum):
    """What is done with a task that is in hand. Only the first takes one of a run's slots."""

    #: An attempt of its processor goes on, or it is claimed by a person or another program.
    RUNNING = "running"
    #: An attempt has failed, and the next one begins after a while.
    RETRYING = "retrying"
    #: It has its result, which waits for the tick and the commit.
    LANDING = "landing"


class RunnerState(StrEnum):
    """Whether anything is heard of a runner."""

    LIVE = "live"
    #: It has not said that it ended, and gives no sign: it was killed or stopped, or hangs.
    SILENT = "silent"
    #: It has ended, or was silent for so long that what it had is free.
    GONE = "gone"


class InHand(NamedTuple):
    """A task that a worker has. `since`: when this phase began, in Unix time; `progress` in percent, as the processor
    says, or whoever has claimed it. None: not known, as of a claim all but the worker and that."""

    task_id: str
    worker: str
    run: str | None = None
    processor: str | None = None
    attempt: int | None = None
    since: float | None = None
    progress: float | None = None
    phase: Phase = Phase.RUNNING


class Runner(NamedTuple):
    """A process that runs tasks, or ran some: `run`, `worker` or `watch`. `can`: its capabilities, None for any; times
    are Unix time; `runs` are the ids of its runs."""

    name: str
    host: str
    pid: int
    can: tuple[str, ...] | None
    since: float
    last_sign: float
    state: RunnerState
    runs: frozenset[str] = frozenset()


class LiveRun(NamedTuple):
    """A run whose process is alive: `slots` are the tasks that it may run at once, None where it did not say."""

    run: str
    worker: str
    started: float
    slots: int | None


class EndedRun(NamedTuple):
    """A run that has ended, in Unix time; `seconds` are those of all its attempts together."""

    run: str
    started: float
    finished: float
    slots: int | None
    seconds: float


class Machine(NamedTuple):
    """How busy the machine is, in percent, as a run has measured it that goes on: `cpu` without that run itself.
    `held_back`: it starts nothing more because of that. None: nobody measures it."""

    cpu: float | None = None
    memory: float | None = None
    held_back: bool | None = None


class Activity(NamedTuple):
    """At one moment. `in_hand` are the tasks that any worker has, claims included, without those that a run has taken
    ahead and not begun; `ended` are the newest runs that have ended, newest first. `subtasks` were made since the state
    began, None without one.
    """

    runs: tuple[LiveRun, ...] = ()
    in_hand: tuple[InHand, ...] = ()
    runners: tuple[Runner, ...] = ()
    ended: tuple[EndedRun, ...] = ()
    machine: Machine = Machine()
    subtasks: int | None = None
