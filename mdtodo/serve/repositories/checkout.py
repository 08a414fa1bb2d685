"""A repository that is served, as a thread reads and changes it: one at a time, as locks on files are a process's."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from mdtodo.errors import GitError
from mdtodo.git.position import HeadPosition, head_position
from mdtodo.git.repository import discover
from mdtodo.landing.recovery.recover import finish_earlier_if_any
from mdtodo.project.project import NO_STATE, read_config, read_project, read_state_summary
from mdtodo.serve.repositories.task_documents import records_of
from mdtodo.storage.state import StateStore, folder
from mdtodo.workers.changes import Changes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mdtodo.config.settings import Config
    from mdtodo.git.repository import Repository
    from mdtodo.project.project import Project
    from mdtodo.storage.leases import Lease

T = TypeVar("T")
#: What says that a repository is as it was: files, HEAD, and the state, by their times and sizes.
Stamp = tuple[object, ...]


@dataclass(slots=True)
class Snapshot:
    """A repository at one moment, read and planned. `records`: every task as it is told over HTTP, by id. `made` keeps
    documents that were made of it, by their route and query."""

    name: str
    repo: Repository
    config: Config
    project: Project
    leases: Mapping[str, Lease]
    head: HeadPosition
    stamp: Stamp
    began: float
    records: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    made: dict[object, Any] = field(default_factory=dict)
    _past: Project | None = None

    def kept(self, name: str, make: Callable[[], T]) -> T:
        """What `make` gives, made once for this snapshot under that name."""
        if name not in self.made:
            self.made[name] = make()
        found: T = self.made[name]
        return found

    @property
    def is_live(self) -> bool:
        """Whether somebody has a task in hand, so that time alone may change what is told."""
        return bool(self.leases)

    def past(self) -> Project:
        """The same for who asks for the order: a clone without a state reads in git how long tasks took."""
        if self._past is None:
            summary = read_state_summary(self.repo, past=True)
            same = summary == self.project.state_summary or summary == NO_STATE
            project = self.project
            self._past = project if same else read_project(self.repo, self.config, summary=summary)
        return self._past


class Checkout:
    """One repository: what it is now, and whether that is still so. Not for several threads at once."""

    def __init__(self, name: str, root: str) -> None:
        self.name = name
        self.root = root
        self._changes: Changes | None = None
        self._repo: Repository | None = None

    def stamp(self) -> Stamp | None:
        """How it is on the disk now, at next to no cost; None where that was never read."""
        if self._changes is None or self._repo is None:
            return None
        state = os.path.join(folder(self._repo), "state.db")
        return (*self._changes.stamp(), *map(_stamp, (state, f"{state}-wal")))

    def read(self) -> Snapshot:
        """It as it is now. Raises GitError where there is no repository, ConfigError and InputError where it cannot be
        read."""
        try:
            return self._read()
        except OSError as error:  # as of a folder that goes while it is read
            raise GitError(f"{self.root}: {error.strerror or error}") from error

    def _read(self) -> Snapshot:
        began = time.monotonic()
        repo = discover(self.root)
        config = read_config(repo)
        if self._repo != repo:
            self._repo, self._changes = repo, Changes(repo, lambda _: None)
        assert self._changes is not None, "it was made with the repository"
        before = self.stamp() or ()
        project = read_project(repo, config)
        if self._changes.follow(project.documents, config.task_files):
            before = ()  # files that were not looked at may have changed since they were read
        with StateStore.open(repo, create=False) as state:
            leases = {one.task_id: one for one in state.live_leases()}
        read = Snapshot(self.name, repo, config, project, leases, head_position(repo), before, began)
        read.records = records_of(read.name, project, leases)
        return read

    def recovered(self, *, follow: bool) -> Snapshot:
        """The same, for who changes it: what killed runs have left lands first."""
        repo = discover(self.root)
        finish_earlier_if_any(repo, read_config(repo), follow=follow)
        return self.read()

    def project(self, snapshot: Snapshot, paths: Sequence[str] = ()) -> Project:
        """Its tasks as they are at this moment, with those of other files."""
        return read_project(snapshot.repo, snapshot.config, paths=paths)


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        now = os.stat(path)
    except OSError:
        return None
    return now.st_ino, now.st_size, now.st_mtime_ns
