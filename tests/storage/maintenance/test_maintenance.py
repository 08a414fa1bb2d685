"""`mdtodo state`: a copy made while runs go on, a state from a copy, and what may be deleted of one."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from mdtodo.git.repository import discover
from mdtodo.storage.maintenance.backup import back_up
from mdtodo.storage.state import StateStore
from mdtodo.storage.totals import totals
from tests.processes import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.command_line import Said
    from tests.conftest import Checkout

    Call = Callable[..., Said]

CONFIG = """\
[processors.ok]
run = "true"
[processors.bad]
run = "false"
[processors.slow]
run = "touch ../began; while [ ! -e ../go ]; do sleep 0.02; done"
"""
TODO = "- [ ] one id:one run:ok\n- [ ] two id:two run:bad\n- [ ] three id:three\n"


@pytest.fixture
def ran(repo: Checkout, inside: Call) -> Checkout:
    """A repository in which a run has ended, with one task that passed and one that failed."""
    repo.commit("Base", **{"TODO.md": TODO, ".mdtodo.toml": CONFIG})
    inside("run", code=1)
    return repo


def state_of(repo: Checkout) -> StateStore:
    return StateStore.open(discover(str(repo.root)))


def folder(repo: Checkout) -> Path:
    return repo.root / ".git" / "mdtodo"


def history(repo: Checkout) -> list[tuple[str, str]]:
    with state_of(repo) as state:
        return sorted((one.task_id, one.outcome) for one in state.history())


def told_by_git(said: Said) -> str:
    """Without what `log --json` adds of the journal: the sentence of an error, and when an attempt began and ended."""
    return re.sub(r'"(error|started|finished)": (null|"[^"]*")', "", said.out)


def begin(repo: Checkout, *args: str) -> subprocess.Popen[bytes]:
    """A run that is at its slow task now, and ends when `../go` is there."""
    process = subprocess.Popen([sys.executable, "-m", "mdtodo", "run", *args], cwd=repo.root)
    eventually(lambda: (repo.root.parent / "began").exists())
    return process


def end(repo: Checkout, process: subprocess.Popen[bytes]) -> int:
    (repo.root.parent / "go").touch()
    return process.wait(60)


class TestBackup:
    def test_a_backup_is_one_whole_file_that_says_whose_it_is(
        self, ran: Checkout, inside: Call, tmp_path
    ) -> None:
        inside("state", "backup", str(tmp_path / "copy.db"))
        assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
        with closing(sqlite3.connect(f"file:{tmp_path}/copy.db?immutable=1", uri=True)) as copy:
            assert copy.execute("SELECT count(*) FROM results").fetchone() == (2,)
            notes = dict(copy.execute("SELECT name, value FROM notes"))
        assert json.loads(notes["roots"]) == [ran.git("rev-list", "--max-parents=0", "HEAD")]
        # not in WAL mode, in which whoever opens it makes files beside it (SQLite's file format, 1.3.3)
        assert (tmp_path / "copy.db").read_bytes()[18:20] == b"\1\1"
        assert [path.name for path in tmp_path.iterdir() if "copy" in path.name] == ["copy.db"]

    def test_while_a_run_goes_on_and_the_run_goes_on(self, repo: Checkout, inside: Call, tmp_path) -> None:
        repo.commit("Base", **{"TODO.md": "- [ ] a id:a run:slow\n", ".mdtodo.toml": CONFIG})
        process = begin(repo)
        for _ in range(5):
            inside("state", "backup", str(tmp_path / "copy.db"))
        assert end(repo, process) == 0
        assert repo.head("TODO.md").startswith(b"- [x]")
        with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert copy.execute("SELECT count(*) FROM leases").fetchone() == (1,)

    def test_a_thousand_results_that_another_process_writes_meanwhile_are_whole_in_each_copy(
        self, ran: Checkout, tmp_path
    ) -> None:
        """Each transaction writes two rows: a copy in the middle of one would have one of them."""
        program = (
            "import sys\nfrom mdtodo.git.repository import discover\n"
            "from mdtodo.storage.state import StateStore\n"
            "s = StateStore.open(discover(sys.argv[1]))\n"
            "for n in range(500):\n"
            "    with s.at_once('pair'):\n"
            "        s.start_run(f'a{n}')\n        s.start_run(f'b{n}')\n"
        )
        writer = subprocess.Popen([sys.executable, "-c", program, str(ran.root)])
        copies = 0
        while writer.poll() is None or not copies:
            back_up(discover(str(ran.root)), str(tmp_path / "copy.db"))
            with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
                rows = [name for (name,) in copy.execute("SELECT run_id FROM runs WHERE run_id GLOB '[ab]*'")]
            assert {one[1:] for one in rows if one[0] == "a"} == {one[1:] for one in rows if one[0] == "b"}
            copies += 1
        assert writer.returncode == 0
        assert copies > 1

    def test_what_is_no_backup_is_not_overwritten(self, ran: Checkout, inside: Call, tmp_path) -> None:
        said = inside("state", "backup", "TODO.md", code=2)
        assert "no backup: name another file" in said.err
        assert ran.read("TODO.md").startswith(b"- [x] one")
        said = inside("state", "backup", ".git/mdtodo/state.db", code=2)
        assert "the state itself" in said.err
        with closing(sqlite3.connect(tmp_path / "mine.db")) as mine, mine:
            mine.execute("CREATE TABLE recipes (name TEXT)")
        before = (tmp_path / "mine.db").read_bytes()
        assert "is no backup" in inside("state", "backup", str(tmp_path / "mine.db"), code=2).err
        assert (tmp_path / "mine.db").read_bytes() == before
        inside("state", "backup", str(tmp_path / "copy.db"))
        inside("state", "backup", str(tmp_path / "copy.db"))

    def test_without_a_state_or_with_a_damaged_one_it_is_a_sentence(
        self, repo: Checkout, inside: Call, tmp_path
    ) -> None:
        repo.commit("Base", **{"TODO.md": TODO})
        assert "nothing has run in this clone yet" in inside("state", "backup", "x.db", code=3).err
        (folder(repo)).mkdir()
        (folder(repo) / "state.db").write_bytes(b"nonsense" * 1000)
        assert "the state is damaged" in inside("state", "backup", "x.db", code=3).err
        assert not (repo.root / "x.db").exists()
        assert "cannot be read" in inside("state", "info").out

    def test_a_full_disk_leaves_the_last_backup(self, ran: Checkout, inside: Call, tmp_path) -> None:
        inside("state", "backup", str(tmp_path / "copy.db"))
        before = (tmp_path / "copy.db").read_bytes()
        # a limit on the size of a file is what a process may give itself; the writer sees an error as of a full disk
        code = (
            "import resource, signal, sys\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (40000, 40000))\n"
            "from mdtodo.cli import main\nmain(['state', 'backup', sys.argv[1]])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "copy.db")],
            cwd=ran.root,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 3
        assert "the backup cannot be written" in done.stderr
        assert (tmp_path / "copy.db").read_bytes() == before
        assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []


class TestRestore:
    def test_after_the_loss_of_all_the_history_is_back(self, ran: Checkout, inside: Call, tmp_path) -> None:
        inside("claim", "three", "--name", "Ada", "--no-commit")
        inside("state", "backup", str(tmp_path / "copy.db"))
        before = history(ran)
        shutil.rmtree(folder(ran))
        inside("state", "restore", str(tmp_path / "copy.db"))
        assert history(ran) == before
        with state_of(ran) as state:
            assert [one.worker for one in state.live_leases()] == ["Ada"]
        inside("run", code=1)  # two fails again, one is not run again
        assert [one for one in history(ran) if one == ("one", "done")] == [("one", "done")]

    def test_what_was_there_is_kept_and_tokens_grow(self, ran: Checkout, inside: Call, tmp_path) -> None:
        inside("state", "backup", str(tmp_path / "copy.db"))
        with state_of(ran) as state:
            taken = [state.lease(f"t{n}", "w", 60) for n in range(200)]
            state.release(*(one.token for one in taken if one))
            with state.database.writing(
                "test"
            ) as db:  # as if far more had been given out than seconds passed
                db.execute("UPDATE counters SET value = value + 1000000 WHERE name = 'token'")
                (last,) = db.execute("SELECT value FROM counters WHERE name = 'token'").fetchone()
        inside("reopen", "one")
        said = inside("state", "restore", str(tmp_path / "copy.db"))
        kept = [path for path in folder(ran).iterdir() if ".replaced-" in path.name]
        assert len(kept) == 1
        assert kept[0].name in said.err
        with closing(sqlite3.connect(kept[0])) as raw:
            assert raw.execute("SELECT count(*) FROM results WHERE outcome = 'todo'").fetchone() == (1,)
        with state_of(ran) as state:
            one = state.lease("new", "w", 60)
        assert one is not None
        assert one.token > last

    @pytest.mark.parametrize("kind", ["another repository", "unborn", "no notes"])
    def test_a_state_of_another_repository_is_refused(
        self, ran: Checkout, make_repo, inside: Call, tmp_path, kind: str
    ) -> None:
        other = make_repo("other")
        if kind != "unborn":
            other.commit("Theirs", **{"TODO.md": "- [ ] x id:x run:ok\n", ".mdtodo.toml": CONFIG})
            inside("run", cwd=other.root)
        else:
            with state_of(other):
                pass
        inside("state", "backup", str(tmp_path / "copy.db"), cwd=other.root)
        if kind == "no notes":
            with sqlite3.connect(tmp_path / "copy.db") as raw:
                raw.execute("DROP TABLE notes")
            raw.close()
        before = history(ran)
        said = inside("state", "restore", str(tmp_path / "copy.db"), code=3)
        assert "another repository" in said.err
        assert history(ran) == before
        assert not list(folder(ran).glob("restore.*"))

    def test_another_clone_of_the_same_repository_takes_it_a_shallow_one_too(
        self, ran: Checkout, inside: Call, tmp_path
    ) -> None:
        ran.commit("More", **{"more.txt": "x"})
        inside("state", "backup", str(tmp_path / "copy.db"))
        for depth in ([], ["--depth=1"]):
            place = tmp_path / f"clone{len(depth)}"
            ran.git("clone", "-q", *depth, f"file://{ran.root}", str(place))
            inside("state", "restore", str(tmp_path / "copy.db"), cwd=place)

    def test_who_has_the_state_open_sees_it_and_what_he_writes_is_not_lost(
        self, ran: Checkout, inside: Call, tmp_path
    ) -> None:
        """As a server, or a worker between two runs."""
        inside("state", "backup", str(tmp_path / "copy.db"))
        inside("reopen", "one")
        with state_of(ran) as opened:
            assert [one.outcome for one in opened.history("one")] == ["todo", "done"]
            inside("state", "restore", str(tmp_path / "copy.db"))
            assert [one.outcome for one in opened.history("one")] == ["done"]
            opened.lease("three", "w", 60)
        with state_of(ran) as state:
            assert [one.task_id for one in state.live_leases()] == ["three"]

    def test_while_a_run_goes_on_it_is_refused(self, ran: Checkout, inside: Call, tmp_path) -> None:
        inside("state", "backup", str(tmp_path / "copy.db"))
        ran.commit("Slow", **{"TODO.md": "- [ ] s id:s run:slow\n"})
        process = begin(ran)
        try:
            said = inside("state", "restore", str(tmp_path / "copy.db"), code=3)
            assert "goes on: nothing was restored" in said.err
            assert "try again when it has ended" in said.err
            # nor where the run has lost its state, and the copy knows of it
            inside("state", "backup", str(tmp_path / "now.db"))
            (folder(ran) / "state.db").rename(tmp_path / "away.db")
            assert "goes on" in inside("state", "restore", str(tmp_path / "now.db"), code=3).err
            (tmp_path / "away.db").rename(folder(ran) / "state.db")
        finally:
            assert end(ran, process) == 0
        assert ran.head("TODO.md").startswith(b"- [x]")

    def test_results_that_wait_to_land_are_not_set_aside_unasked(
        self, ran: Checkout, inside: Call, tmp_path
    ) -> None:
        inside("state", "backup", str(tmp_path / "copy.db"))
        ran.commit("Slow", **{"TODO.md": "- [ ] s id:s run:ok\n- [ ] t id:t run:slow\n"})
        process = begin(ran, "-j", "1")
        eventually(lambda: ("s", "done") in history(ran))
        process.kill()
        process.wait(60)
        assert (
            "1 result waits here to land" in inside("state", "restore", str(tmp_path / "copy.db"), code=3).err
        )
        inside("state", "restore", "--force", str(tmp_path / "copy.db"))
        assert ("s", "done") not in history(ran)
        (ran.root.parent / "go").touch()
        inside("run")
        assert ran.head("TODO.md").count(b"[x]") == 2

    def test_a_result_that_has_landed_since_the_backup_is_not_landed_again(
        self, ran: Checkout, inside: Call, tmp_path
    ) -> None:
        ran.commit("Slow", **{"TODO.md": "- [ ] s id:s run:ok\n- [ ] t id:t run:slow\n"})
        process = begin(ran, "-j", "1")
        eventually(lambda: ("s", "done") in history(ran))
        inside("state", "backup", str(tmp_path / "copy.db"))
        assert end(ran, process) == 0
        inside("reopen", "s", "--commit")
        commits = ran.commits()
        inside("state", "restore", str(tmp_path / "copy.db"))
        inside("list")
        assert ran.commits() == commits
        assert ran.head("TODO.md").startswith(b"- [ ] s")

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"- [ ] no database\n", "is no backup of a state"),
            (b"SQLite format 3\0" + b"x" * 5000, "is no state of mdtodo, or is damaged"),
            (b"", "is no backup of a state"),
        ],
    )
    def test_what_is_no_state_is_refused(
        self, ran: Checkout, inside: Call, tmp_path, content: bytes, sentence: str
    ) -> None:
        (tmp_path / "x.db").write_bytes(content)
        before = history(ran)
        assert sentence in inside("state", "restore", str(tmp_path / "x.db"), code=3).err
        assert history(ran) == before
        assert (tmp_path / "x.db").read_bytes() == content

    def test_another_database_a_newer_state_and_no_file_are_refused(
        self, ran: Checkout, inside: Call, tmp_path
    ) -> None:
        with sqlite3.connect(tmp_path / "other.db") as raw:
            raw.execute("CREATE TABLE recipes (name TEXT)")
        raw.close()
        assert "is no state of mdtodo" in inside("state", "restore", str(tmp_path / "other.db"), code=3).err
        inside("state", "backup", str(tmp_path / "new.db"))
        with sqlite3.connect(tmp_path / "new.db") as raw:
            raw.execute("PRAGMA user_version = 1000")
        raw.close()
        assert "newer mdtodo" in inside("state", "restore", str(tmp_path / "new.db"), code=3).err
        assert "No such file" in inside("state", "restore", str(tmp_path / "none.db"), code=3).err

    def test_a_kill_at_any_moment_leaves_the_one_or_the_other(
        self, ran: Checkout, mdtodo: Call, tmp_path
    ) -> None:
        mdtodo("state", "backup", str(tmp_path / "copy.db"))
        mdtodo("reopen", "one")
        before = history(ran)
        for point, after in (("restore.written", before), ("restore.kept", None)):
            mdtodo("state", "restore", str(tmp_path / "copy.db"), code=None, MDTODO_FAULT=point)
            assert history(ran) == (after or [("one", "done"), ("two", "failed")]), point


class TestPrune:
    def test_copies_caches_and_old_rows_go_and_git_still_knows(self, ran: Checkout, inside: Call) -> None:
        inside("check")
        (folder(ran) / "state.db.damaged-123").write_bytes(b"x" * 100)
        (folder(ran) / "state.db.damaged-123-wal").write_bytes(b"x")
        (folder(ran) / "check").mkdir(exist_ok=True)
        (folder(ran) / "check" / "abc").write_text("x")
        left = folder(ran) / "restore.killed"
        left.mkdir()
        os.utime(left, (0, 0))
        log = told_by_git(inside("log", "--json"))
        found = inside("state", "prune", "--older", "0.001s", "--json").json
        assert (found["results"], found["runs"], found["compacted"]) == (2, 1, True)
        assert found["copies"] == ["state.db.damaged-123", "state.db.damaged-123-wal"]
        assert history(ran) == []
        assert sorted(os.listdir(folder(ran) / "check")) == []
        assert not left.exists()
        assert told_by_git(inside("log", "--json")) == log

    def test_what_is_in_no_other_place_stays(self, ran: Checkout, inside: Call) -> None:
        """A tick that no commit carries, and a result of a run that was killed before it landed."""
        inside("done", "three")  # only in the work tree
        ran.write("TODO.md", ran.read("TODO.md") + b"- [ ] s id:s run:ok\n- [ ] t id:t run:slow\n")
        process = begin(ran, "-j", "1", "s", "t")
        eventually(lambda: ("s", "done") in history(ran))
        process.kill()
        process.wait(60)
        inside("state", "prune", "--older", "0.001s")
        kept = [task for task, _ in history(ran)]
        assert "three" in kept
        assert "s" in kept
        assert "one" not in kept
        inside("list")
        assert b"- [x] s" in ran.read("TODO.md")

    def test_in_a_folder_without_a_state_nothing_is_made(self, repo: Checkout, inside: Call) -> None:
        repo.commit("Base", **{"TODO.md": TODO})
        inside("state", "prune")
        inside("state", "info")
        assert not folder(repo).exists()

    def test_totals_do_not_fall_when_rows_go(self, ran: Checkout, inside: Call) -> None:
        with state_of(ran) as state:
            before = totals(state.database)
        assert (before.outcomes["done"], before.outcomes["failed"]) == (1, 1)
        assert sum(before.within.values()) == 2
        inside("state", "prune", "--older", "0.001s")
        assert history(ran) == []
        with state_of(ran) as state:
            after = totals(state.database)
        assert after.outcomes == before.outcomes
        assert after.within == before.within
        assert after.seconds == pytest.approx(before.seconds, abs=0.01)
        inside("run", code=1)
        with state_of(ran) as state:
            assert totals(state.database).outcomes["failed"] == 2


def test_all_below_the_folder_may_be_deleted_and_git_gives_the_truth_back(
    ran: Checkout, inside: Call
) -> None:
    inside("done", "three", "--commit")
    inside("reopen", "one", "--commit")
    inside("run", "one")
    asked = (("list", "--all", "--json"), ("log", "--json"), ("check", "--proof"), ("next", "--json"))
    before = [told_by_git(inside(*call, code=None)) for call in asked]
    head = ran.git("rev-parse", "HEAD")
    for path in sorted(folder(ran).rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert os.listdir(folder(ran)) == []
    assert [told_by_git(inside(*call, code=None)) for call in asked] == before
    inside("run", code=1)  # two fails once more; one, which is proven, does not run
    assert ran.git("log", "--format=%s", f"{head}..") == "todo: failed: two"
    assert ("one", "done") in history(ran)
