"""The TODO files of one version of the repository: of the work tree, of the index that git gives its hooks, or
of a commit. Each is known by git's id of its bytes, so that what was found in the same bytes earlier holds.

Sources: git-ls-files(1), git-ls-tree(1), gitformat-index(5), githooks(5).
"""

from __future__ import annotations

import os
from posixpath import dirname, join, normpath
from types import MappingProxyType
from typing import TYPE_CHECKING

from mdtodo.core.digest import hexdigest
from mdtodo.core.path_patterns import matcher
from mdtodo.errors import InputError
from mdtodo.git.files import worktree_files
from mdtodo.git.repository import calling_index, error_from, read_blobs, run
from mdtodo.git.true_history import ENVIRONMENT, read_history
from mdtodo.system import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import NamedTuple

    from mdtodo.git.repository import Repository

    #: Blobs by their names, as `read_blobs` gives them.
    Read = Callable[[Sequence[str]], Mapping[str, bytes | None]]
else:
    from mdtodo.core.light.named_tuples import NamedTuple

#: Symbolic links that are followed one after the other, as on Linux.
_LINKS = 40


class TodoFiles(NamedTuple):
    """`ids` maps the path of each file that could be found, in order, to git's id of its bytes.

    `data` holds the bytes of those that were read on the way, `read` gives those of others. `unmerged` are
    files whose merge is not finished: what they hold is ours. `unreadable` are those left out, with the reason.
    `before` is what HEAD has of the files that `read` gave, None for nothing, where it costs no further git.
    """

    ids: Mapping[str, str]
    data: Mapping[str, bytes]
    unmerged: tuple[str, ...]
    unreadable: tuple[InputError, ...]
    read: Callable[[Sequence[str]], Mapping[str, bytes]]
    before: Mapping[str, bytes | None] = MappingProxyType({})

    def only(self, paths: Iterable[str]) -> TodoFiles:
        """These of the files; what could not be read is still said."""
        kept = {path: self.ids[path] for path in paths}
        data = {path: data for path, data in self.data.items() if path in kept}
        return self._replace(ids=kept, data=data, unmerged=tuple(one for one in self.unmerged if one in kept))

    def bytes_of(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """The bytes of these files. Raises GitError for one that git does not have."""
        wanted = list(paths)
        missing = [path for path in wanted if path not in self.data]
        more = self.read(missing) if missing else {}
        return {path: self.data[path] if path in self.data else more[path] for path in wanted}


def from_work_tree(repo: Repository, paths: Iterable[str]) -> TodoFiles:
    """These files as they are on the disk."""
    data: dict[str, bytes] = {}
    unreadable = []
    for path in paths:
        try:
            data[path] = files.read(repo.root, path)
        except InputError as error:
            unreadable.append(error)
    # A key for caches, never asked of git, so SHA-1 does in a SHA-256 repository too.
    ids = {path: hexdigest(b"blob %d\0" % len(content) + content) for path, content in data.items()}
    return TodoFiles(ids, data, (), tuple(unreadable), lambda _: {})


def from_index(repo: Repository, patterns: Sequence[str], read: Read | None = None) -> TodoFiles:
    """The files that fit the patterns, as they are staged: in `GIT_INDEX_FILE` where a calling git sets it. `read`
    reads blobs there."""
    env = ENVIRONMENT | calling_index()
    read = read or _reading(repo, env)

    def entries(*specs: str) -> dict[str, tuple[bytes, str]]:
        out = run(repo, "ls-files", "-s", "-z", "--", *specs, env=env)
        found: dict[str, tuple[bytes, str]] = {}
        for line in sorted(out.split(b"\0")[:-1], key=_stage):
            about, _, name = line.partition(b"\t")
            mode, oid, stage = about.split(b" ")
            path = os.fsdecode(name)
            if stage != b"0":
                unmerged.add(path)
            found.setdefault(path, (mode, oid.decode()))
        return found

    unmerged: set[str] = set()
    # Only simple patterns mean the same to git as a pathspec; the others need the whole index listed.
    if worktree_files.all_simple(patterns):
        listed = entries(*map(worktree_files.pathspec, patterns)) if patterns else {}
    else:
        listed = _fitting(entries(), patterns)
    return _resolve_links(
        listed,
        lambda path: entries(f":(top,literal){path}").get(path),
        unmerged,
        read,
        beside_head=True,
    )


def from_commit(repo: Repository, revision: str, patterns: Sequence[str]) -> TodoFiles:
    """The files that fit the patterns, as that commit has them. Raises GitError where there is no such commit."""
    every: dict[str, tuple[bytes, str]] = {}
    for line in read_history(repo, "ls-tree", "-r", "-z", "--full-tree", revision).split(b"\0")[:-1]:
        about, _, name = line.partition(b"\t")
        mode, _, oid = about.split(b" ")
        every[os.fsdecode(name)] = mode, oid.decode()
    return _resolve_links(_fitting(every, patterns), every.get, set(), _reading(repo, ENVIRONMENT))


def staged_configuration(repo: Repository, read: Read | None = None) -> list[bytes | None]:
    """`pyproject.toml` and `.mdtodo.toml` as they are staged; from the disk where git does not track them. `read` reads
    blobs of the index."""
    env = ENVIRONMENT | calling_index()

    def entry(path: str) -> tuple[bytes, str] | None:
        out = run(repo, "ls-files", "-s", "-z", "--", f":(top,literal){path}", env=env)
        about = out.partition(b"\t")[0].split(b" ")
        # Several entries: a folder of that name, or an unmerged file.
        return (about[0], about[1].decode()) if len(about) > 1 and out.count(b"\0") == 1 else None

    found = _configuration("", entry, read or _reading(repo, env))
    return [
        files.read_inside(repo.root, name) if data is None else data
        for name, data in zip(worktree_files.CONFIGURATION, found, strict=True)
    ]


def committed_configuration(repo: Repository, revision: str) -> list[bytes | None]:
    """The same, as that commit has them."""

    def entry(path: str) -> tuple[bytes, str] | None:
        out = read_history(repo, "ls-tree", "-z", "--full-tree", revision, "--", f":(literal){path}")
        about = out.partition(b"\t")[0].split(b" ")
        return (about[0], about[2].decode()) if len(about) > 2 else None

    return _configuration(revision, entry, _reading(repo, ENVIRONMENT))


def _reading(repo: Repository, env: Mapping[str, str]) -> Read:
    """A git for each question."""
    return lambda names: read_blobs(repo, names, env)


def _configuration(
    revision: str,
    entry: Callable[[str], tuple[bytes, str] | None],
    read: Read,
) -> list[bytes | None]:
    """The files of the configuration as that version has them, links followed; None where it does not.

    Only what could be the text of a link is looked at more closely, which takes a process.
    """
    names = [f"{revision}:{name}" for name in worktree_files.CONFIGURATION]
    found = list(read(names).values())
    for number, (name, data) in enumerate(zip(worktree_files.CONFIGURATION, found, strict=True)):
        if data and b"\n" not in data and (link := entry(name)) is not None and link[0] == b"120000":
            target = _follow(name, link, entry, read)[1]
            regular = target is not None and target[0].startswith(b"100")
            found[number] = read([target[1]])[target[1]] if target and regular else None
    return found


def find_tracked(
    repo: Repository, patterns: Sequence[str], paths: Sequence[str], *, cwd: str
) -> tuple[tuple[str, ...], frozenset[str]]:
    """The files of the work tree that fit the patterns, and those of them that `paths` name (see `select_files`).

    Those that git does not track are left out unless they are named: a commit would not hold them.
    """
    untracked: set[str] = set()

    def listing(repo: Repository, *specs: str) -> list[str]:
        options = ("ls-files", "-co", "--exclude-standard", "-t", "-z", "--", *specs)
        found = set()
        for line in run(repo, *options, env=calling_index()).split(b"\0"):
            # Untracked nested repositories are listed with a slash at the end.
            if line and not line.endswith(b"/"):
                path = os.fsdecode(line[2:])
                found.add(path)
                if line.startswith(b"?"):
                    untracked.add(path)
        return sorted(found)

    found = worktree_files.matching(repo, patterns, listing)
    chosen = select_files(repo.root, frozenset(found), paths, cwd=cwd)
    kept = [path for path in found if path not in untracked or path in chosen]
    return worktree_files.resolved(repo.root, kept), frozenset(worktree_files.resolved(repo.root, chosen))


def select_files(root: str, known: frozenset[str], paths: Iterable[str], *, cwd: str) -> frozenset[str]:
    """Those of the known files that paths as typed in the folder `cwd` stand for; a folder for all below it.

    What else is typed is no TODO file. Backslashes may stand between names, as on Windows.
    """
    here = os.path.realpath(cwd)
    found = set()
    for path in paths:
        if here == root and path in known:
            found.add(path)
            continue
        found |= _fitting_names(root, known, os.path.join(here, path))
        if "\\" in path:
            found |= _fitting_names(root, known, os.path.join(here, path.replace("\\", "/")))
    return frozenset(found)


def _fitting_names(root: str, known: frozenset[str], full: str) -> set[str]:
    """The known file with this path, by its name or by its folder's real place; of a folder all below it."""
    folder, name = os.path.split(os.path.normpath(full))
    ways = {os.path.relpath(place, root) for place in (full, os.path.join(os.path.realpath(folder), name))}
    fitting = known & ways
    if fitting or not os.path.isdir(full):
        return set(fitting)
    return {path for path in known for way in ways if way == "." or path.startswith(way + "/")}


def _there(blob: bytes | None, oid: str) -> bytes:
    """Never as if it were empty: what is found in it is kept by its id."""
    if blob is None:
        raise error_from(f"fatal: object {oid} is missing".encode(), ("cat-file",))
    return blob


def _stage(line: bytes) -> tuple[bytes, int]:
    """Ours before the others, where there are several versions of a path."""
    about, _, name = line.partition(b"\t")
    return name, (0, 2, 1, 3)[int(about[-1:])] if about[-1:] in b"0123" else 0


def _fitting(every: Mapping[str, tuple[bytes, str]], patterns: Sequence[str]) -> dict[str, tuple[bytes, str]]:
    return {path: every[path] for path in filter(matcher(patterns), every)}


def _resolve_links(
    listed: Mapping[str, tuple[bytes, str]],
    look_up: Callable[[str], tuple[bytes, str] | None],
    unmerged: set[str],
    read_names: Read,
    *,
    beside_head: bool = False,
) -> TodoFiles:
    """The content of these entries (mode, id), with symbolic links followed and submodules left out."""
    ids: dict[str, str] = {}
    unreadable = []
    for path in sorted(listed):
        try:
            place, entry = _follow(path, listed[path], look_up, read_names)
        except InputError as error:
            unreadable.append(error)
            continue
        if entry is not None and entry[0] != b"160000":
            ids[place] = entry[1]

    known: dict[str, bytes] = {}
    before: dict[str, bytes | None] = {}

    def read(paths: Sequence[str]) -> dict[str, bytes]:
        if missing := [path for path in paths if path not in known]:
            names = {path: f"HEAD:{path}" for path in missing if beside_head}
            blobs = read_names([*(ids[path] for path in missing), *names.values()])
            known.update((path, _there(blobs[ids[path]], ids[path])) for path in missing)
            before.update((path, blobs[name]) for path, name in names.items())
        return {path: known[path] for path in paths}

    ours = tuple(sorted(unmerged.intersection(ids)))
    return TodoFiles(dict(sorted(ids.items())), {}, ours, tuple(unreadable), read, before)


def _follow(
    path: str,
    entry: tuple[bytes, str] | None,
    look_up: Callable[[str], tuple[bytes, str] | None],
    read: Read,
) -> tuple[str, tuple[bytes, str] | None]:
    """The place and the entry behind a link; no entry where git does not track what it leads to."""
    place = path
    for _ in range(_LINKS):
        if entry is None or entry[0] != b"120000":
            return place, entry
        target = os.fsdecode(read([entry[1]])[entry[1]] or b"")
        place = normpath(join(dirname(place), target))
        if target.startswith("/") or place == ".." or place.startswith("../"):
            raise InputError("is a symlink that points outside the work tree", file=path)
        entry = look_up(place)
    raise InputError("is a broken symlink", file=path)
