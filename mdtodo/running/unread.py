"""What a killed run's pool processes had done and nobody had read: into the journal, from where it lands."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mdtodo.model import Status
from mdtodo.repo import unread
from mdtodo.repo.state import Record, folder
from mdtodo.results import Outcome, Receipt

if TYPE_CHECKING:
    from mdtodo.config import Config
    from mdtodo.repo.git import Repository
    from mdtodo.repo.state import State
    from mdtodo.repo.unread import Unread
    from mdtodo.running.board import Board


def take_up(repo: Repository, state: State, config: Config) -> None:
    """Record what succeeded in runs that are over, once, under the name of its run.

    Not what the journal has, nor what is no open task here any more, nor that of a processor with `outputs`: nobody
    has seen what they were at its end. Such a task runs again.
    """
    runs = unread.left(repo, {run for run, _, _ in state.active_runs()})
    if not runs:
        return
    from mdtodo.running.board import Memory, read_board

    board = read_board(repo, config, memory=Memory.of(state), tolerant=True)
    for run, paths in runs.items():
        found = [one for path in paths for one in unread.read(path)]
        records = [_record(board, run, one) for one in found]
        state.record_missing([record for record in records if record is not None])
        unread.delete(paths)


def _record(board: Board, run: str, one: Unread) -> Record | None:
    from mdtodo.running.executor import result_of
    from mdtodo.running.word import result_edits

    task, result = board.tasks.get(one.task_id), result_of(one.result)
    if task is None or task.status is not Status.TODO or result.outcome is not Outcome.DONE:
        return None
    processor = board.config.processors.get(one.processor)
    if processor is not None and processor.outputs:
        return None
    edits = tuple(result_edits(board, task, result))
    receipt = Receipt(
        *(task.id, task.title, Outcome.DONE, one.processor, result.exit_code, result.duration, one.attempt),
        edits=edits,
    )
    return Record(run, receipt, _log(board.repo, run, one), result.metrics)


def _log(repo: Repository, run: str, one: Unread) -> str | None:
    path = os.path.join(folder(repo), "logs", run, f"{one.task_id}.{one.attempt}.log")
    if not os.path.exists(path):
        return None
    inside = os.path.relpath(path, repo.root)
    return path if inside.startswith("..") else inside
