"""Archives of closed tasks, as `check` meets them: their ticks are judged as others are, their tasks are in no list."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mdtodo.core.archive_paths import is_archive
from mdtodo.core.task import Finding, Severity
from mdtodo.errors import InputError
from mdtodo.markdown.document import parse

if TYPE_CHECKING:
    from collections.abc import Container

    from mdtodo.config.settings import Config
    from mdtodo.git.files.tree_files import TodoFiles


def lists_of(content: TodoFiles, config: Config, named: Container[str] = ()) -> TodoFiles:
    """Without the archives, but for those that were `named` as if they were lists."""
    kept = [path for path in content.ids if path in named or not is_archive(config.archive, path)]
    return content if len(kept) == len(content.ids) else content.only(kept)


def open_in_archives(content: TodoFiles, config: Config) -> list[Finding]:
    """The open tasks that stand in an archive: no other command finds them there."""
    archives = [path for path in content.ids if is_archive(config.archive, path)]
    found: list[Finding] = []
    for path, data in content.bytes_of(archives).items() if archives else ():
        if _OPEN.search(data) is None:
            continue
        try:
            items = parse(data, config.status, file=path).items
        except InputError:
            continue  # which is said of it anyway
        message = "an open task in an archive, which is no list: move it to the TODO file"
        lines = [item.line for item in items if not item.status.closed]
        found += [Finding(path, line, Severity.WARNING, "open-in-archive", message) for line in lines]
    return found


#: A box that is neither ticked nor cancelled as mdtodo writes it; a character of one's own may mean either.
_OPEN = re.compile(rb"\[[^xX\]\n-][^\]\n]{0,3}\][ \t]")
