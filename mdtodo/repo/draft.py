"""A landing's commit before it is one: what changes in HEAD's tree and in the index, and the new objects."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mdtodo.edits import AddSubtasks
from mdtodo.errors import InputError
from mdtodo.repo import files
from mdtodo.repo.indexfile import Staged
from mdtodo.repo.objects import NewObjects, change_tree, commit, find_in_tree
from mdtodo.repo.outputs import OutputsChangedError, take
from mdtodo.repo.plumbing import now
from mdtodo.repo.readings import read as reading
from mdtodo.repo.receipts import message, subject
from mdtodo.repo.restoring import restore
from mdtodo.repo.versions import Version, tick
from mdtodo.results import Outcome

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from mdtodo.edits import Edit
    from mdtodo.model import Status
    from mdtodo.receipt import Output, Receipt
    from mdtodo.repo.git import Repository
    from mdtodo.repo.head import Head
    from mdtodo.repo.index import IndexCopy
    from mdtodo.repo.objects import Change
    from mdtodo.repo.plumbing import Plumbing
    from mdtodo.repo.readings import Reading
    from mdtodo.repo.restoring import Rewrite

_REGULAR = (b"100644", b"100755", b"100664")


class Job:
    """What is to land: receipts by the id of their task, in one commit, or in one for `each`."""

    def __init__(
        self,
        repo: Repository,
        receipts: Iterable[Receipt],
        run_id: str,
        statuses: Mapping[str, Status],
        *,
        each: bool = False,
    ) -> None:
        """Of the receipts the last of each task, which also breaks it down if an earlier one did."""
        self.repo = repo
        self.run_id = run_id
        self.statuses = statuses
        self.receipts: dict[str, Receipt] = {}
        for receipt in receipts:
            earlier = self.receipts.get(receipt.task_id)
            broken_down = _breakdown(earlier) if earlier else ()
            kept = tuple(edit for edit in broken_down if edit not in receipt.edits)
            self.receipts[receipt.task_id] = receipt._replace(edits=kept + receipt.edits) if kept else receipt
        #: The edits by file and task.
        self.wanted: dict[str, dict[str, list[Edit]]] = {}
        for task, receipt in self.receipts.items():
            for edit in receipt.edits:
                self.wanted.setdefault(edit.anchor.file, {}).setdefault(task, []).append(edit)
        self._each = each
        #: Files that go back to what they were.
        self.restores = [one for receipt in self.receipts.values() for one in receipt.restores]
        #: The tasks of each commit.
        self.groups = [[task] for task in self.receipts] if each else [list(self.receipts)]
        self._known: dict[tuple[str, bytes], Version] = {}

    def without(self, tasks: Container[str]) -> Job:
        """The same, but for these tasks."""
        left = [receipt for task, receipt in self.receipts.items() if task not in tasks]
        return Job(self.repo, left, self.run_id, self.statuses, each=self._each)

    def rolled_up_with(self, tasks: Iterable[str]) -> dict[str, str]:
        """The parents that are to be ticked since their subtasks are done, each with one of these tasks below it."""
        rollups = [
            one for one in self.receipts.values() if one.processor == "rollup" and one.outcome == Outcome.DONE
        ]
        found: dict[str, str] = {}
        for task in tasks if rollups else ():
            file = self.receipts[task].edits[0].anchor.file
            try:
                read = reading(files.read(self.repo.root, file), self.statuses, file)
            except InputError:
                continue
            above = _above(read, read.places.find(self.receipts[task].edits[0].anchor))
            for one in rollups:
                if one.edits[0].anchor.file == file and read.places.find(one.edits[0].anchor) in above:
                    found[one.task_id] = task
        return found

    @property
    def subject(self) -> str:
        """The first line of the message, if every receipt changes something in HEAD."""
        return subject(tuple(self.receipts.values()))

    def tick(self, file: str, data: bytes, *, once: bool) -> Version:
        """The edits made in this version of the file; worked out once where several versions are alike."""
        known = self._known.get((file, data))
        if known is None or (known.closed and not once):
            known = Version(data)
            for group in self.groups:
                known.add(self.tick_group(group, file, known.data, once=once))
            if once or not known.closed:
                self._known[file, data] = known
        return known

    def tick_group(self, group: Sequence[str], file: str, data: bytes, *, once: bool) -> Version:
        """The edits of the tasks of one commit."""
        wanted = self.wanted[file]
        if len(group) < len(self.receipts):
            wanted = {task: wanted[task] for task in group if task in wanted}
        return tick(data, wanted, self.statuses, file=file, once=once)

    def files(self, group: Sequence[str]) -> list[str]:
        """The files with edits of these tasks."""
        if len(group) == len(self.receipts):
            return list(self.wanted)
        return list({edit.anchor.file: None for task in group for edit in self.receipts[task].edits})


def _above(read: Reading, index: int | str | None) -> set[int | str | None]:
    """The indices of the tasks around this one."""
    found: set[int | str | None] = set()
    while isinstance(index, int):
        index = read.document.items[index].parent
        found.add(index)
    return found - {None}


def _breakdown(receipt: Receipt) -> tuple[Edit, ...]:
    return tuple(edit for edit in receipt.edits if isinstance(edit, AddSubtasks) and edit.first)


class Step:
    """One commit: the receipts of tasks that change in HEAD, and what changes in its tree, by path."""

    __slots__ = ("receipts", "tree")

    def __init__(self) -> None:
        self.receipts: list[Receipt] = []
        self.tree: dict[bytes, Change] = {}


class Draft:
    """`steps`: the commits, each on top of the one before. `staged`: what changes in the index. `tracked`: the
    files with edits that the index has. `objects`: what is not written yet."""

    def __init__(self, algorithm: str) -> None:
        self.objects = NewObjects(algorithm)
        self.steps: list[Step] = []
        self.staged: dict[str, Staged] = {}
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

    @property
    def known_trees(self) -> Mapping[bytes, tuple[str, str]]:
        """By folder, which tree was changed to which, where the index changes as HEAD does."""
        staged = {os.fsencode(path): (entry.mode, entry.oid) for path, entry in self.staged.items()}
        changed = {path: change for step in self.steps for path, change in step.tree.items()}
        return self.objects.trees if staged == changed else {}


def make_draft(job: Job, git: Plumbing, head: Head, copy: IndexCopy) -> Draft:
    """Make the edits in HEAD's and in the index's version of each file, each found there on its own.

    The outputs that may go along are staged in `copy` at once.
    """
    staged = copy.entries(job.wanted)
    draft = Draft(git.algorithm())
    _edit_head(job, git, head, draft)
    draft.absent = tuple(draft.refused)
    _take_outputs(job, git, head, draft, copy)
    if job.restores:
        draft.rewrites = restore(job, git, head, draft, copy)
        draft.steps = [step for step in draft.steps if step.tree]
    for file in job.wanted:
        if (entry := staged.get(file)) and entry.mode in _REGULAR:
            _edit_index(job, git, draft, file, entry)
    return draft


def write_commits(job: Job, git: Plumbing, head: Head, draft: Draft) -> list[str]:
    """Write all objects, the commits among them: their ids, none if nothing changes in HEAD."""
    made: list[str] = []
    tree, parent, objects = head.tree, head.commit, draft.objects

    def content(oid: str) -> bytes:
        return found if (found := objects.get(oid)) is not None else git.content(oid)

    for step in draft.steps:
        tree = change_tree(tree, step.tree, content, objects)
        parent = _write_commit(git, objects, tree, parent, message(step.receipts, job.run_id))
        made.append(parent)
        if objects.size > _MUCH:
            git.write(objects)
    git.write(objects)
    return made


#: Bytes of new objects that wait to be written together.
_MUCH = 1 << 20


def _write_commit(git: Plumbing, objects: NewObjects, tree: str, parent: str | None, text: str) -> str:
    """The id of a commit, which is one of the objects, or written already where git must sign it."""
    identity = git.identity()
    if git.signs():
        git.write(objects)
        args = ("-c", "i18n.commitEncoding=UTF-8", "commit-tree", "-S", *(("-p", parent) if parent else ()))
        return git.run(*args, "-F", "-", tree, stdin=text.encode(), alone=False).decode().strip()
    author = now(identity.author, "GIT_AUTHOR_DATE")
    committer = now(identity.committer, "GIT_COMMITTER_DATE")
    return objects.add("commit", commit(tree, parent, author, committer, text))


def _edit_head(job: Job, git: Plumbing, head: Head, draft: Draft) -> None:
    """The steps from HEAD's versions of the files: of each task that changes there."""
    versions: dict[str, tuple[bytes, bytes] | None] = {}
    for file in job.wanted:
        found = find_in_tree(head.tree, os.fsencode(file), git.content)
        regular = found is not None and found[0] in _REGULAR
        versions[file] = (found[0], git.content(found[1])) if found is not None and regular else None
    for group in job.groups:
        step = Step()
        made: set[str] = set()
        for file in job.files(group):
            if (there := versions[file]) is None:
                draft.refused |= dict.fromkeys(job.wanted[file], "its file is not in HEAD")
                continue
            mode, data = there
            version = job.tick_group(group, file, data, once=True)
            if version.data != data:
                step.tree[os.fsencode(file)] = mode, draft.objects.add("blob", version.data)
                versions[file] = mode, version.data
            made |= version.made
            draft.refused |= version.missed
        step.receipts = [job.receipts[task] for task in group if task in made]
        if step.tree or job.restores:
            draft.steps.append(step)
        if draft.objects.size > _MUCH:
            git.write(draft.objects)


def _edit_index(job: Job, git: Plumbing, draft: Draft, file: str, entry: Staged) -> None:
    draft.tracked.append(file)
    data = git.content(entry.oid)
    version = job.tick(file, data, once=False)
    for task, reason in version.missed.items():
        draft.refused.setdefault(task, f"{reason} in the index")
    if version.data != data:
        draft.staged[file] = Staged(entry.mode, draft.objects.add("blob", version.data), entry.flag)


def _take_outputs(job: Job, git: Plumbing, head: Head, draft: Draft, copy: IndexCopy) -> None:
    """Stage and commit the outputs of what was done. Raises OutputsChangedError where some cannot go along."""
    steps = {receipt.task_id: step for step in draft.steps for receipt in step.receipts}
    given = [
        (receipt.task_id, output)
        for receipt in job.receipts.values()
        for output in receipt.held or ()
        if receipt.outcome in _DONE and output.path not in job.wanted
    ]
    if not given:
        return

    def in_head(path: str) -> tuple[bytes, str] | None:
        found = find_in_tree(head.tree, os.fsencode(path), git.content)
        return None if found is None or found[0] == b"40000" else found

    held = [(output, task in steps) for task, output in given]
    changes, left = take(job.repo, held, in_head, copy)
    if left:
        reasons = {task: f"{one.path}: {left[one.path]}" for task, one in given if one.path in left}
        raise OutputsChangedError({task: why for task, why in reasons.items() if task in steps})
    now = {output.path: in_head(output.path) for _, output in given}
    for (task, output), change in zip(given, changes, strict=True):
        if task in steps:
            draft.outputs.append(output)
            if change != now[output.path]:
                steps[task].tree[os.fsencode(output.path)] = now[output.path] = change


_DONE = (Outcome.DONE, Outcome.CACHED)
