"""Which task of one version is one of another by what it is called: id, title, place among others, wording."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

    from mdtodo.markdown.keys.read import Keys
    from mdtodo.markdown.merge.version import Task


class TaskNames:
    """How the tasks of one version are called."""

    def __init__(self, tasks: Mapping[int, Task]) -> None:
        self.tasks = tasks
        self._keys: dict[int, Keys] = {}

    def keys(self, line: int) -> Keys:
        """What its line says, read once."""
        from mdtodo.markdown.keys.read import read_keys

        if line not in self._keys:
            self._keys[line] = read_keys(self.tasks[line].text)
        return self._keys[line]

    def id(self, line: int) -> str | None:
        """Its explicit id, if it has one."""
        return self.keys(line).id

    def title(self, line: int) -> str:
        """Its words without keys."""
        return self.keys(line).title

    def path(self, line: int) -> tuple[str, ...]:
        """Its title, and those of the tasks around it, outwards."""
        titles = [self.title(line)]
        parent = self.tasks[line].parent
        while parent is not None:
            titles.append(self.title(parent))
            parent = self.tasks[parent].parent
        return tuple(titles)


def pairs_of(
    base: TaskNames,
    left: list[int],
    side: TaskNames,
    new: list[int],
    gaps: tuple[list[int], list[int]],
    repeated: Container[str] = (),
) -> Iterator[tuple[int, int]]:
    """Base's and the side's lines of one task: by explicit id, by its titles and those of its parents, by a title that
    is unique, and by the place where one was reworded. Tasks that share title and parents with others are not for
    names to pair, see `equal_tasks`; nor are titles in `repeated` without their parents."""
    for name in (TaskNames.id, TaskNames.path, TaskNames.title):
        before = [(name(base, line), line) for line in left]
        after = [(name(side, line), line) for line in new]
        found = [
            (line, other)
            for line, other in by_name(before, after)
            if (name is not TaskNames.title or base.title(line) not in repeated)
            and (base.id(line) == side.id(other) or None in (base.id(line), side.id(other)))
        ]
        yield from found
        lines, others = ({pair[side] for pair in found} for side in (0, 1))
        left = [line for line in left if line not in lines]
        new = [line for line in new if line not in others]
    yield from _reworded(base, left, side, new, gaps, repeated)


def by_name(
    before: Iterable[tuple[object, int]], after: Iterable[tuple[object, int]]
) -> Iterator[tuple[int, int]]:
    """The lines before and after with one name, where just one on each side has it."""
    named: dict[object, tuple[list[int], list[int]]] = {}
    for number, those in enumerate((before, after)):
        for name, line in those:
            if name is not None:
                named.setdefault(name, ([], []))[number].append(line)
    for lines, others in named.values():
        if len(lines) == len(others) == 1:
            yield lines[0], others[0]


def _reworded(
    base: TaskNames,
    left: list[int],
    side: TaskNames,
    new: list[int],
    gaps: tuple[list[int], list[int]],
    repeated: Container[str],
) -> Iterator[tuple[int, int]]:
    """Tasks between the same lines that stayed, whose titles are more alike than different, but for equal ones that
    are repeated."""
    where: dict[int, list[int]] = {}
    for line in new:
        where.setdefault(gaps[1][line], []).append(line)
    taken: set[int] = set()
    for line in left:
        around = [one for one in where.get(gaps[0][line], ()) if one not in taken][:_NEIGHBOURS]
        title, ids = base.keys(line).title, base.keys(line).id
        alike = [
            (score, one)
            for one in around
            if (score := _likeness(title, side.keys(one).title)) >= _ALIKE
            and not (title == side.keys(one).title and title in repeated)
            and (ids is None or side.keys(one).id in (None, ids))
        ]
        if alike:
            best = max(alike, key=lambda pair: pair[0])[1]
            taken.add(best)
            yield line, best


#: So many new lines of a gap are compared with one that is gone: all with all would be the square of a long list.
_NEIGHBOURS = 8
_ALIKE = 0.7


def _likeness(one: str, other: str) -> float:
    """0 to 1: how many words of the shorter title the longer one has too, or ones that begin like them.

    Other numbers mean another task.
    """
    short, long = sorted((_words(one), _words(other)), key=len)
    # "Chapter 3" became "Chapter 4" never by rewording: one was deleted and one added, and a tick must not go over.
    numbers = [{word for word in words if any(map(str.isdigit, word))} for words in (short, long)]
    if not short or not (numbers[0] <= numbers[1] or numbers[1] <= numbers[0]):
        return 0.0
    left = Counter(long)
    common = 0
    for word in short:
        near = word if left[word] else next((w for w in left if left[w] and _begin_alike(word, w)), None)
        if near is not None:
            left[near] -= 1
            common += 1
    return common / len(short)


def _words(title: str) -> list[str]:
    return [bare for word in title.lower().split() if (bare := word.strip(",.;:!?"))]


def _begin_alike(one: str, other: str) -> bool:
    short = min(len(one), len(other))
    same = next((n for n in range(short) if one[n] != other[n]), short)
    return same >= _LEAST_BEGINNING and same * 4 >= short * 3


_LEAST_BEGINNING = 3
