"""What HEAD is, and HEAD moved on by compare-and-swap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.errors import GitError
from mdtodo.git.repository import error_from

if TYPE_CHECKING:
    from typing import NamedTuple

    from mdtodo.git.session import GitSession
    from mdtodo.system.process import Process
else:
    from mdtodo.core.light.named_tuples import NamedTuple


class HeadMovedError(Exception):
    """Somebody committed since HEAD was read."""


class RefLockedError(HeadMovedError):
    """Another git holds HEAD, or its branch."""


class Head(NamedTuple):
    """Commit and tree that HEAD is; both None on an unborn branch."""

    commit: str | None
    tree: str | None


def read_head(git: GitSession) -> Head:
    """What HEAD is at this moment."""
    found = git.look_up("HEAD")
    if found is None:
        return Head(None, None)
    oid, kind, data = found
    if kind != "commit":
        raise GitError(f"HEAD is a {kind}, not a commit")
    return Head(oid, data[5 : data.index(b"\n")].decode())


class HeadMove:
    """HEAD moved from `head`, with `line`, the first line of the commit's message, in the reflog.

    A context manager, at whose beginning git is started, so that it is ready when the commit is. Nothing moves
    without `make`, and nothing in part.
    """

    def __init__(self, git: GitSession, head: Head, line: str) -> None:
        self._git = git
        self._head = head
        self._line = line
        self._process: Process | None = None

    def __enter__(self) -> HeadMove:
        self._process = self._started(self._line)
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def make(self, new: str, line: str) -> None:
        """Make `new` what HEAD is, if that is `head` still; HeadMovedError otherwise."""
        # The message for the reflog is an argument, so another one needs another process.
        if self._process is None or line != self._line:
            self._end()
            self._process = self._started(line)
        # All zeros: the branch must not exist yet (git-update-ref(1)).
        was = self._head.commit or "0" * len(new)
        process, self._process = self._process, None
        code, _, err = process.finish(f"update HEAD {new} {was}\n".encode())
        if code:
            error = error_from(err, ("update-ref",))
            if "cannot lock ref" not in error.sentence:
                raise error
            kind = RefLockedError if b"File exists" in err else HeadMovedError
            raise kind(error.sentence) from error

    def _started(self, line: str) -> Process:
        note = f"commit{'' if self._head.commit else ' (initial)'}: {line}"
        return self._git.start(("update-ref", "-m", note, "--stdin"))

    def _end(self) -> None:
        """git, which was told nothing, does nothing."""
        if self._process is not None:
            self._process.finish()
            self._process = None
