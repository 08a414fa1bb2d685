"""What a program says that a task consists of: checked, before any of it is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mdtodo.core.task import Severity, Status
from mdtodo.errors import EditError, InputError
from mdtodo.markdown.document import parse
from mdtodo.markdown.keys.read import read_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.markdown.document import Item


def subtasks(output: bytes, statuses: Mapping[str, Status]) -> tuple[str, ...]:
    """The lines for `AddSubtasks` that a markdown list of open tasks comes to, nested as it is.

    Every line but blank ones must be an open task of one line, outside of quotes and of other list items, and its
    keys must be good. Raises EditError with the reason, as the part of a sentence that follows `it printed`.
    """
    data = output.removeprefix(b"\xef\xbb\xbf")
    try:
        document = parse(data, statuses, file="")
    except InputError as error:
        raise EditError(f"something other than text: {error.sentence}") from None
    items = {item.line: item for item in document.items}
    lines: list[str] = []
    for number, line in enumerate(re.split(rb"\r\n|\n|\r", data), 1):
        if line.strip(b" \t"):
            item = items.get(number)
            if item is None or not _ITEM.match(line):
                raise EditError(f"line {number}, which is not a task list item: {_quoted(line)}")
            lines.append(_checked(item, line))
    if not lines:
        raise EditError("no tasks")
    return tuple(lines)


def _checked(item: Item, line: bytes) -> str:
    where = f"line {item.line},"
    if item.status is not Status.TODO:
        raise EditError(f"{where} which is not open, although nothing has proven it: {_quoted(line)}")
    keys = read_keys(item.text)
    wrong = [problem.message for problem in keys.problems if problem.severity is Severity.ERROR]
    if wrong:
        raise EditError(f"{where} with a bad key: {wrong[0]}")
    if keys.failed or keys.done:
        raise EditError(f"{where} with a key that only mdtodo writes: {_quoted(line)}")
    return f"{'  ' * item.depth}{item.marker} [{item.char}] {item.text.strip()}"


_ITEM = re.compile(rb"[ \t]*(?:[-+*]|[0-9]{1,9}[.)])[ \t]+\[")


def _quoted(line: bytes) -> str:
    text = line.decode(errors="replace").strip()
    return repr(text if len(text) <= 60 else text[:60] + "…")
