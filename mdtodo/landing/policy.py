"""When a receipt may land, how, and what a person should know of it: the same rules for a run and for a command."""

from __future__ import annotations

import os
from contextlib import nullcontext
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING

from mdtodo.core.edits import ArchiveSubtree, PutSubtree, SetStatus, TakeSubtree
from mdtodo.core.receipt import DIRTY
from mdtodo.core.task import Status
from mdtodo.errors import GitError
from mdtodo.git.position import HeadPosition, head_position, is_same_line_of_work
from mdtodo.git.repository import operation_in_progress
from mdtodo.git.session import GitSession
from mdtodo.landing.land import land
from mdtodo.landing.new_subtasks import ids_taken
from mdtodo.landing.uncommitted import not_committed
from mdtodo.landing.work_tree import WorkTree
from mdtodo.system import audit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mdtodo.config.settings import Config
    from mdtodo.core.receipt import Receipt
    from mdtodo.git.repository import Repository
    from mdtodo.landing.land import Landing
    from mdtodo.storage.rows import Entry
    from mdtodo.storage.state import StateStore


def new_run_id() -> str:
    """A name for a run that sorts by time: `20261121T101500-3f2a91`, in UTC."""
    from datetime import UTC, datetime

    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.urandom(3).hex()}"


#: What a command that is told to commit may be told instead.
WITHOUT_COMMIT = "use --no-commit to tick in the work tree alone"


def refuse_half_done_operation(repo: Repository, *, instead: str = WITHOUT_COMMIT) -> None:
    """Raises GitError during a merge, rebase, cherry-pick, revert or bisect: a commit now would become part
    of it. Also inside of a `git commit`, as in a pre-commit hook: git would find that HEAD has moved, and
    give up. `instead`: what this command could do now, "" for nothing.
    """
    if "GIT_INDEX_FILE" in os.environ:
        raise GitError(
            "GIT_INDEX_FILE is set, as inside a `git commit`: mdtodo does not commit now",
            hint=instead or None,
        )
    operation = operation_in_progress(repo)
    if operation:
        raise GitError(
            f"a {operation} is in progress: mdtodo does not commit now",
            hint=f"finish the {operation}{f', or {instead}' if instead else ' first'}",
        )


def refuse_without_identity(git: GitSession) -> None:
    """Raises GitError where git would not know who commits: better before an hour of work than after it. Not where
    HEAD is unborn, as nothing is committed there."""
    if not head_position(git.repo).commit:
        return
    try:
        git.identity()
    except GitError as error:
        hint = f"{error.hint}; --no-commit ticks in the work tree alone" if error.hint else None
        raise GitError(f"{error.sentence}; nothing was started", hint=hint) from error


def land_as_configured(
    repo: Repository,
    receipts: Sequence[Receipt],
    *,
    run_id: str,
    commit: bool,
    config: Config,
    each: bool = False,
    git: GitSession | None = None,
    since: str | None = None,
    runs: Mapping[str, str] = MappingProxyType({}),
) -> Landing:
    """Make the receipts' edits in the work tree, and in HEAD and the index if `commit`, in one commit or in one
    for `each`; `git` serves many; `since` and `runs`: see `land`. What takes a run back does so whole:
    RefusedError where that cannot be."""
    if commit:
        refuse_half_done_operation(repo)
    return land(
        repo,
        receipts,
        run_id=run_id,
        commit=commit,
        each=each,
        statuses=config.status,
        git=git,
        whole=any(receipt.undoes is not None or lands_whole(receipt) for receipt in receipts),
        taken=ids_taken(repo, config, receipts),
        judge=_judge(repo, receipts, config),
        since=since,
        runs=runs,
    )


def _judge(
    repo: Repository, receipts: Sequence[Receipt], config: Config
) -> Callable[[str | None], None] | None:
    """What raises where a commit is none on which these may land; None where any will do."""
    whole = PutSubtree | TakeSubtree | ArchiveSubtree
    if any(isinstance(edit, whole) for one in receipts for edit in one.edits):
        # to import these takes longer than to tick a task, and few receipts need them
        from mdtodo.landing.moves.judge import judge_moves
        from mdtodo.landing.moves.judge_archive import judge_archive

        moved = judge_moves(repo, receipts, config.status) or judge_archive(repo, receipts, config.status)
        if moved is not None:
            return moved
    if any(lands_whole(one) for one in receipts):
        from mdtodo.landing.clones.changes import judge_head

        return judge_head(repo, config.files_and_archives, receipts)
    return None


def lands_whole(receipt: Receipt) -> bool:
    """Whether it lands alone, with all that was changed in a clone, or not at all."""
    return receipt.proven is not None and bool(receipt.restores)


def land_entries(
    repo: Repository,
    state: StateStore,
    run_id: str,
    entries: Sequence[Entry],
    config: Config,
    *,
    commit: bool,
    each: bool = False,
    git: GitSession | None = None,
    work_tree: WorkTree | None = None,
    again: bool = False,
    others: Mapping[str, Sequence[Entry]] = MappingProxyType({}),
) -> Landing:
    """Land receipts of the journal, by their numbers in it: on the disk before a tick, marked after it; `again` where
    some may have landed before. `others` are of other runs of this work tree, which go along: what cannot be committed
    of them is left to those, and is no part of what is returned.

    The `work_tree` is looked at before that, as it may be another one than where the processors began.

    What has to stay open since its outputs cannot be committed counts as failed; what waits for somebody who writes the
    file is left to the next call, and what cannot be told from an equal task to the next run. Raises GitError where
    HEAD no longer stands where the run began: then they are kept for that place.
    """
    _park_elsewhere(repo, state, run_id, entries)
    # The journal is in SQLite without a sync for each result: a crash after the tick would forget what proved it.
    state.sync()
    work_tree = work_tree or WorkTree(repo, config, opens=False)
    since = _place(state, run_id) if again else None
    with GitSession(repo) if git is None and commit else nullcontext(git) as session:
        both: Sequence[Entry] = [*entries, *chain.from_iterable(others.values())]
        runs = {receipt.task_id: run for run, theirs in others.items() for _, receipt in theirs}
        both, unopened = judged(state, both, work_tree, commit=commit, git=session)
        landing = land_as_configured(
            repo,
            [receipt for _, receipt in both],
            run_id=run_id,
            commit=commit,
            each=each,
            config=config,
            git=session,
            since=since.commit if since else None,
            runs=runs,
        )
    entries = [entry for entry in both if entry[1].task_id not in runs]
    landing = _mark_others(state, [entry for entry in both if entry[1].task_id in runs], landing, runs)
    _mark(state, entries, landing, commit=commit)
    _log(run_id, [receipt for _, receipt in entries], landing)
    return told(landing, work_tree, unopened)


def _mark_others(
    state: StateStore, entries: Sequence[Entry], landing: Landing, runs: Mapping[str, str]
) -> Landing:
    """Say in the journal what has landed of other runs; the landing without them, but for what is missing in the work
    tree of what was committed, which nobody else would say."""
    if not runs:
        return landing
    landed: dict[str, list[int]] = {}
    for number, receipt in entries:
        made = landing.commit_of.get(receipt.task_id)
        if made is not None and receipt.task_id not in landing.waiting:
            landed.setdefault(made, []).append(number)
            _log(runs[receipt.task_id], [receipt], landing)
    for made, numbers in landed.items():
        state.mark_landed(numbers, made, base=landing.base)
    commit_of = {task: made for task, made in landing.commit_of.items() if task not in runs}
    return landing._replace(
        commits=tuple(dict.fromkeys(commit_of.values())),
        commit_of=commit_of,
        ticked=landing.ticked - runs.keys(),
        missed=tuple(one for one in landing.missed if one[0] not in runs or one[0] in landing.commit_of),
        absent=tuple(one for one in landing.absent if one.task_id not in runs),
        kept_open={task: why for task, why in landing.kept_open.items() if task not in runs},
        unclear={task: why for task, why in landing.unclear.items() if task not in runs},
    )


def _log(run_id: str, receipts: Sequence[Receipt], landing: Landing) -> None:
    for one in receipts:
        landed = one.task_id in landing.ticked or one.task_id in landing.commit_of
        audit.record(
            "landed" if landed else "not_landed",
            run=run_id,
            task=one.task_id,
            attempt=audit.attempt_name(run_id, one.task_id, one.attempt),
            outcome=one.outcome,
            commit=landing.commit_of.get(one.task_id),
        )


def _park_elsewhere(repo: Repository, state: StateStore, run_id: str, entries: Sequence[Entry]) -> None:
    """Keep the receipts of a run that began on another branch for that, and raise GitError."""
    began = elsewhere(repo, state, run_id)
    if began is not None:
        state.park(number for number, _ in entries)
        raise GitError(
            f"the run began on {began.name}, but HEAD is on {head_position(repo).name} now: nothing was ticked here",
            hint=f"the results are kept, and the next `mdtodo run` on {began.name} lands them",
        )


def _mark(state: StateStore, entries: Sequence[Entry], landing: Landing, *, commit: bool) -> None:
    """Say in the journal what has landed, what waits for another run, what has to stay open, and what was not found
    anywhere."""
    if refused := landing.kept_open.keys() - landing.unclear.keys():
        state.refuse(number for number, receipt in entries if receipt.task_id in refused)
    nowhere = {task for task, _, _ in landing.missed} - landing.committed - landing.waiting
    state.discard(number for number, receipt in entries if receipt.task_id in nowhere)
    # what HEAD has ticked already may be what this very landing did before it was killed: who knows on what
    ticked_now = {*landing.committed, *(one.task_id for one in landing.absent)}
    stay = {*landing.kept_open, *landing.waiting, *landing.unclear, *nowhere}
    landed: dict[tuple[str | None, str | None], list[int]] = {}
    for number, receipt in entries:
        if receipt.task_id not in stay:
            base = landing.base if not commit or receipt.task_id in ticked_now else None
            landed.setdefault((landing.commit_of.get(receipt.task_id), base), []).append(number)
    # in nobody's way: each `run` looks at them again
    state.park(number for number, receipt in entries if receipt.task_id in landing.unclear)
    for (made, base), numbers in landed.items():
        state.mark_landed(numbers, made, base=base)


def judged(
    state: StateStore,
    entries: Sequence[Entry],
    work_tree: WorkTree,
    *,
    commit: bool,
    git: GitSession | None = None,
) -> tuple[Sequence[Entry], frozenset[str]]:
    """The entries that land as the work tree is now, with what their receipts say of that, in the journal too; and the
    tasks whose boxes stay closed since files differ, which was not meant."""
    # what a clone was judged in is what its commit had, whatever the work tree holds
    judged = [one for _, one in entries if one.proven is None and ((one.tree and commit) or _opens(one))]
    differs = bool(judged) and work_tree.look(git)
    late = work_tree.late if judged else frozenset[str]()
    dirty = {n for n, one in entries if one.proven is None and (differs or one.task_id in late)}
    if not dirty:
        return entries, frozenset()
    meant = work_tree.opens or any(_opens(one) and one.tree == DIRTY for one in judged)
    left = {number: one.task_id for number, one in entries if number in dirty and _opens(one) and not meant}
    state.discard(left)
    changed = {
        number: one._replace(tree=DIRTY)
        for number, one in entries
        if number in dirty and one.tree not in (None, DIRTY)
    }
    state.replace_receipts({number: one for number, one in changed.items() if number not in left})
    kept = [(number, changed.get(number, one)) for number, one in entries if number not in left]
    return kept, frozenset(left.values())


def told(landing: Landing, work_tree: WorkTree, unopened: frozenset[str]) -> Landing:
    """The landing of what `judged` gave, with a sentence on what it saw."""
    said = work_tree.tell(refused=bool(unopened))
    return landing._replace(messages=(*said, *landing.messages), unopened=unopened)


def _opens(receipt: Receipt) -> bool:
    """Whether a box is opened since its processor has failed, or with one of its subtasks. What an undo opens, a person
    asked for, and a proof that is too old is so whatever the files are."""
    return (
        receipt.processor not in ("person", "every")
        and receipt.undoes is None
        and any(isinstance(edit, SetStatus) and edit.status is Status.TODO for edit in receipt.edits)
    )


def elsewhere(repo: Repository, state: StateStore, run_id: str) -> HeadPosition | None:
    """Where the run began, if HEAD does not stand there any more, nor on what descends from it."""
    was = _place(state, run_id)
    return None if was is None or is_same_line_of_work(repo, was) else was


def _place(state: StateStore, run_id: str) -> HeadPosition | None:
    """Where the run began, if that was noted."""
    began = state.begun(run_id).get("place")
    return HeadPosition(*map(str, began)) if isinstance(began, list) and len(began) == 3 else None


def sentences_of(landing: Landing) -> list[str]:
    """What a person should know of a landing, what could not be committed last."""
    return [
        *(f"{task_id} stays open: {reason}" for task_id, reason in landing.kept_open.items()),
        *(f"{task_id} is not ticked: {reason}" for task_id, reason in landing.unclear.items()),
        *(
            f"{file}: {task_id}: {reason}"
            + ("; the next call of mdtodo ticks it there" if task_id in landing.waiting else "")
            for task_id, file, reason in landing.missed
        ),
        *landing.messages,
        *not_committed(landing.uncommitted),
    ]
