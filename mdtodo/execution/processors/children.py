"""The children of a pool process: those that lead what it carries out now, and what such have orphaned."""

from __future__ import annotations

import os
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.execution.processors import process_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import psutil


class End(NamedTuple):
    """How a process ended, -N for signal N, and when it was seen to."""

    exit_code: int
    moment: float


class Children:
    """Collects what ends, for all attempts of this process, as nobody else can collect what a subreaper has adopted."""

    __slots__ = ("_alone", "_ends", "_leaders")

    def __init__(self) -> None:
        self._leaders: dict[int, Mapping[str, str]] = {}
        self._ends: dict[int, End] = {}
        self._alone = 0

    def add(self, leader: int, marks: Mapping[str, str]) -> None:
        """A process leads an attempt; all that it starts has the `marks` in its environment, if it has not left them
        out on purpose."""
        self._alone = 0 if self._leaders else leader
        self._leaders[leader] = marks

    def forget(self, leader: int) -> None:
        """Its attempt is over."""
        self._leaders.pop(leader, None)
        self._ends.pop(leader, None)

    def end_of(self, leader: int) -> End | None:
        """How it ended, if it has."""
        self._collect()
        return self._ends.get(leader)

    def orphans(self) -> tuple[psutil.Process, ...]:
        """The daemons that attempts left to this process."""
        if not self._collect():
            # the usual case, which needs no psutil (25 ms to import)
            return ()
        if self._leaders and _pids() == self._leaders.keys() - self._ends.keys():
            return ()
        return tuple(one for one in process_tree.children(recursive=False) if one.pid not in self._leaders)

    def descendants(self, leader: int, spared: Iterable[psutil.Process]) -> list[psutil.Process]:
        """All that lives of an attempt, without the spared processes and theirs. What has been alone in this process
        has started all else; of several, each has what is below its leader, in its session, or bears its marks."""
        others = [pid for pid in self._leaders if pid != leader]
        left = process_tree.descendants((*spared, *process_tree.processes(others)))
        if self._alone == leader or not left:
            return left
        below = process_tree.processes([leader])
        marks = self._leaders.get(leader, {})
        below += [one for one in left if process_tree.is_of(one, leader, marks)]
        family = set(below).union(*(process_tree.children(one) for one in below))
        return [one for one in left if one in family]

    def _collect(self) -> bool:
        """Wait for whatever has ended; whether any child is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid in self._leaders:
                self._ends[pid] = End(os.waitstatus_to_exitcode(status), monotonic())


def _pids() -> set[int] | None:
    """The children of this process, which has one thread; None where the system does not list them so."""
    pid = os.getpid()
    try:
        with open(f"/proc/{pid}/task/{pid}/children", "rb", buffering=0) as file:
            return set(map(int, file.read().split()))
    except (OSError, ValueError):
        return None
