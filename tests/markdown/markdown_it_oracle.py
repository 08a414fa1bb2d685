"""What markdown-it-py says are the tasks of a document: a second judge, which shares no code with cmark-gfm.

It follows CommonMark's specification by itself, and has the table extension of GFM. As for the other judge, a mark is
put before each box that could be a task's.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

from tests.markdown.gfm_oracle import Found, mark_boxes

_PARSER = MarkdownIt("commonmark").enable("table")
_MARK = re.compile("\ue000([0-9]+)\ue001")


def tasks(data: bytes) -> Found:
    """As `gfm_oracle.tasks`."""
    text, places = mark_boxes(data)
    found: Found = []
    items: list[int | None] = []  # of each open list item, the task that it is
    tokens = _PARSER.parse(text)
    for at, token in enumerate(tokens):
        if token.type == "list_item_close":
            items.pop()
        elif token.type == "list_item_open":
            items.append(None)
            first = (
                tokens[at + 2].content if tokens[at + 1].type in ("paragraph_open", "heading_open") else ""
            )
            if mark := _MARK.match(first):
                parent = next((task for task in reversed(items) if task is not None), None)
                found.append((*places[int(mark[1])], None if parent is None else places[parent][0]))
                items[-1] = int(mark[1])
    return found
