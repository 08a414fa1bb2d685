"""The branch on which a person finds what was changed in a clone, and that has not landed: `mdtodo/<id>`."""

from __future__ import annotations

import re
from itertools import count
from typing import TYPE_CHECKING

from mdtodo.core.results import Result
from mdtodo.git.session import GitSession
from mdtodo.storage import waiting
from mdtodo.storage.waiting import WaitingResult

if TYPE_CHECKING:
    from mdtodo.core.receipt import Receipt
    from mdtodo.git.repository import Repository


def name_branch(git: GitSession, result: WaitingResult, base: str, commit: str, title: str) -> WaitingResult:
    """The result, with the branch that holds what `commit` changes on top of `base`, by whoever commits here; without
    one where it changes nothing. A branch that is there already, and is another's, is left. Raises GitError."""
    if commit == base:
        return result
    earlier = waiting.find(git.repo, result.task_id)
    waits = earlier is not None and earlier.result.changes is not None
    branch = earlier.branch if earlier and earlier.branch and waits else _free_name(git, result.task_id)
    made = git.run("commit-tree", f"{commit}^{{tree}}", "-p", base, "-m", f"todo: {title}").decode().strip()
    git.run("update-ref", "-m", "mdtodo: waits to land", f"refs/heads/{branch}", made)
    return result._replace(branch=branch, tip=made)


def keep_for_next_run(repo: Repository, run_id: str, receipt: Receipt, reason: str) -> None:
    """Turn a receipt that could not land whole into a result that the next run looks at again. Raises GitError or
    OSError."""
    assert receipt.proven is not None, "asked for of what was proven in a clone"
    with GitSession(repo) as git:
        base = git.run("rev-parse", f"{receipt.proven}^").decode().strip()
        changes = {"base": base, "commit": receipt.proven}
        result = Result(0, duration=receipt.seconds, metrics=dict(receipt.metrics), changes=changes)
        words = receipt.task_id, receipt.edits[0].anchor, run_id, receipt.attempt, receipt.processor, result
        kept = name_branch(git, WaitingResult(*words, reason=reason), base, receipt.proven, receipt.title)
    waiting.keep(repo, kept)


def remove_branch(git: GitSession, result: WaitingResult) -> None:
    """What it held has landed: it goes, if it is still what was put there, and nobody has it checked out."""
    if result.branch is None or result.tip is None:
        return
    if _tip(git, result.branch) == result.tip:
        git.run("branch", "-D", "-q", "--", result.branch, ok=(0, 1))


def branch_of(task_id: str) -> str:
    """The branch of a task; what an id may hold and no branch (git-check-ref-format(1)) becomes a hyphen."""
    return "mdtodo/" + re.sub(r"\.(?=\.|lock\Z|\Z)", "-", task_id)


def _free_name(git: GitSession, task_id: str) -> str:
    names = (branch_of(task_id) + (f"-{number}" if number > 1 else "") for number in count(1))
    return next(name for name in names if (tip := _tip(git, name)) is None or _is_merged(git, tip))


def _is_merged(git: GitSession, tip: str) -> bool:
    return not git.run("rev-list", "-1", tip, "--not", "HEAD")


def _tip(git: GitSession, branch: str) -> str | None:
    return git.run("rev-parse", "-q", "--verify", f"refs/heads/{branch}", ok=(0, 1)).decode().strip() or None
