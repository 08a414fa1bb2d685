"""Breaking tasks down in their TODO files: all that is asked for in one call, or nothing of it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from mdtodo.core.edits import new_subtasks
from mdtodo.errors import MdtodoError
from mdtodo.storage.state import StateStore
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


def commit(expansion: Expansion, by: str | None = None) -> Landing:
    """Write the files and commit just that, where HEAD has the tasks; GitError where that cannot be done now. `by`: the
    e-mail address of who asks for it."""
    from mdtodo.landing.policy import refuse_half_done_operation
    from mdtodo.landing.recovery.land_recorded import land_recorded, record

    project = expansion.project
    refuse_half_done_operation(project.repo, instead="leave --commit out")
    with StateStore.open(project.repo) as state:
        receipts = [one._replace(by=by) for one in expansion.receipts()]
        command = record(project.repo, state, "expand", receipts, commit=True)
        return land_recorded(project.repo, state, command, project.config)


def _count(expansion: Expansion) -> None:
    """Let the state know how many subtasks were written, for `status`; they are written also where it cannot be."""
    number = new_subtasks(one.edit for one in expansion.breakdowns)
    with suppress(MdtodoError), StateStore.open(expansion.project.repo) as state:
        state.count_subtasks(number)
