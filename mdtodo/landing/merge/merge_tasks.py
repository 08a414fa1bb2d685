"""What was changed of some tasks of a file, made in another version of it by a three-way merge: of all of them, or of
those of which nothing disagrees."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.task import Status
from mdtodo.landing.merge.merge_file import merge_file
from mdtodo.landing.parse_cache import parse_cached
from mdtodo.markdown.keys.read import read_keys
from mdtodo.markdown.merge.below import find_block, insert_block, without_lines
from mdtodo.markdown.merge.changes import task_changes
from mdtodo.markdown.task_index import Unclear

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from mdtodo.core.task import Anchor
    from mdtodo.git.session import GitSession
    from mdtodo.landing.parse_cache import ParsedFile
    from mdtodo.markdown.document import Document, Item
    from mdtodo.markdown.merge.below import Block
    from mdtodo.markdown.merge.changes import TaskChanges


class MergedTasks(NamedTuple):
    """The version with the changes. `made`: the tasks that it changed for; `missed`: those that it could not have, each
    with the reason. Tasks are known by their numbers in the old version of the changes."""

    data: bytes
    made: frozenset[int]
    missed: dict[int, str]


def changes_between(old: bytes, new: bytes, statuses: Mapping[str, Status], file: str) -> TaskChanges | None:
    """See `task_changes`. Raises InputError for what is no text."""
    before = parse_cached(old, statuses, file)
    after = parse_cached(new, statuses, file, before)
    return task_changes(before.document, before.places, after.document, after.places)


def merge_tasks(
    git: GitSession,
    changes: TaskChanges,
    wanted: Mapping[int, Anchor],
    data: bytes,
    statuses: Mapping[str, Status],
    file: str,
    *,
    strict: bool = False,
) -> MergedTasks:
    """`data` with what was changed of the tasks `wanted`, by what they are looked for there: without a title, also in
    other words.

    A task that cannot be told from equal ones, or whose changes disagree with what it has become, is missed; if
    `strict`, also one whose box or keys say something that neither version says. Raises InputError for what is no text.
    """
    return _Merge(git, changes, wanted, parse_cached(data, statuses, file), statuses, strict).run()


class _Merge:
    def __init__(
        self,
        git: GitSession,
        changes: TaskChanges,
        wanted: Mapping[int, Anchor],
        ours: ParsedFile,
        statuses: Mapping[str, Status],
        strict: bool,
    ) -> None:
        self.git = git
        self.changes = changes
        self.wanted = wanted
        self.ours = ours
        self.statuses = statuses
        self.found = {task: self._find(task, anchor) for task, anchor in wanted.items()}
        self.strict = strict
        self.missed: dict[int, str] = {}
        self._changed_in: dict[bytes, Collection[int] | None] = {}

    def run(self) -> MergedTasks:
        ours, theirs = self.ours.document.data, self.changes.of(self.wanted)
        if ours in (self.changes.old.data, theirs):
            return MergedTasks(theirs, frozenset(self.wanted if ours != theirs else ()), {})
        wanted = [task for task in self.found if not self._is_refused(task)]
        merged = self._merged(wanted)
        if merged is None:
            wanted = self._possible([], wanted)
            merged = self._merged(wanted)
        data = self.ours.document.data if merged is None else merged.document.data
        made = self._changed(wanted, merged) if merged is not None else frozenset()
        return MergedTasks(data, made, self.missed)

    def _find(self, task: int, anchor: Anchor) -> int | str:
        """Also below other parents, where its title is the only one of its kind in both versions."""
        found = self.ours.places.find(anchor)
        if isinstance(found, (int, Unclear)) or anchor.title is not None:
            return found
        title = read_keys(self.changes.old.items[task].text).title
        then, now = (_titled(one, title) for one in (self.changes.old, self.ours.document))
        return now[0] if len(then) == len(now) == 1 else found

    def _is_refused(self, task: int) -> bool:
        found = self.found[task]
        other_words = self.wanted[task].title is not None or self._has_below(task)
        if isinstance(found, Unclear) or (isinstance(found, str) and other_words):
            self.missed[task] = found
        elif self.strict and isinstance(found, int):
            said = _said_since(self.changes, task, self.ours.document.items[found])
            self.missed |= {} if said is None else {task: said}
        return task in self.missed

    def _has_below(self, task: int) -> bool:
        """Whether something below it comes or goes, which the merge of its line does not take along."""
        these = frozenset([task])
        return any(self.changes.removed_below(these)) or any(self.changes.added_below(these))

    def _possible(self, kept: list[int], more: list[int]) -> list[int]:
        """Those of `more` that can be merged with `kept`; the others are missed. By halves, as few disagree."""
        if not more or self._merged([*kept, *more]) is not None:
            return more
        if len(more) == 1:
            self.missed[more[0]] = self._why(more[0])
            return []
        half = len(more) // 2
        first = self._possible(kept, more[:half])
        return first + self._possible([*kept, *first], more[half:])

    def _merged(self, wanted: Sequence[int]) -> ParsedFile | None:
        """None where they disagree, or where another task than these would be changed."""
        made = self._merged_lines(frozenset(wanted))
        return made if made is not None and self._is_of(made, wanted) else None

    def _merged_lines(self, wanted: frozenset[int]) -> ParsedFile | None:
        """What stands below the tasks is taken out before the merge, and put in after it."""
        changes, ours = self.changes, self.ours.document
        gone, here = self._found_below(wanted)
        added = list(changes.added_below(wanted))
        lines = {at for block in added for at in range(block.start, block.start + len(block.lines))}
        base, data = changes.of((), old_out=gone), without_lines(ours.data, here)
        theirs = changes.of(wanted, old_out=gone, new_out=lines)
        made = merge_file(self.git, base, data, theirs, self.statuses, by_task=True)
        return None if made is None else self._with_added(self._parsed(made), added)

    def _parsed(self, data: bytes) -> ParsedFile:
        return parse_cached(data, self.statuses, self.ours.places.file, self.ours)

    def _found_below(self, wanted: frozenset[int]) -> tuple[set[int], set[int]]:
        """What is to be taken out below tasks and stands there: the numbers of its lines in the old version, and
        here."""
        gone: set[int] = set()
        here: set[int] = set()
        for block in self.changes.removed_below(wanted):
            found, items = self.found[block.task], self.ours.document.items
            place = find_block(self.ours.document, items[found], block) if isinstance(found, int) else None
            if place is not None:
                gone.update(range(block.start, block.start + len(block.lines)))
                here.update(place)
        return gone, here

    def _with_added(self, merged: ParsedFile, added: Sequence[Block]) -> ParsedFile | None:
        """With what is to be put below tasks; None where one of them cannot be found."""
        for block in added:
            found = merged.places.find(self.wanted[block.task])
            if not isinstance(found, int):
                return None
            like = self.changes.line(block.task)
            data = insert_block(merged.document, merged.document.items[found], like, block)
            merged = self._parsed(data)
        return merged

    def _is_of(self, merged: ParsedFile, wanted: Sequence[int]) -> bool:
        """Whether no task was changed but those. Where some have other words by now, so many others were."""
        changed = self._changes_to(merged)
        if changed is None or merged.document.data == self.ours.document.data:
            return True
        known = {self.found[task] for task in wanted}
        others = [task for task in changed if task not in known]
        return len(others) == sum(isinstance(self.found[task], str) for task in wanted)

    def _changed(self, wanted: Sequence[int], merged: ParsedFile) -> frozenset[int]:
        if merged.document.data == self.ours.document.data:
            return frozenset()
        changed = self._changes_to(merged)
        return frozenset(
            task
            for task in wanted
            if changed is None or isinstance(self.found[task], str) or self.found[task] in changed
        )

    def _changes_to(self, merged: ParsedFile) -> Collection[int] | None:
        data = merged.document.data
        if data not in self._changed_in:
            changes = task_changes(self.ours.document, self.ours.places, merged.document, merged.places)
            self._changed_in[data] = None if changes is None else changes.tasks
        return self._changed_in[data]

    def _why(self, task: int) -> str:
        """Why what was changed of the task cannot be made here, as part of a sentence."""
        found = self.found[task]
        if not isinstance(found, int):
            return found
        said = _said_since(self.changes, task, self.ours.document.items[found])
        return said or "its line, or what stands below it, was changed too"


def _titled(document: Document, title: str) -> list[int]:
    return [item.index for item in document.items if read_keys(item.text).title == title]


def _said_since(changes: TaskChanges, task: int, here: Item) -> str | None:
    """What the task says there that neither of the two versions says, if the one has changed that of the other."""
    old, new = changes.old.items[task], changes.new.items[changes.tasks[task]]
    if here.status not in (old.status, new.status) and old.status is not new.status:
        return f"it is marked {here.status.value}"
    was, then, now = (read_keys(item.text) for item in (old, new, here))
    if new.status is Status.DONE is not old.status and now.run not in (None, was.run, then.run):
        return f"it has run:{now.run} now"
    for name in ("failed", "done"):
        values = getattr(was, name), getattr(then, name)
        if values[0] != values[1] and getattr(now, name) not in values:
            return f"its key {name}: was changed"
    return None
