"""Everything that `check` has to say, gathered from the rooms that know it."""

from __future__ import annotations

from os.path import exists, join
from typing import TYPE_CHECKING

from mdtodo.markdown.syntax import read_keys
from mdtodo.model import Finding, Severity
from mdtodo.planning.findings import findings as planning_findings
from mdtodo.running.board import NOTHING, read_board

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdtodo.config import Config
    from mdtodo.errors import InputError
    from mdtodo.markdown.document import Document
    from mdtodo.repo.git import Repository


def check(
    repo: Repository, config: Config, paths: Sequence[str] = ()
) -> tuple[list[Finding], tuple[InputError, ...]]:
    """Findings in the order of files and lines, and the files that could not be read.

    With `paths` only what stands in these files is reported.
    """
    board = read_board(repo, config, paths=paths, memory=NOTHING, tolerant=True)
    found = [
        finding for file, document in board.documents.items() for finding in _of_document(file, document)
    ]
    found += planning_findings(board.plan, config)
    if paths:
        found = [finding for finding in found if finding.file in paths]
    order = {file: index for index, file in enumerate(board.documents)}
    found.sort(key=lambda finding: (order[finding.file], finding.line, finding.code, finding.message))
    if not paths:
        found += _of_clone(repo)
    unreadable = tuple(error for error in board.unreadable if not paths or error.file in paths)
    return found, unreadable


def _of_clone(repo: Repository) -> list[Finding]:
    """What this clone lacks. Most repositories have no attributes; then nothing is imported for them."""
    if not exists(join(repo.root, ".gitattributes")):
        return []
    from mdtodo.running.drivers import missing_driver

    finding = missing_driver(repo)
    return [] if finding is None else [finding]


def _of_document(file: str, document: Document) -> Iterator[Finding]:
    """What the lines themselves say: keys, empty boxes, conflict markers."""
    for item in document.items:
        yield from _of_keys(file, item.line, item.text)
    for heading in document.headings:
        yield from _of_keys(file, heading.line, heading.text)
    for line in document.empty_boxes:
        message = "an empty box is no task: write what is to be done, or remove it"
        yield Finding(file, line, Severity.WARNING, "empty-box", message)
    for line in document.conflicts:
        message = "a conflict marker: finish the merge, then check again"
        yield Finding(file, line, Severity.ERROR, "conflict-marker", message)


def _of_keys(file: str, line: int, text: str) -> Iterator[Finding]:
    for problem in read_keys(text).problems:
        below = text.count("\n", 0, problem.offset)
        yield Finding(file, line + below, problem.severity, problem.code, problem.message)
