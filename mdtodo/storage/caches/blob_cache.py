"""What was found in the bytes of a file earlier, by git's id of them: in `.git/mdtodo/check/`, safe to delete.
`project/deleted_tasks.py` and `proof/known.py` keep what the history says in the same form, in folders of their own.

There is one file for each set of rules and configuration, named by `key`. It is trusted as far as its digest holds.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from mdtodo.core.digest import sha1
from mdtodo.system.files import keep

if TYPE_CHECKING:
    from mdtodo.git.repository import Repository

#: Files that are kept, one for each configuration that was used lately.
FILES = 4

#: Entries of one file, and characters of one entry.
ENTRIES = 50_000
LONGEST = 1 << 16

_BEGIN = b"mdtodo findings 1 "


class FindingCache:
    """Texts by id. What was asked for or added is kept by `save`, and of the rest as much as there is room for."""

    def __init__(self, repo: Repository, key: str, folder: str = "check", *, longest: int = LONGEST) -> None:
        self._folder = os.path.join(repo.common_dir, "mdtodo", folder)
        self._path = os.path.join(self._folder, key)
        self._texts = _read(self._path)
        self._used: dict[str, str] = {}
        self._changed = False
        self._longest = longest

    def get(self, name: str) -> str | None:
        """The text that was put under this name, None if there is none."""
        text = self._texts.get(name)
        if text is not None:
            self._used[name] = text
        return text

    def put(self, name: str, text: str) -> None:
        """Remember a text; one that is too long, or holds a line end, is not."""
        if len(text) <= self._longest and "\n" not in text and self._used.get(name) != text:
            self._used[name] = text
            self._changed = True

    def save(self) -> None:
        """Write it, if there is something new. Where that cannot be done, the next run finds out anew."""
        if not self._changed:
            return
        # As many older entries as there are used ones, for the branch that is checked out next.
        room = max(0, min(ENTRIES, 2 * len(self._used)) - len(self._used))
        older = [name for name in self._texts if name not in self._used][-room:] if room else []
        kept = {name: self._texts[name] for name in older} | self._used
        lines = [f"{name}\t{text}" for name, text in list(kept.items())[-ENTRIES:]]
        data = "\n".join(lines).encode("utf-8", "surrogatepass")
        with suppress(OSError):
            os.makedirs(os.path.dirname(self._folder), 0o700, exist_ok=True)
            # what a crash leaves of the file fails the digest, and is read as empty; what does not fit, `_forget` takes
            keep(self._path, _BEGIN + _digest(data) + b"\n" + data)
            self._forget()

    def _forget(self) -> None:
        """Delete what is older than the newest `FILES`, also what a killed run left."""
        paths = [os.path.join(self._folder, name) for name in os.listdir(self._folder)]
        # A file that another process is writing may go too; its rename fails, and `save` carries on.
        for path in sorted(paths, key=os.path.getmtime)[:-FILES]:
            os.unlink(path)


def _read(path: str) -> dict[str, str]:
    """What a file holds; nothing where it is damaged, or is not there."""
    try:
        with open(path, "rb") as file:
            head, _, data = file.read().partition(b"\n")
    except OSError:
        return {}
    if head != _BEGIN + _digest(data):
        return {}
    texts: dict[str, str] = {}
    for line in data.decode("utf-8", "surrogatepass").split("\n"):
        name, _, text = line.partition("\t")
        texts[name] = text
    return texts


def _digest(data: bytes) -> bytes:
    return str(sha1(data, usedforsecurity=False).hexdigest()).encode()
