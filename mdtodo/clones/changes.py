"""What a processor changed in its clone: the difference between the commit that it began with and the files at the end.

Commits, messages and refs of its own say nothing: the files count.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.path_patterns import matcher
from mdtodo.core.receipt import Restore, text_of
from mdtodo.core.titles import few
from mdtodo.errors import GitError
from mdtodo.git.diff_tree import changes_in
from mdtodo.git.repository import run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.clones.shadow import Shadow
    from mdtodo.clones.source import CloneSource

#: Bytes of new content that are taken out of a clone: more is a mistake, and would stay in the history for good.
SIZE_LIMIT = 100 * 1024 * 1024

_MODULE = "160000"


class RefusedChangesError(Exception):
    """What was changed cannot land; the sentence says why."""


def take(shadow: Shadow) -> str:
    """The id of the tree of the clone's files, whose objects are in the shadow. Ignored files are not in it.

    Raises RefusedChangesError where git cannot take some of them.
    """
    try:
        # git would wait for ever to read a pipe by the name of .gitignore
        shadow.remove_pipes()
        with shadow.spare_index() as index:
            # all or nothing: else a part of the changes would pass for all of them
            shadow.git("add", "--all", "--", ".", index=index)
            return shadow.git("write-tree", index=index).decode().strip()
    except GitError as error:
        raise RefusedChangesError(f"what it changed cannot be taken: {error.sentence}") from error
    except OSError as error:
        raise RefusedChangesError(
            f"what it changed cannot be taken: {error.strerror}: {error.filename}"
        ) from error


def changes_between(shadow: Shadow, before: str, after: str) -> list[Restore]:
    """The paths in which two trees, or commits, differ: what takes each from the first to the second."""
    out = shadow.git("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", before, after)
    return [
        Restore(os.fsdecode(one.path), text_of(one.before), text_of(one.after)) for one in changes_in(out)
    ]


class Protected(NamedTuple):
    """What nobody may change in a clone, as patterns of gitignore: the `exam`, which is a processor's own `protect`;
    the `lists` of tasks; and what says how they are proven, the `rules`."""

    exam: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    rules: tuple[str, ...] = ("/.mdtodo.toml",)


def refuse(shadow: Shadow, changes: Sequence[Restore], protected: Protected) -> None:
    """Raise RefusedChangesError for changes of what is protected, of what git cannot keep, and for too much."""
    kinds = (
        (protected.exam, "which is protected"),
        (protected.lists, "where boxes are ticked by mdtodo alone"),
        (protected.rules, "which says how tasks are proven"),
    )
    for patterns, why in kinds:
        is_protected = matcher(patterns)
        if touched := [one.path for one in changes if is_protected(one.path)]:
            raise RefusedChangesError(f"it changed {few(touched)}, {why}")
    for one in changes:
        _refuse_module(one)
        if one.path == _PYPROJECT and _settings(shadow, one.after) != _settings(shadow, one.before):
            raise RefusedChangesError(
                "it changed [tool.mdtodo] of pyproject.toml, which says how tasks are proven"
            )
    _refuse_size(shadow, changes)


_PYPROJECT = "pyproject.toml"


def _settings(shadow: Shadow, entry: str | None) -> object:
    """What a version of pyproject.toml says to mdtodo. What cannot be read is like nothing else."""
    import tomllib

    if entry is None:
        return None
    try:
        text = shadow.git("cat-file", "blob", entry.split(" ")[1]).decode()
        return tomllib.loads(text).get("tool", {}).get("mdtodo")
    except (GitError, ValueError, AttributeError, RecursionError):
        return entry


def _refuse_module(change: Restore) -> None:
    was = change.after is not None and change.after.startswith(_MODULE)
    if change.before is not None and change.before.startswith(_MODULE) and not was:
        raise RefusedChangesError(f"{change.path} is a repository of its own: what is in it would be lost")


def _refuse_size(shadow: Shadow, changes: Sequence[Restore]) -> None:
    oids = [one.before.split(" ")[1] for one in changes if one.before and not one.before.startswith(_MODULE)]
    request = "".join(f"{oid}\n" for oid in oids).encode()
    answers = shadow.git("cat-file", "--batch-check=%(objectsize)", stdin=request).split()
    refuse_size(sum(map(int, answers)))


def refuse_size(size: int) -> None:
    """Raise RefusedChangesError for more bytes of new content than `SIZE_LIMIT`."""
    if size > SIZE_LIMIT:
        raise RefusedChangesError(
            f"it changed {size / 1e6:,.0f} MB, more than the {SIZE_LIMIT / 1e6:,.0f} MB that land with a task"
        )


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
    # the person's own `insteadOf` is for remotes; the longest one counts, and `=` would end its name
    as_it_is = ("-c", f"url.{shadow.git_dir}.insteadOf={shadow.git_dir}") if "=" not in shadow.git_dir else ()
    run(
        None,
        *settings,
        *as_it_is,
        "fetch",
        *quiet,
        shadow.git_dir,
        "refs/heads/out",
        env=env,
        cwd=source.common_dir,
    )
    return commit
