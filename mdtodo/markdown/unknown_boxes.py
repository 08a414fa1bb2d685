"""List items that people mean as tasks and that are none: `[~] a`, `[] a`, `[ x ] a`, `[ ]a`.

A task cannot be made of them, since nobody knows what they say; but nothing is done as if they were not there. What is
a link, a reference or a footnote is left alone.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from typing import NamedTuple

    from mdtodo.markdown.blocks.containers import ListItem
else:
    from mdtodo.core.light.named_tuples import NamedTuple


class UnknownBox(NamedTuple):
    """One such list item. `text` is the box as written, with its brackets, `sentence` what is wrong with it.

    `line`, `parent`, `ordered` and `list_index` are as those of an `Item`; `before` is how many tasks of the file stand
    before it.
    """

    line: int
    text: str
    sentence: str
    parent: int | None
    ordered: bool
    list_index: int
    before: int


class Candidate(NamedTuple):
    """A list item whose first paragraph starts with `[`; `before` and `parent` as those of the box that it may be."""

    item: ListItem
    before: int
    parent: int | None


def unknown_boxes(
    candidates: Iterable[Candidate],
    text: bytes,
    chars: Collection[str],
    lists: Collection[int],
    definitions: Sequence[bytes],
) -> tuple[list[UnknownBox], list[int]]:
    """The boxes among them, and the lines of those that have no text behind them.

    `chars` are the status characters, `lists` the numbers of the lists that hold tasks, `definitions` the link
    reference definitions of the file.
    """
    labels = _labels(definitions)
    found: list[UnknownBox] = []
    empty: list[int] = []
    for item, before, parent in candidates:
        box = _box(text, item.opening or [0], chars)
        if box is None or not (box.certain or item.number in lists):
            continue
        # As with tasks, `[x]` before a blank is a box also where the file defines it.
        if box.label in labels and not (box.inside in chars and box.after in _BLANKS):
            continue
        if box.alone:
            # Only a certain one, so that a task more or less in the list changes nothing.
            empty += [item.opening_line] * box.certain
            continue
        sentence = _sentence(box, chars)
        found.append(
            UnknownBox(item.opening_line, box.text, sentence, parent, item.kind in b".)", item.number, before)
        )
    return found, empty


class _Box(NamedTuple):
    """A box as it stands: `[inside]`, and the character after it. `alone`: nothing more follows in the paragraph.

    Where it is not `certain` to be meant as a box, that depends on whether the list has tasks. `label` is the reference
    that it would be, if the file defines that.
    """

    inside: str
    after: str
    certain: bool
    alone: bool

    @property
    def text(self) -> str:
        return f"[{self.inside}]"

    @property
    def label(self) -> str:
        return self.inside.strip().casefold()


#: A box and the character after it. A bracket or a backslash in it, or a code span that starts there, make none.
_BRACKETS = rb"\[([^\[\]\\`\r\n]{0,40})\]([\x00-\x7f]|[\xc0-\xff][\x80-\xbf]+)"
_LABEL = rb"(?m)^ ?\[([^\[\]\\\n]{1,40})\]:"
_BLANKS = " \t\r\n"
#: Marks of footnotes; they stand for boxes only among tasks.
_NOTE_MARKS = "^†‡§¶※"
#: What a sign may have behind it, as in `✔️`: how it is drawn, and tones of skin.
_MODIFIERS = "\ufe0e\ufe0f🏻🏼🏽🏾🏿"
#: What starts a text that somebody wrote right behind a box; with other punctuation it may be a formula.
_STARTS_TEXT = "*_~`\"'#@<"

_compiled = cache(re.compile)


def _box(text: bytes, opening: Sequence[int], chars: Collection[str]) -> _Box | None:
    """What the paragraph with these lines begins with, if that may be a box."""
    match = _compiled(_BRACKETS).match(text, opening[0])
    if match is None or match[2] in (b"(", b"[", b"]"):
        return None
    inside, after = match[1].decode(), match[2].decode()
    core = inside.strip()
    sign = core.rstrip(_MODIFIERS) or core
    if not core or core in chars:
        certain = _is_certain(inside, after)
    elif len(sign) > 1 or sign.isnumeric() or (sign.isalpha() and not after.isspace()):
        return None  # `[1] Smith`, `[s]he`
    else:
        certain = after.isspace() and not sign.isalpha() and sign not in _NOTE_MARKS
    at = match.start(2)
    alone = len(opening) == 1 and not text[at : text.index(b"\n", at)].decode().strip()
    return _Box(inside, after, certain, alone)


def _is_certain(inside: str, after: str) -> bool:
    """Whether brackets around a status character, or around nothing, are meant as a box."""
    if after in _BLANKS:
        return True
    starts = after.isalnum() or after.isspace() or after in _STARTS_TEXT
    return starts and bool(inside) and inside.strip() in ("", "x", "X")  # `[]byte`, `[-]-1`


def _sentence(box: _Box, chars: Collection[str]) -> str:
    """What is wrong with the box, what comes of it, and what to do."""
    shown, core = _shown(box.text), box.inside.strip()
    if core and core not in chars:
        meaning = f", or say in [tool.mdtodo.status] what `{_shown(core)}` means" if len(core) == 1 else ""
        problem, remedy = f"`{shown}` is not a box that mdtodo knows", f"write `[ ]` or `[x]`{meaning}"
    elif not core and len(box.inside) > 1:
        problem = f"{len(box.inside)} blanks stand in the brackets of what looks like a box"
        remedy = "write `[ ]`"
    elif box.inside not in chars:
        problem, remedy = f"`{shown}` is not a box", f"write `[{core or ' '}]`"
    elif box.after in _BLANKS:
        problem, remedy = f"the text of `{shown}` starts on the next line", "write it right after the box"
    elif box.after.isspace():
        problem, remedy = f"the blank after `{shown}` is none of ASCII", "type a space"
    else:
        problem, remedy = f"no blank stands after `{shown}`", "put one between the box and its text"
    return f"{problem}, so this is not a task, and nothing is ticked past it: {remedy}"


def _shown(text: str) -> str:
    """Nothing that a terminal would obey, and nothing that cannot be seen."""
    return text if text.isprintable() else text.encode("unicode_escape").decode()


def _labels(definitions: Iterable[bytes]) -> set[str]:
    """What these link reference definitions define."""
    found = (label for definition in definitions for label in _compiled(_LABEL).findall(definition))
    return {label.decode().strip().casefold() for label in found}
