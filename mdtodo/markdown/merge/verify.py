"""Verifies the result of a merge."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mdtodo.markdown.merge.line import read_line, without_status_and_keys
from mdtodo.markdown.merge.match import parents
from mdtodo.markdown.merge.result import Conflict
from mdtodo.markdown.merge.version import Version, read_versions, tasks_at, top_tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set

    from mdtodo.core.task import Status
    from mdtodo.markdown.merge.match import Matched
    from mdtodo.markdown.merge.result import Result


class Verifier:
    """Verifies a result by parsing it, without regard to how it was made."""

    def __init__(
        self,
        versions: Sequence[Version],
        matched: Matched,
        statuses: Mapping[str, Status],
        merge_text: Callable[[], bytes],
    ) -> None:
        """`merge_text` is asked for the text merge of the versions where that may settle something."""
        self.versions, self.matched, self.statuses = versions, matched, statuses
        self.merge_text = merge_text

    def wrong_tasks(self, result: Result) -> set[int] | None:
        """The tasks that are not there as often as they should be, below the task that they should be below,
        with the status that they should have: as a parse of the result finds it. None where it is no task that
        the merge looked at. A task below another than it should be is none where the text merge puts it there
        as well, without a conflict.
        """
        if not self._is_complete(result):
            return None
        counts = Counter(result.places.values())
        disputed = result.disputed()
        wrong = {
            one
            for one in range(len(self.matched.entities))
            if not self._fits(one, counts[one], disputed=one in disputed)
        }
        wrong |= self._bereft(result)
        misplaced = self._misplaced(result)
        return wrong | {one for one in misplaced if not self._is_as_text_merged(*misplaced[one])}

    def neighbours(self, entities: Set[int]) -> set[int]:
        """These tasks, those on the lines around them, and their parents, in any version."""
        near = set(entities)
        for entity in entities:
            for side, at in enumerate(self.matched.entities[entity]):
                if at is None:
                    continue
                places, task = self.matched.places[side], self.matched.tasks[side][at]
                lines = [*range(at - _NEAR, at + _NEAR + 1), task.parent]
                near.update(places[line] for line in lines if line is not None and line in places)
        return near

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
            # A line that both sides added counts once; of one that was there, what each did adds up.
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

    def _bereft(self, result: Result) -> set[int]:
        """The tasks of one side alone that lack a line of text that this side has below them: as where it gave a task
        other words, and the other side deleted that with all below it."""
        found = set()
        for at, entity in result.places.items():
            sides = [side for side, line in enumerate(self.matched.entities[entity]) if line is not None]
            if sides in ([1], [2]):
                first = self.matched.entities[entity][sides[0]]
                assert first is not None
                own = Counter(_text_below(self.versions[sides[0]].lines, first))
                if own and own - Counter(_text_below(result.pieces, at)):
                    found.add(entity)
        return found

    def _line(self, entity: int, side: int) -> bytes:
        at = self.matched.entities[entity][side]
        assert at is not None
        return self.versions[side].lines[at]

    def _misplaced(self, result: Result) -> dict[int, tuple[bytes, bytes | None]]:
        """The tasks that a parse does not find as they should be, with their line and that of the task around
        them; of each conflict our side is taken."""
        wrong: dict[int, tuple[bytes, bytes | None]] = {}
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
        version = Version(lines, self.versions[1].format, any(one.may_span_lines for one in self.versions))
        found = top_tasks(version, places, self.statuses)
        found |= tasks_at(version, places.keys() - found.keys(), self.statuses)
        for at, entity in places.items():
            task, parts = found.get(at), read_line(lines[at])
            if task is None or parts is None or task.status is not self.statuses[parts.char.decode()]:
                wrong[entity] = (b"", None)
                continue
            around = None if task.parent is None else names.get(task.parent, lines[task.parent])
            if around not in self._parents(entity):
                wrong[entity] = (lines[at], None if task.parent is None else lines[task.parent])
        return wrong

    def _is_as_text_merged(self, line: bytes, parent: bytes | None) -> bool:
        """Whether the text merge of the whole lines has this line once, below the same task, and no conflict
        between them."""
        version, known, cuts = self._text
        places = known.get(without_status_and_keys(line), ())
        if len(places) != 1:
            return False
        task = tasks_at(version, places, self.statuses).get(places[0])
        if task is None:
            return False
        around = None if task.parent is None else without_status_and_keys(version.lines[task.parent])
        first = task.line - _FAR if task.parent is None else task.parent
        near = any(first < cut <= task.line for cut in cuts)
        return not near and around == (None if parent is None else without_status_and_keys(parent))

    @cached_property
    def _text(self) -> tuple[Version, dict[bytes, list[int]], list[int]]:
        """The text merge without its conflicts, where each line stands in it, and where conflicts were."""
        (version,) = read_versions(self.merge_text())
        lines: list[bytes] = []
        cuts: list[int] = []
        inside = False
        for line in version.lines:
            inside = inside or line.startswith(b"<<<<<<<")
            if not inside:
                lines.append(line)
            if line.startswith(b">>>>>>>"):
                cuts.append(len(lines))
                inside = False
        known: dict[bytes, list[int]] = {}
        for at, line in enumerate(lines):
            known.setdefault(without_status_and_keys(line), []).append(at)
        return version._replace(lines=lines), known, cuts

    def _parents(self, entity: int) -> set[object]:
        """What the task may stand below: what the side says that changed it."""
        found = parents(self.versions, self.matched, entity)
        if entity in self.matched.doubled:
            # Both sides put it somewhere else: it stays where ours has it.
            return set(found[-2:-1])
        if len(found) == 3 and found[0] in found[1:]:
            return {found[2] if found[1] == found[0] else found[1]}
        return set(found)


#: Lines before and after a task that are merged as text with it.
_NEAR = 2
# The text merge is asked of a task without a parent only if it had no conflict in so many lines above.
_FAR = 10


def _text_below(pieces: Sequence[bytes | Conflict], at: int) -> Iterator[bytes]:
    """The lines of text below the task at this place, stripped, up to the next task or conflict."""
    depth = _indent(pieces[at])
    for place in range(at + 1, len(pieces)):
        piece = pieces[place]
        if isinstance(piece, Conflict) or read_line(piece) is not None:
            return
        if piece.strip():
            if _indent(piece) <= depth:
                return
            yield piece.strip()


def _indent(line: bytes | Conflict) -> int:
    return len(line) - len(line.lstrip(b" \t")) if isinstance(line, bytes) else 0


def _counts(pieces: Sequence[bytes | Conflict], places: Iterable[int]) -> Counter[Any]:
    """How often each line is there, apart from those at `places`."""
    counts: Counter[Any] = Counter([one for one in pieces if type(one) is bytes])
    counts.subtract([pieces[place] for place in places])
    return counts
