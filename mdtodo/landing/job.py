"""What is to land, and what it comes to: the receipts of a landing by task, and the commits that are made of them."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from mdtodo.core.edits import AddNote, AddSubtasks, ArchiveSubtree, SetStatus
from mdtodo.core.results import Outcome
from mdtodo.errors import GitError, InputError
from mdtodo.git.objects import NewObjects
from mdtodo.landing.apply import EditResult, unclear_ones
from mdtodo.landing.merge.revert import make_edits
from mdtodo.landing.new_subtasks import ids_of
from mdtodo.landing.parse_cache import parse_cached
from mdtodo.markdown.task_index import Unclear
from mdtodo.receipts.message import subject
from mdtodo.system import files

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence
    from typing import NamedTuple

    from mdtodo.core.edits import Edit
    from mdtodo.core.receipt import Output, Receipt
    from mdtodo.core.task import Status
    from mdtodo.git.index.index_copy import IndexEntry
    from mdtodo.git.objects import TreeChange
    from mdtodo.git.repository import Repository
    from mdtodo.landing.new_subtasks import IdsTaken
    from mdtodo.landing.parse_cache import ParsedFile
else:
    from mdtodo.core.light.named_tuples import NamedTuple


class OutputsChangedError(Exception):
    """Outputs can no longer be committed: `reasons` gives a sentence by the id of each task."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__("; ".join(reasons.values()))
        self.reasons = dict(reasons)


class ProofMovedError(GitError):
    """HEAD holds something else than what was proven, so nothing was landed."""


class Job:
    """What is to land: receipts by the id of their task, in one commit, or in one for `each`."""

    def __init__(
        self,
        repo: Repository,
        receipts: Iterable[Receipt],
        run_id: str,
        statuses: Mapping[str, Status],
        each: bool = False,
        since: str | None = None,
        runs: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Of the receipts the last of each task, which also adds the subtasks and notes of those before it that left
        the task open: a breakdown, and new subtasks of its processor, after which that ran once more. `since`
        and `runs`: see `land`."""
        self.repo = repo
        self.run_id = run_id
        self.statuses = statuses
        self.receipts: dict[str, Receipt] = {}
        for receipt in receipts:
            earlier = self.receipts.get(receipt.task_id)
            added = _added(earlier) if earlier else ()
            kept = tuple(edit for edit in added if edit not in receipt.edits)
            self.receipts[receipt.task_id] = receipt._replace(edits=kept + receipt.edits) if kept else receipt
        #: The edits by file and task.
        self.wanted: dict[str, dict[str, list[Edit]]] = {}
        for task, receipt in self.receipts.items():
            for edit in receipt.edits:
                self.wanted.setdefault(edit.anchor.file, {}).setdefault(task, []).append(edit)
        self._each = each
        #: The tasks whose receipts land also where HEAD has all of their edits.
        self.late = frozenset(task for task, receipt in self.receipts.items() if receipt.proves)
        self.since = since
        #: Files that go back to what they were.
        self.restores = [one for receipt in self.receipts.values() for one in receipt.restores]
        #: The tasks of each commit.
        self.runs = runs
        self.groups = [[task] for task in self.receipts] if each else self._by_run()
        self._known: dict[tuple[str, bytes], EditResult] = {}

    def without(self, tasks: Container[str]) -> Job:
        """The same, but for these tasks; this very one, with what it has worked out, where it has none of them."""
        if not any(task in tasks for task in self.receipts):
            return self
        left = [receipt for task, receipt in self.receipts.items() if task not in tasks]
        return Job(self.repo, left, self.run_id, self.statuses, self._each, self.since, self.runs)

    def run_of(self, task: str) -> str:
        """The run that its receipt is of."""
        return self.runs.get(task, self.run_id)

    def _by_run(self) -> list[list[str]]:
        found: dict[str, list[str]] = {}
        for task in self.receipts:
            found.setdefault(self.run_of(task), []).append(task)
        return [*found.values()] or [[]]

    def rolled_up_with(self, tasks: Iterable[str]) -> dict[str, str]:
        """The parents that are to be ticked since their subtasks are done, each with one of these tasks below it."""
        rollups = [
            one for one in self.receipts.values() if one.processor == "rollup" and one.outcome == Outcome.DONE
        ]
        found: dict[str, str] = {}
        for task in tasks if rollups else ():
            file = self.receipts[task].edits[0].anchor.file
            try:
                parsed = parse_cached(files.read(self.repo.root, file), self.statuses, file)
            except InputError:
                continue
            above = _ancestors(parsed, parsed.places.find(self.receipts[task].edits[0].anchor))
            for one in rollups:
                if one.edits[0].anchor.file == file and parsed.places.find(one.edits[0].anchor) in above:
                    found[one.task_id] = task
        return found

    def added_by(self, tasks: Iterable[str]) -> dict[str, str]:
        """The tasks that these, or what they add, were to write as new subtasks, by the ids on their lines; each with
        the one that was to write it."""
        found: dict[str, str] = {}
        waiting = list(tasks)
        while waiting:
            parent = waiting.pop()
            for edit in self.receipts[parent].edits:
                ids = ids_of(edit.lines, self.statuses) if isinstance(edit, AddSubtasks) else set()
                new = [one for one in self.receipts if one in ids and one not in found]
                found |= dict.fromkeys(new, parent)
                waiting += new
        return found

    @property
    def subject(self) -> str:
        """The first line of the message, if every receipt changes something in HEAD."""
        return subject(tuple(self.receipts.values()))

    def tick(self, file: str, data: bytes, *, once: bool) -> EditResult:
        """The edits made in this version of the file; worked out once where several versions are alike."""
        # what was worked out with `once` leaves out the rest of the receipt of a closed box, which others still need
        known = self._known.get((file, data))
        if known is None or (known.closed and not once):
            known = EditResult(data)
            for group in self.groups:
                known.add(self._tick_group(group, file, known.data, once=once))
            if once or not known.closed:
                self.remember(file, data, known)
        return known

    def remember(self, file: str, data: bytes, result: EditResult) -> None:
        """What became of this version of the file with the edits of all groups, worked out with `once`."""
        self._known[file, data] = result

    def unclear(self, file: str, data: bytes) -> dict[str, str]:
        """The tasks that cannot be told from equal ones in this version of the file, each with a sentence."""
        if len(self.groups) > 1 and self._finds_all(file, data):
            return {}
        return unclear_ones(self.tick(file, data, once=False).missed)

    def _finds_all(self, file: str, data: bytes) -> bool:
        """Whether no task is unclear, where only boxes change: that changes nothing of which task is which."""
        edits = [edit for task in self.wanted[file].values() for edit in task]
        if not all(isinstance(edit, SetStatus) for edit in edits):
            return False
        try:
            places = parse_cached(data, self.statuses, file).places
        except InputError:
            return False
        return not any(isinstance(places.find(edit.anchor), Unclear) for edit in edits)

    def tick_group(self, group: Sequence[str], file: str, data: bytes, *, once: bool) -> EditResult:
        """The edits of the tasks of one commit."""
        if len(self.groups) == 1:
            return self.tick(file, data, once=once)
        return self._tick_group(group, file, data, once=once)

    def _tick_group(self, group: Sequence[str], file: str, data: bytes, *, once: bool) -> EditResult:
        wanted = self.wanted[file]
        if len(group) < len(self.receipts):
            wanted = {task: wanted[task] for task in group if task in wanted}
        return make_edits(self.repo, data, wanted, self.statuses, file=file, once=once)

    def makes(self, file: str) -> bool:
        """Whether the file is made where it is missing: an archive, in which there is nothing but what is put there."""
        edits = (edit for task in self.wanted[file].values() for edit in task)
        return all(isinstance(edit, ArchiveSubtree) for edit in edits)

    def files(self, group: Sequence[str]) -> list[str]:
        """The files with edits of these tasks."""
        if len(group) == len(self.receipts):
            return list(self.wanted)
        return list({edit.anchor.file: None for task in group for edit in self.receipts[task].edits})


def _ancestors(parsed: ParsedFile, index: int | str | None) -> set[int | str | None]:
    """The indices of the tasks around this one."""
    found: set[int | str | None] = set()
    while isinstance(index, int):
        index = parsed.document.items[index].parent
        found.add(index)
    return found - {None}


def _added(receipt: Receipt) -> tuple[Edit, ...]:
    """What a later receipt of the same task does not replace."""
    if receipt.outcome == Outcome.BLOCKED:
        return tuple(edit for edit in receipt.edits if isinstance(edit, (AddSubtasks, AddNote)))
    return tuple(edit for edit in receipt.edits if isinstance(edit, AddSubtasks) and edit.first)


class Rewrite(NamedTuple):
    """What a file of the work tree becomes: from what it holds now to this mode and content; None for no file."""

    path: str
    now: bytes | None
    mode: bytes | None
    content: bytes


class CommitStep:
    """One commit of a run: the receipts of tasks that change in HEAD, and what changes in its tree, by path."""

    __slots__ = ("receipts", "run_id", "tree")

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.receipts: list[Receipt] = []
        self.tree: dict[bytes, TreeChange] = {}


class Checks(NamedTuple):
    """What is looked at before HEAD moves, see `land.land`."""

    whole: bool = False
    taken: IdsTaken | None = None
    judge: Callable[[str | None], None] | None = None


class CommitBuilder:
    """`steps`: the commits, each on top of the one before. `staged`: what changes in the index. `tracked`: the
    files with edits that the index has. `objects`: what is not written yet."""

    def __init__(self, algorithm: str) -> None:
        self.objects = NewObjects(algorithm)
        self.steps: list[CommitStep] = []
        self.staged: dict[str, IndexEntry] = {}
        self.tracked: list[str] = []
        self.messages: list[str] = []
        #: The outputs that the commits contain.
        self.outputs: list[Output] = []
        #: Files that are to be written in the work tree.
        self.rewrites: list[Rewrite] = []
        #: The tasks that HEAD does not have.
        self.absent: tuple[str, ...] = ()
        #: By task, or by path: why something could not be taken back.
        self.refused: dict[str, str] = {}

    @property
    def receipts(self) -> list[Receipt]:
        """Those of all commits."""
        return [receipt for step in self.steps for receipt in step.receipts]

    @property
    def subject(self) -> str:
        """What the reflog says of it: the first line of the message, if it is one commit."""
        return subject(self.receipts)
