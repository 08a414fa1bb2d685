"""What is on the disk before what, as the kernel is asked for it: seen with strace(1)."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.tools import lacking, require

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Checkout

pytestmark = pytest.mark.tools

CALLS = "fsync,fdatasync,rename,renameat,renameat2,link,execve"


@pytest.fixture
def asked(make_repo: Callable[..., Checkout], request: pytest.FixtureRequest) -> list[str]:
    """The calls of a run that ticks one task, in their order: `name(arguments)`."""
    strace = require("strace", version="-V")
    config = f'{request.param}\n[processors.ok]\nrun = "true"\n'
    repo = make_repo(**{"TODO.md": "- [ ] one run:ok\n", ".mdtodo.toml": config})
    trace = repo.root.parent / "trace"
    command = [
        str(strace),
        "-f",
        "-y",
        "-o",
        str(trace),
        "-e",
        f"trace={CALLS}",
        sys.executable,
        "-m",
        "mdtodo",
        "run",
    ]
    done = subprocess.run(command, cwd=repo.root, capture_output=True, text=True, check=False)
    if "ptrace" in done.stderr:
        lacking("strace may not trace here")
    assert done.returncode == 0, done.stderr
    lines = trace.read_text(errors="replace").splitlines()
    return [re.sub(r"^\d+ +", "", line) for line in lines if " = 0" in line]


def first(asked: list[str], *patterns: str) -> int:
    """Where the first call is that fits all of these."""
    found = [at for at, line in enumerate(asked) if all(re.search(pattern, line) for pattern in patterns)]
    assert found, (patterns, asked)
    return found[0]


@pytest.mark.parametrize("asked", ["stamp = true"], indirect=True)
def test_the_journal_is_on_the_disk_before_head_moves_and_the_file_before_it_takes_its_name(
    asked: list[str],
) -> None:
    ran = first(asked, r"^execve\(.*\"true\"")
    journal = first(asked[ran:], r"^f(data)?sync", r"state\.db-wal") + ran
    head = first(asked, r"^rename", r"refs/heads/main\.lock")
    content = first(asked, r"^fsync", r"\.TODO\.md\.mdtodo-")
    named = first(asked, r"^rename", r"\.TODO\.md\.mdtodo-")
    folder = first(asked[named:], r"^fsync", r"/repo>") + named
    assert journal < head < content < named < folder


@pytest.mark.parametrize("asked", [""], indirect=True)
def test_a_tick_that_is_written_in_its_place_is_on_the_disk(asked: list[str]) -> None:
    head = first(asked, r"^rename", r"refs/heads/main\.lock")
    assert head < first(asked, r"^fsync", r"/repo/TODO\.md>")
