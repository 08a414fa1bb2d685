"""Breaking tasks down in their TODO files: all that is asked for in one call, or nothing of it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from mdtodo.core.edits import new_subtasks
from mdtodo.errors import MdtodoError
from mdtodo.landing.policy import land_as_configured, new_run_id, refuse_half_done_operation
from mdtodo.system import files

if TYPE_CHECKING:
    from mdtodo.landing.land import Landing
    from mdtodo.project.expansion import Expansion


def write(expansion: Expansion) -> None:
    """Write the files, all of them or none.

    Raises EditError where one was changed meanwhile, InputError where one cannot be written.
    """
    root = expansion.project.repo.root
    written: list[str] = []
    try:
        for file, (before, new) in expansion.contents.items():
            if new != before:
                files.replace(root, file, before, new)
                written.append(file)
    except BaseException:  # Ctrl-C between two files too must not leave one of them changed
        for file in written:
            before, new = expansion.contents[file]
            files.replace(root, file, new, before)
        raise
    _count(expansion)


def commit(expansion: Expansion) -> Landing:
    """Write the files and commit just that, where HEAD has the tasks; GitError where that cannot be done now."""
    project = expansion.project
    refuse_half_done_operation(project.repo, instead="leave --commit out")
    landing = land_as_configured(
        project.repo, expansion.receipts(), run_id=new_run_id(), commit=True, config=project.config
    )
    _count(expansion)
    return landing


def _count(expansion: Expansion) -> None:
    """Let the state know how many subtasks were written, for `status`; they are written also where it cannot be."""
    from mdtodo.storage.state import StateStore

    number = new_subtasks(one.edit for one in expansion.breakdowns)
    with suppress(MdtodoError), StateStore.open(expansion.project.repo) as state:
        state.count_subtasks(number)
