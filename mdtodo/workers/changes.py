"""Waiting for a change of the TODO files, the configuration or HEAD, at next to no cost."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Protocol

from mdtodo.core.path_patterns import matcher
from mdtodo.git.files.worktree_files import CONFIGURATION
from mdtodo.git.position import HeadWatch
from mdtodo.system.files import stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from threading import Event

    from mdtodo.git.repository import Repository

    #: Another one whenever one of the files, or HEAD, is another.
    Stamp = tuple[object, ...]

#: Milliseconds between two looks at what the system has told, and until no more is waited for.
_STEP, _LONGEST = 250, 1000
#: Seconds between two looks at the files themselves, where the system cannot tell.
_POLL = 1.0


class Notifier(Protocol):
    """As `watchfiles._rust_notify.RustNotify`."""

    def watch(
        self, debounce_ms: int, step_ms: int, timeout_ms: int, stop_event: Event | None
    ) -> set[tuple[int, str]] | str:
        """What has changed, or why nothing was waited for any longer."""


class Changes:
    """The files that matter, as they are told by `follow`. The system says in which folders something happens; what
    counts is whether a file is another one then, so that what a run has written itself wakes nobody.

    `say` is told once where the system cannot say it.
    """

    def __init__(self, repo: Repository, say: Callable[[str], None]) -> None:
        self._repo = repo
        self._say = say
        self._head = HeadWatch(repo)
        self._files: tuple[str, ...] = ()
        self._fits: Callable[[str], bool] = lambda _: False
        self._folders: frozenset[str] = frozenset()
        self._notifier: Notifier | None = None
        self._polls = False

    def follow(self, files: Iterable[str], patterns: Sequence[str]) -> bool:
        """These are the TODO files now, and others may come that fit the patterns; whether they are others than before.
        What changes from here on is told, so read them again then."""
        before, self._files, self._fits = self._files, tuple(files), matcher(patterns)
        self._listen()
        return before != self._files

    def stamp(self) -> Stamp:
        """How the files and HEAD are now."""
        names = (*self._files, *CONFIGURATION)
        return (*(stamp(os.path.join(self._repo.root, name)) for name in names), self._head.stamp())

    def wait(self, since: Stamp, seconds: float, stop: Event) -> bool:
        """Whether something is another than at `since`, as soon as that is so; False after so many seconds, and when
        `stop` is set."""
        end = time.monotonic() + seconds
        notifier = self._listen()
        while self.stamp() == since:
            left = end - time.monotonic()
            if left <= 0 or stop.is_set():
                return False
            if notifier is None:
                stop.wait(min(left, _POLL))
                continue
            told = notifier.watch(_LONGEST, _STEP, max(1, int(left * 1000)), stop)
            if not isinstance(told, str) and any(map(self._is_new, (path for _, path in told))):
                return True
        return True

    def _is_new(self, path: str) -> bool:
        """Whether that is a TODO file that was not there."""
        name = os.path.relpath(path, self._repo.root)
        return not name.startswith("..") and name not in self._files and self._fits(name)

    def _listen(self) -> Notifier | None:
        """What the system says of the folders in which the files are; None where it says nothing."""
        folders = frozenset(filter(os.path.isdir, self._places()))
        if self._polls or folders == self._folders:
            return self._notifier
        try:
            from watchfiles._rust_notify import RustNotify

            self._notifier = RustNotify(sorted(folders), False, False, 0, False, False)
            self._folders = folders
        except Exception as error:  # what it raises where the system has no more to give is not written down
            self._polls, self._notifier = True, None
            self._say(
                f"the system cannot tell of changes ({error}), so files are looked at every {_POLL:.0f} s"
            )
        return self._notifier

    def _places(self) -> list[str]:
        repo = self._repo
        files = [
            *(os.path.join(repo.root, name) for name in (*self._files, *CONFIGURATION)),
            *self._head.files,
        ]
        return [repo.git_dir, *map(os.path.dirname, map(os.path.realpath, files))]
