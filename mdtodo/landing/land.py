"""Landing: the same edits to HEAD, the index and the work tree, each in its own version of the file.

In this order, so that a process killed in between leaves whole files and a repository in which the next
landing of the same receipts only makes up for what is missing: objects are written; git's lock on the index
is taken; HEAD moves, by compare-and-swap; the new index takes its place; the work tree is written. What a
person has staged, changed or left untracked is in none of that: it is neither read from nor written to but
at the edits.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, nullcontext
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from mdtodo.core.edits import Revert, RevertFile
from mdtodo.core.task import STATUS_CHARS
from mdtodo.core.titles import few
from mdtodo.errors import EditError, GitError, InputError
from mdtodo.git.head import HeadMove, HeadMovedError, RefLockedError, read_head
from mdtodo.git.index import index_copy
from mdtodo.git.index.index_copy import IndexChangedError, IndexCopy
from mdtodo.git.position import head_position
from mdtodo.git.repository import operation_in_progress
from mdtodo.git.session import GitSession
from mdtodo.landing.apply import EditResult, UnclearError, unclear_ones
from mdtodo.landing.build_commits import build_commits, write_commits
from mdtodo.landing.job import Checks, Job, OutputsChangedError
from mdtodo.landing.leftovers import remove_leftovers
from mdtodo.landing.new_subtasks import IdTakenError
from mdtodo.landing.restore import write
from mdtodo.outputs.marks import forget
from mdtodo.system import atomic_file, files
from mdtodo.system.failpoints import failpoint
from mdtodo.system.write_lease import BusyError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mdtodo.core.receipt import Output, Receipt
    from mdtodo.core.task import Status
    from mdtodo.git.repository import Repository
    from mdtodo.landing.job import CommitBuilder
    from mdtodo.landing.new_subtasks import IdsTaken

T = TypeVar("T")

__all__ = ["Landing", "hold_outputs", "land", "persist"]

#: Seconds for which a landing is tried again while others move HEAD or change the index or a file.
PATIENCE = 30.0

#: The same where another git holds a lock on HEAD or its branch, which takes it some milliseconds.
LOCK_PATIENCE = 3.0


class RefusedError(GitError):
    """Nothing was changed, since all of it could not be; `reasons` say why. `of_task`: a task is not what it was."""

    def __init__(self, reasons: Sequence[str], *, of_task: bool = False) -> None:
        super().__init__(f"nothing was changed: {few(reasons, 8, apart=True)}")
        self.reasons = tuple(reasons)
        self.of_task = of_task


class Landing(NamedTuple):
    """What a landing came to.

    `commits`: ids, none where there was nothing to commit. `commit_of`: by task, the one with its receipt.
    `ticked`: the tasks whose edits the work tree has now. `missed`: task, file and reason, for those it
    cannot have. `kept_open`: tasks that were not ticked anywhere, with a sentence: their outputs could not go along.
    `waiting`: those of the missed ones whose file somebody else is writing; landing them again makes up for it.
    `unclear`: tasks that cannot be told from equal ones, with a sentence; nothing was ticked for them.
    `unopened`: tasks whose boxes were not opened, as files differ from HEAD.
    `absent`: receipts of tasks that HEAD does not have. `base`: what HEAD was before. `messages`: other sentences.
    """

    commits: tuple[str, ...] = ()
    commit_of: Mapping[str, str] = MappingProxyType({})
    ticked: frozenset[str] = frozenset()
    missed: tuple[tuple[str, str, str], ...] = ()
    messages: tuple[str, ...] = ()
    absent: tuple[Receipt, ...] = ()
    kept_open: Mapping[str, str] = MappingProxyType({})
    waiting: frozenset[str] = frozenset()
    unclear: Mapping[str, str] = MappingProxyType({})
    unopened: frozenset[str] = frozenset()
    base: str | None = None

    @property
    def uncommitted(self) -> tuple[Receipt, ...]:
        """Those of tasks that are ticked, and for which there was nothing to commit."""
        return tuple(one for one in self.absent if one.task_id in self.ticked)

    @property
    def committed(self) -> frozenset[str]:
        """The tasks with a receipt in a commit."""
        return frozenset(self.commit_of)


def land(
    repo: Repository,
    receipts: Sequence[Receipt],
    *,
    run_id: str,
    commit: bool = True,
    each: bool = False,
    statuses: Mapping[str, Status] = STATUS_CHARS,
    patience: float = index_copy.PATIENCE,
    git: GitSession | None = None,
    whole: bool = False,
    taken: IdsTaken | None = None,
    since: str | None = None,
    judge: Callable[[str | None], None] | None = None,
    runs: Mapping[str, str] = MappingProxyType({}),
) -> Landing:
    """Make the receipts' edits, in one commit if `commit`, otherwise in the work tree alone. With `each` every receipt
    gets a commit of its own, in their order; HEAD moves once, to the last of them. `runs` has by task the runs of those
    receipts that are not of `run_id`: each run gets a commit of its own.

    A task that HEAD does not have, or has ticked already, gets no receipt; the latter does where the receipt proves an
    earlier tick, if need be in a commit that changes no file. Landing the same receipts again does nothing more, so it
    is how an interrupted landing is finished; then `since` is what HEAD was before the first time. Of several receipts
    for one task the last counts. A task is ticked together with its outputs, or not at all. `patience`: seconds to wait
    for another git that holds the index. `git`: of a caller who lands many times. `whole`: nothing is changed where
    something of what is to be taken back cannot be. `taken`: see `new_subtasks.ids_taken`; those tasks are kept open.
    `judge` is asked about HEAD before it moves, and raises where nothing may land on it.

    Raises GitError, with HEAD, index and files as they were: an operation is in progress, no identity, no
    signature, a locked or unmerged index. Raises InputError where a file cannot be written, as on a full disk:
    HEAD and index have their edits then, and landing again makes up for the file.
    """
    job = Job(repo, receipts, run_id, statuses, each=each, since=since, runs=runs)
    job, unclear = _without(job, {}, {} if whole else _unclear_on_disk(job))
    if not commit or not (job.wanted or job.restores):
        atomic_file.sweep(repo.root, job.wanted)
        job, kept_open = _without(job, {}, taken(None) if taken else {})
        base = head_position(repo).commit or None
        return _tick_work_tree(job, Landing(kept_open=kept_open, unclear=unclear, base=base))
    remove_leftovers(repo, [*job.wanted, *(one.path for one in job.restores)])
    failpoint("recovered")
    if (operation := operation_in_progress(repo)) is not None:
        raise GitError(f"a {operation} is in progress: nothing is committed now")
    with GitSession(repo) if git is None else nullcontext(git) as session:
        checks = Checks(whole, taken, judge)
        return _land(job, session, unclear, patience=patience, checks=checks)


def hold_outputs(
    repo: Repository, held: Sequence[Output], git: GitSession | None = None
) -> tuple[tuple[Output, ...], dict[str, str]]:
    """The outputs of a task that has ended just now, their content in git's object store; and why others are not.
    Raises GitError where git refuses."""
    if not held:
        return (), {}
    from mdtodo.outputs.survey import hold  # most tasks have no outputs

    with GitSession(repo) if git is None else nullcontext(git) as session, IndexCopy(session) as copy:
        return hold(copy, repo.root, held)


def _land(
    job: Job,
    git: GitSession,
    unclear: dict[str, str],
    *,
    patience: float,
    checks: Checks,
) -> Landing:
    """Commit, then write the work tree, then tell the index what is there."""
    job, kept_open = _hold_rest(job, git)
    while True:
        try:
            attempt = partial(_commit, job, git, patience=patience, checks=checks)
            landing, builder = persist(attempt)
            break
        except (OutputsChangedError, IdTakenError) as changed:
            job, kept_open = _without(job, kept_open, changed.reasons)
        except UnclearError as error:
            if checks.whole:
                raise RefusedError(
                    [f"{task}: {why}" for task, why in error.reasons.items()], of_task=True
                ) from error
            job, unclear = _without(job, unclear, error.reasons)
    forget(job.repo, builder.outputs)
    landing = _tick_work_tree(job, landing._replace(kept_open=kept_open, unclear=unclear))
    if job.restores:
        landing = _restore_work_tree(job, builder, landing)
    outputs = [output.path for output in builder.outputs if output.digest is not None]
    restored = [one.path for one in builder.rewrites if one.mode]
    # the index has their content but not their times, and `git diff-files` calls such files changed
    index_copy.refresh(git, [*builder.tracked, *restored, *outputs])
    failpoint("refreshed")
    return landing


def _hold_rest(job: Job, git: GitSession) -> tuple[Job, dict[str, str]]:
    """Where that was not done at the end of a task; the tasks with outputs that changed since are left out."""
    reasons: dict[str, str] = {}
    for task, receipt in job.receipts.items():
        if any(output.entry is None for output in receipt.held or ()):
            held, left = hold_outputs(job.repo, receipt.held or (), git)
            job.receipts[task] = receipt._replace(held=held)
            if left:
                reasons[task] = "; ".join(f"{path}: {reason}" for path, reason in left.items())
    return _without(job, {}, reasons) if reasons else (job, {})


def _without(job: Job, kept_open: Mapping[str, str], more: Mapping[str, str]) -> tuple[Job, dict[str, str]]:
    """The job without these tasks, nor the parents that were to be ticked with them, nor the new subtasks of theirs."""
    # who says why knows the tasks of the run, and some may have left the job for another reason
    more = {task: reason for task, reason in more.items() if task in job.receipts}
    reasons = {**kept_open, **more}
    for parent, child in job.rolled_up_with(more).items():
        reasons.setdefault(parent, f"its subtask {child} stays open")
    # A task of that id is none of theirs: the one that was proven was never written.
    for child, parent in job.added_by(more).items():
        reasons.setdefault(child, f"it is a new subtask of {parent}, and was not added")
    return job.without(reasons), reasons


def persist(attempt: Callable[[bool], T]) -> T:
    """What `attempt` gives, made again from the start while others move HEAD or change the index.

    After the first one it is told to take the lock first, so that nobody can be faster for ever, and many who land at
    once do not make all of it many times.
    """
    began, pause, tries = time.monotonic(), 0.002, 0
    while True:
        try:
            return attempt(tries > 0)
        except (HeadMovedError, IndexChangedError) as error:
            patience = LOCK_PATIENCE if isinstance(error, RefLockedError) else PATIENCE
            if time.monotonic() > began + patience:
                raise GitError(f"nothing was committed: {error}") from error
        time.sleep(pause)
        pause, tries = min(pause * 2, 0.1), tries + 1


def _commit(
    job: Job, git: GitSession, first: bool, *, patience: float, checks: Checks
) -> tuple[Landing, CommitBuilder]:
    """Commit and stage; also gives what built it."""
    with IndexCopy(git, first=first, patience=patience) as copy:
        head = read_head(git)
        if checks.judge is not None:
            checks.judge(head.commit)
        reasons = checks.taken(head.commit) if checks.taken else {}
        if kept := {task: why for task, why in reasons.items() if task in job.receipts}:
            raise IdTakenError(kept)
        with HeadMove(git, head, job.subject) as move:
            builder = build_commits(job, git, head, copy)
            if checks.whole:
                refuse(job, builder)
            made = write_commits(git, head, builder)
            copy.stage(builder.staged)
            failpoint("prepared")
            _place(copy, move, made[-1] if made else None, builder.subject)
    commit_of = {
        receipt.task_id: oid
        for oid, step in zip(made, builder.steps, strict=True)
        for receipt in step.receipts
    }
    absent = tuple(job.receipts[task] for task in builder.absent if task not in commit_of)
    messages = tuple(builder.messages)
    return Landing(tuple(made), commit_of, messages=messages, absent=absent, base=head.commit), builder


def refuse(job: Job, builder: CommitBuilder) -> None:
    """Raise RefusedError where something of what is to be taken back could not be, here or in the work tree."""
    refused = dict(builder.refused)
    for file in job.wanted:
        if os.path.lexists(os.path.join(job.repo.root, file)):
            version = _version_on_disk(job, file)
            refused = {
                task: f"{reason} in the work tree" for task, reason in version.missed.items()
            } | refused
    paths = [f"{path}: {refused[path]}" for path in (one.path for one in job.restores) if path in refused]
    reasons = list(paths)
    for task, receipt in job.receipts.items():
        goes_whole = receipt.proven or any(isinstance(edit, Revert | RevertFile) for edit in receipt.edits)
        if task in refused and goes_whole:
            reasons.append(f"{receipt.edits[0].anchor.file}: {task} ({receipt.title}): {refused[task]}")
    if reasons:
        raise RefusedError(reasons, of_task=len(reasons) > len(paths))


def _version_on_disk(job: Job, file: str) -> EditResult:
    try:
        return job.tick(file, files.read(job.repo.root, file), once=False)
    except InputError as error:
        return EditResult(b"", missed=dict.fromkeys(job.wanted[file], error.sentence))


def _unclear_on_disk(job: Job) -> dict[str, str]:
    """The tasks that cannot be told from equal ones in the work tree; a file that was written just now is read again
    after a moment, since it may be only half written."""
    found: dict[str, str] = {}
    for file in job.wanted:
        unclear, pause = _unclear_in(job, file), 0.01
        while unclear and pause < 0.1 and files.is_fresh(job.repo.root, file):
            time.sleep(pause)
            unclear, pause = _unclear_in(job, file), pause * 2
        found |= unclear
    return found


def _unclear_in(job: Job, file: str) -> dict[str, str]:
    try:
        return job.unclear(file, files.read(job.repo.root, file))
    except InputError:  # whoever ticks it says why it cannot be read
        return {}


def _restore_work_tree(job: Job, builder: CommitBuilder, landing: Landing) -> Landing:
    """Write the files that went back, and say which ones did not."""
    paths = (one.path for one in job.restores)
    left = [
        f"{path}: left as it is, since {builder.refused[path]}" for path in paths if path in builder.refused
    ]
    left += write(job.repo, builder.rewrites)
    failpoint("restored")
    return landing._replace(messages=(*landing.messages, *left))


def _place(copy: IndexCopy, move: HeadMove, new: str | None, line: str) -> None:
    """What was prepared becomes what is: HEAD, then the index."""
    # locked before HEAD moves: else another git that has the lock would keep the index behind HEAD, and `git status`
    # would show our ticks staged backwards
    if copy.changed:
        copy.lock()
        failpoint("locked")
    if new is not None:
        move.make(new, line)
        failpoint("moved")
    if copy.changed:
        copy.install()
        failpoint("installed")


def _tick_work_tree(job: Job, landing: Landing) -> Landing:
    """Make the edits in the files as they are on the disk now."""
    missed: list[tuple[str, str, str]] = []
    messages = list(landing.messages)
    waiting: set[str] = set()
    for file in job.wanted:
        version = _tick_file(job, file)
        waiting |= set(version.missed) if version.waits else set()
        missed += [(task, file, reason) for task, reason in version.missed.items()]
        messages += [f"{file}: {task}: {reason}" for task, reason in version.incomplete.items()]
        failpoint("written")
    ticked = frozenset(job.receipts) - {task for task, _, _ in missed}
    # Changed since it was looked at. What is committed has landed: the file lacks the tick, and a sentence says so.
    open_here = {task: reason for task, _, reason in missed if task not in landing.commit_of}
    unclear = {**landing.unclear, **unclear_ones(open_here)}
    return landing._replace(
        ticked=ticked,
        missed=tuple(one for one in missed if one[0] not in unclear),
        messages=tuple(messages),
        waiting=frozenset(waiting),
        unclear=unclear,
    )


def _tick_file(job: Job, file: str) -> EditResult:
    """Again on the new bytes if the file is saved meanwhile; and, if a task is missing from a file that was
    written just now, again after a moment, since it may be only half written. Where somebody goes on writing it, it is
    left."""
    deadline, pause = time.monotonic() + PATIENCE, 0.005
    while True:
        try:
            if job.makes(file) and not os.path.lexists(os.path.join(job.repo.root, file)):
                files.create(job.repo.root, file, b"")
            with ExitStack() as stack:
                try:
                    files.await_back(job.repo.root, file)
                    data, lease = stack.enter_context(files.settled(job.repo.root, file))
                except InputError as error:
                    return _missed(job, file, error)
                version = job.tick(file, data, once=False)
                if not (version.missed and pause < 0.1 and files.is_fresh(job.repo.root, file)):
                    if version.data != data:
                        files.replace(job.repo.root, file, data, version.data, lease)
                    return version
        except EditError as error:
            if isinstance(error, BusyError) or time.monotonic() > deadline:
                return _missed(job, file, error)
        time.sleep(pause)
        pause = min(pause * 2, 0.12)


def _missed(job: Job, file: str, error: EditError | InputError) -> EditResult:
    version = EditResult(b"", missed=dict.fromkeys(job.wanted[file], error.sentence))
    version.waits = isinstance(error, EditError)
    return version
