"""Commits made quickly: one `git fast-import` for all of a history."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class Importer:
    """A new repository; `commit` makes a commit in it, `close` puts a branch and the work tree at one of them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True)
        self._git("init", "-q")
        self._process = subprocess.Popen(
            ["git", "fast-import", "--quiet", "--done"],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._marks: dict[str, int] = {}

    def commit(self, files: Mapping[str, str], message: str, parents: Sequence[str]) -> str:
        """The id of the new commit, which has just these files."""
        mark = len(self._marks) + 1
        data = message.encode()
        head = f"commit refs/heads/imported\nmark :{mark}\n".encode()
        head += f"committer Ada Tester <ada@example.com> {1_700_000_000 + 60 * mark} +0000\n".encode()
        head += b"data %d\n%s\n" % (len(data), data)
        lines = [
            f"{'merge' if at else 'from'} :{self._marks[oid]}\n".encode() for at, oid in enumerate(parents)
        ]
        entries = [self._file(path, text.encode()) for path, text in files.items()]
        start = b"" if parents else b"reset refs/heads/imported\n"
        self._write(start + head + b"".join(lines) + b"deleteall\n" + b"".join(entries))
        self._write(b"get-mark :%d\n" % mark)
        assert self._process.stdout is not None
        oid = self._process.stdout.readline().decode().strip()
        self._marks[oid] = mark
        return oid

    def close(self, oid: str) -> None:
        """End, with `main` at this commit."""
        self._write(b"done\n")
        self._process.communicate()
        assert self._process.returncode == 0
        self._git("update-ref", "-d", "refs/heads/imported")
        self._git("reset", "-q", "--hard", oid)

    @staticmethod
    def _file(path: str, data: bytes) -> bytes:
        return b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data)

    def _write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def _git(self, *args: str) -> None:
        subprocess.run(["git", *args], cwd=self.root, check=True, env=os.environ)
