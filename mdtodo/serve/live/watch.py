"""The folders of a repository, watched in a thread: the system says in which of them something happens."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from mdtodo.core.path_patterns import matcher
from mdtodo.storage.state import folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mdtodo.git.repository import Repository
    from mdtodo.serve.repositories.checkout import Snapshot
    from mdtodo.workers.changes import Notifier

#: Milliseconds in which changes are taken together, in which the last of them must lie, and after which files are
#: looked at though nothing was told.
_TOGETHER, _STEP, _LOOK = 60, 15, 1000
#: Folders of a work tree that are watched for files that come.
_FOLDERS = 1000
_PASSED_OVER = frozenset({"node_modules", "__pycache__"})
_MODIFIED = 2


class Watch:
    """Calls `told` whenever something may have changed, and every second: with whether files may have come or gone. It
    is a thread's; `known` gives what was read last."""

    def __init__(self, known: Callable[[], Snapshot | None], told: Callable[[bool], None]) -> None:
        self._known = known
        self._told = told
        self._stop = threading.Event()
        self._watched: frozenset[tuple[str, int]] = frozenset()
        self._notifier: Notifier | None = None
        self._of: Snapshot | None = None

    def start(self, name: str) -> None:
        """Watch from now on."""
        threading.Thread(target=self._go_on, daemon=True, name=f"watch {name}").start()

    def stop(self) -> None:
        """Watch no more."""
        self._stop.set()

    def _go_on(self) -> None:
        came = False
        while not self._stop.is_set():
            known = self._known()
            self._listen(known, anew=came)
            if self._notifier is None or known is None:
                self._stop.wait(_LOOK / 1000)
                came = True  # nobody says whether
            else:
                found = self._notifier.watch(_TOGETHER, _STEP, _LOOK, self._stop)
                came = not isinstance(found, str) and any(_may_be_new(known, *one) for one in found)
            if not self._stop.is_set():
                self._told(came)

    def _listen(self, known: Snapshot | None, *, anew: bool) -> None:
        if known is None or (known is self._of and not anew):
            return
        from watchfiles._rust_notify import RustNotify

        self._of, now = known, frozenset(_numbered(_folders(known)))
        if now == self._watched and self._notifier is not None:
            return
        try:
            self._notifier = RustNotify(sorted(path for path, _ in now), False, False, 0, False, True)
            self._watched = now
        except Exception:  # what it raises where the system has no more to give is not written down
            self._notifier = None


def _may_be_new(known: Snapshot, kind: int, path: str) -> bool:
    """Whether that may be a TODO file that has come or gone, or a folder of some."""
    name = os.path.relpath(path, known.repo.root)
    if kind == _MODIFIED or name.startswith(("..", ".git/")):
        return False
    is_known = name in known.project.documents
    return is_known != os.path.lexists(path) and (
        is_known or matcher(known.config.task_files)(name) or os.path.isdir(path)
    )


def _folders(known: Snapshot) -> Iterator[str]:
    repo, files = known.repo, known.project.documents
    yield from (
        repo.root,
        repo.git_dir,
        repo.common_dir,
        folder(repo),
        os.path.join(repo.common_dir, "reftable"),
    )
    yield from _branch_folders(repo, known)
    for file in files:
        yield os.path.dirname(os.path.realpath(os.path.join(repo.root, file)))
    yield from _below(repo.root)


def _branch_folders(repo: Repository, known: Snapshot) -> Iterator[str]:
    if known.head.ref:
        yield os.path.dirname(os.path.join(repo.common_dir, known.head.ref))


def _below(root: str) -> Iterator[str]:
    """The folders of the work tree, so many of them, those at the top first."""
    found, at = [root], 0
    while at < len(found) and len(found) < _FOLDERS:
        try:
            with os.scandir(found[at]) as entries:
                found += [
                    one.path
                    for one in entries
                    if one.is_dir(follow_symlinks=False)
                    and not one.name.startswith(".")
                    and one.name not in _PASSED_OVER
                ]
        except OSError:  # it is gone, or not for us
            pass
        at += 1
    yield from found[1:_FOLDERS]


def _numbered(paths: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Those that are there, each with its number on the disk: one that was made anew is another one."""
    for path in dict.fromkeys(paths):
        try:
            yield path, os.stat(path).st_ino
        except OSError:
            continue
