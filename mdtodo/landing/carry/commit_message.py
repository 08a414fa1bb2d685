"""Commits that change no file, and say in their messages alone what they are for: one way for all that makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.git.head import HeadMove, read_head
from mdtodo.git.objects import NewObjects
from mdtodo.git.session import GitSession
from mdtodo.landing.build_commits import write_commit
from mdtodo.landing.land import persist
from mdtodo.landing.policy import refuse_half_done_operation
from mdtodo.system.failpoints import failpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mdtodo.git.head import Head
    from mdtodo.git.repository import Repository


def commit_message(repo: Repository, message: Callable[[str], str | None]) -> str | None:
    """Commit what `message` gives for the commit that HEAD is; the id, or None where it gives None, or HEAD is unborn.
    Where HEAD moves meanwhile, it is asked again, so that it speaks of the very parent of its commit.

    Raises GitError during a merge, rebase, cherry-pick or bisect, without an identity, and where git must sign and
    cannot.
    """
    refuse_half_done_operation(repo, instead="")
    with GitSession(repo) as git:
        return persist(lambda _: _commit(git, message))


def commit_messages(git: GitSession, head: Head, messages: Sequence[str]) -> list[str]:
    """A commit for each message on top of HEAD, which is a commit, all of its tree; their ids. Raises HeadMovedError
    where HEAD has moved."""
    tree, parent = str(head.tree), head.commit
    subject = messages[-1].partition("\n")[0]
    objects = NewObjects(git.settings().algorithm())
    made: list[str] = []
    with HeadMove(git, head, subject) as move:
        for text in messages:
            parent = write_commit(git, objects, tree, parent, text)
            made.append(parent)
        git.write(objects)
        failpoint("follow.prepared")
        move.make(made[-1], subject)
        failpoint("follow.moved")
    return made


def _commit(git: GitSession, message: Callable[[str], str | None]) -> str | None:
    head = read_head(git)
    if head.commit is None or head.tree is None or (text := message(head.commit)) is None:
        return None
    return commit_messages(git, head, [text])[0]
