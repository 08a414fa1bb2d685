"""Whose turn it is to write outputs: attempts of several runs in one work tree that may write the same files run one
after the other, as those of one run do."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mdtodo.storage.state import folder
from mdtodo.system.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from mdtodo.git.repository import Repository
    from mdtodo.run.ready_queue import ReadyQueue


class OutputTurns:
    """The turns of one run: one for the processors that may write the same files, also by way of a third one.

    The system gives them back when this process ends.
    """

    def __init__(self, repo: Repository, conflicts: Mapping[str, Collection[str]]) -> None:
        # each work tree has files of its own
        self._place = os.path.join(folder(repo), f"outputs-{os.stat(repo.git_dir).st_ino}")
        self._group_of = _groups(conflicts)
        self._held: dict[str, Turn] = {}

    def take(self, processor: str) -> bool:
        """Whether an attempt of this processor may begin now; False while one of another run may write the same."""
        group = self._group_of.get(processor)
        if group is None or group in self._held:
            return True
        turn = Turn(f"{self._place}-{_digest(group)}.turn")
        try:
            taken = turn.take()
        except OSError:  # a full disk is no reason not to run: whose a file is, is looked at all the same
            return True
        if taken:
            self._held[group] = turn
        return taken

    def keep(self, processors: Collection[str]) -> None:
        """Attempts of these alone run still: give back what others may wait for."""
        for group in self._held.keys() - {self._group_of.get(name) for name in processors}:
            self._held.pop(group).give_back()


@contextmanager
def output_turns(queue: ReadyQueue, repo: Repository) -> Iterator[None]:
    """Let the queue heed the turns of other runs, and give its own back at the end."""
    if not queue.output_conflicts:
        yield
        return
    queue.turns = turns = OutputTurns(repo, queue.output_conflicts)
    try:
        yield
    finally:
        turns.keep(())


def _groups(conflicts: Mapping[str, Collection[str]]) -> dict[str, str]:
    """By processor, the first name of those that hang together."""
    found: dict[str, str] = {}
    for first in sorted(conflicts):
        waiting = [first]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = first
                waiting += conflicts[name]
    return found


def _digest(name: str) -> str:
    from hashlib import sha256

    return sha256(name.encode(), usedforsecurity=False).hexdigest()[:12]
