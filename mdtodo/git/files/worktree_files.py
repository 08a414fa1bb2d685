"""Which files of a work tree are read: the TODO files that patterns or arguments name, and the configuration.

Paths are relative to the repository's root with `/` between names, as git writes them. This is on the path of
`check` and `list`: pathspec, which costs as much as click to import, is needed only for unusual patterns; git
matches the usual ones itself.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from mdtodo.core.path_patterns import matcher
from mdtodo.errors import InputError, UsageError
from mdtodo.git.files.work_tree_stats import WorkTreeStats
from mdtodo.git.repository import list_files
from mdtodo.system import files, safe_open

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mdtodo.git.repository import Repository

#: Where the configuration stands.
CONFIGURATION = ("pyproject.toml", ".mdtodo.toml")

#: What git calls files of markdown.
MARKDOWN = (":(top,icase,glob)**/*.md", ":(top,icase,glob)**/*.markdown")


def find(
    repo: Repository,
    patterns: Sequence[str],
    explicit: Sequence[str] = (),
    *,
    cwd: str | None = None,
    stats: WorkTreeStats | None = None,
) -> tuple[str, ...]:
    """The TODO files: those named in `explicit` (relative to `cwd`), otherwise what fits the gitignore-style
    `patterns` among tracked and untracked-but-not-ignored files.

    A folder named in `explicit` stands for what fits below it. Symlinks within the work tree are followed,
    each real file comes once. Sorted. `stats` takes what is found out of them. Raises InputError for what leads out of
    the work tree, to another repository or nowhere.
    """
    stats = stats or WorkTreeStats(repo.root)
    if not explicit:
        return resolved(repo.root, matching(repo, patterns, stats=stats), stats)
    named: list[str] = []
    here = os.path.realpath(cwd or ".")
    for path in explicit:
        relative = _relative(repo.root, os.path.join(here, _slashed(here, path)), path)
        if os.path.isdir(os.path.join(repo.root, relative)) and not is_markdown(relative):
            below = "" if relative == "." else relative + "/"
            named += [found for found in matching(repo, patterns) if found.startswith(below)]
        elif not os.path.lexists(os.path.join(repo.root, relative)):
            raise InputError("no such file", file=relative)
        else:
            named.append(relative)
    return resolved(repo.root, named)


def matching(
    repo: Repository,
    patterns: Sequence[str],
    listing: Callable[..., Sequence[str]] = list_files,
    stats: WorkTreeStats | None = None,
) -> list[str]:
    """Files that fit the patterns and are on the disk; `listing` as `list_files`, `stats` as in `find`.

    Raises InputError for a folder that is named like one.
    """
    for pattern in (one for one in patterns if not one.startswith("!")):
        literal = pattern.strip("/")
        if is_simple(pattern) and "*" not in literal and os.path.isdir(os.path.join(repo.root, literal)):
            raise InputError("is a folder, not a file", file=literal)
    if all_simple(patterns):
        # without a pathspec git would list everything
        listed: Iterable[str] = listing(repo, *dict.fromkeys(map(pathspec, patterns))) if patterns else ()
    else:
        listed = filter(matcher(patterns), listing(repo))
    stats = stats or WorkTreeStats(repo.root)
    return sorted([path for path in listed if stats.is_regular(path) or _present(stats, path)])


def all_simple(patterns: Sequence[str]) -> bool:
    """Whether these patterns mean the same to git, after `pathspec`: those that take files out, with `!`, are last."""
    out = [pattern.startswith("!") for pattern in patterns]
    return out == sorted(out) and not all(out or (False,)) and all(map(is_simple, patterns))


def is_simple(pattern: str) -> bool:
    """Whether a gitignore pattern means the same to git's `:(glob)`, after `pathspec`."""
    return _SIMPLE.fullmatch(pattern.removeprefix("!")) is not None


def pathspec(pattern: str) -> str:
    """A gitignore pattern without a slash fits in every folder, one with a slash from the root."""
    magic, name = (":(exclude,glob)", pattern[1:]) if pattern.startswith("!") else (":(glob)", pattern)
    return magic + (name.lstrip("/") if "/" in name else "**/" + name)


def resolved(root: str, paths: Iterable[str], stats: WorkTreeStats | None = None) -> tuple[str, ...]:
    """The real files behind these paths, as `safe_open.resolve` finds them, sorted, each once. `stats` as in `find`."""
    stats = stats or WorkTreeStats(root)
    usual = {"": os.path.realpath(root) == root}  # a folder's place holds for all that is no symlink in it
    found = set()
    for path in paths:
        plain = _is_usual(root, path.rpartition("/")[0], usual) and not stats.is_link(path)
        found.add(path if plain else safe_open.resolve(root, path))
    return tuple(sorted(found))


def read_configuration(root: str) -> list[bytes | None]:
    """The files of CONFIGURATION in this folder, as `read_inside` gives them."""
    return [files.read_inside(root, name) for name in CONFIGURATION]


#: Patterns that mean the same to gitignore and, after `pathspec`, to git's `:(glob)`: names of markdown files, with
#: `**` for whole folders only. A `/` at the end or blanks there are to `:(glob)` parts of a name.
_SIMPLE = re.compile(r"/?(?!.*\*\*(?!/))(?!.*[^/]\*\*)(?:[\w.*-]+/)*[\w.*-]*[\w*-]\.md", re.ASCII)


def _present(stats: WorkTreeStats, path: str) -> bool:
    """Whether it is there: not deleted, not outside of a sparse checkout, not a submodule."""
    if stats[path] is None:
        return False
    full = f"{stats.root}/{path}"
    return not (os.path.isdir(full) and os.path.lexists(os.path.join(full, ".git")))


def _slashed(here: str, path: str) -> str:
    """A path that was typed with backslashes, as on Windows, where no file has that very name."""
    return path.replace("\\", "/") if "\\" in path and not os.path.lexists(os.path.join(here, path)) else path


def name_ends(paths: Iterable[str]) -> tuple[str, ...]:
    """How the names of markdown files end, and of files with names like these: their suffixes, or whole names without
    one, behind a `/`. In small letters."""
    found = dict.fromkeys((".md", ".markdown"))
    for path in paths:
        if not is_markdown(path):
            name = path.rpartition("/")[2].lower()
            found[os.path.splitext(name)[1] or f"/{name}"] = None
    return tuple(found)


def specs_like(paths: Iterable[str]) -> tuple[str, ...]:
    """What git calls files whose names end so, as `name_ends` has it."""
    ends = name_ends(paths)
    return MARKDOWN + tuple([f":(top,icase,glob)**{_glob(end)}" for end in ends[len(MARKDOWN) :]])


def _glob(end: str) -> str:
    literal = _SPECIAL.sub(r"\\\g<0>", end)
    return literal if end.startswith("/") else f"/*{literal}"


_SPECIAL = re.compile(r"[]*?\[\\]")


def is_markdown(path: str) -> bool:
    """Whether a path's name says that it holds markdown."""
    return path.lower().endswith((".md", ".markdown"))


def _relative(root: str, full: str, shown: str) -> str:
    """`full` relative to the root: by its folder's real place, so that the last name may be a symlink."""
    folder, name = os.path.split(os.path.normpath(full))
    relative = os.path.relpath(os.path.join(os.path.realpath(folder), name), root)
    if relative == ".." or relative.startswith("../"):
        raise UsageError(f"{shown} is outside the work tree {root}")
    return relative


def _is_usual(root: str, folder: str, known: dict[str, bool]) -> bool:
    """Whether a folder is reached without symlinks, and belongs to this repository and not to its git directory.

    `known` are answers, and takes those that were found on the way.
    """
    new: list[str] = []
    above = folder
    while above not in known:
        new.append(above)
        above = above.rpartition("/")[0]
    for one in reversed(new):
        above, _, name = one.rpartition("/")
        known[one] = (
            known[above]
            and name not in (".git", "", ".", "..")
            and not os.path.islink(f"{root}/{one}")
            and not os.path.lexists(f"{root}/{one}/.git")
        )
    return known[folder]
