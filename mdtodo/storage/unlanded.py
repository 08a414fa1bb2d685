"""Whether runs that are over have left results that have not landed: asked before every command that shows tasks.

The journal and the files of the pool processes are the lock. Each result names its run, and the run's row names the
process that has it, so that a number that was given to another process, another container or a restart of the machine
deceives nobody (see `owner`). A lock file beside them could say something else than they do after a power cut, would
not be there for what an earlier version left, and a pool process that outlives its runner would go on holding it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mdtodo.git.repository import Repository


def any_left(repo: Repository) -> bool:
    """Whether there is something to land here: not what is kept for another checkout, nor what a run that goes on
    lands itself. Nothing is written, and without a state nothing is opened.
    """
    path = os.path.join(repo.common_dir, "mdtodo", "state.db")
    if not os.path.exists(path):
        return False
    from mdtodo.storage.state import StateStore

    # The files before the runs: a run that begins in between is in neither, or in both.
    files = _files(repo)
    with StateStore.open(repo, create=False) as state:
        waiting = state.unlanded_runs()
        if not (files or waiting):
            return False
        active = {run for run, _, _ in state.active_runs()}
    if waiting - active:
        return True
    return any(_is_of(repo, path) for run, paths in files.items() if run not in active for path in paths)


def _files(repo: Repository) -> dict[str, list[str]]:
    """Those of pool processes, by run. Most calls find none, and do not import what reads them."""
    with suppress(OSError):
        if os.listdir(os.path.join(repo.common_dir, "mdtodo", "unread")):
            from mdtodo.storage import spool

            return spool.of_dead_runs(repo, ())
    return {}


def _is_of(repo: Repository, path: str) -> bool:
    from mdtodo.storage import spool

    return not spool.is_other_worktree(path, repo.root)
