"""Tasks that move from one file to another: HEAD and the index must have them as they were read, or nothing lands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.edits import PutSubtree, RemoveSubtree
from mdtodo.errors import EditError
from mdtodo.git.repository import read_blobs
from mdtodo.landing.land import RefusedError
from mdtodo.landing.parse_cache import parse_cached
from mdtodo.markdown.edits.apply import apply
from mdtodo.markdown.edits.move_across import plain_subtree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from mdtodo.core.receipt import Receipt
    from mdtodo.core.task import Status
    from mdtodo.git.repository import Repository
    from mdtodo.landing.parse_cache import ParsedFile


def judge_moves(
    repo: Repository, receipts: Iterable[Receipt], statuses: Mapping[str, Status]
) -> Callable[[str | None], None] | None:
    """What raises RefusedError where HEAD, a commit, or the index has one of these tasks otherwise, or in neither file:
    what a person has changed in it would go along. None where none moves so."""
    moves = [pair for one in receipts if (pair := move_of(one)) is not None]
    if not moves:
        return None

    def judge(commit: str | None) -> None:
        reasons = [
            f"{file}: {where} has {what} otherwise; commit that first"
            for put, removed in moves
            for where, prefix in ((("HEAD", f"{commit}:"),) if commit else ()) + (("the index", ":"),)
            for file, what in _otherwise(repo, prefix, put, removed, statuses)
        ]
        if reasons:
            raise RefusedError(reasons)

    return judge


def move_of(receipt: Receipt) -> tuple[PutSubtree, RemoveSubtree] | None:
    """The two edits of a receipt that moves a task to another file."""
    match receipt.edits:
        case (PutSubtree() as put, RemoveSubtree() as removed):
            return put, removed
    return None


def _otherwise(
    repo: Repository, prefix: str, put: PutSubtree, removed: RemoveSubtree, statuses: Mapping[str, Status]
) -> Iterator[tuple[str, str]]:
    """File and words for what is not as it was read; none where all is, or where the task has moved already."""
    names = [f"{prefix}{edit.anchor.file}" for edit in (put, removed)]
    blobs = read_blobs(repo, names)
    new, old = (blobs[name] for name in names)
    if new is None or old is None:
        yield removed.anchor.file, "it"
        return
    there = parse_cached(new, statuses, put.anchor.file).places.find(put.anchor)
    source = parse_cached(old, statuses, removed.anchor.file)
    index = source.places.find(removed.anchor)
    if isinstance(index, str) or isinstance(there, int):
        if not (isinstance(index, str) and isinstance(there, int)):
            yield removed.anchor.file, "it"
    elif not _is_as_read(source, index, removed):
        yield removed.anchor.file, "it"
    elif apply(new, (put,), statuses, file=put.anchor.file, tolerant=True).missing:
        # what is taken away from one file is to be in the other one, or it would be lost there
        yield put.anchor.file, "the place where it goes"


def _is_as_read(source: ParsedFile, index: int, removed: RemoveSubtree) -> bool:
    try:
        return plain_subtree(source.document, index) == removed.removed
    except EditError:
        return False
