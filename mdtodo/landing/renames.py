"""TODO files that were moved while a run went on: receipts follow their tasks to where these stand now."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from mdtodo.core.edits import SetStatus
from mdtodo.errors import InputError
from mdtodo.git.files import worktree_files
from mdtodo.markdown.task_index import TaskIndex, Unclear
from mdtodo.system import files

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from mdtodo.config.settings import Config
    from mdtodo.core.edits import Edit
    from mdtodo.core.receipt import Receipt
    from mdtodo.git.repository import Repository
    from mdtodo.markdown.document import Document

    _Places = Mapping[str, TaskIndex]


def follow_renames(
    receipts: Sequence[Receipt], repo: Repository, config: Config, there: Container[str]
) -> tuple[list[Receipt], dict[str, Unclear]]:
    """The receipts, with the edits of files that are gone turned to the one new file that has their tasks; and, by
    task, why it may be in one, but cannot be told from another.

    `there` are the files of when the run began, and only others are looked at: a task that stood elsewhere all the
    time and happens to be alike is another one.
    """
    root = repo.root
    named = {edit.anchor.file for receipt in receipts for edit in receipt.edits}
    gone = {file for file in named if not os.path.lexists(os.path.join(root, file))}
    if not gone:
        return list(receipts), {}
    places = _new_places(repo, config, there)
    followed = [
        receipt._replace(edits=tuple(_followed(edit, gone, places) for edit in receipt.edits))
        for receipt in receipts
    ]
    unclear = {
        receipt.task_id: why
        for receipt in followed
        for edit in receipt.edits[:1]
        for place in (places.values() if edit.anchor.file in gone else ())
        if isinstance(why := place.find(edit.anchor), Unclear) and not _is_made(edit, place.document, why)
    }
    return followed, unclear


def _is_made(edit: Edit, document: Document, unclear: Unclear) -> bool:
    """Whether whichever of the equal tasks it is has the box that is wanted."""
    boxes = {document.items[index].status for index in unclear.indices}
    return isinstance(edit, SetStatus) and boxes == {edit.status}


def _followed(edit: Edit, gone: set[str], places: _Places) -> Edit:
    if edit.anchor.file not in gone:
        return edit
    there = [file for file, place in places.items() if isinstance(place.find(edit.anchor), int)]
    return edit._replace(anchor=edit.anchor._replace(file=there[0])) if len(there) == 1 else edit


def _new_places(repo: Repository, config: Config, there: Container[str]) -> _Places:
    found: dict[str, TaskIndex] = {}
    for file in worktree_files.find(repo, config.task_files):
        if file not in there:
            with suppress(InputError):
                index = TaskIndex.read(files.read(repo.root, file), config.status, file)
                found |= {} if index is None else {file: index}
    return found
