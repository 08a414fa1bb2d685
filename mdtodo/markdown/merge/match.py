"""Which task of one version is which of the others: the tasks that a merge has to look at."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.markdown.merge.equal_tasks import NO_EQUALS, equal_tasks
from mdtodo.markdown.merge.line import without_status_and_keys
from mdtodo.markdown.merge.names import TaskNames, by_name, pairs_of
from mdtodo.markdown.merge.version import Task, Version, align, are_tasks, tasks_at, top_tasks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mdtodo.core.task import Status
    from mdtodo.markdown.merge.equal_tasks import EqualTasks


class Entity(NamedTuple):
    """One task, as the number of its line in each version; None where it is not there."""

    base: int | None
    ours: int | None
    theirs: int | None


class Matched(NamedTuple):
    """The tasks that some side changed, moved, added or deleted, and what the parser says of those lines.

    `places` is, for base, ours and theirs, the number of the entity on a line; `tasks` what the parser says.
    `doubled` are entities that both sides added, or moved, to different places. `same` says that no line was
    added, deleted or moved, and all that differ are tasks; `tasks` is left empty then. `single` are those of several
    equal tasks that are not in all versions, or not known to be; `unclear` the ones of these that a side changed.
    """

    entities: list[Entity]
    places: tuple[dict[int, int], dict[int, int], dict[int, int]]
    tasks: tuple[dict[int, Task], dict[int, Task], dict[int, Task]]
    doubled: list[int]
    same: bool
    single: frozenset[int] = frozenset()
    unclear: frozenset[int] = frozenset()


def parents(versions: Sequence[Version], matched: Matched, entity: int) -> list[object]:
    """What the task stands below in each version that has it: an entity, or another line; None for nothing."""
    found: list[object] = []
    for side, at in enumerate(matched.entities[entity]):
        if at is not None:
            parent = matched.tasks[side][at].parent
            around = (
                None if parent is None else matched.places[side].get(parent, versions[side].lines[parent])
            )
            found.append(around)
    return found


def match(base: Version, ours: Version, theirs: Version, statuses: Mapping[str, Status]) -> Matched:
    """See `Matched`. Takes n log n time in the lines, and parses only around those that differ."""
    versions = base, ours, theirs
    # Ticks and keys are taken off only where versions differ: of a long list that is a line or two.
    common = set(base.lines).intersection(ours.lines, theirs.lines)
    keys = [
        [line if line in common else without_status_and_keys(line) for line in one.lines] for one in versions
    ]
    if keys[0] == keys[1] == keys[2]:
        lines = zip(base.lines, ours.lines, theirs.lines, strict=True)
        touched = [at for at, (b, o, t) in enumerate(lines) if b != o or b != t]
        if are_tasks(versions, touched, statuses):
            places = {at: number for number, at in enumerate(touched)}
            entities = [Entity(at, at, at) for at in touched]
            return Matched(entities, (places, places, places), ({}, {}, {}), [], True)
    return _match(versions, keys, statuses)


def _match(
    versions: tuple[Version, Version, Version],
    keys: Sequence[Sequence[bytes]],
    statuses: Mapping[str, Status],
) -> Matched:
    sides = [_Side(versions, keys, side) for side in (1, 2)]
    touched = _touched(versions, sides)
    touched |= _alike(keys[0], touched)
    wanted = [touched, *(side.lines_of(touched) for side in sides)]
    for side in sides:
        wanted[side.number] |= _alike(keys[side.number], wanted[side.number])
    equal = equal_tasks(versions, wanted, statuses)
    for those, lines in zip(wanted, equal.lines, strict=True):
        those |= lines
    tasks, adopted = _parsed(versions, sides, wanted, statuses)
    if adopted:  # the same lines as before, but with another parent: tasks that were moved
        touched |= adopted
        wanted = [touched, *(wanted[side.number] | side.lines_of(adopted) for side in sides)]
    for side in sides:
        side.pair_tasks(tasks[0], tasks[side.number], touched, wanted[side.number], equal)
    entities = list(_entities(sides, tasks, touched, wanted, equal))
    base, ours, theirs = (
        {line: number for number, one in enumerate(entities) if (line := one[version]) is not None}
        for version in range(3)
    )
    doubled = [number for number, one in enumerate(entities) if _is_doubled(one, sides)]
    single = frozenset(
        number
        for number, one in enumerate(entities)
        if None in one and any(line in lines for line, lines in zip(one, equal.lines, strict=True))
    )
    # Of many equal tasks each is compared with what base says of all of them.
    said = {versions[0].lines[line].strip() for line in equal.lines[0]}
    unclear = frozenset(number for number in single if _is_changed(versions, entities[number], said))
    return Matched(entities, (base, ours, theirs), tasks, doubled, False, single, unclear)


_Tasks = tuple[dict[int, Task], dict[int, Task], dict[int, Task]]


def _parsed(
    versions: Sequence[Version],
    sides: Sequence[_Side],
    wanted: Sequence[set[int]],
    statuses: Mapping[str, Status],
) -> tuple[_Tasks, set[int]]:
    """What the parser says of the lines `wanted`, and of those around them in any version; and the lines of
    base that stayed, but stand below another task now.

    Lines that stayed where they were and cannot but be tasks of their own are not parsed.
    """
    sure = [top_tasks(version, lines, statuses) for version, lines in zip(versions, wanted, strict=True)]
    stayed = {line for line in sure[0] if all(side.there[line] in sure[side.number] for side in sides)}
    plain = [stayed, *({side.there[line] for line in stayed} for side in sides)]
    base, ours, theirs = (
        tasks_at(version, lines - those, statuses)
        for version, lines, those in zip(versions, wanted, plain, strict=True)
    )
    for side, after in zip(sides, (ours, theirs), strict=True):
        before = {side.back[line] for line in after if side.back[line] >= 0}
        base.update(tasks_at(versions[0], before - base.keys(), statuses))
    for side, after in zip(sides, (ours, theirs), strict=True):
        there = {side.there[line] for line in base if side.there[line] >= 0}
        after.update(tasks_at(versions[side.number], there - after.keys(), statuses))
    adopted = {
        line for side, after in zip(sides, (ours, theirs), strict=True) for line in side.adopted(base, after)
    }
    for tasks, known, those in zip((base, ours, theirs), sure, plain, strict=True):
        tasks.update({line: known[line] for line in those - tasks.keys()})
    return (base, ours, theirs), adopted


class _Side:
    """Base against one side: `there` is for each line of base that of the side, or -1."""

    def __init__(self, versions: Sequence[Version], keys: Sequence[Sequence[bytes]], number: int) -> None:
        self.number = number
        self.base, self.side = versions[0], versions[number]
        self.keys = keys[0], keys[number]
        self.there = align(*self.keys)
        self.back = _inverse(self.there, len(self.side.lines))
        self.moved: set[int] = set()
        self._stayed: list[int] | None = None

    def lines_of(self, touched: Iterable[int]) -> set[int]:
        """The side's lines that are new or moved, or that stand for one of `touched`."""
        new = {line for line, base in enumerate(self.back) if base < 0}
        return new | {self.there[line] for line in touched if self.there[line] >= 0}

    def adopted(self, before: Mapping[int, Task], after: Mapping[int, Task]) -> Iterator[int]:
        """The lines of base that stayed, and stand below another task now."""
        for line, task in before.items():
            side = after.get(self.there[line])
            if side is not None and not self._same_parent(task.parent, side.parent):
                yield line

    def pair_tasks(
        self,
        before: Mapping[int, Task],
        after: Mapping[int, Task],
        touched: Iterable[int],
        wanted: Iterable[int],
        equal: EqualTasks = NO_EQUALS,
    ) -> None:
        """Part lines that are alike under different tasks, and pair tasks that moved or were reworded."""
        self._part(before, after, touched)
        self._part_equals(equal)
        left = [line for line in sorted(touched) if self.there[line] < 0 and line in before]
        new = [line for line in sorted(wanted) if self.back[line] < 0 and line in after]
        if not left or not new:
            return
        gaps = _gaps(self.there, self.back)
        known = equal.pairs[self.number - 1]
        pairs = [(line, known[line]) for line in left if line in known]
        left = [line for line in left if line not in equal.lines[0]]
        new = [line for line in new if line not in equal.lines[self.number]]
        pairs += pairs_of(TaskNames(before), left, TaskNames(after), new, gaps, equal.repeated)
        for line, side in pairs:
            self.there[line], self.back[side] = side, line
            if gaps[0][line] != gaps[1][side]:
                self.moved.add(line)

    def gap(self, line: int) -> int:
        """The line of base that the side's line comes after, of those that stayed."""
        if self._stayed is None:
            self._stayed, last = [], -1
            for base in self.back:
                last = base if base >= 0 and base not in self.moved else last
                self._stayed.append(last)
        return self._stayed[line]

    def _part(self, before: Mapping[int, Task], after: Mapping[int, Task], touched: Iterable[int]) -> None:
        """Take apart what was aligned and stands under another task than before, or is no task on one side."""
        counts = [Counter(keys) for keys in self.keys]
        wrong = []
        for line in touched:
            side = self.there[line]
            # A line that is there once in each version cannot have been aligned with the wrong one of several.
            if side < 0 or max(count[self.keys[0][line]] for count in counts) == 1:
                continue
            task, now = before.get(line), after.get(side)
            if task is None or now is None:
                if task is not now:
                    wrong.append(line)
            elif not self._same_parent(task.parent, now.parent):
                wrong.append(line)
        self._unalign(wrong)

    def _part_equals(self, equal: EqualTasks) -> None:
        """Take apart what was aligned as lines, and is not known to be one of several equal tasks."""
        known = equal.pairs[self.number - 1]
        aligned = {line for line in equal.lines[0] if self.there[line] >= 0}
        aligned.update(self.back[side] for side in equal.lines[self.number] if self.back[side] >= 0)
        self._unalign(line for line in aligned if known.get(line) != self.there[line])

    def _unalign(self, lines: Iterable[int]) -> None:
        for line in lines:
            self.back[self.there[line]] = -1
            self.there[line] = -1

    def _same_parent(self, base: int | None, side: int | None) -> bool:
        if base is None or side is None:
            return base is side
        return self.there[base] in (side, -1) and self.back[side] in (base, -1)


def _entities(
    sides: Sequence[_Side],
    tasks: Sequence[Mapping[int, Task]],
    touched: Iterable[int],
    wanted: Sequence[Iterable[int]],
    equal: EqualTasks,
) -> Iterator[Entity]:
    for line in sorted(touched):
        if line in tasks[0]:
            ours, theirs = (
                side.there[line] if side.there[line] in tasks[side.number] else None for side in sides
            )
            yield Entity(line, ours, theirs)
    new = [
        [line for line in sorted(wanted[side.number]) if side.back[line] < 0 and line in tasks[side.number]]
        for side in sides
    ]
    named = [
        [(_added_name(names, line, side), line) for line in lines if line not in equals]
        for side, lines, names, equals in zip(
            sides, new, map(TaskNames, tasks[1:]), equal.lines[1:], strict=True
        )
    ]
    both = dict(by_name(named[0], named[1]))
    added = set(new[1])
    both |= {line: side for line in new[0] if (side := equal.pairs[2].get(line)) in added}
    for line in new[0]:
        yield Entity(None, line, both.get(line))
    taken = set(both.values())
    for line in new[1]:
        if line not in taken:
            yield Entity(None, None, line)


def _is_changed(versions: Sequence[Version], one: Entity, equal: set[bytes]) -> bool:
    """Whether a side says something of it that base does not: of one that base may have, that no equal task says, which
    say `equal`."""
    before = equal if one.base is None else {versions[0].lines[one.base].strip()}
    there = (versions[side].lines[line].strip() for side in (1, 2) if (line := one[side]) is not None)
    return any(line not in before for line in there)


def _added_name(names: TaskNames, line: int, side: _Side) -> tuple[object, ...]:
    """What an added task is called: its title, and those of the tasks around it up to the one that base has."""
    name: list[object] = []
    at: int | None = line
    while at is not None and side.back[at] < 0:
        name.append(names.title(at))
        at = names.tasks[at].parent
    return (*name, None if at is None else side.back[at])


def _is_doubled(one: Entity, sides: Sequence[_Side]) -> bool:
    """Whether both sides put the task to places of their own."""
    if one.ours is None or one.theirs is None:
        return False
    if one.base is not None and not all(one.base in side.moved for side in sides):
        return False
    return sides[0].gap(one.ours) != sides[1].gap(one.theirs)


def _touched(versions: Sequence[Version], sides: Sequence[_Side]) -> set[int]:
    """The lines of base that are not the same on both sides."""
    lines = versions[0].lines
    touched: set[int] = set()
    for side in sides:
        others = versions[side.number].lines
        touched.update(
            number
            for number, (line, there) in enumerate(zip(lines, side.there, strict=True))
            if there < 0 or others[there] != line
        )
    return touched


def _alike(keys: Sequence[bytes], lines: set[int]) -> set[int]:
    """The other lines that say the same as one of these."""
    wanted = {keys[line] for line in lines}
    return {number for number, key in enumerate(keys) if key in wanted and key.strip()}


def _inverse(there: Sequence[int], size: int) -> list[int]:
    back = [-1] * size
    for line, side in enumerate(there):
        if side >= 0:
            back[side] = line
    return back


def _gaps(there: Sequence[int], back: Sequence[int]) -> tuple[list[int], list[int]]:
    """For each line of base, and of the side, the line of base before it that stayed."""
    base, side, last = [], [], -1
    for line, place in enumerate(there):
        base.append(last)
        last = line if place >= 0 else last
    last = -1
    for line in back:
        side.append(last)
        last = line if line >= 0 else last
    return base, side
