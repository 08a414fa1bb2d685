"""What a run is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass

    from mdtodo.planning.selection import Selection
else:
    from mdtodo.core.light.dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is asked for.

    `chosen`: ids of the tasks that may run, None for all. `asked`: those of them that were asked for by id, so that one
    which has failed too often is tried again. `can`: the capabilities this worker has, None for any. `jobs`: processes,
    0 for one per core. `commit`: "run", "task" or "none". `limit`: tasks that may start. `fresh`: no earlier result
    stands. `verify`: tasks that are done are run again, to see whether they still hold; `dirty`: those that do not are
    opened also where files of the work tree differ from HEAD. `prove`: `verify` of ticks that nothing proves, which get
    a receipt if they hold; `new_ticks` are those of them that no commit has yet. `joint`: other workers take tasks of
    the same files, and this one goes on as long as they may leave something to it; `selection`, where there are
    filters, says what is meant of the tasks that come meanwhile. `verbose`: the command of each attempt is told, and
    where its output goes. `token`: that of the claim under which the only task that was asked for is run. `merged`:
    begun tasks whose work has been read and merged since, so that only their check is left. `run_id`: what the run
    is called, where whoever starts it has to know that. `archives`: those that are read too, as tasks in them were
    asked for. `executor`: the URL of a cluster, None for the configured one;
    `insecure`: on another host without TLS too; `reconnect`: seconds for which its scheduler is waited for.
    `elsewhere`: other machines do the work, so that it counts what those can.
    """

    chosen: frozenset[str] | None = None
    asked: frozenset[str] = frozenset()
    jobs: int = 0
    commit: str = "run"
    fail_fast: bool = False
    limit: int | None = None
    can: frozenset[str] | None = None
    worker: str | None = None
    fresh: bool = False
    verify: bool = False
    dirty: bool = False
    prove: bool = False
    new_ticks: frozenset[str] = frozenset()
    joint: bool = False
    selection: Selection | None = None
    verbose: bool = False
    token: int | None = None
    merged: frozenset[str] = frozenset()
    run_id: str | None = None
    archives: tuple[str, ...] = ()
    executor: str | None = None
    insecure: bool = False
    reconnect: float | None = None
    elsewhere: bool = False

    @property
    def gives_receipts(self) -> bool:
        """Whether what passes gets a receipt, with its outputs: not where that is only looked at once more."""
        return self.prove or not self.verify
