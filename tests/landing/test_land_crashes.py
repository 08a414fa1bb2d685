"""A kill at any instant costs time, never truth; and others may work on the repository at the same time."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

from mdtodo.core.task import Status
from mdtodo.git.repository import discover
from mdtodo.landing import land as land_module
from mdtodo.markdown.document import parse
from mdtodo.receipts.codec import to_text
from mdtodo.receipts.trailers import parse as parse_message

BASE = "# Plan\n\n- [ ] one\n- [ ] two\n- [ ] three\n"
DONE = BASE.replace("[ ] two", "[x] two").encode()
POINTS = ["prepared", "locked", "moved", "installed", "written"]

#: Lands receipts (JSON on standard input); kills itself at the point named in the second argument.
LANDER = """
import json, os, signal, sys
from mdtodo.landing import land
from mdtodo.git.repository import discover
from mdtodo.receipts.codec import from_text

def failpoint(point):
    if point == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)

land.failpoint = failpoint
receipts = [from_text(receipt) for receipt in json.load(sys.stdin)]
if "each" in sys.argv[3:]:
    for receipt in receipts:
        land.land(discover(sys.argv[1]), [receipt], run_id="run", patience=30.0)
else:
    land.land(discover(sys.argv[1]), receipts, run_id="run", patience=30.0)
"""


def start_lander(repo, receipts, point: str = "-", *options: str) -> subprocess.Popen[bytes]:
    import json

    process = subprocess.Popen(
        [sys.executable, "-c", LANDER, str(repo.root), point, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps([to_text(receipt) for receipt in receipts]).encode())
    process.stdin.close()
    process.stdin = None
    return process


def lander(repo, receipts, point: str = "-", *options: str) -> int:
    process = start_lander(repo, receipts, point, *options)
    _, err = process.communicate(timeout=240)
    assert process.returncode in (0, -signal.SIGKILL), err.decode()
    return process.returncode


class TestKills:
    @pytest.mark.parametrize("point", POINTS)
    @pytest.mark.sample(2)
    def test_a_kill_at_any_point_is_made_up_for(self, make_repo, receipt, sound, point):
        repo = make_repo(**{"TODO.md": BASE, "a.txt": "a\n"})
        repo.write("a.txt", "staged\n")
        repo.git("add", "a.txt")
        repo.write("a.txt", "unstaged\n")
        done = receipt(repo, "two")
        assert lander(repo, [done], point) == -signal.SIGKILL
        for version in (repo.head("TODO.md"), repo.index("TODO.md"), repo.read("TODO.md")):
            assert version in (BASE.encode(), DONE)
        assert repo.git("fsck", "--strict", "--no-dangling", "--no-progress") == ""
        landing = land_module.land(discover(str(repo.root)), [done], run_id="run")
        assert landing.ticked == {"id-two"}
        assert len(landing.commits) == (1 if point in ("prepared", "locked") else 0)
        assert repo.commits() == 2
        assert repo.head("TODO.md") == repo.index("TODO.md") == repo.read("TODO.md") == DONE
        assert repo.status() == ["MM a.txt"]
        sound(repo)


class TestOthersAtTheSameTime:
    """What a person, an editor or another run does between two steps of a landing."""

    @pytest.fixture
    def meanwhile(self, monkeypatch):
        """`meanwhile(point, action)` does something once, when the landing has come to the point."""

        def plan(point: str, action) -> list[str]:
            done: list[str] = []

            def look(now: str) -> None:
                if now == point and not done:
                    done.append(now)
                    action()

            monkeypatch.setattr(land_module, "failpoint", look)
            return done

        return plan

    def land(self, repo, *receipts):
        return land_module.land(discover(str(repo.root)), receipts, run_id="r")

    def test_a_commit_of_somebody_during_a_landing_is_kept(self, make_repo, receipt, meanwhile, sound):
        repo = make_repo(**{"TODO.md": BASE})
        done = receipt(repo, "two")
        theirs = BASE.replace("one", "ONE") + "- [ ] four\n"
        happened = meanwhile("prepared", lambda: repo.commit("Theirs", **{"TODO.md": theirs, "b": "b"}))
        landing = self.land(repo, done)
        assert happened
        assert repo.git("log", "--format=%s").splitlines() == ["todo: two", "Theirs", "Base"]
        assert len(landing.commits) == 1
        assert repo.head("TODO.md") == repo.read("TODO.md") == theirs.replace("[ ] two", "[x] two").encode()
        assert repo.status() == []
        sound(repo)

    def test_a_commit_by_plumbing_while_the_index_is_locked_is_kept(
        self, make_repo, receipt, meanwhile, sound
    ):
        repo = make_repo(**{"TODO.md": BASE})
        done = receipt(repo, "two")

        def commit_tree() -> None:
            new = repo.git("commit-tree", "-p", "HEAD", "-m", "Theirs", "HEAD^{tree}")
            repo.git("update-ref", "HEAD", new)

        happened = meanwhile("locked", commit_tree)
        self.land(repo, done)
        assert happened
        assert repo.git("log", "--format=%s").splitlines() == ["todo: two", "Theirs", "Base"]
        assert repo.status() == []
        sound(repo)

    def test_a_task_that_somebody_else_lands_meanwhile_gets_one_receipt(self, make_repo, receipt, meanwhile):
        repo = make_repo(**{"TODO.md": BASE})
        done = receipt(repo, "two")
        happened = meanwhile("prepared", lambda: lander(repo, [done]))
        landing = self.land(repo, done)
        assert happened
        assert landing.commits == ()
        assert landing.ticked == {"id-two"}
        assert repo.commits() == 2
        assert repo.status() == []

    def test_what_is_staged_during_a_landing_stays(self, make_repo, receipt, meanwhile):
        repo = make_repo(**{"TODO.md": BASE, "a": "a\n"})

        def stage() -> None:
            repo.write("a", "mine\n")
            repo.write("TODO.md", BASE.replace("three", "three, mine"))
            repo.git("add", "-A")

        happened = meanwhile("prepared", stage)
        self.land(repo, receipt(repo, "two"))
        assert happened
        assert repo.index("a") == b"mine\n"
        mine = BASE.replace("three", "three, mine").replace("[ ] two", "[x] two").encode()
        assert repo.index("TODO.md") == repo.read("TODO.md") == mine
        assert repo.head("TODO.md") == DONE
        assert repo.status() == ["M  TODO.md", "M  a"]

    @pytest.mark.parametrize("how", ["in place", "by a new file"])
    def test_a_save_of_an_editor_during_a_landing_stays(self, make_repo, receipt, meanwhile, how):
        repo = make_repo(**{"TODO.md": BASE})

        def save() -> None:
            path = repo.write("TODO.md" if how == "in place" else "new", BASE.replace("three", "saved"))
            path.rename(repo.root / "TODO.md")

        happened = meanwhile("installed", save)
        self.land(repo, receipt(repo, "two"))
        assert happened
        assert repo.read("TODO.md") == DONE.replace(b"three", b"saved")
        assert repo.head("TODO.md") == repo.index("TODO.md") == DONE

    def test_a_half_written_save_during_a_landing_is_waited_for(self, make_repo, receipt, meanwhile):
        repo = make_repo(**{"TODO.md": BASE})
        timer = threading.Timer(0.02, lambda: repo.write("TODO.md", BASE + "- [ ] saved\n"))

        def truncate() -> None:
            repo.write("TODO.md", b"")
            timer.start()

        happened = meanwhile("installed", truncate)
        landing = self.land(repo, receipt(repo, "two"))
        timer.join()
        assert happened
        assert landing.missed == ()
        assert repo.read("TODO.md") == DONE + b"- [ ] saved\n"

    def test_many_landings_at_once_land_each_task_once(self, make_repo, receipt, sound):
        """Every task gets one receipt, whoever lands it; and none is lost."""
        names = [f"task {n}" for n in range(12)]
        repo = make_repo(**{"TODO.md": "".join(f"- [ ] {name}\n" for name in names)})
        receipts = [receipt(repo, name) for name in names]
        shares = [receipts[:8], receipts[4:], receipts[::-1], receipts[::2]]
        processes = [start_lander(repo, share, "-", "each") for share in shares]
        for process in processes:
            _, err = process.communicate(timeout=240)
            assert process.returncode == 0, err.decode()
        landed = [
            trailer.task_id
            for message in repo.git("log", "--format=%B%x00").split("\0")
            for trailer in parse_message(message.strip("\n"))[1]
        ]
        assert sorted(landed) == sorted(receipt.task_id for receipt in receipts)
        assert all(item.status is Status.DONE for item in parse(repo.read("TODO.md")).items)
        assert repo.status() == []
        sound(repo)

    def test_a_person_who_stages_all_the_time_loses_nothing(self, make_repo, receipt, sound):
        names = [f"task {n}" for n in range(8)]
        repo = make_repo(**{"TODO.md": "".join(f"- [ ] {name}\n" for name in names), "mine": "0\n"})
        process = start_lander(repo, [receipt(repo, name) for name in names], "-", "each")
        staged = 0
        while process.poll() is None:
            repo.write("mine", f"{staged + 1}\n")
            if repo.git("add", "mine", check=False) == "" and not (repo.root / ".git/index.lock").exists():
                staged += 1
        assert process.communicate()[1] == b""
        assert process.returncode == 0
        repo.git("add", "mine")
        assert staged > 0
        assert repo.index("mine") == repo.read("mine")
        assert repo.head("mine") == b"0\n"
        assert repo.commits() == 9
        assert repo.status() == ["M  mine"]
        sound(repo)
