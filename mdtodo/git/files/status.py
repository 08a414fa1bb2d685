"""`git status`, read: which files differ between HEAD, index and work tree. Nothing is written, and no lock taken."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mdtodo.git.repository import environment, error_from, start

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import NamedTuple

    from mdtodo.git.repository import Repository
else:
    from mdtodo.core.light.named_tuples import NamedTuple


class Changed(NamedTuple):
    """A file that differs. `staged`: the index is not what HEAD has; `unstaged`: the work tree is not what the index
    has; an unmerged one is both. `head` is what HEAD has, `<mode> <id>`, None for nothing."""

    path: str
    staged: bool
    unstaged: bool
    head: str | None
    submodule: bool = False
    untracked: bool = False


def status(repo: Repository, *pathspecs: str) -> list[Changed]:
    """Tracked files that differ, and untracked ones that are not ignored; of a submodule, that it has another commit.
    Raises GitError where git refuses."""
    return begin_status(repo, pathspecs, untracked="all", submodules="dirty")()


def begin_status(
    repo: Repository,
    pathspecs: Sequence[str] = (),
    *,
    untracked: str = "no",
    submodules: str = "untracked",
    env: Mapping[str, str] | None = None,
) -> Callable[[], list[Changed]]:
    """Start it; the function that is given waits for it. `untracked`: `no` or `all`; `submodules`: what of one is not
    looked at, as in git-status(1); `env` is added, as in `run`."""
    # an optional refresh would take the index's lock from a git that somebody runs at this moment
    options = "--no-optional-locks", "status", "--porcelain=v2", "-z", "--no-renames"
    args = (*options, f"--untracked-files={untracked}", f"--ignore-submodules={submodules}", "--", *pathspecs)
    process = start(repo.root, args, environment(repo) | dict(env or {}))

    def result() -> list[Changed]:
        code, out, err = process.finish()
        if code:
            raise error_from(err, args)
        return [found for line in out.split(b"\0") if (found := _changed(line)) is not None]

    return result


def _changed(line: bytes) -> Changed | None:
    """A line of `--porcelain=v2 -z`: `1` and `u` entries have 8 and 10 fields before the path."""
    kind = line[:1]
    if kind == b"?" and not line.endswith(b"/"):
        return Changed(os.fsdecode(line[2:]), staged=False, unstaged=False, head=None, untracked=True)
    if kind not in _FIELDS:
        return None
    *fields, path = line.split(b" ", _FIELDS[kind])
    return Changed(
        os.fsdecode(path),
        staged=kind == b"u" or fields[1][:1] != b".",
        unstaged=kind == b"u" or fields[1][1:] != b".",
        head=None if fields[3] == b"000000" else f"{fields[3].decode()} {fields[6].decode()}",
        submodule=fields[2].startswith(b"S"),
    )


_FIELDS: Mapping[bytes, int] = {b"1": 8, b"u": 10}
