"""Tasks whose work waits on a branch for somebody who reads it: which of these branches HEAD has by now."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mdtodo.core.task import Status
from mdtodo.git.repository import run
from mdtodo.landing.clones.review import branch_of
from mdtodo.planning.routing import processor_of
from mdtodo.storage import waiting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdtodo.core.task import Task
    from mdtodo.git.repository import Repository
    from mdtodo.project.project import Project


def merged_reviews(project: Project) -> frozenset[str]:
    """The begun tasks whose branch, `mdtodo/<id>`, HEAD has, merged or squashed: their check can run now."""
    begun = [
        task
        for task in project.tasks.values()
        if task.status is Status.DOING and _goes_to_branch(project, task)
    ]
    return frozenset(
        task.id for task in begun if any(_is_merged(project.repo, tip) for tip in _tips(project, task))
    )


def _goes_to_branch(project: Project, task: Task) -> bool:
    found = processor_of(task, project.plan.routes[task.id].processor, project.config)
    return found is not None and found.changes == "branch"


def _tips(project: Project, task: Task) -> Iterator[str]:
    """Where its branch stands here and on remotes, the newest one first; where it stood, if it is gone."""
    branch = branch_of(task.id)
    patterns = (f"refs/heads/{branch}", f"refs/remotes/*/{branch}")
    wanted = [one for pattern in patterns for one in (pattern, f"{pattern}-*")]
    out = run(project.repo, "for-each-ref", "--sort=-creatordate", "--format=%(objectname)", *wanted)
    tips = out.decode().split()
    yield from tips[:1]
    kept = waiting.find(project.repo, task.id)
    if not tips and kept is not None and kept.tip is not None:
        yield kept.tip


def _is_merged(repo: Repository, tip: str) -> bool:
    known = run(repo, "cat-file", "-t", tip, ok=(0, 128)) == b"commit\n"
    # `rev-list tip --not HEAD` is empty where HEAD has it
    if not known or not run(repo, "rev-list", "-1", tip, "--not", "HEAD", ok=(0, 128)):
        return known
    # squashed: merging it once more would change nothing
    out = run(repo, "merge-tree", "--write-tree", "-z", "--no-messages", "HEAD", tip, ok=(0, 1, 128, 129))
    return os.fsdecode(out.partition(b"\0")[0]) == run(repo, "rev-parse", "HEAD^{tree}").decode().strip()
