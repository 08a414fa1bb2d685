"""Whether what a merge came to is sound."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from mdtodo.markdown.mergeline import read_line
from mdtodo.markdown.mergeresult import Conflict
from mdtodo.markdown.mergeversion import Version, tasks_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mdtodo.markdown.mergematch import Matched
    from mdtodo.markdown.mergeresult import Result
    from mdtodo.model import Status


class Judge:
    """Looks at a result again, as a reader who knows nothing of how it was made."""

    def __init__(self, versions: Sequence[Version], matched: Matched, statuses: Mapping[str, Status]) -> None:
        self.versions, self.matched, self.statuses = versions, matched, statuses

    def is_sound(self, result: Result) -> bool:
        """Whether each task is there as often as it should be, below the task that it should be below, with
        the status that it should have: as a parse of the result finds it."""
        counts: dict[int, int] = {}
        for entity in result.places.values():
            counts[entity] = counts.get(entity, 0) + 1
        disputed = {
            placed.entity
            for piece in (result.pieces if result.conflicts else ())
            if isinstance(piece, Conflict)
            for side in piece
            for placed in side
        }
        if not self._is_complete(result):
            return False
        entities = range(len(self.matched.entities))
        if not all(self._fits(one, counts.get(one, 0), disputed=one in disputed) for one in entities):
            return False
        return self.matched.same or self._is_parsed(result)

    def _is_complete(self, result: Result) -> bool:
        """Whether no other line with a box is there more often than on one of the sides, or less often than
        both together say."""
        base, ours, theirs = (
            _counts(version.lines, places)
            for version, places in zip(self.versions, self.matched.places, strict=True)
        )
        clean = _counts(result.pieces, result.places)
        marked = Counter(
            placed.line
            for piece in (result.pieces if result.conflicts else ())
            if isinstance(piece, Conflict)
            for side in piece
            for placed in side
        )
        for line in ours.keys() | theirs.keys():
            our, their, there = ours[line], theirs[line], clean[line]
            if our == their == there or b"[" not in line or read_line(line) is None:
                continue
            least = our + their - base[line] if base[line] else max(our, their)
            if there > max(our, their) or there + marked[line] < least:
                return False
        return True

    def _fits(self, entity: int, count: int, *, disputed: bool) -> bool:
        """Once, or in a conflict; gone only where one side deleted what the other left as it was."""
        one = self.matched.entities[entity]
        if count > 1:
            return False
        if one.base is not None and (one.ours is None) != (one.theirs is None):
            side = 1 if one.theirs is None else 2
            return disputed or self._line(entity, side) == self._line(entity, 0)
        return count == 1 or disputed or (one.ours is None and one.theirs is None)

    def _line(self, entity: int, side: int) -> bytes:
        at = self.matched.entities[entity][side]
        assert at is not None
        return self.versions[side].lines[at]

    def _is_parsed(self, result: Result) -> bool:
        """By the parser; of each conflict our side is taken."""
        lines: list[bytes] = []
        names: dict[int, int] = {}
        places: dict[int, int] = {}
        for at, piece in enumerate(result.pieces):
            if isinstance(piece, bytes):
                if (entity := result.places.get(at)) is not None:
                    places[len(lines)] = names[len(lines)] = entity
                lines.append(piece)
                continue
            names |= {
                len(lines) + n: one.entity for n, one in enumerate(piece.ours) if one.entity is not None
            }
            lines += [placed.line for placed in piece.ours]
        found = tasks_at(Version(lines, self.versions[1].frame), places, self.statuses)
        for at, entity in places.items():
            task, parts = found.get(at), read_line(lines[at])
            if task is None or parts is None or task.status is not self.statuses[parts.char.decode()]:
                return False
            around = None if task.parent is None else names.get(task.parent, lines[task.parent])
            if around not in self._parents(entity):
                return False
        return True

    def _parents(self, entity: int) -> set[object]:
        """What the task may stand below: what the side says that changed it."""
        parents: list[object] = []
        for side in (0, 1, 2):
            at = self.matched.entities[entity][side]
            if at is not None:
                parent = self.matched.tasks[side][at].parent
                parents.append(None if parent is None else self._name(side, parent))
        if entity in self.matched.doubled:
            return set(parents[-2:-1])
        if len(parents) == 3 and parents[0] in parents[1:]:
            return {parents[2] if parents[1] == parents[0] else parents[1]}
        return set(parents)

    def _name(self, side: int, line: int) -> object:
        entity = self.matched.places[side].get(line)
        return self.versions[side].lines[line] if entity is None else entity


def _counts(pieces: Sequence[bytes | Conflict], places: Iterable[int]) -> Counter[Any]:
    """How often each line is there, apart from those at `places`."""
    counts: Counter[Any] = Counter([one for one in pieces if type(one) is bytes])
    counts.subtract([pieces[place] for place in places])
    return counts
