"""Files of the work tree checked out from the index, each whole, and none that a person has changed."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from mdtodo.errors import EditError, InputError
from mdtodo.git.files.as_written import is_as_written
from mdtodo.git.files.quote import path_line
from mdtodo.git.objects import object_id
from mdtodo.landing.push.fast_forward_note import staging_folder
from mdtodo.system import files, process_identity
from mdtodo.system.failpoints import failpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mdtodo.git.diff_tree import FileChange
    from mdtodo.git.session import GitSession

_SUBMODULE = b"160000"
_TRIES = 20


def check_out(git: GitSession, changes: Mapping[str, FileChange]) -> list[str]:
    """Bring each file that is still as before a change to what the index has after it.

    What is there already stays, also after a kill half way. Sentences about files that were left, since they are
    neither.
    """
    now = _ids_on_disk(git, changes)
    left: list[str] = []
    due: list[str] = []
    for path, change in changes.items():
        before, after = change.before, change.after
        if _SUBMODULE in ((before or (b"",))[0], (after or (b"",))[0]):
            _make_folder_of_submodule(git.repo.root, path, change)
        elif _is(git, path, now[path], after):
            # The content is there already, but not the mode.
            due += [path] if before and after and before[0] != after[0] else []
        elif not _is(git, path, now[path], before):
            left.append(f"{path}: was changed in the meantime, and is left as it is")
        elif after is None:
            _delete(git.repo.root, path)
        else:
            due.append(path)
    return [*left, *_write(git, due)]


def rewrite(root: str, path: str, made: Callable[[bytes], bytes | None]) -> list[str]:
    """Replace a file by what `made` makes of it, again where somebody saves it meanwhile; sentences if not."""
    if not has_no_symlinked_folder(root, path) or os.path.islink(os.path.join(root, path)):
        return [f"{path}: is a symlink now, and is left as it is"]
    for _ in range(_TRIES):
        with suppress(EditError):
            try:
                data = files.read(root, path)
                new = made(data)
                if new is None:
                    return [f"{path}: differs from upstream, and is left as it is"]
                if new != data:
                    files.replace(root, path, data, new)
            except InputError as error:
                return [str(error)]
            return []
    return [f"{path}: keeps changing, and is left as it is"]


def has_no_symlinked_folder(root: str, path: str) -> bool:
    """Whether no folder on the way is a symlink."""
    folder = os.path.dirname(os.path.join(root, path))
    return os.path.realpath(folder) == os.path.normpath(folder)


def _is(git: GitSession, path: str, found: str | None, entry: tuple[bytes, str] | None) -> bool:
    """Whether the file is what this entry would be checked out as."""
    if entry is None or found is None:
        return entry is None and found is None
    if found == entry[1]:
        return True
    try:
        return bool(found) and is_as_written(git, path, files.read(git.repo.root, path), entry[1])
    except InputError:
        return False


def _write(git: GitSession, paths: Sequence[str]) -> Iterator[str]:
    """Have git write these files from the index, filters and all, beside; then each takes its name."""
    folder = staging_folder(git.repo, process_identity.current())
    # First, since checkout-index reads the attributes for the other files from the work tree.
    attributes = [path for path in paths if os.path.basename(path) == ".gitattributes"]
    for some in (attributes, [path for path in paths if path not in attributes]):
        if not some:
            continue
        names = b"".join(os.fsencode(path) + b"\0" for path in some)
        # -f, over what a killed process left there.
        git.run("checkout-index", f"--prefix={folder}/", "-f", "-q", "-z", "--stdin", stdin=names)
        for path in some:
            failpoint("advance.file")
            try:
                _rename_into_place(os.path.join(folder, path), git.repo.root, path)
            except OSError as error:
                yield f"{path}: cannot be written: {error.strerror}"
    shutil.rmtree(folder, ignore_errors=True)


def _make_folder_of_submodule(root: str, path: str, change: FileChange) -> None:
    """As git does for a new one; what is in it is the submodule's."""
    if change.before is None:
        with suppress(OSError):
            os.makedirs(os.path.join(root, path), exist_ok=True)


def _ids_on_disk(git: GitSession, changes: Iterable[str]) -> dict[str, str | None]:
    """The object id of each file in the work tree as git would add it; None for none, empty for what is no file."""
    root, algorithm = git.repo.root, git.settings().algorithm()
    found: dict[str, str | None] = {}
    plain: list[str] = []
    for path in changes:
        full = os.path.join(root, path)
        if os.path.islink(full):
            found[path] = object_id(algorithm, "blob", os.fsencode(os.readlink(full)))
        elif os.path.isfile(full) and has_no_symlinked_folder(root, path):
            plain.append(path)
        else:
            found[path] = "" if os.path.lexists(full) and not os.path.isdir(full) else None
    if plain:
        names = b"".join(path_line(os.fsencode(path)) for path in plain)
        # hash-object applies the filters of each path, as `git add` does.
        out = git.run("hash-object", "--stdin-paths", stdin=names).decode().split()
        found |= dict(zip(plain, out, strict=True))
    return found


def _delete(root: str, path: str) -> None:
    """The file, and the folders that it leaves empty."""
    with suppress(OSError):
        os.unlink(os.path.join(root, path))
        # Ends with an error at the first folder that is not empty.
        while path := os.path.dirname(path):
            os.rmdir(os.path.join(root, path))


def _rename_into_place(ready: str, root: str, path: str) -> None:
    target = os.path.join(root, path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    try:
        os.rename(ready, target)
    except OSError as error:
        # The git directory of a linked worktree may be on another file system.
        if error.errno != errno.EXDEV:
            raise
        folder, name = os.path.split(target)
        beside = os.path.join(folder, f".{name[:80]}.mdtodo-{process_identity.current()}")
        shutil.copy2(ready, beside, follow_symlinks=False)
        os.rename(beside, target)
