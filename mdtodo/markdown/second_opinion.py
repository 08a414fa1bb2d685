"""What mistune takes for tasks: it knows nothing of our own scanner. The only importer of mistune."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mdtodo.core.task import STATUS_CHARS
from mdtodo.markdown.source import normalize_newlines, skip_front_matter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.core.task import Status


def second_opinion(
    data: bytes, statuses: Mapping[str, Status] = STATUS_CHARS
) -> tuple[tuple[int, str, int | None], ...] | None:
    """What mistune takes for tasks: (line, status character, line of the parent task or None), in order.

    None where it cannot say: nesting too deep for it. Only its block parser is used, since its tree has no
    places and its inline parser turns a box into a link where a definition fits. A mark before each box that
    could be a task's tells which ones open a list item's first paragraph.
    """
    text = normalize_newlines(data).replace(b"\r\n", b"\n")
    start, line = skip_front_matter(text)
    found = [box for box in re.compile(_CANDIDATE).finditer(text, start) if _decoded(box[1]) in statuses]
    # A character of the private use area that the file does not hold, which is text to mistune.
    mark = next((chr(c) for c in range(0xE000, 0xF900) if chr(c).encode() not in text), None)
    if not found or mark is None:
        return None if found else ()
    parts, lines, at = [], [], start
    for number, box in enumerate(found):
        line += text.count(b"\n", at, box.start(1))
        lines.append(line)
        parts += [text[at : box.start(1) - 1], f"{mark}{number}{mark}".encode()]
        at = box.start(1) - 1
    tokens = _blocks_of_mistune(_decoded(b"".join([*parts, text[at:]])))
    nested = _marked(tokens, mark) if tokens is not None else None
    if nested is None:
        return None
    return tuple(
        [
            (lines[number], _decoded(found[number][1]), None if parent is None else lines[parent])
            for number, parent in sorted(nested.items())
        ]
    )


# `(?:[ \t]*+...)*` is linear; `[ \t]+[ \t>]*` would try each blank in both parts.
_CANDIDATE = (
    rb"(?m)^(?:[ \t]*+(?:>|(?:[-+*]|[0-9]{1,9}[.)])(?=[ \t])))*[ \t]*+"
    rb"\[([^\x80-\xff\n]|[\xc0-\xff][\x80-\xbf]+)\][ \t]++(?!\n)"
)
_Token = dict[str, Any]


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _blocks_of_mistune(source: str) -> list[_Token] | None:
    from mistune.block_parser import BlockParser

    # No plugins: that for task lists knows `[ ]` and `[x]` alone, that for tables takes rows without a pipe in front,
    # and a task with them.
    parser = BlockParser(max_nested_level=_MISTUNE_DEPTH)
    state = parser.state_cls()
    state.process(source)
    try:
        parser.parse(state)
    except RecursionError:
        return None
    return state.tokens


def _marked(tokens: list[_Token], mark: str) -> dict[int, int | None] | None:
    """The numbers of the marks that open list items, each with that of the nearest one around it."""
    found: dict[int, int | None] = {}
    pending: list[tuple[list[_Token], int | None, int]] = [(tokens, None, 0)]
    while pending:
        siblings, parent, depth = pending.pop()
        if depth >= _MISTUNE_DEPTH - 2:  # it stops to look for lists there
            return None
        for token in siblings:
            inner = parent
            children = token.get("children", [])
            if token["type"] == "list_item" and children and children[0]["type"] in _OPENERS:
                opening = children[0].get("text", "").lstrip()
                _, number, words = opening.split(mark, 2) if opening.startswith(mark) else ("", "", "")
                # After the box, which has three characters: `[x]`.
                if number and words[3:].lstrip(" \t").split("\n")[0].strip():
                    found[int(number)] = parent
                    inner = int(number)
            pending.append((children, inner, depth + (token["type"] in ("list", "block_quote"))))
    return found


# mistune stops at 20 levels by default; with 200 it ends in RecursionError at 300.
_MISTUNE_DEPTH = 100
_OPENERS = ("paragraph", "block_text", "heading")
