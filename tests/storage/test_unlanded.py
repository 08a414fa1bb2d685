"""Whether runs that are over have left something to land: never wrong about one that lives, or that was killed."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from mdtodo.core.edits import SetStatus
from mdtodo.core.receipt import Receipt
from mdtodo.core.task import Anchor, Status
from mdtodo.git.repository import Repository
from mdtodo.storage import spool
from mdtodo.storage.rows import JournalEntry
from mdtodo.storage.state import StateStore, folder
from mdtodo.storage.unlanded import any_left
from mdtodo.system import process_identity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

RECEIPT = Receipt(
    *("a", "Title", "done", "tests", 0, 1.5, 1),
    (SetStatus(Anchor("TODO.md", None, "0" * 40, 0), Status.DONE),),
)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(str(tmp_path), str(tmp_path), str(tmp_path))


def write_file(repository: Repository, run: str, said: Mapping[str, str] = MappingProxyType({})) -> None:
    """As a pool process of the run leaves it."""
    with open(os.path.join(spool.spool_folder(repository), f"{run}.17"), "w") as file:
        file.write(json.dumps(dict(said)) + "\n")


def a_result(state: StateStore) -> None:
    state.record([JournalEntry("run", RECEIPT)])


def of_a_run_that_ended(state: StateStore) -> None:
    state.start_run("run")
    a_result(state)
    state.finish_run("run")


def of_a_live_run(state: StateStore) -> None:
    state.start_run("run")
    a_result(state)


def of_a_live_run_and_a_dead_one(state: StateStore) -> None:
    of_a_live_run(state)
    state.record([JournalEntry("older", RECEIPT)])


def landed(state: StateStore) -> None:
    state.mark_landed(state.record([JournalEntry("run", RECEIPT)]))


def parked(state: StateStore) -> None:
    state.park(state.record([JournalEntry("run", RECEIPT)]))


def that_lands_nowhere(state: StateStore) -> None:
    state.record([JournalEntry("run", RECEIPT, lands=False)])


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (a_result, True),
        (of_a_run_that_ended, True),
        (of_a_live_run, False),
        (of_a_live_run_and_a_dead_one, True),
        (landed, False),
        (parked, False),
        (that_lands_nowhere, False),
    ],
)
def test_results(repository: Repository, made: Callable[[StateStore], None], expected: bool) -> None:
    with StateStore.open(repository) as state:
        made(state)
    assert any_left(repository) is expected


def test_a_number_that_another_process_has_now_is_not_the_run(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, pid, started = process_identity.current().split("-")
    for who, expected in ((f"{where}-{pid}-{int(started) - 1}", True), (f"{where}-{pid}-{started}", False)):
        with StateStore.open(repository) as state, monkeypatch.context() as patch:
            patch.setattr(process_identity, "_name", lambda _, who=who: who)
            state.start_run(f"run of {who}")
            state.mark_landed([entry.number for entry in state.unlanded()])
            state.record([JournalEntry(f"run of {who}", RECEIPT)])
        assert any_left(repository) is expected


def test_a_run_from_before_the_machine_was_started_again_is_over(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StateStore.open(repository) as state, monkeypatch.context() as patch:
        patch.setattr(process_identity, "_name", lambda _: "0badf00d-1-5")
        of_a_live_run(state)
    assert any_left(repository)


@pytest.mark.parametrize(
    ("run", "root", "expected"),
    [
        ("over", None, True),
        ("over", "", True),
        ("over", "elsewhere", False),
        ("over", "gone", True),
        ("live", "", False),
    ],
)
def test_files_of_pool_processes(repository: Repository, run: str, root: str | None, expected: bool) -> None:
    """`root`: the work tree that they are of."""
    os.makedirs(os.path.join(repository.root, "elsewhere"))
    spool.prepare(repository)
    said = {} if root is None else {"root": os.path.normpath(os.path.join(repository.root, root))}
    write_file(repository, run, said)
    assert not any_left(repository), "there is no state yet"
    with StateStore.open(repository) as state:
        state.start_run("live")
    assert any_left(repository) is expected


def killed(repository: Repository) -> None:
    """A state of a process that came to no good end: what it wrote last is in the log of SQLite."""
    program = (
        "import os, signal, sys\n"
        "from tests.storage.test_unlanded import of_a_live_run\n"
        "from mdtodo.git.repository import Repository\nfrom mdtodo.storage.state import StateStore\n"
        "of_a_live_run(StateStore.open(Repository(*sys.argv[1:] * 3)))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", program, repository.root], check=False)


def test_a_run_that_was_killed(repository: Repository) -> None:
    killed(repository)
    assert os.path.getsize(os.path.join(folder(repository), "state.db-wal"))
    assert any_left(repository)


def test_asking_writes_nothing(repository: Repository) -> None:
    assert not any_left(repository)
    assert os.listdir(repository.root) == []
    killed(repository)
    path = os.path.join(folder(repository), "state.db")
    before = {name: (os.stat(name).st_mtime_ns, os.stat(name).st_size) for name in (path, path + "-wal")}
    assert any_left(repository)
    assert {name: (os.stat(name).st_mtime_ns, os.stat(name).st_size) for name in before} == before


@pytest.mark.parametrize("damage", [b"", b"no database", b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_damaged_state_says_nothing(repository: Repository, damage: bytes) -> None:
    os.makedirs(folder(repository))
    with open(os.path.join(folder(repository), "state.db"), "wb") as file:
        file.write(damage)
    assert not any_left(repository)


def test_a_state_of_an_earlier_version_waits_for_who_may_change_it(repository: Repository) -> None:
    with StateStore.open(repository) as state:
        a_result(state)
    with sqlite3.connect(os.path.join(folder(repository), "state.db")) as db:
        db.execute("ALTER TABLE results DROP COLUMN inputs")
        db.executescript("DROP TABLE receipts; DROP TABLE lane_slots; DROP TABLE reservations")
        db.executescript("DROP TABLE runners; DROP TABLE in_hand")
        db.execute("PRAGMA user_version = 1")
    db.close()
    assert not any_left(repository)
    with StateStore.open(repository):
        pass
    assert any_left(repository)


def test_a_run_that_begins_meanwhile_goes_on(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    spool.prepare(repository)
    real = StateStore.active_runs

    def with_a_new_one(state: StateStore) -> tuple[tuple[str, str, float], ...]:
        """What was active; right after that another run begins, and has a result."""
        found = real(state)
        with StateStore.open(repository) as writer:
            writer.start_run("new")
        write_file(repository, "new")
        return found

    with StateStore.open(repository) as state:
        state.start_run("live")
    write_file(repository, "live")
    monkeypatch.setattr(StateStore, "active_runs", with_a_new_one)
    assert not any_left(repository)
