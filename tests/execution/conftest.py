"""A real pool, real processes, and a way to wait for what they do, with a deadline."""

from __future__ import annotations

import os
import time
from itertools import count
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from mdtodo.execution.local.pool import LocalPool
from tests.processes import DEADLINE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mdtodo.core.results import Result
    from mdtodo.execution.executor import AttemptEvent

_NAMES = count()


class Bench:
    """A pool with a folder: makes specs, submits them, waits for their ends."""

    def __init__(self, pool: LocalPool, folder: Path) -> None:
        self.pool = pool
        self.folder = folder
        self.events: list[AttemptEvent] = []
        self._count = 0
        self._name = f"{os.getpid()}-{next(_NAMES)}"

    def spec(self, run: str | list[str] | None = None, **more: Any) -> dict[str, Any]:
        """A spec with what a test does not care about filled in."""
        self._count += 1
        spec = {
            "attempt": f"run{self._name}/t{self._count}/1",
            "kind": "python" if "python" in more else "command",
            "run": run,
            "python": None,
            "cwd": str(self.folder),
            "env": {
                "MDTODO_TASK_ID": f"t{self._count}",
                "MDTODO_RUN_ID": f"run{self._name}",
                "MDTODO_ATTEMPT": "1",
            },
            "task": {"id": f"t{self._count}", "title": "Title", "body": ""},
            "timeout": 60.0,
            "grace": 1.0,
            "log": str(self.folder / "logs" / f"{self._count}.log"),
        }
        return spec | more | {"env": spec["env"] | more.get("env", {})}

    def start(self, run: str | list[str] | None = None, **more: Any) -> str:
        """Submit; the attempt's id."""
        spec = self.spec(run, **more)
        self.pool.submit(spec)
        return str(spec["attempt"])

    def wait(self, attempt: str, kind: str = "end") -> AttemptEvent:
        """The attempt's first event of a kind, or its end."""
        end = time.monotonic() + DEADLINE
        while True:
            for event in self.events:
                if event.attempt == attempt and (event.ends if kind == "end" else event.kind == kind):
                    return event
            assert time.monotonic() < end, f"no {kind} of {attempt}: {self.events}"
            self.events += self.pool.events(max(0.0, end - time.monotonic()))

    def ended(self, attempt: str) -> Result:
        """The attempt's result."""
        result = self.wait(attempt).result
        assert result is not None
        return result

    def do(self, run: str | list[str] | None = None, **more: Any) -> Result:
        """Submit and wait; the result of an attempt that finished."""
        event = self.wait(self.start(run, **more))
        assert event.kind == "finished", event
        assert event.result is not None
        return event.result

    def do_until(self, text: str, run: str | list[str], *, timeout: float, grace: float) -> Result:
        """`do` with times that a busy machine gets more of, until the output has `text`."""
        for patience in (1, 4, 16, 48):
            result = self.do(run, timeout=timeout * patience, grace=grace * patience)
            if text in result.tail:
                break
        return result

    def log(self, number: int | None = None) -> bytes:
        """The log of the last attempt, or of one by its number; there is none where nothing was written."""
        path = self.folder / "logs" / f"{number or self._count}.log"
        return path.read_bytes() if path.exists() else b""

    def worker(self, pid: int) -> int:
        """The pool process that watches over a command's leader."""
        return psutil.Process(pid).ppid()


@pytest.fixture(scope="module")
def shared_pool() -> Iterator[LocalPool]:
    """One pool for the tests of a module that do not end it."""
    with LocalPool(2) as pool:
        yield pool


@pytest.fixture
def bench(shared_pool: LocalPool, tmp_path: Path) -> Bench:
    """A bench on the shared pool."""
    return Bench(shared_pool, tmp_path)


@pytest.fixture
def own_bench(tmp_path: Path) -> Iterator[Bench]:
    """A bench on a pool of its own, of two processes."""
    with LocalPool(2) as pool:
        yield Bench(pool, tmp_path)


def zombies() -> set[psutil.Process]:
    """Children of this process that have ended, and that nobody has waited for."""
    return {child for child in psutil.Process().children() if child.status() == psutil.STATUS_ZOMBIE}


@pytest.fixture(autouse=True)
def no_children_left() -> Iterator[None]:
    """No test may leave a zombie; one that a test elsewhere has left is not its fault."""
    before = set(psutil.Process().children())
    yield
    left = zombies() - before
    assert not left, f"{left} of {os.getpid()}"
