"""What one version of a file has changed of another one, by task, so that a merge can take some of it and leave the
rest."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.markdown.merge.below import runs
from mdtodo.markdown.merge.line import without_status_and_keys
from mdtodo.markdown.merge.version import align, read_versions, to_bytes
from mdtodo.markdown.task_index import Unclear

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from mdtodo.markdown.document import Document, Item
    from mdtodo.markdown.merge.below import Block
    from mdtodo.markdown.merge.version import Version
    from mdtodo.markdown.task_index import TaskIndex


class TaskChanges(NamedTuple):
    """All that differs between two versions. `tasks`: those of the old one whose lines, or what stands below them, was
    changed, each with its number in the new one. `removed` are tasks of the old version that the new one has not, and
    `added` the opposite, each with the changed task around it."""

    old: Document
    old_places: TaskIndex
    new: Document
    new_places: TaskIndex
    tasks: dict[int, int]
    removed: dict[int, int]
    added: dict[int, int]
    hunks: tuple[_Hunk, ...]
    versions: tuple[Version, Version]

    def of(
        self, wanted: Container[int], *, old_out: Container[int] = (), new_out: Container[int] = ()
    ) -> bytes:
        """The old version with what was changed of these tasks; without these lines of the old and of the new one."""
        old, new = self.versions
        lines: list[bytes] = []
        at = 0
        for hunk in self.hunks:
            lines += [line for n, line in enumerate(old.lines[at : hunk.start], at) if n not in old_out]
            lines += _chosen(hunk, wanted, old_out, new_out)
            at = hunk.start + len(hunk.old)
        lines += [line for n, line in enumerate(old.lines[at:], at) if n not in old_out]
        if lines == old.lines:
            return self.old.data
        return to_bytes(lines, new.format if any(task in wanted for task in self.tasks) else old.format)

    def line(self, task: int) -> bytes:
        """The first line of a task in the new version."""
        return self.versions[1].lines[self.new.items[self.tasks[task]].line - 1]

    def removed_below(self, wanted: Container[int]) -> Iterator[Block]:
        """What stood below these tasks in the old version alone."""
        lines = [one for hunk in self.hunks for one in hunk.old if one.owner in wanted]
        return runs(
            [one for one in lines if _is_below(self.old.items[one.owner], one)], self.versions[0].lines
        )

    def added_below(self, wanted: Container[int]) -> Iterator[Block]:
        """What stands below these tasks in the new version alone."""
        lines = [one for hunk in self.hunks for one in hunk.new if one.owner in wanted]
        items = self.new.items
        lines = [one for one in lines if _is_below(items[self.tasks[one.owner]], one)]
        return runs(lines, self.versions[1].lines)


def _is_below(item: Item, one: _Owned) -> bool:
    """Whether the line is none of the task's own."""
    return one.number >= item.line - 1 + len(item.pieces)


class _Owned(NamedTuple):
    """A line by its number, and the task of the old version that it belongs to."""

    number: int
    owner: int
    line: bytes


class _Hunk(NamedTuple):
    """Lines of the old version, from `start` on, and those that the new one has in their place."""

    start: int
    old: list[_Owned]
    new: list[_Owned]


def task_changes(
    old: Document, old_places: TaskIndex, new: Document, new_places: TaskIndex
) -> TaskChanges | None:
    """None where more was changed than tasks that both versions have and what stands below them, or where it cannot be
    told which of several equal tasks was changed."""
    pairs = _pairs(old_places, new_places, len(old.items), len(new.items))
    versions = read_versions(old.data, new.data)
    if pairs is None or versions[0].format[:2] != versions[1].format[:2]:
        return None
    back = {after: before for before, after in pairs.items()}
    owners = (
        _owners(old, versions[0], {task: task for task in pairs}),
        _owners(new, versions[1], back),
    )
    hunks = _hunks(versions[0], versions[1], owners)
    if hunks is None or (not hunks and old.data != new.data):
        return None
    changed = {one.owner for hunk in hunks for one in (*hunk.old, *hunk.new)}
    removed = {
        item.index: owner
        for item in old.items
        if item.index not in pairs and (owner := owners[0][item.line - 1]) is not None
    }
    added = {
        item.index: owner
        for item in new.items
        if item.index not in back and (owner := owners[1][item.line - 1]) is not None
    }
    tasks = {task: pairs[task] for task in sorted(changed)}
    return TaskChanges(
        old, old_places, new, new_places, tasks, removed, added, tuple(hunks), (versions[0], versions[1])
    )


def _pairs(old: TaskIndex, new: TaskIndex, size: int, new_size: int) -> dict[int, int] | None:
    """Each task of the old version that the new one has too; None where one of them cannot be told from equal ones."""
    names = [
        [(one[at].explicit, one[at].digest) for at in range(count)]
        for one, count in ((old, size), (new, new_size))
    ]
    if size > new_size:
        back = _in_order(names[1], names[0], new, old)
        pairs = None if back is None else {before: after for after, before in back.items()}
    else:
        pairs = _in_order(names[0], names[1], old, new)
    if pairs is not None:
        return pairs
    found = {at: new.find(old[at]._replace(title=None)) for at in range(size)}
    if any(isinstance(one, Unclear) for one in found.values()):
        return None
    pairs = {at: one for at, one in found.items() if isinstance(one, int)}
    return pairs if len(set(pairs.values())) == len(pairs) else None


_Names = list[tuple[str | None, str]]


def _in_order(few: _Names, many: _Names, old: TaskIndex, new: TaskIndex) -> dict[int, int] | None:
    """Each of the few as one of the many, if they are all there in their order, and if one with the same titles that
    came is told from them by all that is around it, and not by which of them stands first."""
    pairs: dict[int, int] = {}
    for at, name in enumerate(many):
        if len(pairs) < len(few) and name == few[len(pairs)]:
            pairs[len(pairs)] = at
    if len(pairs) < len(few):
        return None
    there = set(pairs.values())
    came = {digest for at, (_, digest) in enumerate(many) if at not in there} & {digest for _, digest in few}
    told = (new.find(old[was]) == at for was, at in pairs.items() if few[was][1] in came)
    return pairs if all(told) else None


def _owners(document: Document, version: Version, known: dict[int, int]) -> list[int | None]:
    """For each line the innermost task that both versions have, by its number in the old one."""
    newline = version.format.newline
    starts = list(
        accumulate((len(line) + len(newline) for line in version.lines), initial=len(version.format.mark))
    )
    found: list[int | None] = [None] * len(version.lines)
    for item in document.items:
        if item.index in known:
            end = min(bisect_left(starts, item.end), len(found))
            found[item.line - 1 : end] = [known[item.index]] * (end - item.line + 1)
    return found


def _hunks(
    old: Version, new: Version, owners: tuple[Sequence[int | None], Sequence[int | None]]
) -> list[_Hunk] | None:
    """None where a line that differs belongs to no task."""
    hunks: list[_Hunk] = []
    for (start, stop), (first, last) in _differing(old, new, owners):
        sides = [
            [_Owned(n, -1 if (owner := those[n]) is None else owner, version.lines[n]) for n in range(a, b)]
            for version, those, (a, b) in zip((old, new), owners, ((start, stop), (first, last)), strict=True)
        ]
        others = [one.owner for side in sides for one in side if one.owner >= 0]
        if not others:
            return None
        for side in sides:
            for at, one in enumerate(side):
                if one.owner < 0:
                    if one.line.strip(b" \t>\r\n"):
                        return None
                    # Blank lines come and go with what stands next to them.
                    side[at] = one._replace(owner=side[at - 1].owner if at else others[0])
        hunks.append(_Hunk(start, *sides))
    return hunks


_Ranges = tuple[tuple[int, int], tuple[int, int]]


def _differing(
    old: Version, new: Version, owners: tuple[Sequence[int | None], Sequence[int | None]]
) -> Iterator[_Ranges]:
    """The lines of both versions that stand in each other's place and are not the same."""
    # Ticks and keys are taken off only where versions differ: of a long list that is a line or two.
    common = set(old.lines).intersection(new.lines)
    keys = [
        [line if line in common else without_status_and_keys(line) for line in version.lines]
        for version in (old, new)
    ]
    i = j = 0
    for line, there in enumerate([*align(*keys), len(new.lines)]):
        if there < 0 or (line < len(old.lines) and owners[0][line] != owners[1][there]):
            continue
        if line > i or there > j:
            yield (i, line), (j, there)
        if line < len(old.lines) and old.lines[line] != new.lines[there]:
            yield (line, line + 1), (there, there + 1)
        i, j = line + 1, there + 1


def _chosen(
    hunk: _Hunk, wanted: Container[int], old_out: Container[int], new_out: Container[int]
) -> Iterator[bytes]:
    """The new lines of the tasks that are wanted, and the old ones of the others."""
    left = [one for one in hunk.old if one.owner not in wanted and one.number not in old_out]
    for new in hunk.new:
        if new.owner in wanted:
            yield from () if new.number in new_out else (new.line,)
            continue
        yield from (one.line for one in left if one.owner == new.owner)
        left = [one for one in left if one.owner != new.owner]
    yield from (one.line for one in left)
