"""What runs attempts: the protocol that the local pool meets, and that a cluster can meet in its place.

An executor carries out attempts and says what became of them. It never claims, retries, ticks or pushes:
those are the runner's decisions. Everything that crosses this line is plain JSON, or a named tuple that
`core.codec` writes and reads, so that it can cross a network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from mdtodo.core.results import Failure
from mdtodo.errors import MdtodoError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.core.results import Result
    from mdtodo.core.task import Json

#: How many attempts for each that runs may be handed in, and given to a process, if they are short: so many that
#: nobody has to be woken up for each.
PREFETCH = 200
#: Seconds for which what is handed in ahead may take one that runs, where these are longer.
BACKLOG = 1.0

Kind = Literal["started", "progress", "finished", "failed", "lost"]


def ahead(mean: float) -> int:
    """How many attempts may be handed in for each that runs, where one takes so many seconds on average; 1 where they
    are so long that the time between two of them does not matter."""
    return PREFETCH if mean * PREFETCH <= BACKLOG else max(1, int(BACKLOG / mean))


class AttemptEvent(NamedTuple):
    """What an executor has to say about one attempt.

    `started`: its process runs, `pid` leads the process group. `progress`: `progress` percent, 0 to 100.
    Each attempt ends with exactly one of the following, and `result` is there in all three: `finished`: the
    processor ran to an end, whichever (any exit code, signal, timeout, raised exception, command not found,
    or a cancellation: `result.interrupted` is true then). `failed`: it could not be run at all (a bad
    spec, no pool process to be had). `lost`: the pool process died; nobody knows how far the processor got,
    and it runs no more. `message` is a sentence for people in the last two.
    """

    kind: Kind
    attempt: str
    result: Result | None = None
    message: str = ""
    pid: int | None = None
    progress: float | None = None

    @property
    def ends(self) -> bool:
        """Whether the attempt is over with this."""
        return self.kind in ("finished", "failed", "lost")

    def judged(self, result: Result) -> Result:
        """The result, which says so where its process was lost, or where it could not be run; unless it says more."""
        lost = self.kind in ("lost", "failed") and not result.timed_out and result.failed_by is None
        return result._replace(failed_by=Failure.LOST) if lost else result


class ExecutorGoneError(MdtodoError):
    """What carries out attempts is not there any more, and nothing of it runs."""


class Executor(Protocol):
    """Carries out attempts, at most `capacity` at once.

    `elsewhere`: on other machines, which have a commit's content alone, and whose load is their own. What is lost there
    is tried again.
    """

    @property
    def elsewhere(self) -> bool:
        """Whether attempts run on other machines."""

    @property
    def capacity(self) -> int:
        """How many attempts run at once; what is submitted beyond it waits in order."""

    def open(self) -> None:
        """Get ready; returns at once, while what is needed starts in the background."""

    def close(self) -> None:
        """End what still runs, and leave no process behind. A second call does nothing."""

    def submit(self, spec: Json) -> None:
        """Carry out a spec (see `spec.spec`); a second one with the same `attempt` has no effect."""

    def events(self, timeout: float | None = None) -> Sequence[AttemptEvent]:
        """All events that are there, after waiting for the first one up to `timeout` seconds.

        Empty on timeout, after `wake`, and at once where `timeout` is None and nothing is under way.
        """

    def cancel(self, attempt: str) -> None:
        """End an attempt's processes (TERM, then KILL), or take it from the queue; a `finished` event
        follows.

        A second call on a running attempt kills at once. What is over or unknown is left alone.
        """

    def wake(self) -> None:
        """Let `events` return soon; to be called from a signal handler or another thread."""

    def unmet(self, needs: frozenset[str]) -> str | None:
        """Why nobody here can do what has these needs, as part of a sentence; None where somebody can, or may come."""

    def awaited(self, needs: frozenset[str]) -> str | None:
        """Who has to come for what has these needs and was submitted, as part of a sentence; None where somebody is
        here."""
