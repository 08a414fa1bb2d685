"""Tasks that go to an archive: HEAD and the index must be able to have both files so, or nothing lands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.edits import ArchiveSubtree, TakeSubtree
from mdtodo.errors import InputError
from mdtodo.git.repository import read_blobs
from mdtodo.landing.land import RefusedError
from mdtodo.markdown.edits.archive import Archiving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from mdtodo.core.edits import Edit
    from mdtodo.core.receipt import Receipt
    from mdtodo.core.task import Status
    from mdtodo.git.repository import Repository


def judge_archive(
    repo: Repository, receipts: Iterable[Receipt], statuses: Mapping[str, Status]
) -> Callable[[str | None], None] | None:
    """What raises RefusedError where HEAD, a commit, or the index has one of these tasks otherwise, or an archive that
    it cannot go to. None where nothing goes to one."""
    files: dict[str, list[Edit]] = {}
    for one in receipts:
        for edit in one.edits:
            if isinstance(edit, TakeSubtree | ArchiveSubtree):
                files.setdefault(edit.anchor.file, []).append(edit)
    if not files:
        return None

    def judge(commit: str | None) -> None:
        places = ((("HEAD", f"{commit}:"),) if commit else ()) + (("the index", ":"),)
        reasons = [
            f"{file}: {reason} in {where}"
            for where, prefix in places
            for file, reason in _refusals(repo, prefix, files, statuses)
        ]
        if reasons:
            raise RefusedError(list(dict.fromkeys(reasons)))

    return judge


def _refusals(
    repo: Repository, prefix: str, files: Mapping[str, list[Edit]], statuses: Mapping[str, Status]
) -> Iterator[tuple[str, str]]:
    blobs = read_blobs(repo, [f"{prefix}{file}" for file in files])
    for file, edits in files.items():
        data = blobs[f"{prefix}{file}"]
        if data is None and not all(isinstance(edit, ArchiveSubtree) for edit in edits):
            yield file, "it is not there"
            continue
        try:
            made = Archiving(data or b"", edits, statuses, file)
        except InputError as error:
            yield file, f"it {error.sentence}"
            continue
        yield from ((file, f"{edit.anchor.title or 'a task'}: {reason}") for edit, reason in made.missing)
