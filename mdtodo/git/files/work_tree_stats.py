"""What lstat(2) says of files of a work tree: asked once for each, by whoever asks first."""

from __future__ import annotations

import os
import stat
import time


class WorkTreeStats:
    """The files of one work tree. `began`, in nanoseconds since 1970, is before any of them was looked at."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.began = time.time_ns()
        self._known: dict[str, os.stat_result | None] = {}

    def __getitem__(self, path: str) -> os.stat_result | None:
        """Of a file by its path; None where there is none."""
        if path not in self._known:
            try:
                self._known[path] = os.lstat(f"{self.root}/{path}")
            except OSError:
                self._known[path] = None
        return self._known[path]

    def is_regular(self, path: str) -> bool:
        """Whether it is a file, and neither a link nor anything else."""
        found = self[path]
        return found is not None and stat.S_ISREG(found.st_mode)

    def is_link(self, path: str) -> bool:
        """Whether it is a symlink."""
        found = self[path]
        return found is not None and stat.S_ISLNK(found.st_mode)
