"""A landing's commit before it is one: what changes in HEAD's tree and in the index, and the new objects."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mdtodo.repo.indexfile import Staged
from mdtodo.repo.objects import NewObjects, change_tree, commit, find_in_tree
from mdtodo.repo.outputs import take
from mdtodo.repo.plumbing import now
from mdtodo.repo.receipts import message, subject
from mdtodo.repo.versions import tick
from mdtodo.results import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mdtodo.model import Status
    from mdtodo.repo.git import Repository
    from mdtodo.repo.head import Head
    from mdtodo.repo.index import IndexCopy
    from mdtodo.repo.objects import Change
    from mdtodo.repo.plumbing import Plumbing
    from mdtodo.repo.versions import Version, Wanted
    from mdtodo.results import Edit, Output, Receipt

_REGULAR = (b"100644", b"100755", b"100664")


@dataclass(frozen=True, slots=True)
class Job:
    """What is to land: receipts by the id of their task."""

    repo: Repository
    receipts: Mapping[str, Receipt]
    wanted: Mapping[str, Wanted]
    run_id: str
    statuses: Mapping[str, Status]
    _known: dict[tuple[str, bytes], Version] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        repo: Repository,
        receipts: Iterable[Receipt],
        run_id: str,
        statuses: Mapping[str, Status],
    ) -> Job:
        """The last receipt of each task, and the edits by file and task."""
        last = {receipt.task_id: receipt for receipt in receipts}
        wanted: dict[str, dict[str, list[Edit]]] = {}
        for task, receipt in last.items():
            for edit in receipt.edits:
                wanted.setdefault(edit.anchor.file, {}).setdefault(task, []).append(edit)
        return cls(repo, last, wanted, run_id, statuses)

    @property
    def subject(self) -> str:
        """The first line of the message, if every receipt changes something in HEAD."""
        return subject(tuple(self.receipts.values()))

    def tick(self, file: str, data: bytes, *, once: bool) -> Version:
        """The edits made in this version of the file; worked out once where several versions are alike."""
        known = self._known.get((file, data))
        if known is None or (known.closed and not once):
            known = tick(data, self.wanted[file], self.statuses, file=file, once=once)
            if once or not known.closed:
                self._known[file, data] = known
        return known


@dataclass(slots=True)
class Draft:
    """`tree`: what changes in HEAD's tree, by path. `staged`: what changes in the index. `receipts`: those of
    tasks that change in HEAD. `tracked`: the files with edits that the index has."""

    objects: NewObjects
    tree: dict[bytes, Change] = field(default_factory=dict)
    staged: dict[str, Staged] = field(default_factory=dict)
    receipts: list[Receipt] = field(default_factory=list)
    tracked: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    @property
    def subject(self) -> str:
        """The first line of the message."""
        return subject(self.receipts)

    @property
    def known_trees(self) -> Mapping[bytes, tuple[str, str]]:
        """By folder, which tree was changed to which, where the index changes as HEAD does."""
        staged = {os.fsencode(path): (entry.mode, entry.oid) for path, entry in self.staged.items()}
        return self.objects.trees if staged == self.tree else {}


def make_draft(job: Job, git: Plumbing, head: Head, copy: IndexCopy) -> Draft:
    """Make the edits in HEAD's and in the index's version of each file, each found there on its own.

    The outputs that may go along are staged in `copy` at once.
    """
    staged = copy.entries(job.wanted)
    draft = Draft(NewObjects(git.algorithm()))
    made = {task for file in job.wanted for task in _edit_head(job, git, head, draft, file)}
    draft.receipts = [receipt for task, receipt in job.receipts.items() if task in made]
    _take_outputs(job, git, head, draft, copy)
    for file in job.wanted:
        if (entry := staged.get(file)) and entry.mode in _REGULAR:
            _edit_index(job, git, draft, file, entry)
    return draft


def write_commit(job: Job, git: Plumbing, head: Head, draft: Draft) -> str | None:
    """Write all objects, the commit among them: its id, None if nothing changes in HEAD."""
    if not draft.tree:
        git.write(draft.objects)
        return None
    identity = git.identity()
    tree = change_tree(head.tree, draft.tree, git.content, draft.objects)
    text = message(draft.receipts, job.run_id)
    if git.signs():
        git.write(draft.objects)
        parent = ("-p", head.commit) if head.commit else ()
        args = ("-c", "i18n.commitEncoding=UTF-8", "commit-tree", "-S", *parent, "-F", "-", tree)
        return git.run(*args, stdin=text.encode(), alone=False).decode().strip()
    author = now(identity.author, "GIT_AUTHOR_DATE")
    committer = now(identity.committer, "GIT_COMMITTER_DATE")
    new = draft.objects.add("commit", commit(tree, head.commit, author, committer, text))
    git.write(draft.objects)
    return new


def _edit_head(job: Job, git: Plumbing, head: Head, draft: Draft, file: str) -> set[str]:
    """The tasks that changed in HEAD's version of the file."""
    path = os.fsencode(file)
    found = find_in_tree(head.tree, path, git.content)
    if found is None or found[0] not in _REGULAR:
        return set()
    mode, oid = found
    data = git.content(oid)
    version = job.tick(file, data, once=True)
    if version.data != data:
        draft.tree[path] = mode, draft.objects.add("blob", version.data)
    return version.made


def _edit_index(job: Job, git: Plumbing, draft: Draft, file: str, entry: Staged) -> None:
    draft.tracked.append(file)
    data = git.content(entry.oid)
    version = job.tick(file, data, once=False)
    if version.data != data:
        draft.staged[file] = Staged(entry.mode, draft.objects.add("blob", version.data), entry.flag)


def _take_outputs(job: Job, git: Plumbing, head: Head, draft: Draft, copy: IndexCopy) -> None:
    """Stage and commit the outputs of what was done that hold nothing of a person's."""
    held: dict[str, Output] = {}
    now: set[str] = set()
    for receipt in job.receipts.values():
        for output in (receipt.held or ()) if receipt.outcome in _DONE else ():
            if output.path not in job.wanted:
                held[output.path] = output
                now |= {output.path} if receipt in draft.receipts else set()
    if not held:
        return

    def in_head(path: str) -> tuple[bytes, str] | None:
        found = find_in_tree(head.tree, os.fsencode(path), git.content)
        return None if found is None or found[0] == b"40000" else found

    changes, left = take(held, now, in_head, copy, job.repo.root)
    draft.tree |= {os.fsencode(path): change for path, change in changes.items()}
    draft.messages += [f"{path}: not committed, since {reason}" for path, reason in left.items()]


_DONE = (Outcome.DONE, Outcome.CACHED)
