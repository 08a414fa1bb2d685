"""When the lines of a file were written, as `git blame` says it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mdtodo.git.repository import run

if TYPE_CHECKING:
    from mdtodo.git.repository import Repository

_HEADER = re.compile(rb"[0-9a-f]{40,64} [0-9]+ [0-9]+(?: [0-9]+)?")


def line_dates(repo: Repository, path: str) -> list[float]:
    """For each line of a file of the work tree the author's date of the commit that wrote it, in Unix time; for one
    that is in none, now. Raises GitError where HEAD has no such file.

    In a shallow clone, what is older than its oldest commit has the date of that one.
    """
    found: list[float] = []
    out = run(repo, "blame", "--line-porcelain", "--no-progress", "--", path)
    header = False
    for line in out.split(b"\n"):
        # what the line itself says begins with a tab
        if line.startswith(b"\t"):
            header = False
        elif not header and _HEADER.fullmatch(line):
            header = True
        elif header and line.startswith(b"author-time "):
            found.append(float(line[12:]))
    return found
