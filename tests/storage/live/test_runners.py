"""Runners give signs of life; without them they are silent, and then gone. And a state that knows of none yet."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mdtodo.core.activity import InHand, Machine, Phase
from mdtodo.git.repository import Repository
from mdtodo.storage.activity import activity
from mdtodo.storage.live import runners
from mdtodo.storage.live.runners import REMEMBERED, SILENCE
from mdtodo.storage.state import StateStore, folder
from mdtodo.system import process_identity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Move = Callable[[float], None]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(str(tmp_path), str(tmp_path), str(tmp_path))


@pytest.fixture
def state(repository: Repository) -> Iterator[StateStore]:
    with StateStore.open(repository) as it:
        yield it


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Move:
    """The clock that nobody sets, moved."""
    offset, real = [0.0], runners._clock
    monkeypatch.setattr(runners, "_clock", lambda: real() + offset[0])

    def move(seconds: float) -> None:
        offset[0] += seconds

    return move


def seen(state: StateStore) -> dict[str, str]:
    return {one.name: one.state.value for one in state.runners(0.0)}


def test_a_runner_is_what_it_says_of_itself(state: StateStore) -> None:
    state.sign_on("w", 300.0, can=frozenset({"gpu", "docker"}))
    state.start_run("first", "w")
    state.start_run("second", "w")
    state.start_run("of another", "v")
    (one,) = state.runners(0.0)
    assert one[:4] == ("w", os.uname().nodename, os.getpid(), ("docker", "gpu"))
    assert (one.state, one.runs) == ("live", {"first", "second"})
    assert one.since <= one.last_sign
    assert state.runners(one.last_sign + 1) == ()


@pytest.mark.parametrize(
    ("lease", "passed", "expected"),
    [
        (300.0, SILENCE - 1, "live"),
        (300.0, SILENCE + 1, "silent"),
        (10.0, 6.0, "silent"),
        (300.0, 10_000.0, "silent"),
        (300.0, -60.0, "gone"),
    ],
)
def test_a_process_that_lives_is_silent_however_long_but_for_a_restart_of_the_machine(
    state: StateStore, clock: Move, lease: float, passed: float, expected: str
) -> None:
    state.sign_on("w", lease)
    clock(passed)
    assert seen(state) == {"w": expected}
    state.sign("w")
    assert seen(state) == {"w": "live"}


def test_one_that_was_killed_is_silent_and_gone_after_its_lease(
    repository: Repository, state: StateStore, clock: Move
) -> None:
    program = (
        "import os, signal, sys\n"
        "from mdtodo.git.repository import Repository\n"
        "from mdtodo.storage.state import StateStore\n"
        "StateStore.open(Repository(*sys.argv[1:] * 3)).sign_on('w', 300.0)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, repository.root], check=False)
    assert done.returncode == -signal.SIGKILL
    assert seen(state) == {"w": "silent"}
    clock(299)
    assert seen(state) == {"w": "silent"}
    clock(2)
    assert seen(state) == {"w": "gone"}


def test_one_of_another_container_is_judged_by_its_signs_alone(
    state: StateStore, clock: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(process_identity, "_name", lambda _: "0badf00d-1-5")
        state.sign_on("w", 300.0)
    for passed, expected in ((0, "live"), (SILENCE + 1, "silent"), (300, "gone")):
        clock(passed)
        assert seen(state) == {"w": expected}


def test_one_that_stays_goes_on_between_its_runs(state: StateStore) -> None:
    state.sign_on("watch", 300.0, stays=True)
    for run in ("first", "second"):
        state.sign_on("watch", 300.0)
        state.sign(
            "watch", run, begun=[InHand("a", "watch", run, "p", 1, 5.0)], machine=Machine(1.0, 2.0, True)
        )
        assert state.machine() == (1.0, 2.0, True)
        state.sign_off("watch", run)
        assert state.in_hand() == {}
        assert state.machine() == (None, None, None)
        assert seen(state) == {"watch": "live"}
    state.sign_off("watch")
    assert seen(state) == {"watch": "gone"}


def test_the_machine_is_as_the_newest_has_it_and_held_back_for_any(
    state: StateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, machine in (
        ("v", Machine(90.0, 10.0, True)),
        ("w", Machine(50.0, None, False)),
        ("x", Machine()),
    ):
        state.sign_on(name, 300.0)
        state.sign(name, machine=machine)
    assert state.machine() == (50.0, None, True)
    state.sign_off("v")
    assert state.machine() == (50.0, None, False)


def test_what_is_in_hand_is_told_as_it_changes(state: StateStore) -> None:
    state.sign_on("w", 300.0)
    begun = InHand("a", "", "r", "p", 1, 1000.0)
    state.sign("w", "r", begun=[begun, begun._replace(task_id="b")])
    state.sign("w", "r", begun=[begun._replace(progress=40.0)], over=["b"])
    (found,) = state.in_hand().values()
    assert found == begun._replace(progress=40.0, since=pytest.approx(1000.0, abs=0.01))
    state.sign("w", "r", begun=[begun._replace(phase=Phase.RETRYING)])
    assert state.in_hand()["r", "a"].phase is Phase.RETRYING


def test_what_a_killed_run_had_in_hand_is_forgotten_by_the_next(state: StateStore) -> None:
    state.start_run("mine", "w")
    for run in ("mine", "killed"):
        state.sign("w", run, begun=[InHand("a", "w", run, "p", 1, 5.0)])
    state.sign_on("w", 300.0)
    assert set(state.in_hand()) == {("mine", "a")}


def test_a_runner_is_forgotten_after_a_week(state: StateStore, monkeypatch: pytest.MonkeyPatch) -> None:
    state.sign_on("old", 300.0)
    real = runners.time.time
    monkeypatch.setattr(runners.time, "time", lambda: real() + REMEMBERED + 1)
    state.sign_on("new", 300.0)
    assert list(seen(state)) == ["new"]


def test_a_file_of_the_version_before_goes_on(repository: Repository) -> None:
    """As mdtodo of that version wrote it: two runs that ended, a claim, and a run that was killed, with a result that
    has not landed."""
    os.makedirs(folder(repository))
    path = os.path.join(folder(repository), "state.db")
    with sqlite3.connect(path) as raw:
        raw.executescript((Path(__file__).parent / "version_5.sql").read_text())
    raw.close()
    for _ in range(2):  # as it is, and then as one of this version
        found = activity(repository)
        assert [(one.task_id, one.worker, one.run) for one in found.in_hand] == [("d", "alice", None)]
        assert (found.runs, found.runners, found.machine) == ((), (), (None, None, None))
        assert [(one.slots, round(one.seconds, 6)) for one in found.ended] == [(2, 0.000134), (2, 0.00021)]
        with StateStore.open(repository, create=False) as state:
            assert [entry.receipt.title for entry in state.unlanded()] == ["e"]
            assert len(state.history()) == 4
            assert len(list(state.receipts())) == 4
        with StateStore.open(repository) as state:
            assert state.warnings == ()
    with sqlite3.connect(f"{path}.version-5") as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (5,)
        assert raw.execute("SELECT count(*) FROM results").fetchone() == (4,)
    raw.close()
    with StateStore.open(repository) as state:
        state.sign_on("w", 300.0)
        assert seen(state) == {"w": "live"}
