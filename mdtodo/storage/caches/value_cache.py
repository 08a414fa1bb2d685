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
    from mdtodo.git.repository import Repository

#: Files that are kept of one folder, the newest ones.
FILES = 8

_BEGIN = b"mdtodo values 1 "


def read_value(repo: Repository, folder: str, name: str) -> Any:
    """What was written under this name; None where nothing was, or only half of it."""
    try:
        with open(_path(repo, folder, name), "rb") as file:
            data = file.read()
    except OSError:
        return None
    end = data.find(b"\n") + 1
    body = memoryview(data)[end:]
    if data[:end] != _head(body):
        return None
    try:
        return marshal.loads(body)  # noqa: S302 - what this program wrote, by its checksum
    except (EOFError, ValueError, TypeError):  # another Python wrote it
        return None


def write_value(repo: Repository, folder: str, name: str, value: Any) -> None:
    """Keep a value of numbers, texts, tuples, lists and dicts. Where that cannot be done, it is found out anew."""
    body = marshal.dumps(value)
    with suppress(OSError):
        os.makedirs(os.path.join(repo.common_dir, "mdtodo"), 0o700, exist_ok=True)
        keep(_path(repo, folder, name), _head(body), body)
        _forget(os.path.join(repo.common_dir, "mdtodo", folder))


def _forget(folder: str) -> None:
    """Delete all but the newest `FILES`, also what a killed run left."""
    paths = [os.path.join(folder, name) for name in os.listdir(folder)]
    # what another process is writing may go too; its rename fails, and it carries on
    for path in sorted(paths, key=os.path.getmtime)[:-FILES]:
        os.unlink(path)


def _path(repo: Repository, folder: str, name: str) -> str:
    return os.path.join(repo.common_dir, "mdtodo", folder, name)


def _head(body: bytes | memoryview) -> bytes:
    # against accidents: SHA-1 would take longer than to read the values
    return b"%s%08x %d\n" % (_BEGIN, crc32(body), len(body))
