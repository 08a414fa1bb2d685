"""The other workers of a clone, as one of them sees them: what they have in hand, and what they have come to."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from mdtodo.core.results import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from dataclasses import dataclass

    from mdtodo.storage.leases import Lease
    from mdtodo.storage.state import StateStore
else:
    from mdtodo.core.light.dataclasses import dataclass

#: After these a task has had its turn. What was broken down, or opened again, has it yet to come.
_OVER = frozenset({Outcome.DONE, Outcome.FAILED, Outcome.DEFERRED, Outcome.SKIPPED, Outcome.CACHED})

_DONE = frozenset({Outcome.DONE, Outcome.CACHED})


@dataclass(slots=True, eq=False, repr=False)
class Peers:
    """All workers of a clone but the one of `run`.

    `in_hand`: their leases, by task. `over`: the tasks that they have come to a result for since then, whether that
    has landed or not, and in whichever work tree: a task has one turn among workers that work at the same time. `done`:
    those of them that have succeeded.
    """

    state: StateStore
    run: str
    in_hand: Mapping[str, Lease] = field(default_factory=dict)
    over: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    _last: int = 0
    _newest: int = 0
    _seen: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, state: StateStore, run: str) -> Peers:
        """As they are now: what they have come to until now does not count, unless it has yet to land."""
        peers = cls(state, run, _last=state.moment().entry)
        waiting = state.waiting_of_active_runs(without=run)
        peers.over |= {task for _, task, outcome in waiting if outcome in _OVER}
        return peers

    def taken(self, own: Mapping[str, Lease]) -> set[str]:
        """The tasks that they have taken since this was last asked, or come to a result for. Next to nothing to ask."""
        mine = {lease.token for lease in own.values()}
        found = self.state.taken_after(self._newest)
        self._newest = found[-1][0] if found else self._newest
        taken = {task for token, task in found if token not in mine}
        self._seen |= taken
        return taken | self._results()

    def refused(self, task: str) -> None:
        """Somebody has it, or had it."""
        self._seen.add(task)

    def look(self, own: Mapping[str, Lease]) -> bool:
        """See how they are now; whether somebody has given a task out of hand since. `own` leases are none of
        theirs."""
        mine = {lease.token for lease in own.values()}
        before = {lease.token for lease in self.in_hand.values()}
        # What a person or another program has claimed may stay so for days: nobody waits for that.
        others = [one for one in self.state.live_leases() if one.token not in mine and not one.claimed]
        self.in_hand = {one.task_id: one for one in others}
        self._results()
        # given back since, or broken down: the files say more
        lost = self._seen - self.in_hand.keys() - self.over
        self._seen.clear()
        return bool(lost) or not before <= {lease.token for lease in self.in_hand.values()}

    def _results(self) -> set[str]:
        """Take in what they have come to since; the tasks that are over with it."""
        found: set[str] = set()
        for number, task, outcome in self.state.results_after(self._last, without=self.run):
            self._last = number
            (found.add if outcome in _OVER else found.discard)(task)
            for outcomes, tasks in ((_OVER, self.over), (_DONE, self.done)):
                (tasks.add if outcome in outcomes else tasks.discard)(task)
        return found
