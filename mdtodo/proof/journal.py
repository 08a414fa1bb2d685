"""Proofs that no commit carries yet: receipts in this clone's journal, of ticks that the history does not prove.

A receipt counts for the very task that it is of, as long as nothing has ended it: no later receipt of the task, no
commit that HEAD reaches and that carries it (then the history has judged it already), and no commit since that opened
the box.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.archive_paths import is_archive
from mdtodo.core.task import Status
from mdtodo.errors import MdtodoError
from mdtodo.git.true_history import resolve
from mdtodo.markdown.keys.read import read_keys
from mdtodo.markdown.task_index import TaskIndex, Unclear
from mdtodo.proof.evidence import NO_WORD, PROVING, Evidence
from mdtodo.proof.history import History
from mdtodo.proof.steps import Step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdtodo.core.task import Anchor
    from mdtodo.git.repository import Repository
    from mdtodo.proof.rules import Rules
    from mdtodo.proof.ticks import Unproven
    from mdtodo.storage.rows import JournalEntry


def in_journal(
    repo: Repository, rules: Rules, data: Mapping[str, bytes], ticks: Sequence[Unproven], head: str
) -> dict[Unproven, Evidence]:
    """Of these ticks, in files with these bytes, those that the journal proves, each with what proves it."""
    return {tick: one for tick, (one, _) in proving_in_journal(repo, rules, data, ticks, head).items()}


def proving_in_journal(
    repo: Repository, rules: Rules, data: Mapping[str, bytes], ticks: Sequence[Unproven], head: str
) -> dict[Unproven, tuple[Evidence, float]]:
    """The same, each with when it was taken down, in Unix time."""
    newest = _newest(repo, rules, data, ticks)
    proving = {tick: one for tick, one in newest.items() if one.receipt.outcome in PROVING}
    if not proving:
        return {}
    carried = _carried(repo, {one.run_id for one in proving.values()})
    return {
        tick: (_evidence(one), one.finished)
        for tick, one in proving.items()
        if (one.run_id, one.receipt.task_id) not in carried
        and not _opened_since(repo, rules, one, tick.commit or head)
    }


def _evidence(one: JournalEntry) -> Evidence:
    receipt = one.receipt
    return Evidence(None, one.run_id, receipt.task_id, receipt.processor, receipt.by, receipt.tree)


def _newest(
    repo: Repository, rules: Rules, data: Mapping[str, bytes], ticks: Sequence[Unproven]
) -> dict[Unproven, JournalEntry]:
    """The newest receipt of each tick that says anything of it."""
    from mdtodo.storage.state import StateStore

    left = {(tick.file, tick.line): tick for tick in ticks}
    found: dict[Unproven, JournalEntry] = {}
    files = _Files(rules, data)
    try:
        with StateStore.open(repo, create=False) as state:
            for one in state.receipts():
                if not one.receipt.edits or one.receipt.outcome in NO_WORD:
                    continue
                if not one.landed and one.receipt.outcome not in PROVING:
                    continue  # what waits to land, maybe for another checkout, has ended nothing yet
                tick = left.pop(files.place(one), None)
                if tick is not None:
                    found[tick] = one
                if not left:
                    break
    except MdtodoError:  # a state that cannot be read proves nothing
        return {}
    return found


class _Files:
    """The files of a version, read where they are asked for."""

    def __init__(self, rules: Rules, data: Mapping[str, bytes]) -> None:
        self._rules, self._data = rules, data
        self._known: dict[str, TaskIndex | None] = {}

    def place(self, one: JournalEntry) -> tuple[str, int]:
        """File and line of the task that the receipt is of; line 0 where it is not there, or cannot be told. What its
        file has no longer may be in an archive, as it is."""
        anchor = one.receipt.edits[0].anchor
        if (found := self._line(anchor)) or anchor.file not in self._data:
            return anchor.file, found or 0
        archive = self._rules.config.archive
        others = (anchor._replace(file=file) for file in self._data if is_archive(archive, file))
        lines = [(other.file, line) for other in others if found is None and (line := self._line(other))]
        return lines[0] if len(lines) == 1 else (anchor.file, 0)

    def _line(self, anchor: Anchor) -> int | None:
        """That of the task in its file; 0 where it cannot be told, None where it is not there."""
        index = self._index(anchor.file)
        found = index.find(anchor) if index is not None else Unclear("")
        if index is None or not isinstance(found, int):
            return 0 if isinstance(found, Unclear) else None
        return index.document.items[found].line

    def _index(self, file: str) -> TaskIndex | None:
        if file not in self._known:
            data = self._data.get(file, b"")
            self._known[file] = TaskIndex.read(data, self._rules.config.status, file)
        return self._known[file]


def _carried(repo: Repository, runs: set[str]) -> set[tuple[str, str]]:
    """Which receipts of these runs commits carry, by run and task."""
    from mdtodo.receipts.log import logged_receipts

    return {(one.run, one.task_id) for one in logged_receipts(repo) if one.run in runs}


def _opened_since(repo: Repository, rules: Rules, one: JournalEntry, tip: str) -> bool:
    """Whether a commit has opened the box since HEAD was what the receipt was made on, up to this one."""
    if not tip:
        return False
    if one.base is None:
        since: tuple[str, ...] = ()
    elif one.base == tip:
        return False
    elif resolve(repo, f"{one.base}^{{commit}}"):
        # what an amend or a rebase has replaced counts from where both parted
        since = (f"^{one.base}",)
    else:
        return True
    title, done = one.receipt.title, rules.characters(Status.DONE)
    with History(repo, tip, *since, paths=[one.receipt.edits[0].anchor.file]) as history:
        for commit, changes in history.commits():
            for part in changes if not commit.shallow else ():
                for box, _ in Step(history, part, done).opened():
                    if read_keys(box.text.decode(errors="surrogateescape")).title == title:
                        return True
    return False
