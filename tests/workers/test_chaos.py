"""Clones that share nothing but a remote, killed and stopped at random: each task lands once.

And a control: the same list without claims, and landed by plain git, must show tasks that were done twice.
"""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.examples import TIMES
from tests.workers.clones import claimed, claims_of
from tests.workers.servers import served
from tests.workers.test_remote_run import RUN, Scene, Started

if TYPE_CHECKING:
    from pathlib import Path

    from tests.calls import Calls
    from tests.conftest import Checkout

CLONES, TASKS = min(6, 2 + TIMES), 12 * TIMES
SHORT = (
    'remote_lease = "6s"\n[processors.short]\nrun = \'sleep 0.2; echo "$MDTODO_TASK_TITLE" >> "$CALLS"\'\n'
)


class Chaos(Scene):
    """Clones by one way to the remote, each with somebody who starts `mdtodo run` there until all is done."""

    def __init__(self, folder: Path, calls: Calls) -> None:
        super().__init__(folder, calls)
        self.todo("".join(f"- [ ] task {number} run:short\n" for number in range(TASKS)), SHORT)
        self.problems: list[str] = []
        self.signals: Counter[str] = Counter()

    def clone(self, name: str, url: str) -> Checkout:
        clone = self.remote.clone(name)
        clone.git("remote", "set-url", "origin", url)
        return clone

    @property
    def done(self) -> bool:
        return b"[ ]" not in self.remote.file()

    def together(self, clones: list[Checkout], seed: int, *, janitor: bool) -> None:
        """Work in all of them at once, under signals, until every box is ticked; then once more in peace."""
        end = time.monotonic() + 40.0 * CLONES * max(1, TIMES)
        threads = [
            threading.Thread(target=self._work, args=(clone, random.Random(seed + number), end))
            for number, clone in enumerate(clones)
        ]
        if janitor:
            threads.append(threading.Thread(target=self._remove_locks, args=(end,)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert self.done, (self.problems, self.remote.file())
        for clone in clones:
            self._finish(clone)

    def _work(self, clone: Checkout, chance: random.Random, end: float) -> None:
        while not self.done and time.monotonic() < end:
            started = self.start(clone, *RUN, "--push", "--limit", "4")
            if chance.random() < 0.8:
                time.sleep(chance.uniform(0.2, 2.0))
                self._disturb(started, chance)
            code = started.process.wait()
            if "Traceback" in started.said or code not in (0, 1, 3, -9):
                self.problems.append(f"{code}: {started.said}")

    def _disturb(self, started: Started, chance: random.Random) -> None:
        if started.process.poll() is not None:
            return
        if chance.random() < 0.6:
            self.signals["KILL"] += 1
            started.send(signal.SIGKILL)
        else:
            self.signals["STOP"] += 1
            started.send(signal.SIGSTOP)
            time.sleep(chance.choice([0.3, 8.0]))
            started.send(signal.SIGCONT)

    def _remove_locks(self, end: float) -> None:
        """Where a push runs on the machine of the repository, what kills it leaves its locks, which somebody must
        remove."""
        while not self.done and time.monotonic() < end:
            time.sleep(0.5)
            # folders of pushes under way come and go
            with suppress(FileNotFoundError):
                for lock in [*self.remote.path.rglob("*.lock")]:
                    if time.time() - lock.stat().st_mtime > 3.0:
                        lock.unlink()

    def _finish(self, clone: Checkout) -> None:
        for _ in range(20):
            started = self.start(clone, *RUN, "--push")
            if started.end() == 0 and not self._claims_of(clone):
                return
        raise AssertionError((started.said, claimed(self.remote)))

    def _claims_of(self, clone: Checkout) -> list[str]:
        """What it has still on the remote: an answer may have been lost at the very end."""
        own = claims_of(clone).own.clone
        texts = [self.remote.bare.git("cat-file", "-p", oid) for oid in claimed(self.remote).values()]
        return [text for text in texts if own in text]

    def check(self, clones: list[Checkout]) -> None:
        assert self.problems == []
        receipts = Counter(self.remote.receipts())
        assert len(receipts) == TASKS
        assert set(receipts.values()) == {1}, receipts
        assert len(self.called) >= TASKS
        assert len(set(self.called)) == TASKS
        assert claimed(self.remote) == {}
        for one in (self.remote.bare, *clones):
            one.git("fsck", "--strict", "--no-dangling", "--no-progress")


@pytest.mark.slow
@pytest.mark.parametrize("way", ["file", "daemon", "http"])
@pytest.mark.parametrize("seed", [1])
@pytest.mark.sample(1)
def test_under_signals_each_task_lands_once(tmp_path, calls, record_property, way, seed):
    chaos = Chaos(tmp_path, calls)
    with served(chaos.remote, way) as url:
        clones = [chaos.clone(f"clone-{number}", url) for number in range(CLONES)]
        chaos.together(clones, seed, janitor=way == "file")
        chaos.check(clones)
    record_property(
        "chaos", f"{TASKS} tasks, {len(chaos.called)} executions, {chaos.signals}, {len(chaos.pushes)} pushes"
    )


def test_without_the_guards_tasks_are_done_twice(tmp_path, calls):
    """The control of the test above: it would see what it says that there is not."""
    chaos = Chaos(tmp_path, calls)
    clones = [chaos.clone(f"clone-{number}", str(chaos.remote.path)) for number in range(CLONES)]
    runs = [chaos.start(clone, "run", "-j2") for clone in clones]
    for clone, started in zip(clones, runs, strict=True):
        assert started.end() == 0
        clone.git("fetch", "-q")
        clone.git("rebase", "-q", "--reapply-cherry-picks", "--empty=keep", "-Xtheirs", "origin/main")
        clone.git("push", "-q")
    assert chaos.done
    assert len(chaos.called) == CLONES * TASKS
    assert len(chaos.remote.receipts()) > len(set(chaos.remote.receipts())) == TASKS
