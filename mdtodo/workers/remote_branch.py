"""What the branch on the remote says of tasks, where it has moved on without this clone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.errors import GitError, InputError
from mdtodo.git.remote import fetch
from mdtodo.git.repository import read_blobs, run
from mdtodo.landing.parse_cache import parse_cached
from mdtodo.landing.push.push import FETCHED
from mdtodo.system import process_identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mdtodo.core.task import Status, Task
    from mdtodo.git.remote import Upstream
    from mdtodo.git.repository import Repository


def closed_there(
    repo: Repository, upstream: Upstream, tip: str, tasks: Iterable[Task], statuses: Mapping[str, Status]
) -> frozenset[str]:
    """The ids of those of these tasks that are closed on the branch of the remote, whose tip is this commit, as far as
    that can be seen: none where this clone has all of it."""
    wanted = tuple(tasks)
    if not wanted or _has(repo, tip):
        return frozenset()
    try:
        there = fetch(repo, upstream, f"{FETCHED}{process_identity.current()}")
    except GitError:
        return frozenset()  # then the landing finds out
    names = {task.file: f"{there}:{task.file}" for task in wanted}
    blobs = read_blobs(repo, [*names.values()])
    return frozenset(task.id for task in wanted if _is_closed(blobs[names[task.file]], task, statuses))


def _has(repo: Repository, tip: str) -> bool:
    """Whether HEAD has the commit."""
    try:
        run(repo, "merge-base", "--is-ancestor", tip, "HEAD")
    except GitError:  # it is not here at all, mostly
        return False
    return True


def _is_closed(data: bytes | None, task: Task, statuses: Mapping[str, Status]) -> bool:
    if data is None:
        return False
    try:
        parsed = parse_cached(data, statuses, task.file)
    except InputError:
        return False
    index = parsed.places.find(task.anchor)
    return isinstance(index, int) and parsed.document.items[index].status.closed
