"""The lines of a merge as numbers, for the text merge: what it cannot see cannot be in its way.

All versions of a task's line are the same number, as long as it stands where it stood, so that no tick, key or
reword is in the way of another change. Other lines have a number for each text.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.markdown.merge.line import position_prefix, read_line
from mdtodo.markdown.merge.match import parents
from mdtodo.markdown.merge.regions import classify, merge_region
from mdtodo.markdown.merge.result import Conflict, ConflictLine, Result, merged_task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence, Set

    from mdtodo.core.task import Status
    from mdtodo.markdown.merge.match import Matched
    from mdtodo.markdown.merge.regions import ClassifiedLine
    from mdtodo.markdown.merge.version import Version

    TextMerge = Callable[[bytes, bytes, bytes, str], bytes]

#: What a number stands for: a line, or a task with that of its line which is left to the text merge.
Meaning = bytes | tuple[int, bytes]


#: Lines between two conflicts that git does not join.
#: xdl_simplify_non_conflicts in git's xmerge.c joins those that are at most three apart.
_APART = 5


class Region(NamedTuple):
    """Where the text merge left a conflict: the numbers of the lines of each side."""

    ours: list[int]
    base: list[int]
    theirs: list[int]


class NumberedLines:
    """The numbers of the lines of three versions, and what git makes of them."""

    def __init__(
        self, versions: Sequence[Version], matched: Matched, text_merge: TextMerge, as_text: Set[int]
    ) -> None:
        """`as_text` are the tasks whose lines are left to the text merge as they are."""
        self.versions, self.matched, self.text_merge, self.as_text = versions, matched, text_merge, as_text
        self.meanings: list[Meaning] = []
        self._known = _Numbering(self.meanings)
        self._sides = [self._side(number) for number in range(3)]
        self._code = any(version.may_span_lines for version in versions)

    def merged(self, style: Callable[[], str], *, resolving: bool) -> list[int | Region]:
        """The numbers in the order of the result, with the regions that are in conflict; those that can be are
        put together task by task if `resolving`."""
        base, ours, theirs = self._sides
        if theirs in (base, ours):
            return list(ours)
        if base == ours:
            return list(theirs)
        found = list(self._run(self._sides, "diff3"))
        put = [self._merge_region(one) if resolving and isinstance(one, Region) else None for one in found]
        order: list[int | Region] = []
        for one, lines in zip(found, put, strict=True):
            order += [one] if lines is None else lines
        return self._refined(self._once(order), style)

    def result(self, order: Sequence[int | Region], statuses: Mapping[str, Status]) -> Result:
        """The lines that the numbers stand for, with the changes of both sides."""
        pieces: list[bytes | Conflict] = []
        places: dict[int, int] = {}
        conflicts = 0
        for one in order:
            meaning = one if isinstance(one, Region) else self.meanings[one]
            if isinstance(meaning, bytes):
                pieces.append(meaning)
                continue
            if isinstance(meaning, Region):
                piece: bytes | Conflict = self._conflict(meaning)
            else:
                piece = self._task(*meaning, statuses)
                if isinstance(piece, bytes):
                    places[len(pieces)] = meaning[0]
            conflicts += isinstance(piece, Conflict)
            pieces.append(piece)
        return Result(pieces, places, conflicts)

    def line(self, entity: int, side: int) -> bytes:
        """The line of a task in a version that has it."""
        at = self.matched.entities[entity][side]
        assert at is not None
        return self.versions[side].lines[at]

    def _conflict(self, region: Region) -> Conflict:
        """With the lines as the sides have them."""

        def lines(side: int, those: Sequence[int]) -> list[ConflictLine]:
            return [
                ConflictLine(one, None)
                if isinstance(one, bytes)
                else ConflictLine(self.line(one[0], side), one[0])
                for one in (self.meanings[number] for number in those)
            ]

        return Conflict(lines(1, region.ours), lines(0, region.base), lines(2, region.theirs))

    def _task(self, entity: int, variant: bytes, statuses: Mapping[str, Status]) -> bytes | Conflict:
        """The line with the changes of both sides, with what the text merge chose to stand before the box."""
        one = self.matched.entities[entity]
        if one.ours is None or one.theirs is None or entity in self.as_text:
            return variant
        lines = [self.line(entity, side) for side in range(3) if one[side] is not None]
        heads = [parts.head for line in lines if (parts := read_line(line)) is not None]
        fitting = [head for head in (*heads[-2:], heads[0]) if position_prefix(head) == variant]
        # The number is that of the side that renumbered the list, whichever it is, and not that of base.
        head = next((head for head in fitting if head != heads[0]), fitting[0])
        lines = [head + line[len(old) :] for line, old in zip(lines, heads, strict=True)]
        return merged_task(entity, None if one.base is None else lines[0], lines[-2], lines[-1], statuses)

    def _side(self, side: int) -> list[int]:
        numbers = list(map(self._known.__getitem__, self.versions[side].lines))
        for at, entity in self.matched.places[side].items():
            numbers[at] = self._known[entity, self._variant(entity, self.versions[side].lines[at])]
        gone = self._removed(side)
        return [number for at, number in enumerate(numbers) if at not in gone] if gone else numbers

    def _variant(self, entity: int, line: bytes) -> bytes:
        """What of a task's line is left to the text merge: where it stands. All of it if one side has
        deleted the task: a change is in the way of that."""
        one = self.matched.entities[entity]
        if one.ours is None or one.theirs is None or entity in self.as_text:
            return line
        parts = read_line(line)
        assert parts is not None
        return position_prefix(parts.head)

    def _removed(self, side: int) -> set[int]:
        """The lines of tasks that both sides moved, or added, to different places: ours stay."""
        gone: set[int] = set()
        for number in self.matched.doubled if side != 1 else ():
            if number in self.as_text:
                continue
            base, ours, theirs = (self._own_lines(number, other) for other in range(3))
            if self._below(2, theirs) == self._below(1, ours) and self._below(0, base) in (
                self._below(1, ours),
                None,
            ):
                gone.update((base, ours, theirs)[side])
        return gone

    def _own_lines(self, entity: int, side: int) -> range:
        line = self.matched.entities[entity][side]
        return range(0) if line is None else range(line, self.matched.tasks[side][line].end)

    def _below(self, side: int, lines: range) -> list[bytes] | None:
        """The lines of a task without the first; None where it is not there."""
        return self.versions[side].lines[lines.start + 1 : lines.stop] if lines else None

    def _run(self, numbers: Sequence[Sequence[int]], style: str) -> Iterator[int | Region]:
        """What the text merge makes of them."""
        base, ours, theirs = (b"".join([b"x%d\n" % number for number in side]) for side in numbers)
        part: list[int] | None = None
        region = Region([], [], [])
        merged = self.text_merge(base, ours, theirs, style)
        if b"<" not in merged:
            yield from map(int, merged.replace(b"x", b"").split())
            return
        for line in merged.split(b"\n")[:-1]:
            if line.startswith(b"x"):
                if part is None:
                    yield int(line[1:])
                else:
                    part.append(int(line[1:]))
            elif line.startswith(b"<"):
                region = Region([], [], [])
                part = region.ours
            elif line.startswith(b">"):
                part = None
                yield region
            else:
                part = region.base if line.startswith(b"|") else region.theirs

    def _once(self, order: list[int | Region]) -> list[int | Region]:
        """Without the second copy of a task that both sides moved: it stays where ours has it, unless theirs alone put
        it below another task."""
        ours, order = self._sides[1], list(order)
        gone: set[int] = set()
        for places, at in self._doubled(order, ours):
            copy, kept = sorted(places, key=lambda place: (self._likeness(order, place, ours, at), -place))
            meaning = self.meanings[ours[at]]
            if isinstance(meaning, tuple):
                if self._goes_with_theirs(meaning[0]):
                    copy, kept = kept, copy
                if not self._takes_change(order, copy, kept, meaning[0]):
                    continue
            gone.add(copy)
            for below in range(1, min(len(order) - copy, len(ours) - at)):
                number = ours[at + below]
                kind = self._classify(number).kind
                if self._is_task(number) or kind not in ("text", "item") or order[copy + below] != number:
                    break
                gone.add(copy + below)
        return [one for place, one in enumerate(order) if place not in gone]

    def _takes_change(self, order: list[int | Region], copy: int, kept: int, entity: int) -> bool:
        """Let what is kept say what the copy says, where one of them alone is as in base; not if neither is."""
        if order[copy] == order[kept] or entity not in self.as_text:
            return True
        before = self._number_in_base(entity)
        if before is not None and before not in (order[copy], order[kept]):
            return False
        if order[kept] == before:
            order[kept] = order[copy]
        return True

    def _doubled(self, order: Sequence[int | Region], ours: Sequence[int]) -> Iterator[tuple[list[int], int]]:
        """The tasks that are there twice and in ours once: both places, and that in ours."""
        counts = Counter(number for number in order if isinstance(number, int))
        raw = {number for number, count in counts.items() if count == 2 and self._is_task(number)}
        places: dict[object, list[int]] = {}
        for place, number in enumerate(order):
            if isinstance(number, int) and (number in raw or isinstance(self.meanings[number], tuple)):
                places.setdefault(self._name(number), []).append(place)
        twice = {name: those for name, those in places.items() if len(those) == 2}
        there: dict[object, list[int]] = {name: [] for name in twice}
        for at, number in enumerate(ours if twice else ()):
            if (name := self._name(number)) in there:
                there[name].append(at)
        yield from ((twice[name], those[0]) for name, those in there.items() if len(those) == 1)

    def _goes_with_theirs(self, entity: int) -> bool:
        if entity in self.matched.doubled or None in self.matched.entities[entity]:
            return False
        base, ours, theirs = parents(self.versions, self.matched, entity)
        return base == ours != theirs

    def _is_task(self, number: int) -> bool:
        meaning = self.meanings[number]
        return isinstance(meaning, tuple) or read_line(meaning) is not None

    def _name(self, number: int) -> object:
        meaning = self.meanings[number]
        return number if isinstance(meaning, bytes) else (meaning[0],)

    @staticmethod
    def _likeness(order: Sequence[int | Region], place: int, ours: Sequence[int], at: int) -> int:
        """How much around the copy is as it is around the task in ours."""
        around = [(place + step, at + step) for step in (-1, 0, 1)]
        return sum(
            0 <= one < len(order) and 0 <= other < len(ours) and order[one] == ours[other]
            for one, other in around
        )

    def _refined(self, order: list[int | Region], style: Callable[[], str]) -> list[int | Region]:
        """With regions as the text merge writes them in this style: without the lines that are alike in them.

        It gets them with fillers in between, so that it does not join neighbours.
        """
        regions = [one for one in order if isinstance(one, Region)]
        if not regions:
            return order
        first = len(self.meanings)
        fillers = range(first, first + _APART * len(regions))
        sides: list[list[int]] = [[], [], []]
        for at, region in enumerate(regions):
            for side, numbers in zip(sides, (region.base, region.ours, region.theirs), strict=True):
                side += [*numbers, *fillers[_APART * at : _APART * (at + 1)]]
        refined: list[list[int | Region]] = [[]]
        for one in self._run(sides, style()):
            if isinstance(one, Region) or one < first:
                refined[-1].append(one)
            elif (one - first) % _APART == 0:
                refined.append([])
        there = iter(refined)
        return [part for one in order for part in (next(there) if isinstance(one, Region) else (one,))]

    def _merge_region(self, region: Region) -> list[int] | None:
        if self.matched.single and any(self._may_be_one(number) for side in region for number in side):
            return None
        found = merge_region(region.base, region.ours, region.theirs, self._classify)
        if found is None or not self.as_text:
            return found
        return self._with_changes(found, region)

    def _with_changes(self, found: list[int], region: Region) -> list[int] | None:
        """Each line that is left to the text merge as the side has it that changed it; None where both did."""
        ours, theirs = (
            {self._name(number): number for number in side} for side in (region.ours, region.theirs)
        )
        chosen: list[int] = []
        for number in found:
            name, meaning = self._name(number), self.meanings[number]
            our, their = ours.get(name, number), theirs.get(name, number)
            if isinstance(meaning, tuple) and our != their and meaning[0] in self.as_text:
                before = self._number_in_base(meaning[0])
                if before not in (our, their):
                    return None
                chosen.append(their if our == before else our)
            else:
                chosen.append(number)
        return chosen

    def _number_in_base(self, entity: int) -> int | None:
        line = self.matched.entities[entity].base
        return (
            None if line is None else self._known[entity, self._variant(entity, self.versions[0].lines[line])]
        )

    def _may_be_one(self, number: int) -> bool:
        """Whether it was added, and may be an equal task that the other side has too."""
        meaning = self.meanings[number]
        if isinstance(meaning, bytes) or meaning[0] not in self.matched.single:
            return False
        return self.matched.entities[meaning[0]].base is None

    def _classify(self, number: int) -> ClassifiedLine:
        meaning = self.meanings[number]
        if isinstance(meaning, bytes):
            task = not self._code and read_line(meaning) is not None
            return classify(meaning, number, task=task, code=self._code)
        entity, _ = meaning
        side = next(side for side in (1, 2, 0) if self.matched.entities[entity][side] is not None)
        return classify(self.line(entity, side), (entity,), task=True, code=self._code)


class _Numbering(dict[Meaning, int]):
    """Gives each new meaning the next number."""

    def __init__(self, meanings: list[Meaning]) -> None:
        super().__init__()
        self._meanings = meanings

    def __missing__(self, meaning: Meaning) -> int:
        number = self[meaning] = len(self._meanings)
        self._meanings.append(meaning)
        return number
