"""Leases have one holder, the journal survives kills, and a damaged state is only a sentence."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from mdtodo.core.activity import InHand
from mdtodo.core.edits import SetStatus
from mdtodo.core.receipt import Receipt
from mdtodo.core.task import Anchor, Status
from mdtodo.errors import MdtodoError
from mdtodo.git.repository import Repository
from mdtodo.receipts.codec import to_text
from mdtodo.storage import leases, runs
from mdtodo.storage.activity import activity
from mdtodo.storage.journal import UNLANDED_RUNS
from mdtodo.storage.leases import Lane
from mdtodo.storage.rows import JournalEntry
from mdtodo.storage.state import StateStore, folder
from mdtodo.system import process_identity
from tests.examples import TIMES

RECEIPT = Receipt(
    *("a", "Title", "done", "tests", 0, 1.5, 1),
    (SetStatus(Anchor("TODO.md", None, "0" * 40, 0), Status.DONE),),
)


@pytest.fixture
def repository(tmp_path) -> Repository:
    return Repository(str(tmp_path), str(tmp_path), str(tmp_path))


@pytest.fixture
def opened(repository):
    with StateStore.open(repository) as it:
        yield it


@pytest.fixture
def clock(monkeypatch):
    """A clock that can be moved."""
    offset = [0.0]
    real = leases._clock
    monkeypatch.setattr(leases, "_clock", lambda: real() + offset[0])

    def move(seconds: float) -> None:
        offset[0] += seconds

    return move


def in_another_process(repository: Repository, program: str, *arguments: str, check: bool = True) -> str:
    """Run a program with `state` open as `s`; its standard output."""
    setup = (
        "import json, os, signal, sys\n"
        "from mdtodo.git.repository import Repository\n"
        "from mdtodo.storage.leases import Lane\n"
        "from mdtodo.storage.rows import JournalEntry\n"
        "from mdtodo.storage.state import StateStore\n"
        "from mdtodo.receipts.codec import from_text\n"
        "root = sys.argv[1]\n"
        "s = StateStore.open(Repository(root, root, root))\n"
    )
    command = [sys.executable, "-c", setup + program, repository.root, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=check).stdout


class TestLeases:
    def test_a_lease_has_one_holder(self, opened):
        first = opened.lease("a", "one", 60)
        assert first is not None
        assert opened.lease("a", "two", 60) is None
        assert opened.lease("a", "one", 60) is None
        assert opened.lease("b", "two", 60) is not None
        assert [(lease.task_id, lease.worker) for lease in opened.live_leases()] == [
            ("a", "one"),
            ("b", "two"),
        ]
        assert opened.live_leases()[0].token == first.token

    def test_release_needs_the_token(self, opened):
        first = opened.lease("a", "one", 60)
        assert opened.release(first.token + 1) == ()
        assert opened.release(first.token) == ("a",)
        assert opened.release(first.token) == ()
        assert not opened.held([first.token])
        assert opened.live_leases() == ()

    def test_the_tokens_of_leases_grow_for_ever(self, repository):
        tokens = []
        for _ in range(3):
            with StateStore.open(repository) as it:
                for task in "ab":
                    lease = it.lease(task, "w", 60)
                    tokens.append(lease.token)
                    it.release(lease.token)
        assert tokens == sorted(set(tokens))

    def test_a_lease_that_ran_out_may_be_taken_over(self, opened, clock):
        first = opened.lease("a", "one", 60)
        clock(59)
        assert opened.lease("a", "two", 60) is None
        clock(2)
        assert opened.live_leases() == ()
        second = opened.lease("a", "two", 60)
        assert second.token > first.token
        assert not opened.held([first.token])
        assert opened.renew([first.token, second.token], 60) == {second.token}
        assert opened.release(first.token) == ()
        assert opened.held([second.token])

    def test_a_renewed_lease_lasts_longer(self, opened, clock):
        lease = opened.lease("a", "one", 60)
        for _ in range(5):
            clock(50)
            assert opened.renew([lease.token], 60) == {lease.token}
        assert opened.lease("a", "two", 60) is None
        clock(61)
        assert opened.renew([lease.token], 60) == {lease.token}, "nobody has taken it over"
        assert opened.lease("a", "two", 60) is None

    def test_no_more_tasks_of_a_lane_are_leased_than_its_cap_by_all_workers_together(
        self, repository, opened, clock
    ):
        lanes = {**dict.fromkeys("abcd", Lane("db", 2)), "e": Lane("gpu", 1)}
        first = opened.take("a", "one", 60, lanes=lanes)
        taken = opened.take("bcdef", "two", 60, lanes=lanes)
        assert (sorted(taken.leases), taken.full) == (["b", "e", "f"], {"c", "d"})
        assert not opened.enter_lane(first.leases["a"].token, lanes["c"])
        opened.leave_lanes([first.leases["a"].token])
        assert opened.held([first.leases["a"].token]), "a task keeps its lease until its result has landed"
        assert sorted(opened.take("cd", "two", 60, lanes=lanes).leases) == ["c"]
        opened.release(taken.leases["b"].token)
        assert opened.enter_lane(first.leases["a"].token, lanes["a"])
        clock(61)
        assert sorted(opened.take("bd", "three", 60, lanes=lanes).leases) == ["b", "d"]

    def test_a_dead_worker_keeps_no_place_in_a_lane(self, repository, opened):
        in_another_process(
            *(repository, "s.take('a', 'w', 60, lanes={'a': Lane('db', 1)}); os.kill(os.getpid(), 9)"),
            check=False,
        )
        assert opened.take("b", "two", 60, lanes={"b": Lane("db", 1)}).leases

    @pytest.mark.chance
    @pytest.mark.parametrize("seed", range(TIMES))
    def test_the_cap_of_a_lane_holds_among_many_processes(self, repository, opened, tmp_path, seed):
        program = (
            "lane, place = Lane('db', 3), f'{sys.argv[2]}/running-{os.getpid()}'\n"
            "for name in map(str, range(90)):\n"
            "    while (found := s.take([name], 'w', 60, lanes={name: lane})).full:\n"
            "        pass\n"
            "    for lease in found.leases.values():\n"
            "        open(place, 'w').close()\n"
            "        print(sum(name.startswith('running-') for name in os.listdir(sys.argv[2])))\n"
            "        os.remove(place)\n"
            "        s.leave_lanes([lease.token])\n"
        )
        with ThreadPoolExecutor(6) as threads:
            told = threads.map(lambda _: in_another_process(repository, program, str(tmp_path)), range(6))
            counts = [int(line) for text in told for line in text.split()]
        assert len(counts) >= 90
        assert max(counts) <= 3, counts

    def test_a_change_of_the_date_frees_no_lease(self, opened, monkeypatch):
        opened.lease("a", "one", 60)
        for moved in (3600.0, -3600.0):
            now = leases.time.time()
            monkeypatch.setattr(leases.time, "time", lambda now=now, moved=moved: now + moved)
            assert opened.lease("a", "two", 60) is None
            assert len(opened.live_leases()) == 1
            monkeypatch.undo()

    @pytest.mark.parametrize("moved", [-1e9, -1.0, 0.0, 1e9])
    def test_results_of_others_since_the_lease_count_whatever_the_date(self, opened, monkeypatch, moved):
        def receipt(task: str) -> JournalEntry:
            return JournalEntry("other", RECEIPT._replace(task_id=task))

        before, waiting, parked = opened.record([receipt("before"), receipt("waiting"), receipt("parked")])
        opened.mark_landed([before])
        opened.park([parked])
        since = opened.moment()
        now = leases.time.time()
        monkeypatch.setattr(leases.time, "time", lambda: now + moved)
        opened.mark_landed([waiting, parked])
        opened.mark_landed(opened.record([receipt("after")]))
        taken = opened.take(["before", "waiting", "parked", "after", "new"], "w", 60, since=since).leases
        assert set(taken) == {"before", "new"}
        assert set(opened.take(["waiting", "after"], "w", 60, since=opened.moment()).leases) == {
            "waiting",
            "after",
        }

    def test_a_restart_of_the_machine_frees_all_leases(self, opened, clock):
        opened.lease("a", "one", 60, mine=False)
        clock(-1_000_000)
        assert opened.live_leases() == ()
        assert opened.lease("a", "two", 60) is not None

    def test_a_clock_that_jumps_back_frees_no_lease_of_a_living_process(self, opened, clock):
        opened.lease("a", "one", 60)
        clock(-1_000_000)
        assert opened.lease("a", "two", 60) is None
        assert len(opened.live_leases()) == 1

    def test_a_killed_worker_frees_its_tasks_at_once(self, repository, opened):
        program = "s.lease('a', 'w', 3600); s.lease('b', 'w', 3600, mine=False)\nos.kill(os.getpid(), signal.SIGKILL)"
        in_another_process(repository, program, check=False)
        assert [lease.task_id for lease in opened.live_leases()] == ["b"]
        assert opened.lease("a", "two", 60) is not None
        assert opened.lease("b", "two", 60) is None

    def test_a_stopped_worker_keeps_its_leases(self, repository, opened):
        program = "s.lease('a', 'w', 3600); print('leased', flush=True); sys.stdin.read()"
        setup = "import sys\nfrom mdtodo.git.repository import Repository\nfrom mdtodo.storage.state import StateStore\n"
        setup += "s = StateStore.open(Repository(*sys.argv[1:] * 3))\n"
        process = subprocess.Popen(
            [sys.executable, "-c", setup + program, repository.root],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert process.stdout.readline() == b"leased\n"
        process.send_signal(signal.SIGSTOP)
        assert opened.lease("a", "two", 60) is None
        process.send_signal(signal.SIGCONT)
        process.communicate()
        assert opened.lease("a", "two", 60) is not None

    def test_each_lease_has_one_winner_among_many_processes(self, repository, opened):
        program = (
            "print(json.dumps([n for n in range(60) if s.lease(str(n), sys.argv[2], 60, mine=False)]))\n"
        )
        setup = (
            "import json, sys\nfrom mdtodo.git.repository import Repository\nfrom mdtodo.storage.state import StateStore\n"
            "sys.stdin.readline()\ns = StateStore.open(Repository(*sys.argv[1:2] * 3))\n"
        )
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", setup + program, repository.root, f"w{n}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            for n in range(8)
        ]
        for process in processes:
            process.stdin.write(b"go\n")
            process.stdin.flush()
        won = [json.loads(process.communicate(timeout=240)[0]) for process in processes]
        assert sorted(number for share in won for number in share) == list(range(60))
        assert {lease.worker for lease in opened.live_leases()} == {
            f"w{n}" for n, share in enumerate(won) if share
        }
        assert len({lease.token for lease in opened.live_leases()}) == 60


class TestJournal:
    def test_a_recorded_result_is_there_after_a_kill(self, repository, opened):
        program = (
            "s.start_run('run')\n"
            "s.record([JournalEntry('run', from_text(sys.argv[2]), 'log')])\n"
            "os.kill(os.getpid(), signal.SIGKILL)\n"
        )
        in_another_process(repository, program, to_text(RECEIPT), check=False)
        (entry,) = opened.unlanded()
        assert entry.receipt == RECEIPT
        assert (entry.run_id, entry.log) == ("run", "log")
        assert opened.active_runs() == ()
        opened.mark_landed([entry.number], "abc")
        assert opened.unlanded() == ()
        assert next(opened.receipts()).landed

    def test_results_of_a_run_that_goes_on_are_its_own(self, opened):
        opened.start_run("mine", "w")
        opened.record([JournalEntry("mine", RECEIPT)])
        assert opened.active_runs()[0][:2] == ("mine", "w")
        assert opened.unlanded() == ()
        assert len(opened.unlanded("mine")) == 1
        opened.finish_run("mine")
        assert len(opened.unlanded()) == 1
        assert opened.active_runs() == ()

    def test_what_each_of_two_runs_has_in_hand_is_its_own_though_their_workers_have_one_name(
        self, repository, opened, monkeypatch
    ):
        opened.start_run("mine", "w")
        opened.take("ab", "w", 60)
        with monkeypatch.context() as patch:
            patch.setattr(process_identity, "_name", lambda _: "0badf00d-1-5")
            opened.start_run("theirs", "w")
            opened.lease("c", "w", 60)
        opened.lease("d", "w", 60, mine=False)
        for run in ("mine", "theirs"):  # what the other one has is not in its hands, whatever it says
            opened.sign("w", run, begun=[InHand(name, "w", run, "p", 1, 5.0) for name in "abc"])
        assert [(one.task_id, one.run, one.worker) for one in activity(repository).in_hand] == [
            *(("a", "mine", "w"), ("b", "mine", "w"), ("c", "theirs", "w")),
            ("d", None, "w"),
        ]

    @pytest.mark.parametrize("unseen", ["0badf00d-1-5", "unknown-1-0"])
    def test_a_run_that_cannot_be_seen_goes_on_while_it_holds_a_task(
        self, opened, monkeypatch, clock, unseen
    ):
        with monkeypatch.context() as patch:  # before the last boot, in another container, without /proc
            patch.setattr(process_identity, "_name", lambda _: unseen)
            opened.start_run("elsewhere", "w")
            opened.lease("a", "w", 60)
        opened.record([JournalEntry("elsewhere", RECEIPT)])
        assert [run for run, _, _ in opened.active_runs()] == ["elsewhere"]
        assert opened.unlanded() == ()
        clock(61)
        assert opened.active_runs() == ()
        assert len(opened.unlanded()) == 1

    def test_a_result_that_does_not_land_is_only_history(self, opened):
        opened.record([JournalEntry("run", RECEIPT, lands=False)])
        assert opened.unlanded() == ()
        assert [entry.task_id for entry in opened.history()] == ["a"]
        assert opened.history("a")[0].outcome == "done"
        assert opened.history("b") == ()

    def test_receipts_are_kept_after_landing_in_the_order_in_which_they_did(self, opened):
        names = ["late", "early", "said", "told", "nowhere", "forgotten", "waiting"]
        entries = [JournalEntry("run", RECEIPT._replace(task_id=name)) for name in names]
        late, early, said, told, nowhere, forgotten, waiting = opened.record(entries)
        opened.mark_landed([early], base="1")
        opened.mark_landed([said], base="a")
        opened.mark_landed([told], "b", base="a")
        opened.forget([forgotten])
        opened.mark_landed([late], "c", base="b")
        opened.discard([nowhere])
        assert [(one.receipt.task_id, one.landed, one.commit, one.base) for one in opened.receipts()] == [
            ("waiting", False, None, None),
            ("late", True, "c", "b"),
            ("told", True, "b", "a"),
            ("said", True, None, "a"),
            ("early", True, None, "1"),
        ]
        assert [one.receipt.task_id for one in opened.receipts(within={None, "c"})] == [
            "late",
            "said",
            "early",
        ]
        assert list(opened.receipts(of={"other"})) == []
        assert len(list(opened.receipts(of={RECEIPT.edits[0].anchor.digest}))) == 5
        assert opened.receipt_commits() == {None, "b", "c"}
        opened.carry({early: "d"})
        assert [one.receipt.task_id for one in opened.receipts(within={"d"})] == ["early"]
        assert [entry.number for entry in opened.unlanded()] == [waiting]
        assert next(opened.receipts()).receipt.edits == RECEIPT.edits

    def test_what_has_landed_is_not_read_with_what_waits(self, opened):
        opened.mark_landed(opened.record([JournalEntry("run", RECEIPT)] * 3))
        plan = opened._db.read(f"EXPLAIN QUERY PLAN {UNLANDED_RUNS}")
        assert "results_unlanded" in str(plan)
        assert all(entry.title is None for entry in opened.history())

    def test_durations_are_the_medians_of_successful_runs(self, opened):
        def took(seconds: float, outcome: str = "done", task: str = "a") -> JournalEntry:
            words = {"task_id": task, "outcome": outcome, "seconds": seconds}
            return JournalEntry("run", RECEIPT._replace(**words))

        opened.record([took(1), took(9), took(2), took(500, "failed"), took(4, task="b")])
        assert opened.durations() == {"a": 2, "b": 4}
        opened.record([took(100) for _ in range(20)])
        assert opened.durations()["a"] == 100

    def test_old_history_goes_but_no_result_that_has_to_land(self, opened, monkeypatch):
        monkeypatch.setattr(runs, "KEPT", 3)
        opened.start_run("run")
        ids = opened.record([JournalEntry("run", RECEIPT) for _ in range(10)])
        opened.mark_landed(ids[1:])
        opened.finish_run("run")
        kept = opened._db.read("SELECT id FROM results ORDER BY id DESC")
        assert [number for (number,) in kept] == [*reversed(ids[7:]), ids[0]]
        assert len(list(opened.receipts())) == 4

    def test_a_receipt_that_was_damaged_on_the_disk_does_not_land(self, repository, opened):
        opened.record([JournalEntry("run", RECEIPT), JournalEntry("run", RECEIPT)])
        with sqlite3.connect(os.path.join(folder(repository), "state.db")) as raw:
            raw.execute("UPDATE results SET receipt = '{\"edits\": 1}', metrics = '[' WHERE id = 1")
        raw.close()
        assert [entry.receipt for entry in opened.unlanded()] == [RECEIPT]
        assert [one.receipt for one in opened.receipts()] == [RECEIPT]


class TestFile:
    def test_the_state_folder_is_for_its_owner_alone(self, repository, opened):
        assert os.stat(folder(repository)).st_mode & 0o777 == 0o700

    @pytest.mark.chance
    @pytest.mark.parametrize("seed", range(2 * TIMES))
    def test_many_processes_may_make_the_state_at_once(self, repository, seed):
        """Each reads it while another makes it one that many may write, which locks it as a whole."""
        program = "s.lease('a', 'w', 60)\nprint('well')"
        with ThreadPoolExecutor(10) as threads:
            told = list(threads.map(lambda _: in_another_process(repository, program), range(20)))
        assert told == ["well\n"] * 20

    def test_reading_the_state_makes_no_file(self, repository):
        with StateStore.open(repository, create=False) as it:
            assert it.live_leases() == ()
            assert it.unlanded() == ()
            assert it.durations() == {}
        assert not os.path.exists(folder(repository))

    def test_a_state_from_before_receipts_were_kept_goes_on(self, repository):
        with StateStore.open(repository) as it:
            it.record([JournalEntry("run", RECEIPT)] * 2)
            it.discard([1])
        with sqlite3.connect(os.path.join(folder(repository), "state.db")) as raw:
            raw.executescript(
                "DROP TABLE receipts; DROP TABLE lane_slots; DROP TABLE reservations; DROP TABLE runners; DROP TABLE in_hand; PRAGMA user_version = 2"
            )
        raw.close()
        with StateStore.open(repository, create=False) as it:
            assert [one.receipt for one in it.receipts()] == [RECEIPT]
            assert len(it.history()) == 2
        with StateStore.open(repository) as it:
            assert it.warnings == ()
            it.mark_landed([2], "abc")
            assert [one.commit for one in it.receipts()] == ["abc"]

    def test_a_state_is_kept_as_it_was_before_it_becomes_one_of_a_newer_version(self, repository):
        path = os.path.join(folder(repository), "state.db")
        with StateStore.open(repository) as it:
            it.record([JournalEntry("run", RECEIPT)] * 2)
        with sqlite3.connect(path) as raw:
            raw.executescript(
                "DROP TABLE receipts; DROP TABLE lane_slots; DROP TABLE reservations; DROP TABLE runners; DROP TABLE in_hand; PRAGMA user_version = 2"
            )
        raw.close()
        with StateStore.open(repository, create=False):
            assert not os.path.exists(f"{path}.version-2")
        for _ in range(2):
            with StateStore.open(repository):
                pass
        assert not [name for name in os.listdir(folder(repository)) if ".part-" in name]
        with sqlite3.connect(f"{path}.version-2") as raw:
            assert raw.execute("PRAGMA user_version").fetchone() == (2,)
            assert raw.execute("SELECT count(*) FROM results").fetchone() == (2,)
        raw.close()

    def test_a_state_from_before_lanes_were_shared_goes_on(self, repository):
        with StateStore.open(repository) as it:
            it.lease("a", "w", 60)
        with sqlite3.connect(os.path.join(folder(repository), "state.db")) as raw:
            raw.executescript(
                "DROP TABLE lane_slots; DROP TABLE reservations; DROP TABLE runners; DROP TABLE in_hand; PRAGMA user_version = 3"
            )
        raw.close()
        with StateStore.open(repository, create=False) as it:
            assert [lease.task_id for lease in it.live_leases()] == ["a"]
        with StateStore.open(repository) as it:
            assert it.warnings == ()
            assert it.take(["b", "c"], "w", 60, lanes=dict.fromkeys("bc", Lane("lane", 1))).full == {"c"}

    def test_reading_the_state_sees_what_is_there(self, repository, opened):
        opened.lease("a", "w", 60)
        with StateStore.open(repository, create=False) as it:
            assert [lease.task_id for lease in it.live_leases()] == ["a"]
            with pytest.raises(MdtodoError, match="readonly"):
                it.lease("b", "w", 60)

    @pytest.fixture
    def damaged(self, repository):
        """Damage a state with content, in one of several ways."""

        def damage(how: str) -> str:
            path = os.path.join(folder(repository), "state.db")
            with StateStore.open(repository) as it:
                it.record([JournalEntry("run", RECEIPT) for _ in range(200)])
            size = os.path.getsize(path)
            with open(path, "r+b") as file:
                if how == "truncated":
                    file.truncate(size // 2)
                elif how == "header":
                    file.write(b"no database at all")
                else:
                    file.seek(4096)
                    file.write(b"\xff" * (size - 8192))
            return path

        return damage

    @pytest.mark.parametrize("how", ["header", "truncated", "pages"])
    def test_a_damaged_database_is_set_aside(self, repository, damaged, how):
        path = damaged(how)
        with StateStore.open(repository, create=False) as it:
            assert it.live_leases() == ()
        with StateStore.open(repository) as it:
            assert "was damaged; it is kept as state.db.damaged-" in it.warnings[0]
            assert it.lease("a", "w", 60) is not None
        with StateStore.open(repository) as it:
            assert it.warnings == ()
            assert [lease.task_id for lease in it.live_leases()] == ["a"]
        kept = [name for name in os.listdir(folder(repository)) if name.startswith("state.db.damaged-")]
        assert [name for name in kept if not name.endswith(("-wal", "-shm"))] != []
        assert path.endswith("state.db")

    def test_an_empty_file_is_a_new_database(self, repository):
        os.makedirs(folder(repository))
        with open(os.path.join(folder(repository), "state.db"), "wb"):
            pass
        with StateStore.open(repository) as it:
            assert it.lease("a", "w", 60) is not None

    def test_many_processes_set_a_damaged_database_aside_once(self, repository, damaged):
        damaged("header")
        program = (
            "import sys\nfrom mdtodo.git.repository import Repository\nfrom mdtodo.storage.state import StateStore\n"
            "sys.stdin.readline()\ns = StateStore.open(Repository(*sys.argv[1:2] * 3))\n"
            "assert s.lease(sys.argv[2], 'w', 60, mine=False)\n"
        )
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", program, repository.root, str(n)],
                stdin=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            for n in range(4)
        ]
        for process in processes:
            process.stdin.write(b"go\n")
            process.stdin.flush()
        assert [process.communicate()[1] for process in processes] == [b""] * 4
        with StateStore.open(repository) as it:
            assert [lease.task_id for lease in it.live_leases()] == list("0123")
        kept = [name for name in os.listdir(folder(repository)) if "damaged" in name and "-wal" not in name]
        assert len([name for name in kept if "-shm" not in name]) == 1

    def test_a_full_disk_is_no_reason_to_delete_the_database(self, opened):
        pages = opened._db.read("PRAGMA page_count")[0][0]
        opened._db.read(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(MdtodoError, match="disk is full") as caught:
            opened.start_run("r" * 1_000_000)
        assert caught.value.hint == "free some disk space; nothing that was already recorded is lost"

    def test_a_folder_in_the_place_of_the_database_is_set_aside(self, repository):
        os.makedirs(os.path.join(folder(repository), "state.db"))
        with StateStore.open(repository) as it:
            assert "was damaged; it is kept as state.db.damaged-" in it.warnings[0]
            assert it.lease("a", "w", 60) is not None

    @pytest.mark.parametrize("version", [0, 2])
    def test_a_database_of_another_program_is_set_aside(self, repository, version):
        os.makedirs(folder(repository))
        with sqlite3.connect(os.path.join(folder(repository), "state.db")) as raw:
            raw.execute("CREATE TABLE results (something TEXT)")
            raw.execute(f"PRAGMA user_version = {version}")
        raw.close()
        with StateStore.open(repository, create=False) as it:
            assert it.live_leases() == ()
        with StateStore.open(repository) as it:
            assert it.warnings
            assert it.lease("a", "w", 60) is not None

    @pytest.mark.chance
    @pytest.mark.parametrize("seed", range(3 * TIMES))
    @pytest.mark.parametrize("name", ["state.db", "state.db-wal", "state.db-shm"])
    def test_random_bytes_in_any_file_of_the_database_do_no_harm(self, repository, seed, name):
        path = os.path.join(folder(repository), "state.db")
        with StateStore.open(repository) as it:
            it.record([JournalEntry("run", RECEIPT)])
        with open(os.path.join(folder(repository), name), "wb") as file:
            file.write(random.Random(seed).randbytes(random.Random(seed).choice([1, 100, 4096, 50_000])))
        with StateStore.open(repository, create=False) as it:
            it.live_leases()
        with StateStore.open(repository) as it:
            assert it.lease("a", "w", 60) is not None
            assert it.record([JournalEntry("run", RECEIPT)])
        assert os.path.exists(path)

    def test_a_file_in_the_place_of_the_state_folder_is_told(self, repository):
        with open(folder(repository), "wb"):
            pass
        with pytest.raises(MdtodoError, match="the state cannot be saved"):
            StateStore.open(repository)

    def test_a_database_of_a_newer_mdtodo_is_told_and_read_as_empty(self, repository, opened):
        with sqlite3.connect(os.path.join(folder(repository), "state.db")) as raw:
            raw.execute("PRAGMA user_version = 99")
        raw.close()
        with pytest.raises(MdtodoError, match="written by a newer mdtodo"):
            StateStore.open(repository)
        with StateStore.open(repository, create=False) as it:
            assert it.live_leases() == ()
