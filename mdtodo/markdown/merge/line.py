"""Three versions of one task's line to one: status, keys and words combine, unless they truly disagree."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from mdtodo.core.task import Status
from mdtodo.errors import EditError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.markdown.keys.dialects import Token
    from mdtodo.markdown.keys.read import Keys


class BoxLine(NamedTuple):
    """A line with a box: the bytes before "[", the character in it, the blanks after it, the words, and the
    line end where lines are kept with theirs."""

    head: bytes
    char: bytes
    gap: bytes
    text: bytes
    end: bytes

    @property
    def bytes(self) -> bytes:
        """The line."""
        return b"%b[%b]%b%b%b" % self


def read_line(line: bytes) -> BoxLine | None:
    """The parts of a line that could be a task's; None for any other. Linear."""
    found = _BOX_LINE.fullmatch(line)
    return BoxLine(*found.groups()) if found else None


def position_prefix(head: bytes) -> bytes:
    """What of the bytes before the box says where the item stands: all but the numbers of ordered lists."""
    # As many digits as there were: a wider number moves the content, and what stands below it.
    return _DIGIT.sub(b"0", head)


def without_status_and_keys(line: bytes) -> bytes:
    """The line without status and the keys that mdtodo writes, to be compared with other versions of it."""
    parts = read_line(line)
    if parts is None:
        return line
    # Only such words can hold one of these keys; to search all lines would take longer.
    words = _OWNED.sub(b"", parts.text) if b":" in parts.text or not parts.text.isascii() else parts.text
    return b"%b[ ] %b%b" % (parts.head, words.rstrip(), parts.end)


def merged_line(
    base: bytes | None, ours: bytes, theirs: bytes, statuses: Mapping[str, Status]
) -> bytes | None:
    """The line that has the changes of both sides; None where they disagree.

    - Both did the same, or one nothing: as it stands there.
    - done wins over open and doing, cancelled over open and doing; doing over open; done against cancelled
      disagree, and so does what one side reopened and the other cancelled.
    - What one side ticked is done without `failed:`, whatever the other wrote there; else the higher
      `failed:` holds. Of two `done:` dates the earlier one holds, of two `worker:` that of who closed it.
    - What one side ticked and the other gave another processor (`run:`) disagrees: the proof is not of that one.
    - Any other key, and the words of the title, may have been changed on one side, or equally.

    `base` is None where both sides added the task. All three must be lines with a box.
    """
    if base is not None and theirs == base:
        return ours
    if theirs == ours or base == ours:
        return theirs
    o, t = read_line(ours), read_line(theirs)
    assert o is not None
    assert t is not None
    b = read_line(base) if base is not None else None
    b = b or BoxLine(o.head, b" ", o.gap, b"", o.end)
    char = _status(b.char, o.char, t.char, statuses)
    head, gap, end = (
        _one_of(*pieces)
        for pieces in ((b.head, o.head, t.head), (b.gap, o.gap, t.gap), (b.end, o.end, t.end))
    )
    if char is None or head is None or end is None:
        return None
    text = _text(b, o, t, char, statuses, added=base is None)
    # Different blanks after the box are no conflict.
    return None if text is None else BoxLine(head, char, gap or o.gap, text, end).bytes


_BOX_LINE = re.compile(
    rb"((?:[ \t>]|[-+*](?=[ \t])|[0-9]{1,9}[.)](?=[ \t]))*)"
    rb"\[([^\x80-\xff\r\n]|[\xc0-\xff][\x80-\xbf]+)\]([ \t]++)([^\r\n]++)([\r\n]*+)"
)
_DIGIT = re.compile(rb"[0-9]")
# The sign is ✅ in UTF-8, with or without its variation selector.
_OWNED = re.compile(
    rb"[ \t](?:failed:[0-9]++|worker:[A-Za-z0-9]\S*+|done:[0-9-]{10}"
    rb"|\xe2\x9c\x85(?:\xef\xb8\x8f)? ?[0-9-]{10}|\[completion:: ?[0-9-]{10}\])(?!\S)"
)


def _one_of(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    if ours == theirs or theirs == base:
        return ours
    return theirs if ours == base else None


def _status(base: bytes, ours: bytes, theirs: bytes, statuses: Mapping[str, Status]) -> bytes | None:
    """The character to write."""
    was, our, their = (statuses[char.decode()] for char in (base, ours, theirs))
    if our is their:
        # `x` and `X` are the same status: the side that changed the character decides.
        return ours if ours != base else theirs
    if our is was:
        return theirs
    if their is was:
        return ours
    # One says done, the other cancelled, and it was neither.
    if our.closed and their.closed:
        return None
    if not our.closed and not their.closed:
        return ours if our is Status.DOING else theirs
    closing, close = (our, ours) if our.closed else (their, theirs)
    return None if was is Status.DONE and closing is Status.CANCELLED else close


def _text(
    b: BoxLine, o: BoxLine, t: BoxLine, char: bytes, statuses: Mapping[str, Status], *, added: bool
) -> bytes | None:
    """The words and keys."""
    from mdtodo.markdown.keys.dialects import PLAIN
    from mdtodo.markdown.keys.read import read_keys
    from mdtodo.markdown.keys.write import field_of, write_key

    if b.text == o.text == t.text or (added and o.text == t.text):
        return o.text
    ours, theirs = read_keys(o.text.decode()), read_keys(t.text.decode())
    base = ours.__class__(ours.title) if added else read_keys(b.text.decode())
    text = _title_source(b, o, t, (base, ours, theirs), added=added)
    now = statuses[char.decode()]
    sides = tuple(statuses[line.char.decode()] for line in (b, o, t))
    if text is None or _is_proof_of_another((base, ours, theirs), sides):
        return None
    expected: dict[str, Any] = {}
    nothing = base.__class__("")
    try:
        for name in PLAIN:
            field = field_of(name)
            values = tuple(getattr(keys, field) for keys in (base, ours, theirs))
            pick = _pick(name, values, sides, now)
            if pick is None:
                return None
            expected[field] = values[pick] if pick >= 0 else getattr(nothing, field)
            if getattr(read_keys(text), field) != expected[field]:
                written = _value_as_written((base, ours, theirs)[pick], name) if pick >= 0 else None
                text = write_key(text, name, written)
        text, expected["tags"] = _with_tags(text, base, ours, theirs)
    except EditError:
        return None
    # Read again: a key that was written may change what the words around it mean.
    found = read_keys(text)
    wrong = [field for field, value in expected.items() if getattr(found, field) != value]
    return None if wrong else text.encode()


def _is_proof_of_another(keys: tuple[Keys, Keys, Keys], statuses: tuple[Status, ...]) -> bool:
    """Whether one side ticked what the other gave another processor: what proved it is not what proves it now."""
    was, *runs = (one.run for one in keys)
    ticked = [now is Status.DONE is not statuses[0] for now in statuses[1:]]
    return any(
        tick and was is not None and other not in (None, was, own)
        for tick, own, other in zip(ticked, runs, reversed(runs), strict=True)
    )


def _title_source(
    b: BoxLine, o: BoxLine, t: BoxLine, keys: tuple[Keys, Keys, Keys], *, added: bool
) -> str | None:
    """The text whose title holds, to write the other side's keys into; None where both changed it."""
    base, ours, theirs = (one.title for one in keys)
    if t.text == b.text or (ours == theirs and o.text != b.text):
        return o.text.decode()
    if o.text == b.text or ours == base:
        return t.text.decode()
    return o.text.decode() if theirs == base and not added else None


def _pick(name: str, values: tuple[Any, ...], sides: tuple[Status, ...], now: Status) -> int | None:
    """Whose value of the key holds: 0 the base's, 1 ours, 2 theirs, -1 none at all; None: they disagree."""
    base, ours, theirs = values
    # A tick ends the count of failures, whatever the other side counted meanwhile.
    if name == "failed" and now is Status.DONE and sides[0] is not now and (ours, theirs) != (base, base):
        return -1
    if name == "done" and now is not Status.DONE and sides[0] is Status.DONE:
        return -1
    if ours == theirs or theirs == base:
        return 1
    if ours == base:
        return 2
    if name == "failed":
        return 1 if ours > theirs else 2
    if name == "done":
        return 1 if theirs is None or (ours is not None and ours < theirs) else 2
    if name == "worker" and now.closed:
        return 1 if sides[1] is now else 2
    return None


def _value_as_written(keys: Keys, name: str) -> str | None:
    """The value as it stands on that line; of a list all of it."""
    tokens = [token for token in keys.tokens if token.name == name]
    if name in ("after", "needs"):
        return ",".join(getattr(keys, name)) or None
    if name == "priority":
        return keys.priority.value if keys.priority else None
    return next((token.value for token in tokens), None)


def _with_tags(text: str, base: Keys, ours: Keys, theirs: Keys) -> tuple[str, tuple[str, ...]]:
    """The text with the tags that either side added, and without those that one took off."""
    from mdtodo.markdown.keys.read import read_keys

    title = read_keys(text).title
    gone = {tag for tag in base.tags if tag not in ours.tags or tag not in theirs.tags}
    # From the back, so that the places of the others hold.
    for token in reversed([one for one in read_keys(text).tokens if one.name == "tag" and one.value in gone]):
        text = _without(text, token)
    there = read_keys(text)
    for tag in dict.fromkeys(ours.tags + theirs.tags):
        if tag not in there.tags and tag not in gone:
            text = _inserted(text, f"#{tag}", there)
            there = read_keys(text)
    if there.title != title or set(there.tags) != set(ours.tags + theirs.tags) - gone:
        raise EditError("the tags cannot be combined")
    return text, there.tags


def _without(text: str, token: Token) -> str:
    start = token.start - 1 if token.start and text[token.start - 1] in " \t" else token.start
    return text[:start] + text[token.end :]


def _inserted(text: str, word: str, keys: Keys) -> str:
    """The word at the end of the text, before a last `^name` and trailing blanks."""
    block = next((token for token in keys.tokens if token.dialect == "block"), None)
    words = text[: block.start].rstrip(" \t") if block else text.rstrip(" \t")
    return f"{words} {word}{text[len(words) :]}" if words else f"{word} {text}"
