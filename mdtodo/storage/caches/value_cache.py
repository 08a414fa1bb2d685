"""Values of Python's plain types by a name, a file each below `.git/mdtodo`: read whole, and by C alone.

A file is trusted as far as its checksum holds: half of one, or an older form, reads as nothing. Nobody but this
clone's owner writes there, and no commit can bring such a file along.
"""

from __future__ import annotations

import marshal
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from zlib import crc32

from mdtodo.system.files import keep

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdtodo.git.repository import Repository

#: Files that are kept of one folder, the newest ones.
FILES = 8

_BEGIN = b"mdtodo values 2 "


def read_value(repo: Repository, folder: str, name: str) -> Any:
    """What was written under this name; None where nothing was, or only half of it."""
    parts = read_parts(repo, folder, name)
    return None if not parts else load(parts[0])


def write_value(repo: Repository, folder: str, name: str, value: Any) -> None:
    """Keep a value of numbers, texts, tuples, lists and dicts. Where that cannot be done, it is found out anew."""
    write_parts(repo, folder, name, (value,))


def read_parts(repo: Repository, folder: str, name: str) -> list[memoryview]:
    """The values that were written together under this name, each for `load`; none where nothing was, or only half
    of it."""
    try:
        with open(_path(repo, folder, name), "rb") as file:
            data = file.read()
    except OSError:
        return []
    begin, end = len(_BEGIN), data.find(b"\n") + 1
    body = memoryview(data)[end:]
    lengths = data[begin:end].split()[1:]
    if not all(map(bytes.isdigit, lengths)) or data[:end] != _head(crc32(body), map(int, lengths)):
        return []
    parts, at = [], 0
    for length in map(int, lengths):
        parts.append(body[at : at + length])
        at += length
    return parts if at == len(body) else []


def load(part: memoryview) -> Any:
    """The value; None where another Python wrote it."""
    try:
        return marshal.loads(part)  # noqa: S302 - what this program wrote, by its checksum
    except (EOFError, ValueError, TypeError):
        return None


def write_parts(repo: Repository, folder: str, name: str, values: Iterable[Any]) -> None:
    """Keep values as `write_value` does, each made when the one before is packed. What several of them have is the
    same object only within one of them when it is read."""
    parts = [marshal.dumps(value) for value in values]
    checksum = 0
    for part in parts:
        checksum = crc32(part, checksum)
    with suppress(OSError):
        os.makedirs(os.path.join(repo.common_dir, "mdtodo"), 0o700, exist_ok=True)
        keep(_path(repo, folder, name), _head(checksum, map(len, parts)), *parts)
        _forget(os.path.join(repo.common_dir, "mdtodo", folder))


def _forget(folder: str) -> None:
    """Delete all but the newest `FILES`, also what a killed run left."""
    paths = [os.path.join(folder, name) for name in os.listdir(folder)]
    # what another process is writing may go too; its rename fails, and it carries on
    for path in sorted(paths, key=os.path.getmtime)[:-FILES]:
        os.unlink(path)


def _path(repo: Repository, folder: str, name: str) -> str:
    return os.path.join(repo.common_dir, "mdtodo", folder, name)


def _head(checksum: int, lengths: Iterable[int]) -> bytes:
    # against accidents: SHA-1 would take longer than to read the values
    return b"%s%08x %s\n" % (_BEGIN, checksum, b" ".join([b"%d" % length for length in lengths]))
