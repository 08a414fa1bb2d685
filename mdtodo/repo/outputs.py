"""What processors declare as their outputs: which of it may be committed with the tick.

A file may be if it held nothing of a person's when the run began (neither changed, nor staged, nor untracked),
and if it still is what the task's end found there: what somebody changes between that and the landing is
theirs. So what was found is part of the receipt, and outlives a killed run in the journal.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.patterns import matcher
from mdtodo.repo.git import run
from mdtodo.repo.index import IndexChangedError
from mdtodo.results import Output

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence

    from mdtodo.repo.git import Repository
    from mdtodo.repo.index import IndexCopy
    from mdtodo.repo.indexfile import Staged


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The paths that were changed, staged or untracked at one moment: they stay a person's."""

    dirty: frozenset[str]


def clean_outputs(repo: Repository, patterns: Sequence[str]) -> Snapshot:
    """Taken when a run begins, with the gitignore-style `patterns` of all outputs that its processors
    declare.

    Without patterns git is not asked.
    """
    return Snapshot(frozenset(matching(_dirty(repo), patterns)) if patterns else frozenset())


def changed_outputs(
    repo: Repository, patterns: Sequence[str], clean: Snapshot | None
) -> tuple[tuple[Output, ...], dict[str, str]]:
    """The files that fit `patterns` and differ from HEAD now: those that may be committed, and why others
    may not.

    Without a snapshot none may. One that is staged now may not either, whoever did that.
    """
    if not patterns:
        return (), {}
    dirty = _dirty(repo)
    mine: list[Output] = []
    left: dict[str, str] = {}
    for path in matching(dirty, patterns):
        if clean is None or path in clean.dirty:
            left[path] = (
                "it was changed before the run" if clean else "it may have been changed before the run"
            )
        elif dirty[path].staged:
            left[path] = "it is staged"
        else:
            mine.append(Output(path, fingerprint(repo.root, path), dirty[path].base))
    return tuple(mine), left


def take(
    held: Mapping[str, Output],
    committed: Container[str],
    in_head: Callable[[str], tuple[bytes, str] | None],
    copy: IndexCopy,
    root: str,
) -> tuple[dict[str, tuple[bytes, str] | None], dict[str, str]]:
    """Stage in `copy` what was held and is still as it was; gives what changes in HEAD's tree, and why the
    others are left.

    Of those that are not `committed` with this landing, only the index is made up for, where an earlier
    landing came as far as HEAD. `in_head` gives mode and id at a path.
    """
    before = copy.entries(held)
    changes: dict[str, tuple[bytes, str] | None] = {}
    left: dict[str, str] = {}
    heads = {path: in_head(path) for path in held}
    staged = {path: (one.mode, one.oid) if (one := before.get(path)) else None for path in held}
    bases = {path: _entry(output.base) for path, output in held.items()}
    open_ones = [path for path in held if staged[path] != heads[path] or path in committed]
    for path in open_ones:
        if fingerprint(root, path) != held[path].digest:
            left[path] = "it was changed after the end of its task"
        elif staged[path] != bases[path]:
            left[path] = "it is staged"
    mine = [path for path in open_ones if path not in left]
    copy.stage_files(mine)
    after = copy.entries(mine)
    back: dict[str, Staged | None] = {}
    for path in mine:
        new = (after[path].mode, after[path].oid) if path in after else None
        if heads[path] == bases[path] and path in committed:
            changes[path] = new
        elif heads[path] != new:
            back[path] = before.get(path)
            left[path] = "it was committed in the meantime"
        if fingerprint(root, path) != held[path].digest:
            raise IndexChangedError(f"{path} was changed")
    copy.put_back(back)
    return changes, {path: reason for path, reason in left.items() if path in committed}


def fingerprint(root: str, path: str) -> str | None:
    """A digest of kind, mode and content of a file or symlink; None where there is none, `-` for others."""
    from hashlib import sha256

    full = os.path.join(root, path)
    try:
        mode = os.lstat(full).st_mode
        if stat.S_ISLNK(mode):
            kind, content = b"link", os.fsencode(os.readlink(full))
        elif stat.S_ISREG(mode):
            kind = b"program" if mode & 0o100 else b"file"
            with open(full, "rb") as file:
                content = file.read()
        else:
            return None if os.path.isdir(full) else "-"
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return "-"
    return sha256(kind + b"\0" + content, usedforsecurity=False).hexdigest()


def _entry(base: str | None) -> tuple[bytes, str] | None:
    mode, _, oid = (base or "").partition(" ")
    return (mode.encode(), oid) if base else None


def matching(paths: Iterable[str], patterns: Sequence[str]) -> list[str]:
    """Those paths that fit gitignore-style patterns, sorted."""
    candidates = list(paths)
    if not candidates:
        return []
    return sorted(filter(matcher(patterns), candidates))


class _Change(NamedTuple):
    """Whether it is staged, and what HEAD has: `<mode> <id>`, None for nothing."""

    staged: bool
    base: str | None


def _dirty(repo: Repository) -> dict[str, _Change]:
    """Files that differ between work tree, index and HEAD, or are untracked and not ignored; no submodules.

    The format is that of `git status --porcelain=v2 -z`: `1` and `u` entries have 8 and 10 fields before
    the path.
    """
    out = run(
        repo,
        *("--no-optional-locks", "status", "--porcelain=v2", "-z", "--untracked-files=all", "--no-renames"),
        "--ignore-submodules=dirty",
    )
    found: dict[str, _Change] = {}
    for line in out.split(b"\0"):
        kind = line[:1]
        if kind == b"?" and not line.endswith(b"/"):
            found[os.fsdecode(line[2:])] = _Change(staged=False, base=None)
        elif kind in _FIELDS:
            *fields, path = line.split(b" ", _FIELDS[kind])
            if not fields[2].startswith(b"S"):
                staged = kind == b"u" or not fields[1].startswith(b".")
                base = None if fields[3] == b"000000" else f"{fields[3].decode()} {fields[6].decode()}"
                found[os.fsdecode(path)] = _Change(staged, base)
    return found


_FIELDS: Mapping[bytes, int] = {b"1": 8, b"u": 10}
