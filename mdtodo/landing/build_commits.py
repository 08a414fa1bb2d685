"""A landing's commit before it is one: what changes in HEAD's tree and in the index, and the new objects."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mdtodo.core.results import Outcome
from mdtodo.errors import GitError
from mdtodo.git.index.index_copy import IndexEntry
from mdtodo.git.objects import NewObjects, change_tree, commit, find_in_tree
from mdtodo.git.session import with_time
from mdtodo.landing.apply import EditResult, UnclearError, unclear_ones
from mdtodo.landing.job import CommitBuilder, CommitStep, Job, OutputsChangedError
from mdtodo.markdown.task_index import Unclear
from mdtodo.receipts.log import logged_commits
from mdtodo.receipts.message import message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdtodo.git.head import Head
    from mdtodo.git.index.index_copy import IndexCopy
    from mdtodo.git.session import GitSession
    from mdtodo.receipts.trailers import Trailer

_REGULAR = (b"100644", b"100755", b"100664")


def build_commits(job: Job, git: GitSession, head: Head, copy: IndexCopy) -> CommitBuilder:
    """Make the edits in HEAD's and in the index's version of each file, each found there on its own.

    The outputs that may go along are staged in `copy` at once. Raises UnclearError for tasks that cannot be told from
    equal ones in one of them, unless something is to be restored, which is all or nothing anyway.
    """
    staged = copy.entries(job.wanted)
    builder = CommitBuilder(git.settings().algorithm())
    _edit_head(job, git, head, builder)
    builder.absent = tuple(builder.refused)  # only now: what is refused from here on may well be in HEAD
    _take_outputs(job, git, head, builder, copy)
    if job.restores:
        from mdtodo.landing.restore import restore

        builder.rewrites = restore(job, git, head, builder, copy)
        builder.steps = [step for step in builder.steps if step.tree]
    for file in job.wanted:
        if (entry := staged.get(file)) and entry.mode in _REGULAR:
            _edit_index(job, git, builder, file, entry)
        elif entry is None and job.makes(file):
            made = job.tick(file, b"", once=False)
            builder.tracked.append(file)
            oid = builder.objects.add("blob", made.data)
            builder.staged[file] = IndexEntry(_REGULAR[0], oid, "H")
    if unclear := unclear_ones(builder.refused):
        raise UnclearError(unclear)
    return builder


def write_commits(git: GitSession, head: Head, builder: CommitBuilder) -> list[str]:
    """Write all objects, the commits among them: their ids, none if nothing changes in HEAD."""
    made: list[str] = []
    tree, parent, objects = head.tree, head.commit, builder.objects

    def content(oid: str) -> bytes:
        return found if (found := objects.get(oid)) is not None else git.content(oid)

    for step in builder.steps:
        tree = change_tree(tree, step.tree, content, objects)
        parent = write_commit(git, objects, tree, parent, message(step.receipts, step.run_id))
        made.append(parent)
        if objects.size > _MUCH:
            git.write(objects)
    git.write(objects)
    return made


#: Bytes of new objects that wait to be written together.
_MUCH = 1 << 20


def write_commit(git: GitSession, objects: NewObjects, tree: str, parent: str | None, text: str) -> str:
    """The id of a commit, which is one of the objects, or written already where git must sign it. Raises GitError
    without an identity, or where it cannot be signed."""
    identity = git.identity()
    if git.settings().signs():
        git.write(objects)
        args = ("-c", "i18n.commitEncoding=UTF-8", "commit-tree", "-S", *(("-p", parent) if parent else ()))
        return git.run(*args, "-F", "-", tree, stdin=text.encode(), own_group=False).decode().strip()
    author = with_time(identity.author, "GIT_AUTHOR_DATE")
    committer = with_time(identity.committer, "GIT_COMMITTER_DATE")
    return objects.add("commit", commit(tree, parent, author, committer, text))


def _edit_head(job: Job, git: GitSession, head: Head, builder: CommitBuilder) -> None:
    """The steps from HEAD's versions of the files: of each task that changes there, or whose receipt is late."""
    versions = {file: _in_head(git, head, file, makes=job.makes(file)) for file in job.wanted}
    began = {file: (there[1], EditResult(there[1])) for file, there in versions.items() if there is not None}
    for group in job.groups:
        step = CommitStep(job.run_of(group[0]) if group else job.run_id)
        made: set[str] = set()
        shown: set[str] = set()
        for file in job.files(group):
            if (there := versions[file]) is None:
                builder.refused |= dict.fromkeys(job.wanted[file], "its file is not in HEAD")
                continue
            mode, data = there
            version = job.tick_group(group, file, data, once=True)
            if version.data != data:
                step.tree[os.fsencode(file)] = mode, builder.objects.add("blob", version.data)
                versions[file] = mode, version.data
            began[file][1].add(version)
            made |= version.made
            shown |= version.closed - version.either
            builder.refused |= version.missed
        late = (job.late & shown) - made
        made |= late - _carried(job, head.commit) if late else late
        step.receipts = [job.receipts[task] for task in group if task in made]
        if step.receipts or job.restores:
            builder.steps.append(step)
        if builder.objects.size > _MUCH:
            git.write(builder.objects)
    for file, (data, result) in began.items():
        job.remember(file, data, result)


def _in_head(git: GitSession, head: Head, file: str, *, makes: bool) -> tuple[bytes, bytes] | None:
    """Mode and content of a regular file; of one that it `makes`, an empty one where there is nothing."""
    found = find_in_tree(head.tree, os.fsencode(file), git.content)
    if found is None and makes:
        return _REGULAR[0], b""
    return (found[0], git.content(found[1])) if found is not None and found[0] in _REGULAR else None


def _edit_index(job: Job, git: GitSession, builder: CommitBuilder, file: str, entry: IndexEntry) -> None:
    builder.tracked.append(file)
    data = git.content(entry.oid)
    version = job.tick(file, data, once=False)
    for task, reason in version.missed.items():
        said = f"{reason} in the index"
        builder.refused.setdefault(task, Unclear(said) if isinstance(reason, Unclear) else said)
    if version.data != data:
        builder.staged[file] = IndexEntry(entry.mode, builder.objects.add("blob", version.data), entry.flag)


def _take_outputs(job: Job, git: GitSession, head: Head, builder: CommitBuilder, copy: IndexCopy) -> None:
    """Stage and commit the outputs of what was done. Raises OutputsChangedError where some cannot go along."""
    steps = {receipt.task_id: step for step in builder.steps for receipt in step.receipts}
    given = [
        (receipt.task_id, output)
        for receipt in job.receipts.values()
        for output in receipt.held or ()
        if receipt.outcome in _DONE and output.path not in job.wanted
    ]
    if not given:
        return
    from mdtodo.outputs.survey import take  # most tasks have no outputs

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
            builder.outputs.append(output)
            if change != now[output.path]:
                steps[task].tree[os.fsencode(output.path)] = now[output.path] = change


_DONE = (Outcome.DONE, Outcome.CACHED)


#: Commits with receipts that are looked at where the commit is gone that HEAD was when the run began.
_NEWEST = 2000


def _carried(job: Job, head: str | None) -> frozenset[str]:
    """The tasks whose receipts of this run `head` carries already, as after a landing that was killed."""
    if head is None or job.since is None or job.since == head:
        return frozenset()
    try:
        found = list(_logged(job, f"{job.since}..{head}"))
    except GitError:
        found = list(_logged(job, head))
    return frozenset(one.task_id for one in found if one.run == job.run_of(one.task_id))


def _logged(job: Job, revision: str) -> Iterator[Trailer]:
    for made in logged_commits(job.repo, revision, newest=_NEWEST):
        yield from made.receipts()
