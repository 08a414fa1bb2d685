"""Whether what is not committed yet may have done more than tick boxes and add tasks: asked at every commit, so it is
told from the names of the changed files and from their lines."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from mdtodo.core.path_patterns import matcher
from mdtodo.git.diff_tree import changes_in
from mdtodo.git.files.worktree_files import CONFIGURATION, specs_like
from mdtodo.git.repository import calling_index, read_blobs, run
from mdtodo.git.true_history import ENVIRONMENT
from mdtodo.proof.steps import REGULAR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.config.settings import Config
    from mdtodo.git.diff_tree import FileChange
    from mdtodo.git.files.tree_files import TodoFiles
    from mdtodo.git.repository import Repository


def uncommitted(repo: Repository, content: TodoFiles, config: Config, *, staged: bool) -> list[FileChange]:
    """The changed files beside HEAD, which there is, in the index or in the work tree; nothing where they can only have
    ticked boxes and added tasks. `content` are the TODO files after the change, `config` is the configuration."""
    signers = [f":(top,literal){config.signers}"] if config.signers else []
    specs = [
        *(f":(top,literal){name}" for name in CONFIGURATION),
        *signers,
        *specs_like((*content.ids, *_names(config))),
    ]
    where = ("--cached", "HEAD") if staged else ("HEAD",)
    env = ENVIRONMENT | (calling_index() if staged else {})
    found = changes_in(run(repo, *_DIFF, *where, "--", *specs, env=env))
    if any(_is_elsewhere(one, content, config) for one in found):
        return found
    changed = {os.fsdecode(one.path): one.before[1] for one in found if one.before is not None}
    # git names files that were touched and are equal, too
    changed = {path: oid for path, oid in changed.items() if content.ids.get(path, oid) != oid}
    return found if changed and _any_loses(repo, content, changed) else []


#: So many files are read whether they have changed or not.
_FEW = 30
_DIFF = ("-c", "diff.renames=false", "-c", "diff.relative=false", "diff-index", "-z", "--raw", "--no-abbrev")

_BOX = re.compile(rb"^([ \t>]*(?:[-*+]|[0-9]{1,9}[.)])[ \t].{0,80}?\[)[^]\n]{1,4}(?=\][ \t])")

#: Headings, and what makes other lines something else: fences, HTML, underlines, blank lines, which end a paragraph.
_AROUND = re.compile(rb"^[ \t>]*(?:$|#|```|~~~|<|=+[ \t]*$|-+[ \t]*$)")


def _names(config: Config) -> list[str]:
    """What the patterns of TODO files end in, as a file that is gone may have been named; of markdown or not."""
    return [one for one in config.files_and_archives if not one.startswith("!")]


def _is_elsewhere(one: FileChange, content: TodoFiles, config: Config) -> bool:
    """Whether it is a change of the settings, a TODO file that is gone, or one where a link or a submodule was."""
    path = os.fsdecode(one.path)
    if path in CONFIGURATION or path == config.signers:
        return True
    if path in content.ids:
        return one.before is not None and one.before[0] not in REGULAR
    return one.before is not None and matcher(config.files_and_archives)(path)


def _any_loses(repo: Repository, content: TodoFiles, changed: Mapping[str, str]) -> bool:
    """Of these files, with git's ids of what HEAD has of them."""
    # a few are read at once, as they will be read anyway
    after = content.bytes_of(content.ids if len(content.ids) < _FEW else changed)
    unknown = [oid for path, oid in changed.items() if content.before.get(path) is None]
    read = read_blobs(repo, unknown, ENVIRONMENT) if unknown else {}
    for path, oid in changed.items():
        before = content.before.get(path)
        if _loses(read.get(oid) or b"" if before is None else before, after[path]):
            return True
    return False


def _loses(before: bytes, after: bytes) -> bool:
    """Whether it is more than boxes with another character and lines that came, none of which changes what is around
    the others."""
    now = iter(_lines(after))
    for line in _lines(before):
        new = b""
        while (one := next(now, None)) != line:
            if one is None or _AROUND.match(one):
                return True
            new = one
        if new and line[:1] in b" \t>":
            return True
    return any(line and _AROUND.match(line) for line in now)


def _lines(data: bytes) -> list[bytes]:
    """All, with their boxes open; blank ones at the end aside."""
    lines = data.replace(b"\r\n", b"\n").rstrip().split(b"\n")
    return [_BOX.sub(rb"\1 ", line.rstrip()) for line in lines]
