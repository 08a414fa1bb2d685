"""A run reverted: what its commits did, as receipts that take it back on the HEAD of now.

Of each file that the commits changed: if tasks and what stands below them are all that changed, that is taken back by
task, in a three-way merge of the commit's file with HEAD's and the parent's; any other file goes back as a whole, if
nobody has changed it since.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.edits import Revert
from mdtodo.core.receipt import Receipt, Restore, text_of
from mdtodo.core.results import Outcome
from mdtodo.core.task import Status
from mdtodo.errors import GitError, InputError
from mdtodo.git.diff_tree import changes_of
from mdtodo.git.head import read_head
from mdtodo.git.objects import find_all_in_tree, find_in_tree
from mdtodo.landing.merge.merge_tasks import changes_between
from mdtodo.landing.parse_cache import parse_cached
from mdtodo.landing.undo.archived import Ends, back_from_archive, is_archive
from mdtodo.markdown.keys.read import read_keys
from mdtodo.receipts.identity import is_of, known_as

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mdtodo.core.edits import Edit
    from mdtodo.core.task import Anchor
    from mdtodo.git.head import Head
    from mdtodo.git.session import GitSession
    from mdtodo.landing.parse_cache import ParsedFile
    from mdtodo.markdown.merge.changes import TaskChanges
    from mdtodo.markdown.task_index import TaskIndex
    from mdtodo.receipts.log import LoggedCommit
    from mdtodo.receipts.trailers import Trailer

    #: See `Anchor.name`.
    _Name = tuple[str, str | None, str, str, int]
    #: Mode and object id, None for no file.
    TreeEntry = tuple[bytes, str] | None


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
    work.in_head = find_all_in_tree(head.tree, map(os.fsencode, changes), git.content)
    if is_archive(past.tasks):
        ends = {path: Ends(steps[0].before, steps[-1].after) for path, steps in changes.items()}
        tasks = [one for commit in past.commits for one in commit.receipts() if one.run == past.run]
        back = back_from_archive(past.run, tasks, ends, work.entry_in_head, git.content, statuses)
        return Reversal(back, ())
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
    for commit in reversed(past.commits):
        _check(git, commit)
    changes = changes_of(git, [commit.oid for commit in past.commits])
    found: dict[str, list[_FileStep]] = {}
    for commit in reversed(past.commits):
        for path, before, after in changes.get(commit.oid, ()):
            steps = found.setdefault(os.fsdecode(path), [])
            if not any(one.before == before and one.after == after for one in steps):
                steps.append(_FileStep(commit.oid, before, after))
    return found


def _check(git: GitSession, commit: LoggedCommit) -> None:
    """Raises GitError for a commit that no run makes, or that cannot be compared with its parent here."""
    short = commit.oid[:10]
    if len(commit.groups) > 1:
        # squashed: what of it is whose cannot be told
        raise GitError(
            f"{short} contains the receipts of several runs", hint=f"git revert {short} undoes all of it"
        )
    lines = git.content(commit.oid).split(b"\n\n", 1)[0].split(b"\n")
    parents = [line[7:].decode() for line in lines if line.startswith(b"parent ")]
    if len(parents) != 1:
        what = "is a merge" if parents else "has no parent"
        raise GitError(f"{short} {what}, which no run creates", hint=f"git revert {short} may undo it")
    if git.look_up(parents[0]) is None:  # a shallow clone ends right below the commit
        raise GitError(
            f"the commit before {short} is not in this clone", hint="git fetch --deepen=1 fetches it"
        )


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
        #: What HEAD has at paths, as far as it was looked up.
        self.in_head: dict[bytes, tuple[bytes, str] | None] = {}
        self._places: dict[str, ParsedFile | None] = {}

    def add_file(self, path: str, steps: Sequence[_FileStep]) -> None:
        """Take back what became of one file."""
        joined = [one for one in reversed(_join_steps(steps)) if one.before != one.after]
        changes = [self._changes_of_step(path, one) for one in joined]
        first, last = steps[0], steps[-1]
        if None not in changes:
            names: dict[_Name, str] = {}
            for number, (step, change) in enumerate(zip(joined, changes, strict=True)):
                assert change is not None
                self._take_back(path, number, step, change, names)
        elif len(joined) > 1:
            self.refused.append(f"{path}: other commits changed it between those of the run")
        elif self.entry_in_head(path) in (first.before, last.after):
            self.restores.append(Restore(path, text_of(last.after), text_of(first.before)))
        else:
            self.refused.append(f"{path}: {self._last_change(path, last.commit)}")

    def result(self) -> Reversal:
        """All of it; the files go with the first receipt."""
        receipts = list(self.receipts.values())
        if self.restores and not receipts:
            receipts = [self._receipt(task.task_id, task.task_id) for task in self.past.tasks[:1]]
        if self.restores:
            receipts[0] = receipts[0]._replace(restores=tuple(self.restores))
        return Reversal(tuple(receipts), tuple(self.refused))

    def _changes_of_step(self, path: str, step: _FileStep) -> TaskChanges | None:
        """What takes the step back, by task; None if that is not all."""
        _, before, after = step
        if before is None or after is None or before[0] != after[0] or not before[0].startswith(b"100"):
            return None
        old, new = self.git.content(after[1]), self.git.content(before[1])
        try:
            return changes_between(old, new, self.statuses, path)
        except InputError:
            return None

    def _take_back(
        self, path: str, number: int, step: _FileStep, changes: TaskChanges, names: dict[_Name, str]
    ) -> None:
        """One step, by task. `names`: the ids of those that newer steps have changed."""
        assert step.before is not None
        assert step.after is not None
        for task, index in changes.tasks.items():
            # words that somebody has changed since are no reason not to take back the tick
            anchor = changes.old_places[task]._replace(title=None)
            task_id = names.setdefault(anchor.name, self._task_id(anchor))
            known = known_as(anchor, task_id)
            found = self._find(known)
            title = read_keys(changes.old.items[task].text).title
            if found is None:
                self.refused.append(f"{path}: {title}: its file is no longer in HEAD")
                continue
            was, becomes = changes.old.items[task].status, changes.new.items[index].status
            if becomes is Status.DONE and not was.closed and (why := self._failure(task_id)):
                self.refused.append(_fails_since(task_id, found[1] or title, *why))
                continue
            edit = Revert(known._replace(file=found[0]), step.after[1], step.before[1], task, was, number)
            self._add(task_id, found[1] or title, becomes, edit)
        for task, owner in changes.removed.items():
            # What newer steps did to a task that goes, is taken back with the one that it stands below.
            gone = self.receipts.pop(names.get(changes.old_places[task].name, ""), None)
            above = names[changes.old_places[owner].name]
            if gone is not None and above in self.receipts:
                self._add(above, self.receipts[above].title, None, *gone.edits)

    def _add(self, task_id: str, title: str, status: Status | None, *edits: Edit) -> None:
        """To the receipt of the task, which gets that status again."""
        there = self.receipts.get(task_id) or self._receipt(task_id, title)
        outcome = there.outcome if status is None else status.value
        self.receipts[task_id] = there._replace(outcome=outcome, edits=(*there.edits, *edits))

    def _find(self, anchor: Anchor) -> tuple[str, str | None] | None:
        """The file in HEAD that has the task, which may have been renamed, and its title there; None for no file."""
        at = [anchor.file] if self._known(anchor.file) else self.todo_files
        places = {file: known.places for file in at if (known := self._known(file)) is not None}
        titles = {file: found[0].title for file, one in places.items() if (found := _at(one, anchor))}
        if anchor.file in places:
            return anchor.file, titles.get(anchor.file)
        return next(iter(titles.items())) if len(titles) == 1 else None

    def _known(self, file: str) -> ParsedFile | None:
        """HEAD's version of a file, read once; None where there is none that could be read."""
        if file not in self._places:
            entry, self._places[file] = self.entry_in_head(file), None
            if entry is not None and entry[0].startswith(b"100"):
                with suppress(InputError):
                    data = self.git.content(entry[1])
                    self._places[file] = parse_cached(data, self.statuses, file)
        return self._places[file]

    def entry_in_head(self, path: str) -> TreeEntry:
        """What HEAD has there."""
        name = os.fsencode(path)
        if name not in self.in_head:
            self.in_head[name] = find_in_tree(self.head.tree, name, self.git.content)
        return self.in_head[name]

    def _last_change(self, path: str, since: str) -> str:
        """Who changed a file, as part of a sentence."""
        args = ("log", "-1", "--no-show-signature", "--no-color", "--format=%h (%s)", f"{since}..HEAD")
        found = self.git.run("--literal-pathspecs", *args, "--", path).decode(errors="replace").strip()
        return f"{found} changed it since" if found else "it was changed since"

    def _task_id(self, anchor: Anchor) -> str:
        """The id by which the run's receipt names the task: a task keeps it. Unique among these receipts."""
        for task in self.past.tasks:
            if task.task_id not in self.receipts and is_of(task, anchor):
                return task.task_id
        short = anchor.explicit or anchor.digest[:7]
        return short if short not in self.receipts else f"{anchor.digest}-{anchor.nth}"

    def _receipt(self, task_id: str, title: str) -> Receipt:
        """One without edits."""
        return Receipt(task_id, title, "todo", "undo", 0, 0.0, 0, (), undoes=self.past.run)

    def _failure(self, task_id: str) -> tuple[str, str] | None:
        """The processor that failed, where the run says that of the task, and how it did."""
        for one in self.past.tasks:
            if one.task_id == task_id and one.outcome == Outcome.FAILED:
                how = str(one.reason) if one.exit_code is None else f"exit {one.exit_code}"
                return one.processor, how
        return None


def _fails_since(task_id: str, title: str, processor: str, how: str) -> str:
    """The run has opened the box as it found that the task no longer holds: nothing would prove a tick."""
    return (
        f"{task_id} ({title}): the run found that {processor} fails ({how}), so the box stays open;"
        f" `mdtodo run {task_id}` ticks it as soon as that passes, and `mdtodo done {task_id}` on your word"
    )


def _join_steps(steps: Sequence[_FileStep]) -> list[_FileStep]:
    """The steps, with those as one between which nobody else changed the file."""
    found = [steps[0]]
    for step in steps[1:]:
        if step.before == found[-1].after:
            found[-1] = _FileStep(step.commit, found[-1].before, step.after)
        else:
            found.append(step)
    return found


def _at(places: TaskIndex, anchor: Anchor) -> tuple[Anchor, ...]:
    """The one task that it is."""
    found = places.find(anchor)
    return (places[found],) if isinstance(found, int) else ()
