"""What killed processes of ours left is taken away, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from mdtodo.git.repository import discover
from mdtodo.landing import land as land_module
from mdtodo.landing.leftovers import remove_leftovers
from tests.landing.test_land_crashes import BASE, lander


def test_the_lock_of_a_dead_process_of_ours_is_taken_away(make_repo, receipt):
    repo = make_repo(**{"TODO.md": BASE})
    assert lander(repo, [receipt(repo, "two")], "locked") == -signal.SIGKILL
    assert (repo.root / ".git/index.lock").exists()
    sentences = remove_leftovers(discover(str(repo.root)))
    assert not (repo.root / ".git/index.lock").exists()
    assert "index.lock" in sentences[0]
    assert repo.git("status", "--porcelain") == ""


def test_a_lock_of_another_program_is_not_taken_away(make_repo, receipt):
    repo = make_repo(**{"TODO.md": BASE})
    assert lander(repo, [receipt(repo, "two")], "prepared") == -signal.SIGKILL
    lock = repo.root / ".git/index.lock"
    lock.write_bytes((repo.root / ".git/index").read_bytes())
    remove_leftovers(discover(str(repo.root)))
    assert lock.exists()
    assert not [name for name in os.listdir(repo.root / ".git") if "mdtodo-" in name]


@pytest.mark.parametrize("content", [b"DIRC of another git", b"index.mdtodo-of-another.held", b""])
def test_a_lock_that_another_program_took_since_is_not_taken_away(make_repo, receipt, content: bytes):
    """The dead process still has the file by which its lock is told, but the lock is not its own any more. git writes
    into its lock at the end, which may be long after it has taken it."""
    repo = make_repo(**{"TODO.md": BASE})
    assert lander(repo, [receipt(repo, "two")], "locked") == -signal.SIGKILL
    lock = repo.root / ".git/index.lock"
    lock.unlink()
    lock.write_bytes(content)
    assert [name for name in os.listdir(repo.root / ".git") if name.endswith(".held")]
    remove_leftovers(discover(str(repo.root)))
    assert lock.read_bytes() == content
    assert not [name for name in os.listdir(repo.root / ".git") if "mdtodo-" in name]


def test_a_lock_of_a_living_process_of_ours_is_not_taken_away(make_repo, receipt, monkeypatch):
    repo = make_repo(**{"TODO.md": BASE})
    seen = []

    def look(point: str) -> None:
        if point == "locked":
            remove_leftovers(discover(str(repo.root)))
            seen.append((repo.root / ".git/index.lock").exists())

    monkeypatch.setattr(land_module, "failpoint", look)
    land_module.land(discover(str(repo.root)), [receipt(repo, "two")], run_id="r")
    assert seen == [True]


def test_a_half_written_file_beside_the_todo_file_is_swept(make_repo, receipt):
    repo = make_repo(**{"TODO.md": BASE})
    gone = subprocess.run(
        [
            sys.executable,
            "-c",
            "from mdtodo.system import process_identity; print(process_identity.current())",
        ],
        capture_output=True,
        check=True,
        text=True,
    ).stdout.strip()
    repo.write(f".TODO.md.mdtodo-{gone}", "half")
    repo.write(".TODO.md.mdtodo-something-else", "a person's")
    land_module.land(discover(str(repo.root)), [receipt(repo, "two")], run_id="r")
    assert repo.status() == ["?? .TODO.md.mdtodo-something-else"]
