"""Random histories of TODO files in real repositories, and a comparison of what is named in them with what is true."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.proof import edit_operations as edit
from tests.proof import graph_operations as graph
from tests.proof import tick_operations as tick
from tests.proof.history import History, start

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from tests.proof.truth import Verdict


def side_work(history: History) -> None:
    """A branch on which some things happen, and main again, where something may happen too."""
    if len(history.branches) > 3:
        return
    graph.fork(history)
    work = [
        tick.run,
        tick.run,
        tick.run_and_fail,
        tick.person,
        tick.hand,
        tick.reopen,
        edit.edit,
        edit.reword,
    ]
    for choice in history.chance.choices(work, k=history.chance.randint(1, 4)):
        choice(history)
    history.on = "main"
    history.chance.choice([edit.edit, edit.reword, tick.run, tick.undo])(history)


#: How often each operation is chosen.
OPERATIONS: Mapping[Callable[[History], object], int] = {
    tick.run: 16,
    tick.run_and_fail: 3,
    tick.person: 4,
    tick.hand: 3,
    tick.receipt_in_persons_commit: 4,
    tick.receipt_follows: 3,
    tick.reopen: 2,
    tick.reopen_by_hand: 1,
    tick.hand_again: 2,
    tick.undo: 2,
    tick.accept: 0,
    tick.receipt_of_another: 2,
    tick.receipt_copied: 1,
    tick.receipt_in_prose: 1,
    tick.receipt_of_another_kind: 1,
    edit.edit: 14,
    edit.reword: 4,
    edit.several_edits: 2,
    edit.other_words: 1,
    edit.add_ticked: 1,
    edit.copy_ticked: 1,
    edit.add_again: 2,
    edit.change_run: 1,
    edit.tick_without_run: 1,
    edit.add_run: 1,
    edit.forget_processor: 1,
    side_work: 6,
    graph.fork: 2,
    graph.switch: 4,
    graph.merge: 6,
    graph.revert: 2,
    graph.revert_twice: 1,
    graph.cherry_pick: 6,
    graph.rebase: 2,
    graph.squash: 8,
    graph.amend: 4,
}

Place = tuple[str, int]


def make(root: Path, seed: int, operations: int = 45, *, linear: bool = False) -> History:
    """The repository at `root`, with `main` checked out. The same seed makes the same commits. `linear`: no branches."""
    history = History(root, seed)
    start(history)
    weights = {
        choice: 0 if linear and choice in (graph.fork, side_work) else weight
        for choice, weight in OPERATIONS.items()
    }
    for choice in history.chance.choices(list(weights), list(weights.values()), k=operations):
        choice(history)
    history.on = "main"
    graph.merge(history)
    # a history that ends in an acceptance has nothing else to show, so it comes now and then only
    if seed % 10 == 9:
        tick.accept(history)
        for choice in (tick.run, tick.hand, edit.edit):
            choice(history)
    history.importer.close(history.tip.oid)
    return history


def truth_of(history: History) -> dict[Place, Verdict]:
    """Of each tick that is to be proven, by file and line, at the end."""
    places = history.version.places()
    return {places[uid]: verdict for uid, verdict in history.truth.verdicts(history.tip.number).items()}


@dataclass
class Comparison:
    """Of one history or several: ticks in all, and what was wrong about them, by kind and by place."""

    proven: int = 0
    forged: int = 0
    false_alarms: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    named_in_doubt: Counter[str] = field(default_factory=Counter)
    passed_in_doubt: Counter[str] = field(default_factory=Counter)
    unknown: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, truth: Mapping[Place, Verdict], named: Collection[Place], where: str = "") -> None:
        """One history; `named` are the ticks that were called unproven."""
        self.unknown += len(set(named) - set(truth))
        for place, verdict in truth.items():
            self._add(verdict, place in named, f"{where} {place[0]}:{place[1]}")
        for place in set(named) - set(truth):
            self.wrong.append(f"{where} {place[0]}:{place[1]}: named, and nothing is to be proven")

    def _add(self, verdict: Verdict, named: bool, where: str) -> None:
        if verdict.proven is None:
            (self.named_in_doubt if named else self.passed_in_doubt)[verdict.kind] += 1
            return
        self.proven += verdict.proven
        self.forged += not verdict.proven
        if named is verdict.proven:
            (self.false_alarms if named else self.missed)[verdict.kind] += 1
            what = "false alarm" if named else "missed"
            self.wrong.append(f"{where}: {what}: {verdict.kind} (by {sorted(verdict.origins)})")

    def __str__(self) -> str:
        return "\n".join(
            [
                f"{self.false_alarms.total()} false alarms of {self.proven} proven: {_kinds(self.false_alarms)}",
                f"{self.missed.total()} missed of {self.forged} forged: {_kinds(self.missed)}",
                f"in doubt, named: {_kinds(self.named_in_doubt)}",
                f"in doubt, passed over: {_kinds(self.passed_in_doubt)}",
                f"named without anything to prove: {self.unknown}",
            ]
        )


def _kinds(counted: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in counted.most_common())
