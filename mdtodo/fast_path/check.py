"""One check: what is remembered, what git says, and what is new. And one commit's receipts, where there are none."""

import os

from mdtodo.fast_path import memory, repository
from mdtodo.fast_path.repository import CONFIGURATION, Changes, Git, blob_id, read_file
from mdtodo.fast_path.words import Call

#: Bytes and files that are worth reading here.
_LARGE, _MANY = 1 << 17, 300


def is_clean(call: Call) -> bool:
    """Whether a check has surely nothing to say. Raises OSError, ValueError or LookupError where something is odd."""
    if not repository.is_usual_here():
        return False
    known = memory.read()
    if known is None:
        return False
    specs = [*_CONFIGURED, *map(_pathspec, known.patterns)]
    env = repository.environment()
    listing = Git("ls-files", "-s", "-z", "--", *specs, environment=env)
    differing = Git(*_DIFF, *(("--cached",) if call.staged else ()), "HEAD", "--", *specs, environment=env)
    listed, differences = listing.output(), differing.output()
    if listed is None or differences is None:
        return False
    entries = repository.entries_of(listed)
    changes = repository.changes_of(differences)
    if entries is None or changes is None or len(entries) > _MANY:
        return False
    tracked = {one.path: one.oid for one in entries}
    if not _is_configured(known, tracked, changes, staged=call.staged):
        return False
    files = {path: oid for path, oid in tracked.items() if path not in CONFIGURATION}
    if files.keys() != known.files.keys():
        return False
    if not call.staged and not _names_are_tracked(call.names, files, known.patterns):
        return False
    return _is_clean_in(known, files, changes, staged=call.staged)


def has_receipts(message: str) -> bool:
    """Whether the commit whose message is in this file may tick, open or cancel what this clone has a receipt of: it
    has some, and a TODO file changes. Raises as `is_clean` does."""
    known = memory.read() if repository.is_usual_here() else None
    if known is None or not all(map(_is_on_disk, CONFIGURATION, known.configuration)):
        return True
    read_file(os.fsencode(message))
    if not os.path.lexists(".git/mdtodo/state.db"):
        return False
    specs = map(_pathspec, known.patterns)
    differing = Git(
        *_DIFF_INDEX, "--quiet", "--cached", "HEAD", "--", *specs, environment=repository.environment()
    )
    return differing.output() is None


_CONFIGURED = tuple(f":(top,literal){os.fsdecode(name)}" for name in CONFIGURATION)
_SETTINGS = ("diff.renames=false", "diff.relative=false", "diff.suppressBlankEmpty=false")
_DIFF_INDEX = (*(word for one in _SETTINGS for word in ("-c", one)), "diff-index", "--no-renames")
_DIFF = (
    *(
        *_DIFF_INDEX,
        "-z",
        "--raw",
        "--no-abbrev",
        "-p",
        "--full-index",
        "--text",
        "--no-ext-diff",
        "--no-textconv",
    ),
    *("--no-color", "-U999999999"),
)


def _pathspec(pattern: str) -> str:
    """Of a simple pattern, as in `git.files.worktree_files`."""
    magic, name = (
        (":(top,exclude,glob)", pattern[1:]) if pattern.startswith("!") else (":(top,glob)", pattern)
    )
    return magic + (name.lstrip("/") if "/" in name else "**/" + name)


def _is_configured(
    known: memory.Memory, tracked: dict[bytes, bytes], changes: Changes, *, staged: bool
) -> bool:
    """Whether the configuration is the one that is remembered, and the one of HEAD."""
    for name, oid in zip(CONFIGURATION, known.configuration, strict=True):
        if name in changes.before or (tracked.get(name, b"-") if staged else oid) != oid:
            return False
        if (not staged or name not in tracked) and not _is_on_disk(name, oid):
            return False
    return True


def _is_on_disk(name: bytes, oid: bytes) -> bool:
    """Whether a file of the root has the bytes of this id; `-` for no file."""
    return (blob_id(read_file(name)) if os.path.lexists(name) else b"-") == oid


def _names_are_tracked(names: list[str], files: dict[bytes, bytes], patterns: list[str]) -> bool:
    """Whether git tracks each of these files that may be a TODO file, and no folder is called like one."""
    for pattern in patterns:
        literal = pattern.strip("/")
        if "*" not in literal and os.path.isdir(literal):
            return False
    for name in names:
        fits = any(_may_fit(pattern.lstrip("!"), name) for pattern in patterns)
        if (fits or os.path.isdir(name)) and os.fsencode(name) not in files:
            return False
    return True


def _may_fit(pattern: str, name: str) -> bool:
    """Whether a path may be one of a pattern: by what this begins with, and by its last name."""
    folder, slash, last = pattern.rpartition("/")
    if slash and not name.startswith(folder.lstrip("/").partition("*")[0]):
        return False
    base = name.rpartition("/")[2]
    return base.startswith(last.partition("*")[0]) and base.endswith(last.rpartition("*")[2])


def _is_clean_in(known: memory.Memory, files: dict[bytes, bytes], changes: Changes, *, staged: bool) -> bool:
    now = dict(files) if staged else {path: _on_disk(path, files[path], changes) for path in files}
    new = [path for path, oid in now.items() if oid != known.files[path].oid]
    changed = [path for path in now if changes.before.get(path, now[path]) != now[path]]
    if not new and not changed:
        return True
    if any(known.files[path].archive for path in {*new, *changed}):
        return False
    from mdtodo.fast_path.blocks import UnsureError
    from mdtodo.fast_path.verdict import facts_of, look_at_change, look_between

    try:
        read = {path: facts_of(_bytes_of(path, now[path], changes), known) for path in {*new, *changed}}
        look_between(known, read)
        for path in changed:
            look_at_change(facts_of(changes.contents[changes.before[path]], known), read[path])
    except UnsureError:
        return False
    return True


def _on_disk(path: bytes, oid: bytes, changes: Changes) -> bytes:
    """The id of the bytes of a file of the work tree."""
    folder = b""
    for name in path.split(b"/")[:-1]:
        folder += name
        if os.path.islink(folder) or os.path.lexists(folder + b"/.git"):
            raise ValueError
        folder += b"/"
    data = read_file(path)
    found = blob_id(data)
    if path in changes.before:
        changes.contents[found] = data
    elif found != oid:
        raise ValueError
    return found


def _bytes_of(path: bytes, oid: bytes, changes: Changes) -> bytes:
    """Of a blob: from git's answer, else from the disk, where it may be as it is staged."""
    data = changes.contents.get(oid)
    if data is None:
        data = read_file(path)
        if blob_id(data) != oid:
            raise ValueError
    if len(data) > _LARGE:
        raise ValueError
    return data
