"""Archives of closed tasks, as `check` meets them: their ticks are judged as others are, their tasks are in no list."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mdtodo.core.archive_paths import is_archive
from mdtodo.core.task import Finding, Severity
from mdtodo.errors import InputError
from mdtodo.markdown.document import parse
from mdtodo.markdown.source import check_encoding

if TYPE_CHECKING:
    from collections.abc import Container

    from mdtodo.config.settings import Config
    from mdtodo.git.files.tree_files import TodoFiles
    from mdtodo.markdown.document import Document


def lists_of(content: TodoFiles, config: Config, named: Container[str] = ()) -> TodoFiles:
    """Without the archives, but for those that were `named` as if they were lists."""
    kept = [path for path in content.ids if path in named or not is_archive(config.archive, path)]
    return content if len(kept) == len(content.ids) else content.only(kept)


def of_archives(content: TodoFiles, config: Config) -> tuple[list[Finding], list[InputError]]:
    """The open tasks that stand in an archive, as no other command finds them there, and what git could not merge; and
    the archives that cannot be read, in which any tick could hide."""
    archives = [path for path in content.ids if is_archive(config.archive, path)]
    found: list[Finding] = []
    unreadable = []
    for path, data in content.bytes_of(archives).items() if archives else ():
        try:
            check_encoding(data, path)
            if _OPEN.search(data) or _CONFLICT.search(data):
                found += _of_archive(path, parse(data, config.status, file=path))
        except InputError as error:
            unreadable.append(error)
    return found, unreadable


def _of_archive(path: str, document: Document) -> list[Finding]:
    still_open = "an open task in an archive, which is no list: move it to the TODO file"
    lines = [item.line for item in document.items if not item.status.closed]
    found = [Finding(path, line, Severity.WARNING, "open-in-archive", still_open) for line in lines]
    return found + [
        Finding(path, line, Severity.ERROR, "conflict-marker", CONFLICT) for line in document.conflicts
    ]


#: What is said of a line that git has left where it could not merge.
CONFLICT = "a conflict marker: finish the merge, then check again"

_CONFLICT = re.compile(rb"^<{7}", re.MULTILINE)

#: A box that is neither ticked nor cancelled as mdtodo writes it; a character of one's own may mean either.
_OPEN = re.compile(rb"\[[^xX\]\n-][^\]\n]{0,3}\][ \t]")
