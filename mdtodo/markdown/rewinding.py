"""What was made of tasks, read from two versions of a file as edits that take it back, and what these edits do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.edits import Added, Rewind, SetKey, Words
from mdtodo.markdown.anchors import anchors
from mdtodo.markdown.document import parse
from mdtodo.markdown.insertion import box_text, bullets_below, line_start
from mdtodo.markdown.syntax import read_keys
from mdtodo.model import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mdtodo.markdown.document import Document, Item
    from mdtodo.markdown.syntax import Keys
    from mdtodo.model import Status

#: The keys that mdtodo writes and removes: names as written, which are those of the fields of `Keys` too.
OWNED = ("failed", "done")


class Unexpected(Exception):  # noqa: N818
    """The task is not in the state that the edit expects; the message says so in part of a sentence."""


def lift(before: bytes, after: bytes, statuses: Mapping[str, Status], *, file: str) -> list[Rewind] | None:
    """The edits that make `before` of `after` again, byte by byte; None where more was changed than boxes, the words
    of tasks, and lines put below them.

    Raises InputError for what is no text.
    """
    from mdtodo.markdown.edits import apply

    old, new = parse(before, statuses, file=file), parse(after, statuses, file=file)
    pairs = _pairs(old, new, file)
    if pairs is None:
        return None
    places = anchors(new, file)
    words = {
        at: Rewind(places[at], _words(new.items[at]), _words(old.items[was]))
        for at, was in pairs.items()
        if _words(new.items[at]) != _words(old.items[was])
    }
    worded = apply(after, list(words.values()), statuses, file=file, tolerant=True).data if words else after
    added = _additions(before, worded, new, set(pairs))
    if added is None:
        return None
    for at, lines in added.items():
        same = _words(new.items[at])
        words[at] = words.get(at, Rewind(places[at], same, same))._replace(added=tuple(lines))
    edits = [words[at] for at in sorted(words)]
    made = apply(after, edits, statuses, file=file, tolerant=True).data if edits else after
    return edits if made == before else None


class Change(NamedTuple):
    """What a Rewind does to a task: the character of its box, its text or the keys to set in it (None: as they are),
    and the bytes to take out."""

    char: str | None
    text: str | None
    keys: tuple[SetKey, ...]
    out: tuple[Span, ...]


def rewound(
    document: Document, item: Item, keys: Keys, edit: Rewind, statuses: Mapping[str, Status]
) -> Change:
    """Raises Unexpected where somebody has changed since what would be taken back."""
    out = tuple(_lines_out(document, item, edit.added))
    if _words(item) == edit.after and edit.before.char in statuses:
        char = edit.before.char if edit.before.char != item.char else None
        text = edit.before.text if edit.before.text != item.text else None
        if text is None or text.count("\n") == item.text.count("\n"):
            return Change(char, text, (), out)
    was, then = read_keys(edit.before.text), read_keys(edit.after.text)
    owned = [name for name in OWNED if getattr(was, name) != getattr(then, name)]
    old, new = statuses.get(edit.before.char), statuses.get(edit.after.char)
    if old is None:
        raise Unexpected(f"the configuration does not say what [{edit.before.char}] means")
    if item.status is old and all(getattr(keys, name) == getattr(was, name) for name in owned):
        return Change(None, None, (), out)
    if item.status is not new:
        raise Unexpected(f"it is marked {item.status.value}")
    for name in owned:
        if getattr(keys, name) != getattr(then, name):
            raise Unexpected(f"its key {name}: was changed")
    wanted = tuple(SetKey(edit.anchor, name, _value(was, name)) for name in owned)
    return Change(edit.before.char if old is not new else None, None, wanted, out)


def merged(data: bytes, spans: Sequence[Span]) -> Iterator[tuple[int, int]]:
    """What to cut out of the data: neighbours as one; with the last lines goes the line end before them, if they
    have none themselves."""
    joined: list[list[int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(end, joined[-1][1])
        else:
            joined.append([start, end])
    for start, end in joined:
        if end == len(data) and data[end - 1 : end] not in (b"\n", b"\r"):
            start -= 2 if data[start - 2 : start] == b"\r\n" else 1 if start else 0
        yield start, end


def _words(item: Item) -> Words:
    return Words(item.char, item.text)


def _value(keys: Keys, name: str) -> str | None:
    value = getattr(keys, name)
    return str(value) if value else None


def _pairs(old: Document, new: Document, file: str) -> dict[int, int] | None:
    """Each task of the new version that the old one has too; None if one of the old ones is not there."""
    was = [(place.explicit, place.digest) for place in anchors(old, file)]
    pairs: dict[int, int] = {}
    for at, place in enumerate(anchors(new, file)):
        if len(pairs) < len(was) and (place.explicit, place.digest) == was[len(pairs)]:
            pairs[at] = len(pairs)
    return pairs if len(pairs) == len(was) else None


_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_MARKER = re.compile(rb"[ \t>]*(?:[-+*]|[0-9]{1,9}[.)])[ \t]+")


def _lines(data: bytes) -> list[bytes]:
    """With their line ends."""
    return [line for line in _LINE.findall(data) if line]


def _additions(before: bytes, worded: bytes, new: Document, known: set[int]) -> dict[int, list[Added]] | None:
    """By task, what was put below it: the lines of the new version that the old one does not have; None if those are
    not all that differs. `worded` is the new version with the old words."""
    inserted = _inserted(_lines(before), _lines(worded))
    if inserted is None:
        return None
    lines, starts = _lines(new.data), [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    found: dict[int, list[Added]] = {}
    inside: dict[int, int] = {}
    for number in inserted:
        if not _is_blank(lines[number]):
            owner = _owner(new, starts[number])
            if owner is None:
                return None
            top = _top(new, owner, known)
            if top != owner:
                last = found[top][-1]
                found[top][-1] = last._replace(inside=(*last.inside, _text(lines[number])), space=0)
            else:
                gap = _blanks(lines, inserted, range(number - 1, -1, -1))
                space = _blanks(lines, inserted, range(number + 1, len(lines)))
                if found.get(owner) and gap and inside.get(owner) == number - gap - 1:
                    found[owner][-1] = found[owner][-1]._replace(space=0)
                found.setdefault(owner, []).append(Added(_text(lines[number]), (), gap, space))
            inside[top] = number
    return found


def _inserted(old: Sequence[bytes], new: Sequence[bytes]) -> set[int] | None:
    """The numbers of the new lines, if the old ones are among them in their order."""
    found: set[int] = set()
    at = 0
    for number, line in enumerate(new):
        if at < len(old) and line.rstrip(b"\r\n") == old[at].rstrip(b"\r\n"):
            at += 1
        else:
            found.add(number)
    return found if at == len(old) else None


def _blanks(lines: Sequence[bytes], inserted: set[int], numbers: range) -> int:
    """How many blank lines stand there that were inserted too."""
    count = 0
    for number in numbers:
        if number not in inserted or not _is_blank(lines[number]):
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


def _lines_out(document: Document, item: Item, added: Sequence[Added]) -> Iterator[Span]:
    """The bytes of what was added, where it is still there; Unexpected where something of it was changed."""
    there = list(bullets_below(document.data, item)) if added else []
    for one in added:
        at = next((at for at, text in there if text == one.text), None)
        if at is not None:
            there = [bullet for bullet in there if bullet[0] != at]
            yield _span(document, item, line_start(document.data, at), one)
            continue
        box = box_text(one.text)
        title = read_keys(box[1]).title if box else None
        for child in document.items:
            if child.parent == item.index and title == read_keys(child.text).title:
                raise Unexpected(f"its subtask {title!r}, which would be removed, was changed")


def _span(document: Document, item: Item, start: int, one: Added) -> Span:
    """From a bullet's line to the last one inside it, with the blank lines that came with them."""
    data, lines = document.data, _lines(document.data[start : item.end])
    depth = _column(lines[0])
    count = 1
    while count < len(lines) and (_is_blank(lines[count]) or _column(lines[count]) > depth):
        count += 1
    while _is_blank(lines[count - 1]):
        count -= 1
    inside = tuple(_text(line) for line in lines[1:count] if not _is_blank(line))
    if inside != one.inside:
        raise Unexpected(f"the text below {one.text!r}, which would be removed, was changed")
    end = start + sum(map(len, lines[:count]))
    for _ in range(one.gap):
        above = line_start(data, max(start - 1, 0) - (data[start - 2 : start] == b"\r\n"))
        if above < start and _is_blank(data[above:start]):
            start = above
    for line in _lines(data[end : end + 4096])[: one.space]:
        if not _is_blank(line):
            break
        end += len(line)
    return Span(start, end)


def _is_blank(line: bytes) -> bool:
    return not line.strip(b" \t>\r\n")


def _column(line: bytes) -> int:
    """Where the text of a line, or its list marker, begins."""
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip(b" >"))


def _text(line: bytes) -> str:
    """What a line says, without its list marker."""
    marker = _MARKER.match(line)
    return line[marker.end() if marker else 0 :].strip(b" \t\r\n").decode()
