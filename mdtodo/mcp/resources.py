"""What a client may read as a resource: the TODO files as they are, and single tasks. Nothing else of the checkout."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from mdtodo.errors import UsageError
from mdtodo.mcp.checkout import task_of
from mdtodo.mcp.reads import described
from mdtodo.mcp.records import plain

if TYPE_CHECKING:
    from mdtodo.mcp.checkout import Checkout

SCHEME, TASK = "todo://", "task/"
#: As RFC 6570 has it, with what each is.
TEMPLATES = {"todo://task/{id}": "A task, as show_task gives it", "todo://{+file}": "A TODO file"}
#: So many are a page.
_PAGE = 100


def listed(checkout: Checkout, cursor: str | None) -> tuple[list[tuple[str, str]], str | None]:
    """A page of the TODO files, each with its address; the cursor is the last of them."""
    files = [file for file in sorted(checkout.project().documents) if cursor is None or file > cursor]
    page = files[:_PAGE]
    return [(address(file), plain(file)) for file in page], page[-1] if len(files) > _PAGE else None


def address(file: str) -> str:
    """That of a TODO file."""
    return SCHEME + quote(file, errors="surrogateescape")


def read(checkout: Checkout, uri: str) -> tuple[str, str]:
    """The type and the text of what this address names. Raises UsageError where that is nothing."""
    if not uri.startswith(SCHEME):
        raise UsageError(f"{uri[:80]!r} is no address of {SCHEME}")
    name = unquote(uri.removeprefix(SCHEME), errors="surrogateescape")
    project = checkout.project()
    if name in project.documents:
        return "text/markdown", project.documents[name].data.decode("utf-8-sig")
    if not name.startswith(TASK):
        raise UsageError(f"{plain(name)[:80]!r} is no TODO file of this checkout")
    task = task_of(project, name.removeprefix(TASK))
    return "application/json", json.dumps(plain(described(project, task)), ensure_ascii=False)
