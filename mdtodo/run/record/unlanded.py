"""What a run has in the journal and has yet to land, and what the workers of its work tree land for each other."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from mdtodo.core.receipt import DIRTY
from mdtodo.landing.policy import elsewhere

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from dataclasses import dataclass

    from mdtodo.core.receipt import Receipt
    from mdtodo.git.repository import Repository
    from mdtodo.storage.rows import Entry
    from mdtodo.storage.state import StateStore
else:
    from mdtodo.core.light.dataclasses import dataclass


@dataclass(slots=True, eq=False, repr=False)
class Unlanded:
    """The `entries` of one run, each a receipt with its number in the journal, oldest first. `work_tree` is where its
    workers land what all of them have; None where a run lands its own alone."""

    repo: Repository
    state: StateStore
    run_id: str
    work_tree: str | None = None
    entries: list[Entry] = field(default_factory=list)

    @property
    def receipts(self) -> list[Receipt]:
        """Those of the entries, in their order."""
        return [receipt for _, receipt in self.entries]

    def discard(self, tasks: Collection[str]) -> None:
        """Forget what these came to, in the journal too."""
        self.state.discard(number for number, one in self.entries if one.task_id in tasks)
        self.keep(lambda _, one: one.task_id not in tasks)

    def keep(self, stays: Callable[[int, Receipt], bool]) -> None:
        """Keep those of the entries alone that stay."""
        self.entries = [entry for entry in self.entries if stays(*entry)]

    def mark_late(self, late: Collection[str]) -> None:
        """Have the journal say of these tasks that they were of other content than HEAD's: another worker may land
        them."""
        if self.work_tree is None or not late:
            return
        changed = {
            number: one._replace(tree=DIRTY)
            for number, one in self.entries
            if one.task_id in late and one.tree not in (None, DIRTY)
        }
        self.state.replace_receipts(changed)
        self.entries = [(number, changed.get(number, one)) for number, one in self.entries]

    def landed_by_others(self) -> tuple[list[str], list[str]]:
        """The tasks of which another worker of this work tree has landed what was owed, which count no more among the
        entries; and the commits that it made."""
        if self.work_tree is None or not self.entries:
            return [], []
        landed = self.state.landed_among([number for number, _ in self.entries])
        gone = [receipt.task_id for number, receipt in self.entries if number in landed]
        self.keep(lambda number, _: number not in landed)
        return gone, list(dict.fromkeys(made for made in landed.values() if made))

    def of_others(self, own: Sequence[Entry]) -> dict[str, list[Entry]]:
        """What other workers of this work tree have yet to land, by their runs: it costs little more to land it with
        `own` ones now, and each landing costs all of them a look at the files."""
        if self.work_tree is None:
            return {}
        seen = {receipt.task_id for _, receipt in own}
        found: dict[str, list[Entry]] = {}
        for run, entries in self.state.waiting_in(self.work_tree, without=self.run_id).items():
            tasks = {receipt.task_id for _, receipt in entries}
            if seen.isdisjoint(tasks) and elsewhere(self.repo, self.state, run) is None:
                found[run] = entries
                seen |= tasks
        return found
