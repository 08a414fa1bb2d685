"""Objects where git looks for them first, one file each; written as git itself writes them.

`objects/ab/cdef...` is the deflated object (gitrepository-layout(5), and write_loose_object of git). A file is
made under a name that `git prune` sweeps (`tmp_obj_`), and takes its own name whole. It is not forced to the
disk, which git does not do either unless `core.fsync` asks for it.
"""

from __future__ import annotations

import os
import re
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

from mdtodo.errors import GitError
from mdtodo.git.objects import object_header
from mdtodo.system import process_identity
from mdtodo.system.failpoints import failpoint

if TYPE_CHECKING:
    from collections.abc import Iterable


def read_with_stat(path: str | bytes) -> tuple[bytes, os.stat_result]:
    """The bytes of a file, and its status. Half of what `open` takes, which is much for many small files."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        parts = [os.read(descriptor, status.st_size + 1)]
        while parts[-1]:
            parts.append(os.read(descriptor, 1 << 20))
        return b"".join(parts), status
    finally:
        os.close(descriptor)


def read_loose(folder: str, oid: str) -> tuple[str, bytes] | None:
    """Kind and content of an object in the folder `objects`; None where git must be asked."""
    try:
        # That the content has this id is not checked, as git does not when it reads.
        deflated, _ = read_with_stat(f"{folder}/{oid[:2]}/{oid[2:]}")
        head, _, data = zlib.decompress(deflated).partition(b"\0")
    except (OSError, zlib.error):
        return None
    kind, _, size = head.partition(b" ")
    return (kind.decode(), data) if size == b"%d" % len(data) and kind in _KINDS else None


def loose_head(git_dir: str, common_dir: str) -> str | None:
    """The id of the commit that HEAD names, where it and its branch are files of their own; None otherwise."""
    head = _line(os.path.join(git_dir, "HEAD"))
    # No other: refs/bisect and refs/worktree are not in the common directory (gitrepository-layout(5)).
    if head.startswith(b"ref: refs/heads/"):
        head = _line(os.path.join(common_dir, os.fsdecode(head[5:])))
    return head.decode() if _OID.fullmatch(head) else None


def needs_git(common_dir: str) -> bool:
    """Whether only git knows what HEAD is, or may give another object than the one that is asked for: refs in
    tables, and git-replace(1)."""
    if os.path.isdir(os.path.join(common_dir, "reftable")):
        return True
    with suppress(OSError):
        if b" refs/replace/" in read_with_stat(os.path.join(common_dir, "packed-refs"))[0]:
            return True
    return os.path.isdir(os.path.join(common_dir, "refs/replace"))


def write_loose(folder: str, objects: Iterable[tuple[str, str, bytes]], level: int) -> None:
    """Write (id, kind, content) of each into the folder `objects`, deflated with `level` (-1 to 9).

    One that is there already is written again: the new file's age keeps it from being pruned. Raises GitError
    where that cannot be done.
    """
    try:
        for number, (oid, kind, data) in enumerate(objects):
            _write(
                os.path.join(folder, oid[:2]),
                oid[2:],
                number,
                _deflate(object_header(kind, data), data, level),
            )
    except OSError as error:
        raise GitError(f"cannot write {folder}: {error.strerror}") from error


def sweep_loose(folder: str) -> None:
    """Delete what killed processes of ours left half written in the folder `objects`."""
    for name in os.listdir(folder):
        if len(name) == 2:
            inner = os.path.join(folder, name)
            for left in os.listdir(inner):
                if left.startswith(_TEMPORARY) and process_identity.has_ended(
                    left[len(_TEMPORARY) :].rpartition("-")[0]
                ):
                    with suppress(FileNotFoundError):
                        os.unlink(os.path.join(inner, left))


_TEMPORARY = "tmp_obj_"
_KINDS = (b"commit", b"tree", b"blob", b"tag")


_OID = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def _line(path: str) -> bytes:
    try:
        return read_with_stat(path)[0].rstrip(b"\r\n")
    except OSError:
        return b""


def _deflate(head: bytes, data: bytes, level: int) -> bytes:
    stream = zlib.compressobj(level)
    return stream.compress(head) + stream.compress(data) + stream.flush()


def _write(folder: str, name: str, number: int, content: bytes) -> None:
    temporary = os.path.join(folder, f"{_TEMPORARY}{process_identity.current()}-{number}")
    try:
        descriptor = _create(temporary)
    # Suppressed: another process may make the same folder at this moment.
    except FileNotFoundError:
        with suppress(FileExistsError):
            os.mkdir(folder)
        descriptor = _create(temporary)
    try:
        try:
            while content:
                content = content[os.write(descriptor, content) :]
        finally:
            os.close(descriptor)
        failpoint("object.filled")
        os.rename(temporary, os.path.join(folder, name))
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def _create(path: str) -> int:
    """A new file that nobody may change; one of ours that was left by a process of that name gives way."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o444)
    except FileExistsError:
        os.unlink(path)
        return os.open(path, flags, 0o444)
