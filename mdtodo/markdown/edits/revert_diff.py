"""What was made of tasks, read from two versions of a file as edits that take it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.edits import AddedItem, Revert
from mdtodo.markdown.anchors import anchors
from mdtodo.markdown.document import parse
from mdtodo.markdown.edits.apply import apply
from mdtodo.markdown.edits.equal_tasks import are_told_apart
from mdtodo.markdown.edits.list_items import bullets_below, line_start
from mdtodo.markdown.edits.revert import is_blank, line_text, lines_of, text_of_task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdtodo.core.task import Status
    from mdtodo.markdown.document import Document


def revert_edits(
    before: bytes, after: bytes, statuses: Mapping[str, Status], *, file: str
) -> list[Revert] | None:
    """The edits that make `before` of `after` again, byte by byte; None where more was changed than boxes, the words
    of tasks, and lines put below them, or where nobody can tell which of several equal tasks was put there.

    Raises InputError for what is no text.
    """
    old, new = parse(before, statuses, file=file), parse(after, statuses, file=file)
    pairs = _pairs(old, new, file)
    if pairs is None:
        return None
    # Words that somebody has changed since stay as they are: `Revert` takes back the box and the keys alone.
    places = [place._replace(title=None) for place in anchors(new, file)]
    words = {
        at: Revert(places[at], text_of_task(new.items[at]), text_of_task(old.items[was]))
        for at, was in pairs.items()
        if text_of_task(new.items[at]) != text_of_task(old.items[was])
    }
    worded = apply(after, list(words.values()), statuses, file=file, tolerant=True).data if words else after
    added = _additions(before, worded, new, set(pairs))
    if added is None:
        return None
    for at, lines in added.items():
        same = text_of_task(new.items[at])
        words[at] = words.get(at, Revert(places[at], same, same))._replace(added=tuple(lines))
    edits = [words[at] for at in sorted(words)]
    # Tried, and not only reasoned: an undo that is nearly the file of then would change what nobody asked for.
    made = apply(after, edits, statuses, file=file, tolerant=True).data if edits else after
    return edits if made == before else None


def _pairs(old: Document, new: Document, file: str) -> dict[int, int] | None:
    """Each task of the new version that the old one has too; None if one of the old ones is not there, or cannot be
    told from an equal one that is new."""
    was = [(place.explicit, place.digest) for place in anchors(old, file)]
    pairs: dict[int, int] = {}
    for at, place in enumerate(anchors(new, file)):
        if len(pairs) < len(was) and (place.explicit, place.digest) == was[len(pairs)]:
            pairs[at] = len(pairs)
    return pairs if len(pairs) == len(was) and are_told_apart(old, new, pairs, file) else None


def _additions(
    before: bytes, worded: bytes, new: Document, known: set[int]
) -> dict[int, list[AddedItem]] | None:
    """By task, what was put below it: the lines of the new version that the old one does not have; None if those are
    not all that differs. `worded` is the new version with the old words."""
    inserted = _inserted(lines_of(before), lines_of(worded))
    if inserted is None:
        return None
    lines, starts = lines_of(new.data), [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    found: dict[int, list[AddedItem]] = {}
    inside: dict[int, int] = {}
    for number in inserted:
        if not is_blank(lines[number]):
            owner = _owner(new, starts[number])
            if owner is None:
                return None
            top = _top(new, owner, known)
            if top != owner:
                last = found[top][-1]
                found[top][-1] = last._replace(inside=(*last.inside, line_text(lines[number])), space=0)
            else:
                gap = _blanks(lines, inserted, range(number - 1, -1, -1))
                space = _blanks(lines, inserted, range(number + 1, len(lines)))
                if found.get(owner) and gap and inside.get(owner) == number - gap - 1:
                    found[owner][-1] = found[owner][-1]._replace(space=0)
                found.setdefault(owner, []).append(AddedItem(line_text(lines[number]), (), gap, space))
            inside[top] = number
    return found


def _inserted(old: Sequence[bytes], new: Sequence[bytes]) -> set[int] | None:
    """The numbers of the new lines, if the old ones are among them in their order."""
    found: set[int] = set()
    at = 0
    for number, line in enumerate(new):
        # Without line ends: a last line that has none gets one when something is put below it.
        if at < len(old) and line.rstrip(b"\r\n") == old[at].rstrip(b"\r\n"):
            at += 1
        else:
            found.add(number)
    return found if at == len(old) else None


def _blanks(lines: Sequence[bytes], inserted: set[int], numbers: range) -> int:
    """How many blank lines stand there that were inserted too."""
    count = 0
    for number in numbers:
        if number not in inserted or not is_blank(lines[number]):
            break
        count += 1
    return count


def _owner(document: Document, start: int) -> int | None:
    """The innermost task that the list item in the line at `start` stands right below."""
    around = [item for item in document.items if item.box < start < item.end]
    for item in reversed(around):
        if any(line_start(document.data, at) == start for at, _ in bullets_below(document.data, item)):
            return item.index
    return None


def _top(document: Document, owner: int, known: set[int]) -> int:
    """The task itself, or the nearest one around it that is not new."""
    at = owner
    while at not in known:
        parent = document.items[at].parent
        if parent is None:
            return owner
        at = parent
    return at
