"""Landing receipts: the rules that hold for a run and for a person's word alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.errors import GitError
from mdtodo.repo import commit as commits
from mdtodo.repo.git import operation_in_progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.config import Config
    from mdtodo.repo.commit import Landing, Snapshot
    from mdtodo.repo.git import Repository
    from mdtodo.repo.plumbing import Plumbing
    from mdtodo.repo.state import State
    from mdtodo.results import Receipt


def new_run_id() -> str:
    """A name for a run that sorts by time: `20261121T101500-3f2a91`, in UTC."""
    import secrets
    from datetime import UTC, datetime

    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def refuse_half_done_operation(repo: Repository) -> None:
    """Raises GitError during a merge, rebase, cherry-pick, revert or bisect: a commit now would become part
    of it."""
    operation = operation_in_progress(repo)
    if operation:
        raise GitError(
            f"a {operation} is under way: mdtodo does not commit now",
            hint=f"finish the {operation}, or use --no-commit to tick in the work tree alone",
        )


def land(
    repo: Repository,
    receipts: Sequence[Receipt],
    *,
    run_id: str,
    commit: bool,
    config: Config,
    clean: Snapshot | None = None,
    git: Plumbing | None = None,
) -> Landing:
    """Make the receipts' edits in the work tree, and in HEAD and the index if `commit`; `git` serves many."""
    if commit:
        refuse_half_done_operation(repo)
    return commits.land(
        repo, receipts, run_id=run_id, commit=commit, statuses=config.status, clean=clean, git=git
    )


def land_entries(
    repo: Repository,
    state: State,
    run_id: str,
    entries: Sequence[tuple[int, Receipt]],
    config: Config,
    *,
    commit: bool,
    clean: Snapshot | None = None,
    git: Plumbing | None = None,
) -> Landing:
    """Land receipts of the journal, by their numbers in it: on the disk before a tick, marked after it."""
    state.sync()
    receipts = [receipt for _, receipt in entries]
    landing = land(repo, receipts, run_id=run_id, commit=commit, config=config, clean=clean, git=git)
    state.mark_landed([number for number, _ in entries], next(iter(landing.commits), None))
    return landing


def finish_earlier(
    repo: Repository, state: State, config: Config, *, commit: bool
) -> tuple[list[str], list[str]]:
    """Land what runs that ended too early had finished, each under its own name; sentences, and commits.

    Raises GitError where that cannot be done now; nothing is lost by it.
    """
    sentences, made = list(commits.recover(repo)), list[str]()
    entries = state.unlanded()
    for run in dict.fromkeys(entry.run_id for entry in entries):
        receipts = [(one.id, one.receipt) for one in entries if one.run_id == run and one.receipt]
        landing = land_entries(repo, state, run, receipts, config, commit=commit)
        titles = [receipt.title for _, receipt in receipts[:3]] + ["..."] * (len(receipts) > 3)
        sentences += [f"landed what run {run} had finished: {', '.join(titles)}", *sentences_of(landing)]
        made += landing.commits
    return sentences, made


def finish_earlier_if_any(repo: Repository, config: Config) -> list[str]:
    """The same for a command that is no run: nothing without a state, or where git must not commit now."""
    import os

    from mdtodo.repo.state import State, folder

    if not os.path.exists(os.path.join(folder(repo), "state.db")) or operation_in_progress(repo):
        return []
    with State.open(repo) as state:
        return finish_earlier(repo, state, config, commit=config.commit != "none")[0]


def sentences_of(landing: Landing) -> list[str]:
    """What a person should know of a landing."""
    return [f"{file}: {task_id}: {reason}" for task_id, file, reason in landing.missed] + list(
        landing.messages
    )
