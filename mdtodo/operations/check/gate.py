"""The gate in `check`: ticks that nothing proves. Asked only where there may be any."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mdtodo.core.task import Finding
    from mdtodo.git.files.tree_files import TodoFiles
    from mdtodo.git.repository import Repository

#: From so many files on, what was found before is asked for instead of the files themselves.
MANY = 30

#: A box with something in it, in a list.
_BOX = re.compile(rb"^[ \t>]*(?:[-*+]|[0-9]{1,9}[.)])[ \t].{0,80}?\[[^ \]\n]{1,4}\][ \t]", re.MULTILINE)


def gate(repo: Repository, content: TodoFiles, *, new_only: bool = False) -> tuple[list[Finding], int]:
    """Findings on the ticks of a version on top of HEAD, `new_only` on those that HEAD does not have; and how many
    cannot be judged, as the clone is shallow."""
    if len(content.ids) < MANY and not _may_have(content, new_only=new_only):
        return [], 0
    from mdtodo.proof.findings import findings
    from mdtodo.proof.judge import judge

    judgement = judge(repo, content, new_only=new_only)
    return findings(judgement), judgement.unknown


def _may_have(content: TodoFiles, *, new_only: bool) -> bool:
    """Whether there can be a tick to judge."""
    for path, data in content.bytes_of(content.ids).items():
        before = content.before.get(path)
        if new_only and before is not None:
            if before != data and _ticked(data) - _ticked(before):
                return True
        elif _BOX.search(data):
            return True
    return False


def _ticked(data: bytes) -> Counter[bytes]:
    """The lines with boxes that are not open, however they end."""
    return Counter(line.rstrip() for line in data.split(b"\n") if _BOX.match(line))
