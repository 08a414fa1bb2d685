"""Archives of closed tasks, for who asks for a task by its id: they are no lists, and read for that alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.archive_paths import archive_patterns
from mdtodo.git.files.worktree_files import find
from mdtodo.project.project import MIN_ID_PREFIX, read_project

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from mdtodo.project.project import Project


def with_archives(project: Project, names: Sequence[str]) -> tuple[Project, tuple[str, ...]]:
    """The project with the archives that have tasks of these ids, where it has none itself; and their paths."""
    wanted = [name for name in names if not _has(project, name)]
    archives = find(project.repo, archive_patterns(project.config.archive)) if wanted else ()
    if not archives:
        return project, ()
    every = read_project(project.repo, project.config, paths=archives, summary=project.state_summary)
    files = {every.find(name).file for name in wanted if _has(every, name)}
    paths = tuple(path for path in archives if path in files)
    if not paths:
        return project, ()
    return read_project(project.repo, project.config, paths=paths, summary=project.state_summary), paths


def with_unproven_in_archives(
    project: Project, names: Sequence[str], unproven: Callable[[Project], Collection[str]]
) -> tuple[Project, tuple[str, ...]]:
    """The same for these ids or, where none is given, with the archives that have tasks which are `unproven`."""
    archives = find(project.repo, archive_patterns(project.config.archive))
    if names or not archives:
        return with_archives(project, names)
    every = read_project(project.repo, project.config, paths=archives, summary=project.state_summary)
    files = {every.tasks[name].file for name in unproven(every)}.intersection(archives)
    paths = tuple(path for path in archives if path in files)
    if not paths:
        return project, ()
    return read_project(project.repo, project.config, paths=paths, summary=project.state_summary), paths


def _has(project: Project, name: str) -> bool:
    """Whether one task has the id, or an id that begins so."""
    if name in project.tasks:
        return True
    return len(name) >= MIN_ID_PREFIX and sum(one.startswith(name) for one in project.tasks) == 1
