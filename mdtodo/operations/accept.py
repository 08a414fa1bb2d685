"""`prove --accept`: unproven ticks taken as they stand, on a person's word."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mdtodo.errors import GitError
from mdtodo.git.files.tree_files import from_commit
from mdtodo.git.session import GitSession
from mdtodo.landing.carry.commit_message import commit_message
from mdtodo.landing.policy import refuse_without_identity
from mdtodo.proof.judge import judge
from mdtodo.receipts.message import acceptance

if TYPE_CHECKING:
    from mdtodo.config.settings import Config
    from mdtodo.git.repository import Repository


class Accepted(NamedTuple):
    """How many ticks were accepted, and the commit that says so; None where there were none."""

    number: int
    commit: str | None


def accept_all(repo: Repository, config: Config) -> Accepted:
    """Take all ticks that HEAD has as they stand, in one commit that changes no file; none where all are proven.

    Raises GitError as any commit does, and where git knows no e-mail of whose word it is.
    """
    with GitSession(repo) as git:
        refuse_without_identity(git)
        by = git.committer_email()
    if by is None:
        raise GitError("git knows no e-mail address of yours", hint="git config user.email ADDRESS")
    number = 0

    def message(head: str) -> str | None:
        nonlocal number
        number = len(judge(repo, from_commit(repo, head, config.files_and_archives), asked=True).unproven)
        return acceptance(number, by) if number else None

    commit = commit_message(repo, message)
    return Accepted(number if commit else 0, commit)
