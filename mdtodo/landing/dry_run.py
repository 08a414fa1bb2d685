"""The dry run of a landing: what it would change in HEAD, and whether all of it could be."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.git.head import read_head
from mdtodo.git.index.index_copy import IndexCopy
from mdtodo.git.objects import change_tree
from mdtodo.git.repository import run
from mdtodo.git.session import GitSession
from mdtodo.landing.apply import UnclearError
from mdtodo.landing.build_commits import build_commits
from mdtodo.landing.job import Job
from mdtodo.landing.land import RefusedError, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdtodo.core.receipt import Receipt
    from mdtodo.core.task import Status
    from mdtodo.git.repository import Repository


class LandingPreview(NamedTuple):
    """The trees before and after, the new objects as a pack, and the receipts that would be in the commit."""

    before: str | None
    after: str | None
    pack: bytes
    receipts: tuple[Receipt, ...]


def preview_landing(
    repo: Repository, receipts: Sequence[Receipt], *, run_id: str, statuses: Mapping[str, Status]
) -> LandingPreview:
    """As `land.land` with `whole`, up to where something would change. Raises RefusedError as that does."""
    job = Job(repo, receipts, run_id, statuses)
    with GitSession(repo) as git, IndexCopy(git) as copy:
        head = read_head(git)
        try:
            builder = build_commits(job, git, head, copy)
        except UnclearError as error:
            raise RefusedError([f"{task}: {reason}" for task, reason in error.reasons.items()]) from error
        refuse(job, builder)
        tree, objects = head.tree, builder.objects
        for step in builder.steps:
            tree = change_tree(tree, step.tree, git.content, objects)
        return LandingPreview(head.tree, tree, objects.pack(), tuple(builder.receipts))


def diff(repo: Repository, preview: LandingPreview) -> str:
    """What would change, as git shows it. Nothing is written into the repository."""
    from tempfile import TemporaryDirectory

    if preview.before is None or preview.after is None:
        return ""
    with TemporaryDirectory(prefix="mdtodo-") as folder:
        env = {
            # git writes new objects there, and finds all others by the alternates.
            "GIT_OBJECT_DIRECTORY": folder,
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": os.path.join(repo.common_dir, "objects"),
        }
        run(repo, "unpack-objects", "-q", stdin=preview.pack, env=env)
        args = (
            "diff",
            "--no-ext-diff",
            "--no-textconv",
            "--no-color",
            preview.before,
            preview.after,
            "--",
        )
        return run(repo, *args, env=env).decode(errors="replace")
