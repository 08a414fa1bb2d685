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
) -> Landing:
    """Make the receipts' edits in the work tree, and in HEAD and the index if `commit`."""
    if commit:
        refuse_half_done_operation(repo)
    return commits.land(repo, receipts, run_id=run_id, commit=commit, statuses=config.status, clean=clean)
