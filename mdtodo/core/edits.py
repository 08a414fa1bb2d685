"""What is to change at a task: the edits, as values. Frozen, without I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.task import Anchor, Status

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NamedTuple
else:
    from mdtodo.core.light.named_tuples import NamedTuple


# Named tuples and no dataclasses, which take longer to define and to make: a large run makes thousands of them.


class SetStatus(NamedTuple):
    """Write the status character, if the box still shows one of `expects`."""

    anchor: Anchor
    status: Status
    expects: frozenset[Status] = frozenset({Status.TODO, Status.DOING})


class SetKey(NamedTuple):
    """Write `key:value` on the task's line, or remove the key where `value` is None. Absolute, so
    idempotent."""

    anchor: Anchor
    key: str
    value: str | None


class AddSubtasks(NamedTuple):
    """Append child list items: markdown lines, each starting with a list marker, or indented by spaces for
    deeper levels. Lines that are there as children already are not added twice. `first`: not to a task that has
    other subtasks."""

    anchor: Anchor
    lines: tuple[str, ...]
    first: bool = False


class AddNote(NamedTuple):
    """Append a nested bullet of plain text (hostile text stays text: never a task, never another block). `closed`: also
    to a task that is closed by now."""

    anchor: Anchor
    text: str
    closed: bool = False


class ChangeLine(NamedTuple):
    """Change what the task's line says, whatever its box shows: all of it or nothing.

    `keys` are keys with their values, None for none any more; `tags` are to be there (True) or not; the `title` takes
    the place of all its words. `becomes` is the task as it is then, by which a version is known that has the change.
    Absolute, so idempotent.
    """

    anchor: Anchor
    keys: tuple[tuple[str, str | None], ...]
    tags: tuple[tuple[str, bool], ...] = ()
    title: str | None = None
    becomes: Anchor | None = None


class MoveTask(NamedTuple):
    """Put the task, with all that is below it, to another place of its file, whatever its box shows: to the end of what
    is `under` a task, or of a `section`, or of the file where there is neither; to the front of that with `top`; or
    right `before` a task. With `top` alone to the front of where it is. `becomes` as in ChangeLine."""

    anchor: Anchor
    under: Anchor | None
    before: Anchor | None
    section: str | None
    top: bool = False
    becomes: Anchor | None = None


class PutSubtree(NamedTuple):
    """Put a task of another file, with all that is below it, to a place as that of a MoveTask. `anchor` is the task as
    it is then, by which a version is known that has it; `subtree` its lines, with plain line ends and nothing before
    them."""

    anchor: Anchor
    subtree: str
    under: Anchor | None
    before: Anchor | None
    section: str | None
    top: bool = False


class RemoveSubtree(NamedTuple):
    """Take the task away, with all that is below it, if that is `removed`, which is written as in PutSubtree."""

    anchor: Anchor
    removed: str


class TakeSubtree(NamedTuple):
    """Take a top-level task away, with all that is below it, as it goes to an archive: no other line changes, but for
    blank ones around it. `taken` are its lines as they are, `headings` those that it stands under. Of those that are
    equal in both, `left` are to stay."""

    anchor: Anchor
    taken: str
    headings: tuple[str, ...]
    left: int = 0


class ArchiveSubtree(NamedTuple):
    """Put these lines under these headings of an archive, which is made where it is missing, and so are they. There are
    more than `earlier` ones equal to it then. `converted`: with the line ends of the archive, as git converts them."""

    anchor: Anchor
    archived: str
    headings: tuple[str, ...]
    earlier: int
    converted: bool = False


class Revert(NamedTuple):
    """Take back what became of a task between two versions of its file: a three-way merge of what the file is now with
    `after`, from which the task is the one of that `number`, and `before`, which are object ids.

    `was` is the status that it has in `after`. Where several are to be taken back, the lowest `step` goes first.
    """

    anchor: Anchor
    after: str
    before: str
    number: int
    was: Status
    step: int = 0


class RevertFile(NamedTuple):
    """Take back what became of a file between two versions of it, which are object ids; `before` is "" where there was
    no file. `anchor` says which file, and no task."""

    anchor: Anchor
    after: str
    before: str


Edit = (
    SetStatus
    | SetKey
    | ArchiveSubtree
    | TakeSubtree
    | AddSubtasks
    | AddNote
    | ChangeLine
    | PutSubtree
    | RemoveSubtree
    | MoveTask
    | Revert
    | RevertFile
)


def new_subtasks(edits: Iterable[Edit]) -> int:
    """How many subtasks these edits make."""
    return sum(len(edit.lines) for edit in edits if isinstance(edit, AddSubtasks))
