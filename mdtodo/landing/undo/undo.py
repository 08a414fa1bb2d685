"""Undoing: a run's commits taken back by one new commit, all of it or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.edits import Revert
from mdtodo.core.receipt import Receipt
from mdtodo.core.results import Undone
from mdtodo.core.task import Status
from mdtodo.errors import GitError, UsageError
from mdtodo.git.session import GitSession
from mdtodo.landing.dry_run import diff, preview_landing
from mdtodo.landing.land import RefusedError
from mdtodo.landing.policy import new_run_id, refuse_half_done_operation, sentences_of
from mdtodo.landing.recovery.land_recorded import land_recorded, record
from mdtodo.landing.result_edits import reopening_edits
from mdtodo.landing.undo.reversal import LandedRun, revert_run
from mdtodo.planning.rollup import parents_to_reopen
from mdtodo.receipts.log import logged_commits
from mdtodo.storage.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdtodo.landing.land import Landing
    from mdtodo.project.project import Project


def undo(project: Project, name: str | None, *, dry_run: bool = False) -> Undone:
    """Take back the run of this name, or the newest one that is neither undone nor an undo itself.

    With `dry_run` nothing is changed, and `diff` says what would be. Raises UsageError where there is no such run,
    GitError where it cannot be taken back now; RefusedError, a kind of that, where later changes would be lost.
    """
    refuse_half_done_operation(project.repo, instead="")
    past = LandedRun.all(logged_commits(project.repo))
    undone = undone_by(past)
    chosen = choose(past, undone, name)
    if chosen.run in undone:
        return Undone(chosen.run, before=undone[chosen.run])
    receipts = _receipts(project, chosen, _later(past, undone, chosen))
    run_id = new_run_id()
    # it raises before anything is written: all of it or nothing
    preview = preview_landing(project.repo, receipts, run_id=run_id, statuses=project.config.status)
    would = Undone(chosen.run, None, preview.receipts)
    if dry_run:
        return would._replace(diff=diff(project.repo, preview))
    landing = _land(project, receipts, run_id, chosen.run)
    if not landing.commits:
        return Undone(chosen.run, messages=tuple(sentences_of(landing)))
    return would._replace(run=run_id, commits=landing.commits, messages=tuple(sentences_of(landing)))


def undone_by(past: Mapping[str, LandedRun]) -> dict[str, str]:
    """The runs that are undone, each with the run that took it back. An undo that was undone itself does not count."""
    found: dict[str, str] = {}
    # newest first, so the undo of an undo is met before what it undoes
    for one in past.values():
        if one.undoes is not None and one.run not in found:
            found.setdefault(one.undoes, one.run)
    return found


def choose(past: Mapping[str, LandedRun], undone: Mapping[str, str], name: str | None) -> LandedRun:
    """The run that is meant, by its name or the beginning of it. UsageError where there is none, or several."""
    if name is None:
        found = next((one for one in past.values() if one.run not in undone and one.undoes is None), None)
        if found is None:
            raise UsageError("there is no run on this branch to undo", hint="`mdtodo log` shows the receipts")
        return found
    matches = (
        [past[name]] if name in past else [one for run, one in past.items() if name and run.startswith(name)]
    )
    if not matches:
        raise UsageError(f"no run on this branch is named {name!r}", hint="`mdtodo log` shows their names")
    if len(matches) > 1:
        shown = ", ".join(one.run for one in matches[:8]) + (", ..." if len(matches) > 8 else "")
        raise UsageError(f"{name!r} matches {len(matches)} runs: {shown}", hint="type more of it")
    return matches[0]


def _later(past: Mapping[str, LandedRun], undone: Mapping[str, str], chosen: LandedRun) -> dict[str, str]:
    """Tasks of the run that a later one has changed, each with that one. What was undone does not count."""
    mine = chosen.newest_commits()
    found: dict[str, str] = {}
    for one in past.values():
        if one.run not in undone and one.undoes is None and one.run != chosen.run:
            newer = (
                task_id for task_id, number in one.newest_commits().items() if number < mine.get(task_id, -1)
            )
            for task_id in newer:
                found.setdefault(task_id, one.run)
    return found


def _receipts(project: Project, chosen: LandedRun, later: Mapping[str, str]) -> list[Receipt]:
    """What takes the run back, parents that rested on it included. Raises RefusedError as `undo` does."""
    with GitSession(project.repo) as git:
        found = revert_run(git, chosen, project.config.status, project.documents)
    titles = {receipt.task_id: receipt.title for receipt in found.receipts}
    # a later run landed a result for the task, which would be taken back with this one's
    refused = [f"{task} ({titles.get(task, '')}): run {run} changed it since" for task, run in later.items()]
    refused += found.refused or _moved_away(project, found.receipts)
    if refused:
        raise RefusedError(refused)
    receipts = list(found.receipts)
    opened = {
        receipt.task_id: Status.TODO
        for receipt in receipts
        if receipt.task_id in project.tasks
        and receipt.outcome == Status.TODO
        and any(edit.was.closed for edit in receipt.edits if isinstance(edit, Revert))
    }
    for name in parents_to_reopen(project.plan, opened) if project.config.rollup else ():
        parent, edits = project.tasks[name], tuple(reopening_edits(project, project.tasks[name]))
        receipts.append(
            Receipt(parent.id, parent.title, "todo", "rollup", 0, 0.0, 0, edits, undoes=chosen.run)
        )
    return receipts


def _moved_away(project: Project, receipts: Sequence[Receipt]) -> list[str]:
    """Why not, of tasks whose file has another name by now that HEAD does not have: there they would stay as they are,
    and be committed so."""
    return [
        f"{file}: {one.task_id} ({one.title}): it is in {task.file} now; commit that first"
        for one in receipts
        if one.edits and (task := project.tasks.get(one.task_id)) is not None
        if (file := one.edits[0].anchor.file) not in project.documents and file != task.file
    ]


def _land(project: Project, receipts: Sequence[Receipt], run_id: str, undone: str) -> Landing:
    """Through the journal, as the results of a run: a kill on the way is made up for."""
    with StateStore.open(project.repo) as state:
        if undone in {run for run, _, _ in state.active_runs()}:
            # what it lands next would be missed
            hint = "wait until it ends, or stop it with Ctrl-C"
            raise GitError(f"run {undone} is still running", hint=hint)
        command = record(project.repo, state, "undo", receipts, commit=True, run_id=run_id)
        return land_recorded(project.repo, state, command, project.config)
