"""A memory that could not be written, or only half of it, never changes what is said: it costs time alone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mdtodo.project.cache.work_tree_ids import CACHE_FROM_FILES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Checkout, MakeRepo

#: The program where no file gets longer than so many bytes, after which writing fails, or else kills it.
LIMITED = """
import resource, signal, sys
limit, handler, *words = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
signal.signal(signal.SIGXFSZ, getattr(signal, handler))
from mdtodo.cli import main
main(words)
"""
COMMANDS = ("list", "check")


@pytest.fixture
def many(make_repo: MakeRepo) -> Checkout:
    """As many files as are remembered, written long ago; some tasks wait for others, one for nothing that is there."""
    texts = {
        f"d{number}/TODO.md": f"- [ ] Task {number} id:t{number} after:t{number + 1}\n- [ ] Another\n"
        for number in range(CACHE_FROM_FILES)
    }
    repo = make_repo(**texts)
    for path in repo.root.glob("*/TODO.md"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return repo


def run(repo: Checkout, *program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *program], cwd=repo.root, capture_output=True, text=True, check=False
    )


def said(repo: Checkout, command: str) -> tuple[int, str, str]:
    found = run(repo, "-m", "mdtodo", command)
    return found.returncode, found.stdout, found.stderr


def forget(repo: Checkout) -> None:
    shutil.rmtree(repo.root / ".git/mdtodo", ignore_errors=True)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_program_that_is_killed_while_it_writes_leaves_nothing_that_counts(
    many: Checkout, command: str
) -> None:
    expected = said(many, command)
    for limit in (1, 7_000):
        forget(many)
        killed = run(many, "-c", LIMITED, str(limit), "SIG_DFL", command)
        assert killed.returncode == -signal.SIGXFSZ, killed
        assert said(many, command) == expected
    assert said(many, command) == expected


@pytest.mark.parametrize("command", COMMANDS)
def test_where_writing_fails_the_answer_is_the_same(many: Checkout, command: str) -> None:
    expected = said(many, command)
    forget(many)
    for _ in range(2):
        found = run(many, "-c", LIMITED, "700", "SIG_IGN", command)
        assert (found.returncode, found.stdout, found.stderr) == expected
    kept = [path for path in (many.root / ".git/mdtodo").rglob("*") if path.is_file()]
    assert not [path for path in kept if path.stat().st_size >= 700]


@pytest.fixture
def full_disk(many: Checkout) -> Iterator[Path]:
    """Where the memory is, a file system without room."""
    forget(many)
    folder = many.root / ".git/mdtodo"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount")
    try:
        with pytest.raises(OSError, match="space"):
            (folder / "filler").write_bytes(b"x" * (1 << 16))
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_on_a_full_disk_the_answer_is_the_same(many: Checkout, full_disk: Path) -> None:
    found = {command: said(many, command) for command in COMMANDS}
    assert [*full_disk.rglob("*.md")] == []
    elsewhere = many.root.parent / "again"
    many.git("clone", "-q", str(many.root), str(elsewhere))
    for command, expected in found.items():
        again = subprocess.run(
            [sys.executable, "-m", "mdtodo", command],
            cwd=elsewhere,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (again.returncode, again.stdout, again.stderr) == expected
