"""What runs that ended too early had finished: landed by the next command, each under its own name."""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING

from mdtodo.core.titles import quoted
from mdtodo.errors import GitError
from mdtodo.git.files.tree_files import from_commit
from mdtodo.git.repository import operation_in_progress, read_blobs
from mdtodo.landing.carry.lost_commits import lost_commits
from mdtodo.landing.job import ProofMovedError
from mdtodo.landing.land import RefusedError
from mdtodo.landing.leftovers import remove_leftovers
from mdtodo.landing.merge.revert import make_edits
from mdtodo.landing.policy import (
    elsewhere,
    judged,
    land_as_configured,
    land_entries,
    lands_whole,
    sentences_of,
    told,
)
from mdtodo.landing.work_tree import WorkTree
from mdtodo.receipts.log import logged_receipts
from mdtodo.receipts.trailers import Trailer
from mdtodo.storage import spool

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mdtodo.config.settings import Config
    from mdtodo.core.edits import Edit
    from mdtodo.core.receipt import Receipt
    from mdtodo.core.task import Status
    from mdtodo.git.repository import Repository
    from mdtodo.landing.land import Landing
    from mdtodo.storage.rows import Entry
    from mdtodo.storage.state import StateStore

#: Commits that are looked at for what was taken back: those that were made since a run was killed.
_NEWEST = 2000


def finish_earlier(
    repo: Repository, state: StateStore, config: Config, *, commit: bool, follow: bool = False
) -> tuple[list[str], list[str]]:
    """Land what runs that ended too early had finished, each under its own name; sentences, and commits. `follow`: and
    the receipts of ticks that HEAD has and no commit carries, see `carry.follow`.

    Raises GitError where that cannot be done now; nothing is lost by it.
    """
    # Locks that a killed run left come first: nothing below could be committed while they lie there.
    sentences, made = [*remove_leftovers(repo), *_finish_fast_forward(repo, config)], list[str]()
    if spool.of_dead_runs(repo, ()):
        from mdtodo.landing.recovery.read_spool import journal_spooled_results

        sentences += journal_spooled_results(repo, state, config)
    for run, entries in _unlanded(state).items():
        began = elsewhere(repo, state, run)
        if began is not None:
            state.park(number for number, _ in entries)
            where = f"wait for {began.name} to be checked out"
            sentences.append(f"the results of run {run} {where}: {_titles(entries)}")
            continue
        standing, taken_back = _without_undone(repo, state, run, entries, config)
        sentences += taken_back
        for receipts in _batches(state, run, standing):
            receipts, waiting = _followed(repo, state, run, receipts, config)
            sentences += waiting
            if not receipts:
                continue
            try:
                landing = _land_earlier(repo, state, run, receipts, config, commit=commit)
            except (RefusedError, ProofMovedError) as error:
                state.discard(number for number, _ in receipts)
                sentences.append(_refused(repo, run, receipts[0][1], error))
                continue
            missed = {task for task, _, _ in landing.missed} - landing.committed
            left = {*landing.kept_open, *landing.unclear, *landing.unopened, *missed}
            receipts = [one for one in receipts if one[1].task_id not in left]
            sentences += [f"{_what_landed(state, run)}: {_titles(receipts)}"] if receipts else []
            sentences += sentences_of(landing)
            made += landing.commits
    if follow and commit:
        told, commits = _follow(repo, state, config)
        return sentences + told, made + commits
    return sentences, made


def _refused(repo: Repository, run: str, receipt: Receipt, error: GitError) -> str:
    """What becomes of a result that lands whole, and could not."""
    if receipt.undoes is not None:
        return f"the undo of run {receipt.undoes} was not finished: {error.sentence}"
    if receipt.proven is None:
        return f"{quoted(receipt.title, receipt.task_id)} was not moved: {error.sentence}"
    from mdtodo.landing.clones.review import keep_for_next_run

    keep_for_next_run(repo, run, receipt, error.sentence)
    return f"{quoted(receipt.title, receipt.task_id)} was proven in run {run}, and waits to land: {error.sentence}"


def _unlanded(state: StateStore) -> dict[str, list[Entry]]:
    """The receipts that have yet to land, by their runs."""
    runs: dict[str, list[Entry]] = {}
    for entry in state.unlanded():
        runs.setdefault(entry.run_id, []).append((entry.number, entry.receipt))
    return runs


def _follow(repo: Repository, state: StateStore, config: Config) -> tuple[list[str], list[str]]:
    """No command has to wait for that."""
    try:
        if not (lost := lost_commits(repo, state)):
            return [], []
        from mdtodo.landing.carry.follow import land_what_follows

        return land_what_follows(repo, state, config, lost)
    except GitError as error:
        return [f"receipts of ticks that HEAD has cannot be committed now: {error}"], []


def _batches(state: StateStore, run: str, entries: Sequence[Entry]) -> list[list[Entry]]:
    """What lands together: of a run with a commit for each task, only one result of a task at a time, so that each of
    the two of one that had new subtasks gets its commit; and what lands whole, alone."""
    batches: list[list[Entry]] = []
    if whole := [entry for entry in entries if lands_whole(entry[1])]:
        rest = [entry for entry in entries if entry not in whole]
        return [*([one] for one in whole), *_batches(state, run, rest)]
    apart, there = state.begun(run).get("commit") == "task", set[str]()
    for entry in entries:
        if not batches or (apart and entry[1].task_id in there):
            batches.append([])
            there.clear()
        batches[-1].append(entry)
        there.add(entry[1].task_id)
    return batches


def _what_landed(state: StateStore, run: str) -> str:
    command = state.begun(run).get("command")
    return (
        f"finished `mdtodo {command}`, which was cut off" if command else f"landed the results of run {run}"
    )


def _titles(receipts: Sequence[Entry]) -> str:
    return ", ".join([receipt.title for _, receipt in receipts[:3]] + ["..."] * (len(receipts) > 3))


def _without_undone(
    repo: Repository, state: StateStore, run: str, receipts: list[Entry], config: Config
) -> tuple[list[Entry], list[str]]:
    """Those that have not landed yet, or still stand; those that somebody took back are done with."""
    gone = _taken_back_since(repo, run, [receipt for _, receipt in receipts], config.status)
    back = [(number, receipt) for number, receipt in receipts if receipt.task_id in gone]
    if not back:
        return receipts, []
    state.discard(number for number, _ in back)
    sentence = f"the results of run {run} were undone since, and stay undone: {_titles(back)}"
    return [one for one in receipts if one not in back], [sentence]


def _taken_back_since(
    repo: Repository, run_id: str, receipts: Iterable[Receipt], statuses: Mapping[str, Status]
) -> frozenset[str]:
    """The ids of those tasks whose receipt of this run git has, although HEAD does not show it any more.

    To land them again would be a second receipt for one proof, against the word of who took it back.
    """
    # By attempt as well: a task that had new subtasks has two receipts in one run, and git may have the first alone.
    told: dict[tuple[str, str | None], int] = {}
    for one in islice(logged_receipts(repo, newest=_NEWEST), _NEWEST):
        if one.run == run_id:
            key = one.task_id, one.at
            told[key] = max(one.attempt, told.get(key, 0))
    return frozenset(
        receipt.task_id
        for receipt in receipts
        # one from before there was `at=` has none
        if any(
            receipt.attempt <= told.get((receipt.task_id, at), -1) for at in (Trailer.of(receipt).at, None)
        )
        and _would_change(repo, receipt, statuses)
    )


def _would_change(repo: Repository, receipt: Receipt, statuses: Mapping[str, Status]) -> bool:
    by_file: dict[str, list[Edit]] = {}
    for edit in receipt.edits:
        by_file.setdefault(edit.anchor.file, []).append(edit)
    blobs = read_blobs(repo, [f"HEAD:{file}" for file in by_file])
    return any(
        (data := blobs[f"HEAD:{file}"]) is not None
        and make_edits(repo, data, {receipt.task_id: edits}, statuses, file=file, once=True).made
        for file, edits in by_file.items()
    )


def _finish_fast_forward(repo: Repository, config: Config) -> tuple[str, ...]:
    """What a push that was killed left undone in this checkout."""
    from mdtodo.landing.push.fast_forward_note import NOTE

    if not os.path.exists(os.path.join(repo.git_dir, NOTE)):
        return ()
    from mdtodo.landing.push.fast_forward import finish

    return finish(repo, config.status)


def _land_earlier(
    repo: Repository,
    state: StateStore,
    run: str,
    receipts: Sequence[Entry],
    config: Config,
    *,
    commit: bool,
) -> Landing:
    """As the run would have, which may have been asked for no commit. What should be committed, and must not
    now, is ticked and kept."""
    # A run with --no-commit is made up for without one: nobody asked for that commit, then or now.
    begun = state.begun(run)
    asked, by_command = begun.get("commit"), "command" in begun
    # `done --commit` and the like commit also where the configuration says that runs do not
    if asked != "none" and not commit and not (by_command and config.commit == "none"):
        work_tree = WorkTree(repo, config, opens=False)
        entries, unopened = judged(state, receipts, work_tree, commit=False)
        landing = land_as_configured(
            repo, [one for _, one in entries], run_id=run, commit=False, config=config
        )
        return told(landing, work_tree, unopened)
    commit, each = asked != "none", asked == "task"
    work_tree = WorkTree(
        repo, config, opens=by_command
    )  # what a person opens, a changed file does not keep closed
    return land_entries(
        repo, state, run, receipts, config, commit=commit, each=each, again=True, work_tree=work_tree
    )


def _followed(
    repo: Repository, state: StateStore, run: str, entries: Sequence[Entry], config: Config
) -> tuple[list[Entry], list[str]]:
    """The entries, with those of TODO files that were moved since the run began turned to where their tasks are now,
    but for those that cannot be told from others there: these wait, with a sentence for each."""
    named = {edit.anchor.file for _, receipt in entries for edit in receipt.edits}
    if all(os.path.lexists(os.path.join(repo.root, file)) for file in named):
        return [*entries], []
    from mdtodo.landing.renames import follow_renames

    began = state.begun(run).get("place")
    try:
        there = from_commit(repo, str(began[2]), config.task_files).ids if isinstance(began, list) else {}
    except (GitError, IndexError):  # the commit is gone: whether a file was there then cannot be told
        return [*entries], []
    now, unclear = follow_renames([receipt for _, receipt in entries], repo, config, there)
    state.park(number for number, one in entries if one.task_id in unclear)
    found = zip((number for number, _ in entries), now, strict=True)
    return (
        [(number, one) for number, one in found if one.task_id not in unclear],
        [f"{task} is not ticked: {reason}" for task, reason in unclear.items()],
    )


def finish_earlier_if_any(repo: Repository, config: Config, *, follow: bool = False) -> list[str]:
    """The same for a command that is no run: nothing without a state, or where git must not commit now."""
    from mdtodo.storage.state import StateStore, folder

    if not os.path.exists(os.path.join(folder(repo), "state.db")) or "GIT_INDEX_FILE" in os.environ:
        return []
    if operation_in_progress(repo):
        return []
    with StateStore.open(repo) as state:
        return finish_earlier(repo, state, config, commit=config.commit != "none", follow=follow)[0]
