"""What a processor changed in its clone: the difference between the commit that it began with and the files at the end.

Commits, messages and refs of its own say nothing: the files count.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.path_patterns import matcher
from mdtodo.errors import GitError
from mdtodo.git.repository import run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdtodo.clones.shadow import Shadow
    from mdtodo.clones.source import CloneSource

#: Bytes of new content that are taken out of a clone: more is a mistake, and would stay in the history for good.
SIZE_LIMIT = 100 * 1024 * 1024

_MODULE = "160000"
_LFS_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:.*\n)*?oid sha256:([0-9a-f]{64})\n"
)


class Change(NamedTuple):
    """One path: `before` and `after` are `<mode> <object id>`, None where there is nothing."""

    path: str
    before: str | None
    after: str | None


class RefusedChangesError(Exception):
    """What was changed cannot land; the sentence says why."""


def take(shadow: Shadow) -> str:
    """The id of the tree of the clone's files, whose objects are in the shadow. Ignored files are not in it.

    Raises RefusedChangesError where git cannot take some of them.
    """
    try:
        # all or nothing: else a part of the changes would pass for all of them
        shadow.git("add", "--all", "--", ".")
        return shadow.git("write-tree").decode().strip()
    except GitError as error:
        raise RefusedChangesError(f"what it changed cannot be taken: {error.sentence}") from error


def changes_between(shadow: Shadow, before: str, after: str) -> list[Change]:
    """The paths in which two trees, or commits, differ."""
    out = shadow.git("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", before, after)
    fields = out.split(b"\0")
    found: list[Change] = []
    for about, path in zip(fields[::2], fields[1::2], strict=False):
        old_mode, new_mode, old, new, _ = about.decode().removeprefix(":").split(" ")
        found.append(Change(os.fsdecode(path), _entry(old_mode, old), _entry(new_mode, new)))
    return found


def _entry(mode: str, oid: str) -> str | None:
    return None if mode == "000000" else f"{mode} {oid}"


def refuse(shadow: Shadow, changes: Sequence[Change], protected: Iterable[str]) -> None:
    """Raise RefusedChangesError for changes of what `protected`, patterns as of gitignore, names, for what git cannot
    keep, and for too much of it."""
    is_protected = matcher(protected)
    if touched := [one.path for one in changes if is_protected(one.path)]:
        raise RefusedChangesError(f"it changed {_listed(touched)}, which is protected")
    for one in changes:
        _refuse_module(one)
    _refuse_size(shadow, changes)


def _refuse_module(change: Change) -> None:
    is_new = change.before is None or not change.before.startswith(_MODULE)
    if is_new and change.after is not None and change.after.startswith(_MODULE):
        raise RefusedChangesError(f"{change.path} is a repository of its own: what is in it would be lost")


def _refuse_size(shadow: Shadow, changes: Sequence[Change]) -> None:
    oids = [one.after.split(" ")[1] for one in changes if one.after and not one.after.startswith(_MODULE)]
    request = "".join(f"{oid}\n" for oid in oids).encode()
    answers = shadow.git("cat-file", "--batch-check=%(objectsize)", stdin=request).split()
    if (size := sum(map(int, answers))) > SIZE_LIMIT:
        raise RefusedChangesError(
            f"it changed {size / 1e6:,.0f} MB, more than the {SIZE_LIMIT / 1e6:,.0f} MB that land with a task"
        )


def _listed(paths: Sequence[str]) -> str:
    shown = ", ".join(paths[:3])
    return f"{shown} and {len(paths) - 3} more" if len(paths) > 3 else shown


def give_back(shadow: Shadow, source: CloneSource, base: str, tree: str) -> str:
    """Bring the objects of the tree into the repository; the id of a commit of it there, on top of `base`, that no ref
    names.

    Fetched, and not copied: so git looks at each object, and a forged one is refused. Raises GitError.
    """
    who = ("-c", "user.name=mdtodo", "-c", "user.email=mdtodo@localhost", "-c", "commit.gpgSign=false")
    commit = shadow.git(*who, "commit-tree", tree, "-p", base, "-m", "mdtodo: changes").decode().strip()
    shadow.git("update-ref", "refs/heads/out", commit)
    quiet = (
        "-q",
        "--no-tags",
        "--no-write-fetch-head",
        "--no-auto-gc",
        "--no-recurse-submodules",
        "--refmap=",
    )
    env = {"GIT_DIR": source.common_dir, "GIT_TERMINAL_PROMPT": "0"}
    settings = (
        "-c",
        "protocol.file.allow=always",
        "-c",
        "fetch.fsckObjects=false",
        "-c",
        "maintenance.auto=false",
    )
    run(None, *settings, "fetch", *quiet, shadow.git_dir, "refs/heads/out", env=env, cwd=source.common_dir)
    return commit
