"""Workers as processes of their own, in one repository, and what came of each task."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.conftest import Checkout

#: `once` waits for a file the first time, and is quick the second time; `calls` has a line for each that began.
CONFIG = """\
[processors.ok]
run = 'echo "$MDTODO_TASK_TITLE" >> ../calls'
[processors.fails]
run = 'echo "$MDTODO_TASK_TITLE" >> ../calls; exit 1'
[processors.waits]
run = 'echo "$MDTODO_TASK_TITLE" >> ../calls; cat ../gate'
[processors.once]
run = 'echo "$MDTODO_TASK_TITLE" >> ../calls; mkdir ../first 2>/dev/null || exit 0; echo $$ > ../first/pid; exec sleep 600'
[processors.alone]
run = 'echo "$MDTODO_TASK_TITLE" >> ../calls; mkdir ../lane || exit 1; sleep 0.05; rmdir ../lane'
"""


class Call:
    """A call of `mdtodo` that goes on."""

    def __init__(self, root: Path, *args: str, prefix: Sequence[str] = (), **env: str) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "mdtodo", *args],
            cwd=root,
            env=os.environ | env,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            start_new_session=True,
        )

    def close(self) -> None:
        self._errors.close()

    @property
    def said(self) -> str:
        """What it has said on standard error until now."""
        size = os.fstat(self._errors.fileno()).st_size
        return os.pread(self._errors.fileno(), size, 0).decode()

    def end(self, code: int | None = 0) -> str:
        """The same, when it is over with this exit code."""
        self.process.wait(timeout=200)
        assert "bug in mdtodo" not in self.said, self.said
        if code is not None:
            assert self.process.returncode == code, self.said
        return self.said


@pytest.fixture
def start() -> Iterator[Callable[..., Call]]:
    """`start(root, "worker", …)`: a call that is over when the test is."""
    calls: list[Call] = []

    def begin(root: Path, *args: str, prefix: Sequence[str] = (), **env: str) -> Call:
        calls.append(Call(root, *args, prefix=prefix, **env))
        return calls[-1]

    yield begin
    for call in calls:
        if call.process.poll() is None:
            call.process.kill()
            call.process.wait()
        call.close()


@pytest.fixture
def shared(repo: Checkout) -> Callable[..., Checkout]:
    """The repository with these tasks, and with `CONFIG` below `config`."""

    def made(todo: str, config: str = "") -> Checkout:
        repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": f"{config}\n{CONFIG}"})
        return repo

    return made


def calls(repo: Checkout) -> Counter[str]:
    """How often each task was begun."""
    path = repo.root.parent / "calls"
    return Counter(path.read_text().splitlines() if path.exists() else ())


def receipts(repo: Checkout, revision: str = "HEAD") -> Counter[tuple[str, str]]:
    """How many receipts there are, by task and outcome."""
    text = repo.git("log", "--format=%B", revision)
    return Counter(re.findall(r"^Mdtodo-Task: (\S+) (\S+)", text, re.MULTILINE))
