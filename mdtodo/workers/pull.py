"""`git pull`, where nobody sits before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.errors import GitError
from mdtodo.git.remote import without_password, without_prompts
from mdtodo.git.repository import environment, error_from, operation_in_progress, run
from mdtodo.system.process import Process

if TYPE_CHECKING:
    from mdtodo.git.repository import Repository


def pull(repo: Repository) -> None:
    """Pull as the person's configuration says; a merge or rebase that stops halfway is taken back.

    Raises GitError where nothing could be pulled, with the checkout as it was.
    """
    if (before := operation_in_progress(repo)) is not None:
        raise GitError(f"nothing is pulled: a {before} is in progress")
    # not by `run`, which turns hooks off
    command = ["git", "-C", repo.root, "pull", "--quiet", "--no-edit"]
    code, _, err = Process(command, environment(repo) | without_prompts()).finish()
    if not code:
        return
    stopped = operation_in_progress(repo)
    if stopped in ("merge", "rebase"):
        run(repo, stopped, "--abort")
        raise GitError(f"git pull stopped at conflicts, and its {stopped} was taken back; pull by hand")
    raise GitError(f"git pull failed: {without_password(error_from(err, ('pull',)).sentence)}")
