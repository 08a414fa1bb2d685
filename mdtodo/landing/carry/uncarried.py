"""Ticks that the journal has proven, and no commit carries: which of its receipts is the newest of a task, and what
history says of it since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.edits import SetKey, SetStatus
from mdtodo.core.receipt import DIRTY
from mdtodo.errors import GitError, InputError
from mdtodo.git.repository import read_blobs, run
from mdtodo.landing.parse_cache import parse_cached
from mdtodo.landing.work_tree import WorkTree
from mdtodo.markdown.keys.read import read_keys
from mdtodo.receipts.trailers import GREP, in_message

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mdtodo.config.settings import Config
    from mdtodo.core.receipt import Receipt
    from mdtodo.core.task import Anchor, Status
    from mdtodo.git.repository import Repository
    from mdtodo.landing.parse_cache import ParsedFile
    from mdtodo.storage.rows import JournalEntry

#: So many versions of a file are looked at; of a task whose file has changed more often nothing is said.
NEWEST = 500


class Place(NamedTuple):
    """A task in one version of the TODO files: its file, and which of the tasks there it is, from 0."""

    file: str
    task: int


class Version:
    """The TODO files of one tree, or of the index, as far as they are looked at; one that cannot be read has no tasks.
    `moved`: files that it lacks, whose tasks may stand in another one."""

    def __init__(
        self, data: Mapping[str, bytes], statuses: Mapping[str, Status], moved: Iterable[str] = ()
    ) -> None:
        self.files: dict[str, ParsedFile] = {}
        self._moved = frozenset(moved)
        for file, content in data.items():
            try:
                self.files[file] = parse_cached(content, statuses, file)
            except InputError:
                continue

    def find(self, anchor: Anchor) -> Place | None:
        """Where the task of the anchor stands; None where it does not, or cannot be told from others."""
        here = [anchor.file] if anchor.file in self.files else []
        if not here and anchor.file in self._moved:
            here = list(self.files)
        places = ((file, self.files[file].places.find(anchor)) for file in here)
        found = [Place(file, index) for file, index in places if isinstance(index, int)]
        return found[0] if len(found) == 1 else None

    def anchor(self, place: Place) -> Anchor:
        """The anchor of the task in this version."""
        return self.files[place.file].places[place.task]

    def line_of(self, place: Place) -> tuple[str, int]:
        """File and line of the task."""
        return place.file, self.files[place.file].document.items[place.task].line

    def says(self, place: Place) -> tuple[Status, str]:
        """What its line says: the status, and the text."""
        item = self.files[place.file].document.items[place.task]
        return item.status, item.text

    def shows(self, place: Place, receipt: Receipt) -> bool:
        """Whether the task's line is what the receipt has made of it: its box, or else its keys."""
        status, text = self.says(place)
        boxes = [edit for edit in receipt.edits if isinstance(edit, SetStatus)]
        if boxes:
            return boxes[-1].status is status
        wanted = {(edit.key, edit.value) for edit in receipt.edits if isinstance(edit, SetKey)}
        return bool(wanted) and wanted <= {(token.name, token.value) for token in read_keys(text).tokens}


def newest_receipts(version: Version, receipts: Iterable[JournalEntry]) -> dict[Place, list[JournalEntry]]:
    """Of each task the newest receipts, as far back as the version shows what they have made of it: several where it
    was proven in several checkouts, or again. `receipts` are newest first."""
    over: set[Place] = set()
    found: dict[Place, list[JournalEntry]] = {}
    for one in receipts:
        edits = one.receipt.edits
        place = version.find(edits[0].anchor) if edits else None
        if place is None or place in over:
            continue
        shown = one.receipt.undoes is None and version.shows(place, one.receipt)
        if shown:
            found.setdefault(place, []).append(one)
        elif one.landed:  # what waits to land, maybe for another checkout, has ended nothing yet
            over.add(place)
    return found


class History:
    """What commits up to `revision` say of receipts; None for no commit yet."""

    def __init__(self, repo: Repository, revision: str | None, statuses: Mapping[str, Status]) -> None:
        self._repo, self._revision, self._statuses = repo, revision, statuses
        self._carried: dict[str, dict[tuple[str, str, int], str]] = {}

    def uncarried(self, receipts: Sequence[JournalEntry], place: Place | None) -> JournalEntry | None:
        """The one of a task's newest receipts that is to be carried: none where a commit carries one of them, or has
        opened the box since; else the newest that was made in a work tree alone, or else the newest."""
        if any(self.commit_of(one) is not None for one in receipts):
            return None
        newest = min(receipts, key=lambda one: one.commit is not None)
        return None if self.opened(newest, place) else newest

    def commit_of(self, one: JournalEntry) -> str | None:
        """The commit that carries the receipt, None for none. It was made after the tick."""
        if self._revision is None or self._revision == one.base:
            return None
        since = self._since(one.base)
        if since not in self._carried:
            self._carried[since] = self._receipts(since)
        return self._carried[since].get((one.run_id, one.receipt.task_id, one.receipt.attempt))

    def opened(self, one: JournalEntry, place: Place | None) -> bool:
        """Whether a commit since the tick has opened the box again, or that cannot be said. `place`: where the task
        stands in `revision`, if its box is closed there."""
        if self._revision is None or self._revision == one.base:
            return False
        file = place.file if place else one.receipt.edits[0].anchor.file
        changes = self._changes(self._since(one.base), file)
        if len(changes) > NEWEST:
            return True
        blobs = read_blobs(self._repo, list({oid for pair in changes for oid in pair if oid}))
        closed = {oid: data is not None and self._is_closed(file, data, one) for oid, data in blobs.items()}
        return any(closed.get(before) and not closed.get(after) for before, after in changes)

    def _is_closed(self, file: str, data: bytes, one: JournalEntry) -> bool:
        version = Version({file: data}, self._statuses, (one.receipt.edits[0].anchor.file,))
        place = version.find(one.receipt.edits[0].anchor)
        return place is not None and version.shows(place, one.receipt)

    def _since(self, base: str | None) -> str:
        if base is None or not _is_here(self._repo, base):
            return str(self._revision)
        return f"{base}..{self._revision}"

    def _receipts(self, revisions: str) -> dict[tuple[str, str, int], str]:
        args = ("log", "-z", "--encoding=UTF-8", "--format=%H%n%B", *GREP, revisions, "--")
        found: dict[tuple[str, str, int], str] = {}
        for text in run(self._repo, *args).decode(errors="replace").split("\0"):
            commit, _, message = text.partition("\n")
            for group in in_message(message):
                found |= {(group.run, task.task_id, task.attempt): commit for task in group.tasks}
        return found

    def _changes(self, revisions: str, file: str) -> list[tuple[str, str]]:
        """The ids of the file's content before and after each commit that changed it; zeros for no file."""
        args = ("log", "-m", "-z", "--format=", "--raw", "--no-abbrev", "--no-renames", "--full-history")
        out = run(self._repo, *args, revisions, "--", f":(top,literal){file}")
        lines = (field.split(b" ") for field in out.split(b"\0") if field.startswith(b":"))
        return [(words[2].decode(), words[3].decode()) for words in lines]


def _is_here(repo: Repository, commit: str) -> bool:
    try:
        run(repo, "cat-file", "-e", f"{commit}^{{commit}}")
    except GitError:
        return False
    return True


def with_content(
    repo: Repository, config: Config, found: Sequence[JournalEntry], *, tree: str
) -> list[JournalEntry]:
    """The same, with what their trailers say of the content that is committed, whose tree is `tree`: that very tree
    where the processor has surely seen it, else that it may be another one.

    Surely: the work tree has just that content now, nothing in it was written, or got another name, since the processor
    began, no file that HEAD had then is missing, and no submodule is at another commit. TODO files and declared outputs
    aside, and files that nobody had told git of.
    """
    judged = [one for one in found if one.receipt.processor not in ("person", "rollup")]
    if not judged:
        return list(found)
    work_tree = WorkTree(repo, config)
    clean, latest = not work_tree.look(), work_tree.newest_change()
    made = []
    for one in found:
        if one in judged:
            began = one.receipt.began
            sure = clean and began is not None and latest < began and not work_tree.removed_since(one.base)
            one = one._replace(receipt=one.receipt._replace(tree=tree[:_DIGITS] if sure else DIRTY))
        made.append(one)
    return made


#: Hexadecimal digits of a tree in a receipt.
_DIGITS = 12
