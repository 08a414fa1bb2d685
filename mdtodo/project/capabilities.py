"""What this machine can do, as the command line, the environment or git's configuration says, and what tasks need."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mdtodo.git.repository import run
from mdtodo.planning.routing import processor_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mdtodo.core.task import Task
    from mdtodo.git.repository import Repository
    from mdtodo.project.project import Project

VARIABLE, SETTING = "MDTODO_CAN", "mdtodo.can"


def told(given: str | None) -> frozenset[str] | None:
    """The capabilities of `--can`, or else of MDTODO_CAN, a list with commas or blanks; None where neither is there.

    An empty `--can` says that there are none; an empty variable says nothing.
    """
    given = os.environ.get(VARIABLE) or None if given is None else given
    return None if given is None else _read(given)


def configured(repo: Repository) -> frozenset[str] | None:
    """The same of `git config mdtodo.can`, which may be there several times; None where it is not."""
    lines = run(repo, "config", "--get-all", SETTING, ok=(0, 1)).decode(errors="replace")
    return _read(lines) if lines else None


def capabilities(repo: Repository, given: str | None) -> frozenset[str]:
    """What all of that says; nothing where nobody said anything."""
    found = told(given)
    return configured(repo) or frozenset() if found is None else found


def trusted(project: Project, tasks: Iterable[Task]) -> str:
    """A sentence on what these tasks need, where nobody said what this machine can; "" where they need nothing."""
    found = sorted(frozenset[str]().union(*needs(project, tasks)))
    if not found:
        return ""
    return (
        f"taken on trust that this machine can {', '.join(found)}: --can, {VARIABLE} or `git config {SETTING}` says"
        " what it can"
    )


def needs(project: Project, tasks: Iterable[Task]) -> Iterator[frozenset[str]]:
    """What each of these tasks and its processor need, of those that need anything."""
    for task in tasks:
        found = processor_of(task, project.plan.routes[task.id].processor, project.config)
        if task.needs or (found is not None and found.needs):
            yield frozenset((*task.needs, *(found.needs if found else ())))


def _read(text: str) -> frozenset[str]:
    return frozenset(text.replace(",", " ").split())
