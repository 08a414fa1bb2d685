"""A worker that lands takes along what the other workers of its work tree have, each run in a commit of its own."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from mdtodo.git.repository import discover
from mdtodo.run.joint.landing_turn import landing_turn
from mdtodo.storage.state import StateStore, folder
from tests.processes import eventually
from tests.workers.conftest import calls, receipts

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Checkout
    from tests.workers.conftest import Call

    Shared, Start = Callable[..., Checkout], Callable[..., Call]

#: Each of two workers does one task at once, and waits in another one.
TODO = """\
- [ ] a id:a run:a worker:ada
- [ ] b id:b run:b worker:bob
- [ ] slow id:slow run:waits worker:ada
- [ ] late id:late run:waits worker:bob
"""
CONFIG = "".join(
    f"[processors.{name}]\nrun = 'echo {name} >> ../calls; echo {name} > {name}.txt'\noutputs = ['{name}.txt']\n"
    for name in "ab"
)


class Two:
    """Two workers, ada and bob, whose results of `a` and `b` wait for their turn to land; bob is stopped."""

    def __init__(self, repo: Checkout, start: Start, **env: str) -> None:
        self.repo, self._gate = repo, repo.root.parent / "gate"
        os.mkfifo(self._gate)
        with ExitStack() as self._turn:
            there = discover(str(repo.root))
            os.makedirs(folder(there))
            assert self._turn.enter_context(landing_turn(there))
            self.bob = start(repo.root, "worker", "--name", "bob", "-j2")
            self.ada = start(repo.root, "worker", "--name", "ada", "-j2", **env)
            eventually(lambda: calls(repo).total() == 4 and len(self._unlanded()) == 2)
            self.bob.process.send_signal(signal.SIGSTOP)
            self._turn = self._turn.pop_all()

    def _unlanded(self) -> frozenset[str]:
        with StateStore.open(discover(str(self.repo.root)), create=False) as state:
            return state.unlanded_runs()

    def let_land(self) -> None:
        self._turn.close()

    def goes_on(self) -> None:
        self.bob.process.send_signal(signal.SIGCONT)

    def open_gate(self) -> None:
        """Who waits there goes on, and who has not come so far yet does not wait."""
        gate = os.open(self._gate, os.O_RDWR)
        opened = self._gate.with_name("opened")
        opened.touch()
        opened.replace(self._gate)
        os.close(gate)

    def boxes(self) -> tuple[str, ...]:
        """Which of `a` and `b` are ticked in HEAD, and here."""
        head, here = self.repo.head("TODO.md").decode(), self.repo.read("TODO.md").decode()
        return tuple("".join(one for one in "ab" if f"- [x] {one} " in text) for text in (head, here))


def test_one_landing_takes_what_all_of_them_have_each_in_a_commit_of_its_run(
    shared: Shared, start: Start
) -> None:
    repo = shared(TODO, CONFIG)
    moves = repo.git("reflog").count("\n")
    two = Two(repo, start)
    two.let_land()
    eventually(lambda: two.boxes() == ("ab", "ab"))
    assert repo.git("reflog").count("\n") == moves + 1
    said = repo.git("log", "-2", "--format=%B")
    assert (said.count("worker=ada"), said.count("worker=bob"), said.count("Mdtodo-Run:")) == (1, 1, 2)
    assert repo.git("show", "HEAD:a.txt", "HEAD:b.txt") == "a\nb"
    two.goes_on()
    two.open_gate()
    two.ada.end()
    two.bob.end()
    assert set(receipts(repo).values()) == {1}
    assert (len(receipts(repo)), repo.status()) == (4, [])


@pytest.mark.parametrize(
    "point", ["prepared", "moved", "installed", "written", "refreshed", "landed.written", "landed.kept"]
)
def test_who_is_killed_while_landing_for_others_loses_and_doubles_nothing(
    shared: Shared, start: Start, point: str
) -> None:
    repo = shared(TODO, CONFIG)
    two = Two(repo, start, MDTODO_FAULT=point)
    two.let_land()
    assert two.ada.process.wait(timeout=60) == -signal.SIGKILL
    two.goes_on()
    two.open_gate()
    two.bob.end()
    again = start(repo.root, "worker", "--name", "ada")
    eventually(lambda: calls(repo)["slow"] == 2)
    two.open_gate()
    again.end()
    assert calls(repo) == {"a": 1, "b": 1, "late": 1, "slow": 2}
    assert set(receipts(repo).values()) == {1}
    assert (len(receipts(repo)), b"[ ]" in repo.head("TODO.md"), repo.status()) == (4, False, [])
    repo.git("fsck", "--strict")


def test_what_cannot_land_of_another_is_left_to_it_to_say(shared: Shared, start: Start) -> None:
    repo = shared(TODO, CONFIG)
    two = Two(repo, start)
    repo.write("b.txt", "a person's")
    two.let_land()
    eventually(lambda: two.boxes() == ("a", "a"))
    two.goes_on()
    two.open_gate()
    two.ada.end()
    assert "b.txt" in two.bob.end(code=1)
    assert "b.txt" not in two.ada.said
    assert b"- [ ] b " in repo.head("TODO.md")
    assert receipts(repo)[("b", "done")] == 0
