"""Blobs, read by one git that is kept between the questions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mdtodo.git.repository import blob_of, environment, read_answer, read_blobs, start
from mdtodo.system.process import PIPE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mdtodo.git.repository import Repository
    from mdtodo.system.process import Process


class BlobReader:
    """As `read_blobs`, with the same environment each time. A context manager, which ends its process."""

    def __init__(self, repo: Repository, env: Mapping[str, str]) -> None:
        self._repo, self._env = repo, dict(env)
        self._git: Process | None = None

    def __enter__(self) -> BlobReader:
        return self

    def __exit__(self, *_: object) -> None:
        if self._git is not None:
            self._git.finish()

    def __call__(self, names: Sequence[str]) -> dict[str, bytes | None]:
        """The blobs named as `HEAD:path`, `:path` or by object id, None where there is none."""
        plain = [name for name in dict.fromkeys(names) if "\n" not in name and not name.endswith("\r")]
        odd = [name for name in names if name not in plain]
        found = read_blobs(self._repo, odd, self._env) if odd else {}
        for part in _parts(plain):
            if self._git is None:
                env = environment(self._repo) | self._env
                self._git = start(self._repo.root, ("cat-file", "--batch"), env)
            self._git.feed(b"".join(os.fsencode(name) + b"\n" for name in part))
            found.update((name, blob_of(read_answer(self._git))) for name in part)
        return found


def _parts(names: Sequence[str]) -> Iterator[list[str]]:
    """As many together as a pipe takes at once."""
    part: list[str] = []
    size = 0
    for name in names:
        length = len(os.fsencode(name)) + 1
        if part and size + length > PIPE:
            yield part
            part, size = [], 0
        part.append(name)
        size += length
    if part:
        yield part
