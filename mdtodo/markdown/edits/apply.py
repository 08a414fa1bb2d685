"""What may change in a document: edits as values, applied to bytes.

Every edit is resolved against one parse, all are made from the back, and the result is parsed again: it is
refused unless exactly the intended tasks changed. So the same edits can be applied to several versions of a
file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.edits import (
    AddNote,
    AddSubtasks,
    ArchiveSubtree,
    ChangeLine,
    MoveTask,
    PutSubtree,
    RemoveSubtree,
    SetKey,
    SetStatus,
    TakeSubtree,
)
from mdtodo.core.task import STATUS_CHARS
from mdtodo.errors import EditError
from mdtodo.markdown.document import PausedCollector, parse
from mdtodo.markdown.edits.original import Original
from mdtodo.markdown.edits.pending import PendingEdits, Unexpected
from mdtodo.markdown.edits.placement import PLACEMENTS
from mdtodo.markdown.task_index import TaskIndex, Unclear

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdtodo.core.edits import Edit
    from mdtodo.core.task import Anchor, Status
    from mdtodo.markdown.document import Document
    from mdtodo.markdown.edits.placement import Placement

    _Move = MoveTask | PutSubtree | RemoveSubtree


class Applied(NamedTuple):
    """The new bytes, and each edit in one of three places, in their order.

    `done` changed something; `already` asked for what is there; `missing` could not be made in this version
    of the file, each with the reason as part of a sentence.
    """

    data: bytes
    done: tuple[Edit, ...]
    already: tuple[Edit, ...]
    missing: tuple[tuple[Edit, str], ...]


def apply(
    data: bytes,
    edits: Sequence[Edit],
    statuses: Mapping[str, Status] = STATUS_CHARS,
    *,
    file: str = "TODO.md",
    tolerant: bool = False,
    document: Document | None = None,
) -> Applied:
    """Make the edits; every byte that they do not ask to change stays. `document` is what was read in `data`, where
    somebody has read it.

    A task that is not found, or whose box says something unexpected, is `missing`. An edit that cannot be
    made without changing more than it asks for, or that asks for what no line can say, raises EditError; if
    `tolerant`, it is `missing` as well. Edits may name a subtask that another one of them adds. Applied to
    their own result, the edits are all `already`, and the bytes stay. Raises InputError for data that is no
    text.
    """
    if not edits:
        return Applied(data, (), (), ())
    archived = [edit for edit in edits if isinstance(edit, TakeSubtree | ArchiveSubtree)]
    if archived:
        return _apply_archived(data, edits, archived, statuses, file=file, tolerant=tolerant)
    moves = [edit for edit in edits if isinstance(edit, MoveTask | PutSubtree | RemoveSubtree)]
    if moves:
        return _apply_moves(data, edits, moves, statuses, file=file, tolerant=tolerant)
    if document is None:
        document = parse(data, statuses, file=file)
    made = _apply_to_one_parse(document, edits, statuses, file, tolerant)
    if not made.missing or not any(isinstance(edit, AddSubtasks) for edit in made.done):
        return made
    later = apply(made.data, [edit for edit, _ in made.missing], statuses, file=file, tolerant=tolerant)
    return Applied(later.data, made.done + later.done, made.already + later.already, later.missing)


def _apply_archived(
    data: bytes,
    edits: Sequence[Edit],
    archived: Sequence[Edit],
    statuses: Mapping[str, Status],
    *,
    file: str,
    tolerant: bool,
) -> Applied:
    """All others first, then what goes to an archive, all of it at once."""
    from mdtodo.markdown.edits.archive import Archiving

    others = [edit for edit in edits if not isinstance(edit, TakeSubtree | ArchiveSubtree)]
    made = apply(data, others, statuses, file=file, tolerant=tolerant)
    with PausedCollector(data):
        then = Archiving(made.data, archived, statuses, file)
    if then.missing and not tolerant:
        raise EditError(then.missing[0][1], file=file)
    done, already = (*made.done, *then.done), (*made.already, *then.already)
    return Applied(then.data, done, already, (*made.missing, *then.missing))


def _apply_moves(
    data: bytes,
    edits: Sequence[Edit],
    moves: Sequence[_Move],
    statuses: Mapping[str, Status],
    *,
    file: str,
    tolerant: bool,
) -> Applied:
    """All others first, then each move in what the one before it has made."""
    others = [edit for edit in edits if edit not in moves]
    made = apply(data, others, statuses, file=file, tolerant=tolerant)
    data, done, already, missing = made.data, [*made.done], [*made.already], [*made.missing]
    for edit in moves:
        try:
            after = _structured(parse(data, statuses, file=file), edit, statuses, file)
        except EditError as error:
            if not tolerant:
                raise
            missing.append((edit, error.sentence))
        except Unexpected as unexpected:
            missing.append((edit, unexpected.args[0]))
        else:
            (already if after == data else done).append(edit)
            data = after
    return Applied(data, tuple(done), tuple(already), tuple(missing))


def _structured(document: Document, edit: _Move, statuses: Mapping[str, Status], file: str) -> bytes:
    """The bytes with what the edit moves. Raises Unexpected where it cannot be in this version."""
    from mdtodo.markdown.edits.move_across import put_task
    from mdtodo.markdown.edits.move_task import Target, move_task

    places = TaskIndex(document, file)
    index = _find(places, edit)
    if isinstance(index, Unclear) or (isinstance(index, str) and isinstance(edit, MoveTask)):
        raise Unexpected(index)
    if isinstance(edit, RemoveSubtree):
        return document.data if isinstance(index, str) else _removed(document, edit, index, statuses)
    is_as_it_was = isinstance(edit, MoveTask) and index == places.find(edit.anchor)
    if isinstance(index, int) and not is_as_it_was:  # it is what it becomes
        return document.data
    under, before = (_number(places, one) for one in (edit.under, edit.before))
    target = Target(under, before, edit.section, edit.top)
    try:
        if isinstance(edit, PutSubtree):
            return put_task(document, edit.subtree, target, statuses).data
        assert isinstance(index, int)
        return move_task(document, index, target, statuses).data
    except EditError as error:
        line = document.items[index].line if isinstance(index, int) else None
        raise EditError(error.sentence, file=file, line=line, hint=error.hint) from error


def _number(places: TaskIndex, anchor: Anchor | None) -> int | None:
    """Which task it is beside which, or below which, another one is to go."""
    index = None if anchor is None else places.find(anchor)
    if isinstance(index, str):
        raise Unexpected(f"where it is to go: {index}")
    return index


def _removed(document: Document, edit: RemoveSubtree, index: int, statuses: Mapping[str, Status]) -> bytes:
    from mdtodo.markdown.edits.move_across import plain_subtree, remove_task

    if plain_subtree(document, index) != edit.removed:
        raise Unexpected("it, or what is below it, says something else there")
    return remove_task(document, index, statuses)


def _apply_to_one_parse(
    document: Document, edits: Sequence[Edit], statuses: Mapping[str, Status], file: str, tolerant: bool
) -> Applied:
    with PausedCollector(document.data):
        original = Original(document, statuses)
        places = TaskIndex(original.document, file)
        found = [_find(places, edit) for edit in edits]
        return _Application(original, edits, found, file, tolerant).run()


class _Application:
    """Edits on one version of a file. They are known by their number."""

    def __init__(
        self, original: Original, edits: Sequence[Edit], found: Sequence[int | str], file: str, tolerant: bool
    ) -> None:
        self.original = original
        self.edits = edits
        self.found = found
        self.file = file
        self.tolerant = tolerant
        self.placements: dict[int, Placement] = {}
        self.must_agree = True
        self.changes: set[int] = set()
        self.missing = {number: where for number, where in enumerate(found) if isinstance(where, str)}

    def run(self) -> Applied:
        wanted = [number for number in range(len(self.edits)) if number not in self.missing]
        data = self._attempt(wanted)
        if data is None:
            kept = self._possible([], wanted)
            data = self._attempt(
                kept
            )  # once more: `changes` are still those of the last trial, which may have failed
            assert data is not None
        numbers = range(len(self.edits))
        return Applied(
            data=data,
            done=tuple(self.edits[n] for n in numbers if n in self.changes),
            already=tuple(self.edits[n] for n in numbers if n not in self.changes and n not in self.missing),
            missing=tuple((self.edits[n], self.missing[n]) for n in numbers if n in self.missing),
        )

    def _attempt(self, numbers: Sequence[int]) -> bytes | None:
        """The bytes with these edits made; None if they would not be what was intended.

        As long as `must_agree` is set, not if mistune would read them in another way either.
        """
        pending = PendingEdits(self.original)
        self.changes = {number for number in numbers if self._add(pending, number)}
        if not self.changes:
            return self.original.document.data
        return (
            pending.data
            if pending.is_intended() and (not self.must_agree or pending.agrees_with_mistune())
            else None
        )

    def _add(self, pending: PendingEdits, number: int) -> bool:
        index = self.found[number]
        assert not isinstance(index, str)
        try:
            return pending.add(self.edits[number], index, self.placements.get(number, PLACEMENTS[0]))
        except Unexpected as unexpected:
            self.missing[number] = str(unexpected)
        except EditError as error:
            self._refuse(number, error.sentence)
        return False

    def _possible(self, kept: list[int], more: list[int]) -> list[int]:
        """Those of `more` that can be made after `kept`; the others are refused.

        By halves, so that a few bad ones among many cost a few parses.
        """
        if not more or self._attempt([*kept, *more]) is not None:
            return more
        if len(more) > 1:
            half = len(more) // 2
            first = self._possible(kept, more[:half])
            return first + self._possible([*kept, *first], more[half:])
        if isinstance(self.edits[more[0]], (AddSubtasks, AddNote)) and self._find_placement(kept, more[0]):
            return more
        self._refuse(more[0], f"{_described(self.edits[more[0]])} would change more than this task")
        return []

    def _find_placement(self, kept: list[int], number: int) -> bool:
        """Whether the insertion can be made in some way, best one that mistune reads as GFM does."""
        for must_agree in (self.must_agree, False):
            for placement in PLACEMENTS:
                self.must_agree, self.placements[number] = must_agree, placement
                if self._attempt([*kept, number]) is not None:
                    return True
        self.must_agree = True
        return False

    def _refuse(self, number: int, sentence: str) -> None:
        self.missing[number] = sentence
        if not self.tolerant:
            index = self.found[number]
            line = self.original.document.items[index].line if isinstance(index, int) else None
            raise EditError(sentence, file=self.file, line=line)


def _find(places: TaskIndex, edit: Edit) -> int | str:
    """The task of the edit, also where it is what the edit makes of it."""
    found = places.find(edit.anchor)
    if isinstance(found, str) and isinstance(edit, ChangeLine | MoveTask) and edit.becomes is not None:
        changed = places.find(edit.becomes)
        return changed if isinstance(changed, int) else found
    return found


def _described(edit: Edit) -> str:
    if isinstance(edit, SetStatus):
        return f"writing {edit.status.value} into the box"
    if isinstance(edit, SetKey):
        return f"{'removing' if edit.value is None else 'writing'} the key {edit.key}"
    if isinstance(edit, ChangeLine):
        return "changing its line so"
    return "adding a subtask" if isinstance(edit, AddSubtasks) else "adding a note"
