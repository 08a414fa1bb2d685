"""What a worker sees of the others of its clone, and whose turn it is to land."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mdtodo.core.receipt import Receipt
from mdtodo.core.results import Outcome
from mdtodo.git.repository import discover
from mdtodo.run.joint.landing_turn import landing_turn
from mdtodo.run.joint.peers import Peers
from mdtodo.storage.rows import JournalEntry
from mdtodo.storage.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Checkout


@pytest.fixture
def state(repo: Checkout) -> Iterator[StateStore]:
    with StateStore.open(discover(str(repo.root))) as it:
        yield it


def result(run: str, task: str, outcome: Outcome, *, lands: bool = True) -> JournalEntry:
    return JournalEntry(run, Receipt(task, "Title", outcome, "tests", 1, 0.1, 1, ()), lands=lands)


def test_what_others_have_taken_is_told_once_and_not_what_is_ones_own(state: StateStore) -> None:
    peers, mine = Peers.of(state, "mine"), state.take(["a"], "me", 60.0).leases
    state.take(["b", "c"], "other", 60.0)
    assert peers.taken(mine) == {"b", "c"}
    assert peers.taken(mine) == set()
    state.lease("d", "a person", 60.0, mine=False)
    state.record([result("other", "e", Outcome.DONE)])
    assert peers.taken(mine) == {"e"}, "a person may have a task for days"


def test_a_task_that_was_given_back_without_a_result_is_to_be_looked_for(state: StateStore) -> None:
    peers = Peers.of(state, "mine")
    for task, comes_back in {"done": False, "free": True}.items():
        lease = state.lease(task, "other", 60.0)
        assert lease is not None
        assert peers.taken({}) == {task}
        if not comes_back:
            state.record([result("other", task, Outcome.DONE)])
        state.release(lease.token)
        assert peers.look({}) is comes_back


def test_a_result_counts_that_has_yet_to_land_of_a_run_that_goes_on(state: StateStore) -> None:
    for run in ("goes on", "over", "mine"):
        state.start_run(run)
    state.record([result(run, f"of {run}", Outcome.FAILED) for run in ("goes on", "over", "mine")])
    state.record([result("goes on", "open", Outcome.BLOCKED)])
    state.finish_run("over")
    assert Peers.of(state, "mine").over == {"of goes on"}


def test_a_turn_is_one_workers_and_not_due_before_the_last_one_has_rested(repo: Checkout) -> None:
    here = discover(str(repo.root))
    StateStore.open(here).close()
    with landing_turn(here) as turn, landing_turn(here) as second:
        assert turn is not None
        assert second is None
        assert turn.is_due(20)
        turn.over(took=0.4)
    with landing_turn(here) as again:
        assert again is not None
        assert not again.is_due(20)
    with landing_turn(here) as again:
        assert again is not None
        assert again.is_due(0)
