"""Clones that are kept: who has which, what is taken back, and where they are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mdtodo.clones import slots
from mdtodo.clones.slots import prune, slot, slots_folder
from mdtodo.clones.source import CloneSource, read_source
from mdtodo.errors import MdtodoError
from mdtodo.git.repository import discover
from tests.processes import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Checkout

#: Takes a clone, says which, and keeps it until standard input ends.
_HOLD = """
import sys
from mdtodo.clones.slots import slot
from mdtodo.clones.source import CloneSource
source = CloneSource(*sys.argv[1:3])
with slot(source) as mine:
    mine.show(source, sys.argv[3])
    open(mine.tree + "/mine", "w").write("x")
    print(mine.folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def source(make_repo: Callable[..., Checkout], cache: Path) -> CloneSource:
    return read_source(discover(str(make_repo(**{"a.txt": "a\n"}).root)))


def head(source: CloneSource) -> str:
    out = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=source.root, capture_output=True, check=True, text=True
    )
    return out.stdout.strip()


def hold(source: CloneSource) -> tuple[subprocess.Popen[str], str]:
    args = [sys.executable, "-c", _HOLD, source.common_dir, source.root, head(source)]
    process = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def end(process: subprocess.Popen[str], number: int | None = None) -> None:
    if number is not None:
        process.send_signal(number)
    process.communicate()


def test_two_processes_at_once_have_clones_of_their_own_and_the_first_free_one_is_used_again(
    source: CloneSource,
) -> None:
    holders = [hold(source) for _ in range(4)]
    assert len({folder for _, folder in holders}) == 4
    for process, folder in holders:
        assert (Path(folder) / "tree/mine").exists()
        end(process)
    with slot(source) as mine:
        assert os.path.basename(mine.folder) == "0"


def test_a_clone_whose_holder_was_killed_is_taken_back(source: CloneSource) -> None:
    process, folder = hold(source)
    end(process, signal.SIGKILL)
    (Path(folder) / "git/index.lock").touch()
    with slot(source) as mine:
        mine.show(source, head(source))
        assert mine.folder == folder
        assert sorted(os.listdir(mine.tree)) == [".git", "a.txt"]


def test_what_a_killed_holder_left_running_does_not_keep_the_clone(source: CloneSource) -> None:
    """The lock is not inherited by what it starts."""
    with slot(source) as mine, subprocess.Popen(["sleep", "60"]) as left:
        folder = mine.folder
        try:
            holders = [hold(source)]
            assert holders[0][1] != folder
        finally:
            end(holders[0][0])
        descriptors = {
            os.path.realpath(f"/proc/{left.pid}/fd/{name}") for name in os.listdir(f"/proc/{left.pid}/fd")
        }
        left.kill()
    assert f"{folder}/lock" not in descriptors


def test_a_folder_without_locks_is_an_error_and_not_a_thousand_clones(
    source: CloneSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(slots.fcntl, "flock", refuse)
    with pytest.raises(OSError, match="No locks available"), slot(source):
        pass
    assert os.listdir(slots_folder(source)) == ["0"]


def test_clones_never_stand_below_the_checkout(
    source: CloneSource, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    outside = slots_folder(source)
    assert outside.startswith(str(tmp_path / "cache"))
    for inside in (f"{source.root}/cache", source.root, f"{source.common_dir}/x"):
        monkeypatch.setenv("XDG_CACHE_HOME", inside)
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
        assert slots_folder(source).startswith(str(tmp_path / "tmp"))
        monkeypatch.setattr("tempfile.tempdir", inside)
        with pytest.raises(MdtodoError, match="cannot be made below the checkout"):
            slots_folder(source)


def test_a_link_to_below_the_checkout_is_seen(
    source: CloneSource, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "cache").symlink_to(source.root)
    assert not slots_folder(source).startswith(source.root)


def test_free_clones_beyond_the_number_or_the_size_are_removed(source: CloneSource) -> None:
    holders = [hold(source) for _ in range(3)]
    for process, _ in holders[1:]:
        end(process)
    folder = slots_folder(source)
    prune(source, 2, size=1 << 30)
    assert sorted(os.listdir(folder)) == ["0", "1", "repository"]
    prune(source, 2, size=0)
    assert sorted(os.listdir(folder)) == ["0", "repository"], "that which somebody has stays"
    end(holders[0][0])
    prune(source, 2, size=0)
    assert os.listdir(folder) == ["repository"]


def test_a_clone_that_nobody_uses_for_long_is_removed(source: CloneSource) -> None:
    process, folder = hold(source)
    end(process)
    os.utime(f"{folder}/lock", (1e9, 1e9))
    prune(source, 2, size=1 << 30)
    assert not os.path.exists(folder)


@pytest.mark.parametrize("name", [b"plain", b"latin\xe9", b"new\nline"])
def test_clones_of_a_repository_that_is_gone_are_removed(
    source: CloneSource, tmp_path: Path, name: bytes
) -> None:
    root = os.fsdecode(os.fsencode(tmp_path) + b"/" + name)
    subprocess.run(["git", "clone", "-q", source.root, root], check=True)
    other = read_source(discover(root))
    process, folder = hold(other)
    end(process)
    prune(other, 1, size=1 << 30)
    prune(source, 1, size=1 << 30)
    assert os.path.exists(folder)
    os.rename(root, f"{root}-moved")
    prune(source, 1, size=1 << 30)
    assert not os.path.exists(os.path.dirname(folder))


def test_a_full_or_read_only_cache_folder_is_an_os_error(source: CloneSource, cache: Path) -> None:
    (cache / "mdtodo").mkdir(parents=True)
    (cache / "mdtodo/clones").write_text("a file")
    with pytest.raises(OSError, match="clones"), slot(source):
        pass


def test_no_clone_is_shared_by_two_while_clones_are_removed(source: CloneSource) -> None:
    """Taken and removed at once, many times over."""
    code = (
        "import sys; from mdtodo.clones.slots import *; from mdtodo.clones.source import CloneSource\n"
        "source = CloneSource(*sys.argv[1:3])\n"
        "import os\n"
        "for _ in range(40):\n"
        "    with slot(source) as mine:\n"
        "        os.mkdir(mine.folder + '/only-one'); os.rmdir(mine.folder + '/only-one')\n"
        "    prune(source, 0, size=0)\n"
    )
    args = [sys.executable, "-c", code, source.common_dir, source.root]
    many = [subprocess.Popen(args, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    assert [process.communicate()[1] for process in many] == [""] * 4
    eventually(lambda: all(process.returncode == 0 for process in many))
