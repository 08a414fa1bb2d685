"""What a killed run's pool processes had done and nobody had read: into the journal, from where it lands."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from mdtodo.core import codec
from mdtodo.core.results import Outcome, Proven
from mdtodo.core.task import Status
from mdtodo.core.titles import few
from mdtodo.execution.processors.output_file import reported_outputs
from mdtodo.landing.clones.changes import restores_of
from mdtodo.landing.land import hold_outputs
from mdtodo.markdown.task_index import TaskIndex, Unclear
from mdtodo.outputs.snapshot import adopt
from mdtodo.outputs.survey import Verdict
from mdtodo.storage import spool
from mdtodo.storage.rows import JournalEntry
from mdtodo.storage.state import folder
from mdtodo.system import process_identity

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from mdtodo.config.processor_settings import Processor
    from mdtodo.config.settings import Config
    from mdtodo.core.receipt import Output
    from mdtodo.core.task import Task
    from mdtodo.git.repository import Repository
    from mdtodo.git.session import GitSession
    from mdtodo.project.project import Project
    from mdtodo.storage.spool import SpoolLine
    from mdtodo.storage.state import StateStore


#: Seconds to wait for a pool process that outlives its runner, and after which one that gives no sign is given up.
PATIENCE = 4.0
SILENCE = 2.0


def journal_spooled_results(repo: Repository, state: StateStore, config: Config) -> list[str]:
    """Record what succeeded in runs that are over, once, under the name of its run; sentences on what does not count.

    Not what the journal has, nor what is no open task here any more, nor what wrote outputs that cannot be committed
    now. What an attempt with outputs had left when it was killed is known as ours from now on.
    """
    # before the runs that go on: one that begins in between is in neither
    runs = spool.of_dead_runs(repo, ())
    active = {run for run, _, _ in state.active_runs()} if runs else set()
    mine = {
        run: [path for path in paths if not spool.is_other_worktree(path, repo.root)]
        for run, paths in runs.items()
        if run not in active
    }
    if not any(mine.values()):
        return []
    from mdtodo.project.project import StateSummary, read_project

    sentences: list[str] = []
    for paths in mine.values():
        paths[:] = [path for path in paths if _wait_or_adopt(repo, path)]
    project = read_project(repo, config, summary=StateSummary.of(state), tolerant=True)
    for run, paths in mine.items():
        commit = state.begun(run).get("commit") != "none"
        # by attempt, as a task that had new subtasks may have succeeded twice
        found = sorted((one for path in paths for one in spool.read(path)), key=lambda one: one.attempt)
        there = _with_subtasks(project, state, run) if found else project
        done = {one.task_id for one in found if one.result.outcome is Outcome.DONE}
        records = [_record(there, run, one, sentences, done, commit=commit) for one in found]
        state.record_missing([record for record in records if record is not None])
        spool.delete(paths)
    return sentences


def _with_subtasks(project: Project, state: StateStore, run: str) -> Project:
    """The project as the run saw it at last: with the subtasks that its journal adds, which may have results too, and
    with those closed that it has done."""
    receipts = [entry.receipt for entry in state.unlanded(run)]
    edits = [edit for receipt in receipts for edit in receipt.edits if edit.anchor.file in project.documents]
    return project.with_edits(edits) if edits else project


def _wait_or_adopt(repo: Repository, path: str) -> bool:
    """Wait for the end of what the pool process still does, or mark what it left; False where it goes on."""
    deadline = time.monotonic() + PATIENCE
    while (last := spool.unfinished_attempt(path)) is not None and not process_identity.has_ended(last.owner):
        if time.time() > last.last_sign + SILENCE:
            break
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    if last is not None:
        outputs = last.outputs or {}
        reported = reported_outputs(str(outputs.get("outbox")))
        adopt(repo, outputs, last.task_id, reported, last.last_sign)
    return True


def _record(
    project: Project, run: str, one: SpoolLine, sentences: list[str], done: Container[str], *, commit: bool
) -> JournalEntry | None:
    """`done`: what has succeeded beside it."""
    from mdtodo.landing.new_subtasks import refusal, waits
    from mdtodo.landing.result_edits import receipt_of, result_edits

    task, result = _task_of(project, one), one.result
    if task is None or task.status is not Status.TODO or result.outcome is not Outcome.DONE:
        return None
    if (refused := refusal(project, task, result.subtasks)) is not None:
        sentences.append(f"{task.id} stays open: {refused}")
        return None
    written = waits(project, task, result.subtasks, closed=lambda _: False)
    below = (project.tasks[name] for name in task.children)
    blocked = written or not all(child.status.closed or child.id in done for child in below)
    outcome = Outcome.BLOCKED if blocked else Outcome.DONE
    name = one.processor or ""
    processor = project.config.processors.get(name)
    outputs = processor.outputs if processor is not None and not blocked else ()
    held: tuple[Output, ...] | None = None
    if outputs and commit:
        if result.outputs is None:
            return None
        held, reason = held_of(project.repo, codec.decode(Verdict, result.outputs))
        if reason is not None:
            sentences.append(f"{task.id} stays open: {reason}")
            return None
    receipt = receipt_of(
        *(task._replace(id=one.task_id), outcome, result, result_edits(project, task, result, outcome)),
        processor=name,
        seconds=result.duration,
        attempt=one.attempt,
        outputs=outputs,
        held=held,
        tree=one.tree,
    )
    if result.changes is not None:
        proven = codec.decode(Proven, dict(result.changes))
        restores = restores_of(project.repo, *proven) if _lands_changes(processor) else ()
        receipt = receipt._replace(restores=restores, proven=proven.commit)
    return JournalEntry(run, receipt, _log(project.repo, run, one))


def _lands_changes(processor: Processor | None) -> bool:
    return processor is None or processor.changes == "commit"


def _task_of(project: Project, one: SpoolLine) -> Task | None:
    """The task that was run, with the anchor that it had then; None where it is not there. Of several that it may be
    one that is open: by that anchor none of them is ticked, and the result waits."""
    known = project.tasks.get(one.task_id)
    if (anchor := one.anchor) is None:
        return known  # of an older mdtodo
    file = anchor.file if anchor.file in project.documents or known is None else known.file
    if file not in project.documents:
        return None
    found = TaskIndex(project.documents[file], file).find(anchor)
    indices = [found] if isinstance(found, int) else found.indices if isinstance(found, Unclear) else ()
    there = [task for task in project.tasks.values() if task.file == file]
    tasks = sorted((there[index] for index in indices), key=lambda task: task.status is not Status.TODO)
    return tasks[0]._replace(anchor=anchor._replace(file=file)) if tasks else None


def held_of(
    repo: Repository, verdict: Verdict, git: GitSession | None = None
) -> tuple[tuple[Output, ...] | None, str | None]:
    """What goes with the tick of a task that has ended; or why it must stay open, as a sentence."""
    reasons = [f"{path}: {reason}" for path, reason in verdict.theirs.items()]
    if reasons:
        reasons.append(f"commit or discard {'it' if len(reasons) == 1 else 'them'}, then run again")
    if verdict.unnamed:
        reasons.append(unnamed(verdict.unnamed))
    if reasons:
        return None, "; ".join(reasons)
    held, left = hold_outputs(repo, verdict.held, git)
    return held, "; ".join(f"{path}: {reason}" for path, reason in left.items()) or None


def unnamed(paths: Sequence[str]) -> str:
    """The sentence on files that changed while a task ran that did not name them."""
    return (
        f"{few(paths)} changed while it ran, and its processor did not name what it wrote in $MDTODO_OUTPUT"
    )


def _log(repo: Repository, run: str, one: SpoolLine) -> str | None:
    path = os.path.join(folder(repo), "logs", run, f"{one.task_id}.{one.attempt}.log")
    if not os.path.exists(path):
        return None
    inside = os.path.relpath(path, repo.root)
    return path if inside.startswith("..") else inside
