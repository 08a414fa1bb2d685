"""The checkout that a call is about: it is read anew for each one, as people and other agents change it in between."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.errors import UsageError
from mdtodo.git.repository import discover
from mdtodo.landing.recovery.recover import finish_earlier_if_any
from mdtodo.project.project import read_config, read_project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.config.settings import Config
    from mdtodo.core.task import Task
    from mdtodo.git.repository import Repository
    from mdtodo.project.project import Project


class Checkout(NamedTuple):
    """A repository and its configuration. `said`: what was finished of runs that were killed."""

    repo: Repository
    config: Config
    said: tuple[str, ...] = ()

    @classmethod
    def open(cls, home: str, root: str | None, *, follow: bool = False) -> Checkout:
        """The one that `root` is in, a path of its own or relative to `home`. What a killed run had finished lands
        first; `follow`: also where that is asked of a command that changes tasks.

        Raises GitError where that is no repository, ConfigError where its configuration is broken.
        """
        repo = discover(os.path.join(home, os.path.expanduser(root or "")))
        config = read_config(repo)
        return cls(repo, config, tuple(finish_earlier_if_any(repo, config, follow=follow)))

    def project(self, paths: Sequence[str] = (), *, past: bool = False) -> Project:
        """Its tasks as they are now."""
        return read_project(self.repo, self.config, paths=paths, past=past)


def task_of(project: Project, task_id: str | None) -> Task:
    """The task with this id. Raises UsageError where there is none: part of an id is none, nor are words of a title."""
    task = project.tasks.get(task_id or "")
    if task is not None:
        return task
    from mdtodo.core.names import nearest

    near = nearest(task_id or "", project.tasks, 0.6)
    also = f"; did you mean {near!r}?" if near else ""
    raise UsageError(f"no task has the id {(task_id or '')[:80]!r}{also}")
