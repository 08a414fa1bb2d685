"""A commit that changes no file, and says in its message alone what it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.git.head import HeadMove, read_head
from mdtodo.git.objects import NewObjects
from mdtodo.git.session import GitSession
from mdtodo.landing.build_commits import write_commit
from mdtodo.landing.land import persist
from mdtodo.landing.policy import refuse_half_done_operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from mdtodo.git.repository import Repository


def commit_message(repo: Repository, message: Callable[[str], str | None]) -> str | None:
    """Commit what `message` gives for the commit that HEAD is; the id, or None where it gives None, or HEAD is unborn.
    Where HEAD moves meanwhile, it is asked again, so that it speaks of the very parent of its commit.

    Raises GitError during a merge, rebase, cherry-pick or bisect, without an identity, and where git must sign and
    cannot.
    """
    refuse_half_done_operation(repo, instead="")
    with GitSession(repo) as git:
        git.begin_landing()
        return persist(lambda _: _commit(git, message))


def _commit(git: GitSession, message: Callable[[str], str | None]) -> str | None:
    head = read_head(git)
    if head.commit is None or head.tree is None or (text := message(head.commit)) is None:
        return None
    subject = text.partition("\n")[0]
    objects = NewObjects(git.settings().algorithm())
    with HeadMove(git, head, subject) as move:
        new = write_commit(git, objects, head.tree, head.commit, text)
        git.write(objects)
        move.make(new, subject)
    return new
