"""A run reverted: what its commits did, as receipts that take it back on the HEAD of now.

Of each file that the commits changed: if boxes, the words of tasks and lines below them are all that changed, that is
taken back by task, wherever the task stands now; any other file goes back as a whole, if nobody has changed it since.
"""

from __future__ import annotations

import os
import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.receipt import Receipt, Restore
from mdtodo.core.results import Outcome
from mdtodo.errors import EditError, InputError
from mdtodo.git.head import read_head
from mdtodo.git.objects import find_in_tree
from mdtodo.landing.undo import refusals
from mdtodo.markdown.anchors import TaskIndex, Unclear, anchors
from mdtodo.markdown.document import parse
from mdtodo.markdown.edits.revert_diff import revert_edits
from mdtodo.markdown.keys.read import read_keys
from mdtodo.receipts.identity import is_of, known_as

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mdtodo.core.edits import AddedItem, Revert
    from mdtodo.core.task import Anchor, Status
    from mdtodo.git.head import Head
    from mdtodo.git.session import GitSession
    from mdtodo.markdown.document import Document
    from mdtodo.receipts.log import LoggedCommit
    from mdtodo.receipts.trailers import Trailer

    #: See `Anchor.name`.
    _Name = tuple[str, str | None, str, str, int]
    #: `<mode> <object id>`, None for no file.
    TreeEntry = str | None


class LandedRun(NamedTuple):
    """A run as a branch has it: its commits, newest first, and what it landed. `undoes` is the run it took back."""

    run: str
    commits: tuple[LoggedCommit, ...]
    tasks: tuple[Trailer, ...]
    undoes: str | None

    @classmethod
    def all(cls, commits: Iterable[LoggedCommit]) -> dict[str, LandedRun]:
        """By name, newest first."""
        found: dict[str, LandedRun] = {}
        for commit in commits:
            for group in commit.groups:
                one = found.get(group.run) or cls(group.run, (), (), None)
                found[group.run] = cls(
                    group.run, (*one.commits, commit), (*one.tasks, *group.tasks), one.undoes or group.undoes
                )
        return found

    def newest_commits(self) -> dict[str, int]:
        """The tasks that it said something of, each with the number of the newest commit that does."""
        found: dict[str, int] = {}
        for commit in self.commits:
            for group in commit.groups:
                for task in group.tasks if group.run == self.run else ():
                    if task.outcome not in (Outcome.DEFERRED, Outcome.SKIPPED):
                        found.setdefault(task.task_id, commit.number)
        return found


class Reversal(NamedTuple):
    """Receipts that take a run back; `refused` says why they must not land, each reason with its file."""

    receipts: tuple[Receipt, ...]
    refused: tuple[str, ...]


def revert_run(
    git: GitSession, past: LandedRun, statuses: Mapping[str, Status], todo_files: Iterable[str]
) -> Reversal:
    """What takes the run back on the HEAD of now. `todo_files`: where tasks may have been moved to.

    Raises GitError for commits that are more than a run's: merges, squashed ones, and those whose parent is not here.
    """
    head = read_head(git)
    changes = _changes(git, past)
    work = _Reversal(git, head, past, statuses, list(todo_files))
    for path, steps in changes.items():
        work.add_file(path, steps)
    return work.result()


class _FileStep(NamedTuple):
    """What one commit made of one file."""

    commit: str
    before: TreeEntry
    after: TreeEntry


def _changes(git: GitSession, past: LandedRun) -> dict[str, list[_FileStep]]:
    """By path, what each commit made of it, oldest first; the same thing once, where it was picked twice."""
    pairs = [(commit.oid, *_trees(git, commit)) for commit in reversed(past.commits)]
    found: dict[str, list[_FileStep]] = {}
    for oid, (path, before, after) in _differences(git, pairs):
        steps = found.setdefault(path, [])
        if not any(one.before == before and one.after == after for one in steps):
            steps.append(_FileStep(oid, before, after))
    return found


def _trees(git: GitSession, commit: LoggedCommit) -> tuple[str, str]:
    """The trees of a commit's parent, and its own."""
    short = commit.oid[:10]
    if len(commit.groups) > 1:
        raise refusals.of_several_runs(short)
    lines = git.content(commit.oid).split(b"\n\n", 1)[0].split(b"\n")
    parents = [line[7:].decode() for line in lines if line.startswith(b"parent ")]
    if len(parents) != 1:
        raise refusals.without_one_parent(short, len(parents))
    parent = git.look_up(parents[0])
    if parent is None:
        raise refusals.parent_not_here(short)
    return parent[2][5 : parent[2].index(b"\n")].decode(), lines[0][5:].decode()


_HEADER = re.compile(rb"[0-9a-f]+ [0-9a-f]+\n")


def _differences(
    git: GitSession, pairs: Sequence[tuple[str, str, str]]
) -> Iterator[tuple[str, tuple[str, TreeEntry, TreeEntry]]]:
    """For each commit and pair of trees, each path with what it was and what it is; one process for all.

    The format is that of `git diff-tree --stdin -z` for two trees in a line: a header in a line, then
    `:<mode> <mode> <id> <id> <letter>` and the path, each with NUL after it.
    """
    request = b"".join(f"{old} {new}\n".encode() for _, old, new in pairs)
    out = git.run("diff-tree", "--stdin", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", stdin=request)
    number, parts = -1, iter(out.split(b"\0"))
    for part in parts:
        while header := _HEADER.match(part):
            number, part = number + 1, part[header.end() :]
        if part:
            old_mode, mode, old, new, _ = part[1:].decode().split(" ")
            path = os.fsdecode(next(parts))
            yield pairs[number][0], (path, _entry(old_mode, old), _entry(mode, new))


def _entry(mode: str, oid: str) -> TreeEntry:
    return None if mode == "000000" else f"{mode} {oid}"


class _Reversal:
    """The receipts as they come together."""

    def __init__(
        self,
        git: GitSession,
        head: Head,
        past: LandedRun,
        statuses: Mapping[str, Status],
        todo_files: list[str],
    ) -> None:
        self.git = git
        self.head = head
        self.past = past
        self.statuses = statuses
        self.todo_files = todo_files
        self.receipts: dict[str, Receipt] = {}
        self.restores: list[Restore] = []
        self.refused: list[str] = []
        self._places: dict[str, tuple[Document, TaskIndex] | None] = {}

    def add_file(self, path: str, steps: Sequence[_FileStep]) -> None:
        """Take back what became of one file."""
        joined = _join_steps(steps)
        edits_of = [self._edits_of_step(path, one) for one in joined]
        first, last = steps[0], steps[-1]
        if None not in edits_of:
            edits = [edit for one in reversed(edits_of) for edit in one or ()]
            try:
                for document, edit in squash(edits):
                    self._take_back(document, edit)
            except EditError as error:
                self.refused.append(refusals.of_file(path, error.sentence))
        elif len(joined) > 1:
            self.refused.append(refusals.changed_between_commits(path))
        elif self._in_head(path) in (first.before, last.after):
            self.restores.append(Restore(path, last.after, first.before))
        else:
            self.refused.append(refusals.of_file(path, self._last_change(path, last.commit)))

    def result(self) -> Reversal:
        """All of it; the files go with the first receipt."""
        receipts = list(self.receipts.values())
        if self.restores and not receipts:
            receipts = [self._without_edits(task) for task in self.past.tasks[:1]]
        if self.restores:
            receipts[0] = receipts[0]._replace(restores=tuple(self.restores))
        return Reversal(tuple(receipts), tuple(self.refused))

    def _edits_of_step(self, path: str, step: _FileStep) -> list[tuple[Document, Revert]] | None:
        """What was made of tasks there, each with the version of the file that its anchor is of; None if that is not
        all."""
        _, before, after = step
        if before == after:
            return []
        if before is None or after is None or before[:6] != after[:6] or before[:3] != "100":
            return None
        old, new = self.git.content(before[7:]), self.git.content(after[7:])
        try:
            edits = revert_edits(old, new, self.statuses, file=path)
            document = parse(new, self.statuses, file=path)
            return None if edits is None else [(document, edit) for edit in edits]
        except InputError:
            return None

    def _take_back(self, after: Document, edit: Revert) -> None:
        """The edit, on the task where HEAD has it now."""
        title = read_keys(edit.after.text).title
        task_id = self._task_id(edit.anchor)
        found = self._find(after, known_as(edit.anchor, task_id))
        if isinstance(found, str):
            self.refused.append(refusals.of_task(edit.anchor.file, title, found))
            return
        file, index = found
        document, _ = self._known(file) or (after, None)
        # words that somebody has changed since are no reason not to take back the tick
        now = anchors(document, file)[index]._replace(title=None)
        self.receipts[task_id] = Receipt(
            task_id=task_id,
            title=read_keys(document.items[index].text).title,
            outcome=self.statuses[edit.before.char].value if edit.before.char in self.statuses else "todo",
            processor="undo",
            exit_code=0,
            seconds=0.0,
            attempt=0,
            edits=(edit._replace(anchor=now),),
            undoes=self.past.run,
        )

    def _find(self, after: Document, anchor: Anchor) -> tuple[str, int] | str:
        """File and number of the task in HEAD, or why there is none."""
        known = self._known(anchor.file)
        if known is None:
            there = [file for file in self.todo_files if file != anchor.file and self._has(file, anchor)]
            if len(there) != 1:
                return "its file is no longer in HEAD"
            places = self._places[there[0]]
            assert places is not None
            at = places[1].find(anchor)
            return (there[0], at) if isinstance(at, int) else at
        document, places_here = known
        found = places_here.find(anchor)
        if isinstance(found, str):
            reworded = None if isinstance(found, Unclear) else _reworded(after, document, anchor)
            return found if reworded is None else (anchor.file, reworded)
        return anchor.file, found

    def _has(self, file: str, anchor: Anchor) -> bool:
        known = self._known(file)
        return known is not None and isinstance(known[1].find(anchor), int)

    def _known(self, file: str) -> tuple[Document, TaskIndex] | None:
        """HEAD's version of a file, read once; None where there is none that could be read."""
        if file not in self._places:
            entry, self._places[file] = self._in_head(file), None
            if entry is not None and entry[:3] == "100":
                try:
                    document = parse(self.git.content(entry[7:]), self.statuses, file=file)
                    self._places[file] = document, TaskIndex(document, file)
                except InputError:
                    pass
        return self._places[file]

    def _in_head(self, path: str) -> TreeEntry:
        found = find_in_tree(self.head.tree, os.fsencode(path), self.git.content)
        return None if found is None else f"{found[0].decode()} {found[1]}"

    def _last_change(self, path: str, since: str) -> str:
        """Who changed a file, as part of a sentence."""
        args = (
            "log",
            "-1",
            "--no-show-signature",
            "--no-color",
            "--format=%h (%s)",
            f"{since}..HEAD",
            "--",
            path,
        )
        found = self.git.run("--literal-pathspecs", *args).decode(errors="replace").strip()
        return f"{found} changed it since" if found else "it was changed since"

    def _task_id(self, anchor: Anchor) -> str:
        """The id by which the run's receipt names the task: a task keeps it. Unique among these receipts."""
        for task in self.past.tasks:
            if task.task_id not in self.receipts and is_of(task, anchor):
                return task.task_id
        short = anchor.explicit or anchor.digest[:7]
        return short if short not in self.receipts else f"{anchor.digest}-{anchor.nth}"

    def _without_edits(self, task: Trailer) -> Receipt:
        return Receipt(task.task_id, task.task_id, "todo", "undo", 0, 0.0, 0, (), undoes=self.past.run)


def _join_steps(steps: Sequence[_FileStep]) -> list[_FileStep]:
    """The steps, with those as one between which nobody else changed the file."""
    found = [steps[0]]
    for step in steps[1:]:
        if step.before == found[-1].after:
            found[-1] = _FileStep(step.commit, found[-1].before, step.after)
        else:
            found.append(step)
    return found


def squash(edits: Sequence[tuple[Document, Revert]]) -> list[tuple[Document, Revert]]:
    """The edits of several versions, newest first, as one for each task.

    Raises EditError where somebody changed a task between two changes of the run.
    """
    found: dict[_Name, tuple[Document, Revert]] = {}
    for document, edit in edits:
        newer = found.get(edit.anchor.name)
        if newer is None:
            added = tuple(_grown(one, found) for one in edit.added)
            found[edit.anchor.name] = document, edit._replace(added=added)
        elif newer[1].before != edit.after:
            title = read_keys(edit.after.text).title
            raise EditError(f"{title}: it was changed between two changes of the run")
        else:
            both = (*newer[1].added, *(_grown(one, found) for one in edit.added))
            found[edit.anchor.name] = newer[0], newer[1]._replace(before=edit.before, added=both)
    return list(found.values())


def _grown(added: AddedItem, newer: dict[_Name, tuple[Document, Revert]]) -> AddedItem:
    """A subtask as a later change of the run left it, which is not taken back apart from it."""
    for name, (_, edit) in newer.items():
        if added.text == f"[{edit.before.char}] {edit.before.text.rstrip()}":
            del newer[name]
            below = tuple(text for one in edit.added for text in (one.text, *one.inside))
            text = f"[{edit.after.char}] {edit.after.text.rstrip()}"
            return added._replace(text=text, inside=(*added.inside, *below))
    return added


#: Tasks of a file in which reworded ones are looked for.
#: SequenceMatcher is quadratic in the number of tasks.
_LARGEST = 5000


def _reworded(then: Document, now: Document, anchor: Anchor) -> int | None:
    """The task that stands in the place of one whose words are gone: the neighbours say which, as in a diff, where as
    many tasks went as came."""
    if max(len(then.items), len(now.items)) > _LARGEST:
        return None
    at = TaskIndex(then, anchor.file).find(anchor)
    old = [(item.depth, read_keys(item.text).title) for item in then.items]
    new = [(item.depth, read_keys(item.text).title) for item in now.items]
    # autojunk ignores, from 200 tasks on, a title that more than 1 % of them have.
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "replace" and isinstance(at, int) and i1 <= at < i2 and i2 - i1 == j2 - j1:
            found = j1 + at - i1
            return found if old[at][0] == new[found][0] and new[found] not in old else None
    return None
