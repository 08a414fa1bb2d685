"""What TODO files say at one commit, with a number for each line that no file shows, and three versions merged by it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.markdown.document import parse
from mdtodo.markdown.tasks import read_tasks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mdtodo.core.task import Task


class Line(NamedTuple):
    """A task or a heading. `uid` is the same in all versions, and nothing that is in a file."""

    uid: int
    title: str
    heading: bool = False
    done: bool = False
    run: str | None = None
    name: str | None = None
    depth: int = 0
    failures: int = 0

    def text(self) -> str:
        if self.heading:
            return f"\n## {self.title}\n\n"
        keys = [f"id:{self.name}"] if self.name else []
        keys += [f"run:{self.run}"] if self.run else []
        keys += [f"failed:{self.failures}"] if self.failures else []
        return f"{'  ' * self.depth}- [{'x' if self.done else ' '}] {' '.join([self.title, *keys])}\n"


class Version(NamedTuple):
    """The lines of each file, and the processors that the configuration has."""

    files: Mapping[str, tuple[Line, ...]]
    processors: tuple[str, ...] = ("a", "b", "old")

    def lines(self) -> Iterator[tuple[str, Line]]:
        return ((file, line) for file, lines in self.files.items() for line in lines)

    def tasks(self) -> dict[int, Line]:
        """By uid."""
        return {line.uid: line for _, line in self.lines() if not line.heading}

    def everything(self) -> dict[int, Line]:
        return {line.uid: line for _, line in self.lines()}

    def contents(self) -> dict[str, str]:
        """Of each file of the repository, by path."""
        config = "".join(f'[processors.{name}]\nrun = "true"\n' for name in self.processors)
        todo = {
            file: "# To do\n\n" + "".join(line.text() for line in lines) for file, lines in self.files.items()
        }
        return {".mdtodo.toml": config, **todo}

    def changed(self, *changes: Line) -> Version:
        """With these lines in place of those of the same uid."""
        new = {line.uid: line for line in changes}
        return self.with_files(
            {f: [new.get(one.uid, one) for one in lines] for f, lines in self.files.items()}
        )

    def with_files(self, files: Mapping[str, Sequence[Line]]) -> Version:
        return self._replace(files={file: normalised(lines) for file, lines in files.items()})

    def places(self) -> dict[int, tuple[str, int]]:
        """File and number of the line of each task, by uid."""
        found: dict[int, tuple[str, int]] = {}
        for file, lines in self.files.items():
            number = 3
            for line in lines:
                found |= {} if line.heading else {line.uid: (file, number)}
                number += line.text().count("\n")
        return found

    def parents(self) -> dict[int, int | None]:
        """The uid of each task's parent."""
        found: dict[int, int | None] = {}
        for lines in self.files.values():
            above: list[int] = []
            for line in lines:
                del above[0 if line.heading else line.depth :]
                if not line.heading:
                    found[line.uid] = above[-1] if above else None
                    above.append(line.uid)
        return found

    def looks(self) -> dict[int, tuple[object, ...]]:
        """What can be told of each task: its file, heading, parents, title and keys."""
        found: dict[int, tuple[object, ...]] = {}
        for file, lines in self.files.items():
            heading, above = "", list[str]()
            for line in lines:
                heading = line.title if line.heading else heading
                del above[0 if line.heading else line.depth :]
                if not line.heading:
                    found[line.uid] = file, heading, tuple(above), line.title, line.run, line.name
                    above.append(line.title)
        return found

    def read(self) -> dict[int, Task]:
        """What mdtodo reads of each task, by uid."""
        texts = self.contents()
        read = read_by_mdtodo(tuple((file, texts[file]) for file in sorted(self.files)))
        return {uid: read[place] for uid, place in self.places().items()}


@functools.lru_cache(maxsize=512)
def read_by_mdtodo(texts: tuple[tuple[str, str], ...]) -> dict[tuple[str, int], Task]:
    """The tasks by file and line, as a repository with these files has them."""
    files = {file: parse(text.encode(), file=file) for file, text in texts}
    return {(task.file, task.line): task for task in read_tasks(files)}


def normalised(lines: Sequence[Line]) -> tuple[Line, ...]:
    """No line deeper than below the one before it."""
    found: list[Line] = []
    deepest = 0
    for line in lines:
        one = line._replace(depth=min(line.depth, deepest))
        found.append(one)
        deepest = 0 if line.heading else one.depth + 1
    return tuple(found)


def three_way(base: Version, ours: Version, theirs: Version) -> Version:
    """Both sides' changes, as a person who knows each line would resolve it; ours where both changed the same."""
    was, mine, other = base.everything(), ours.everything(), theirs.everything()
    lines = {uid: _line(was.get(uid), mine.get(uid), other.get(uid)) for uid in mine | other}
    places = _places(base, ours, theirs)
    files = {
        file: [line for uid, depth in each if (line := _placed(lines[uid], depth))]
        for file, each in places.items()
    }
    processors = theirs.processors if ours.processors == base.processors else ours.processors
    return Version({}, processors).with_files(files)


def _placed(line: Line | None, depth: int) -> Line | None:
    return line and line._replace(depth=depth)


def _line(base: Line | None, ours: Line | None, theirs: Line | None) -> Line | None:
    """None where one side has deleted it."""
    if ours is None or theirs is None:
        return None if base else ours or theirs
    was = base or theirs
    return Line(*(b if a == o else o for o, a, b in zip(ours, was, theirs, strict=True)))  # type: ignore[arg-type]


def _places(base: Version, ours: Version, theirs: Version) -> dict[str, list[tuple[int, int]]]:
    was, mine, other = _shape(base), _shape(ours), _shape(theirs)
    if was == mine:
        return other
    known = {uid for each in [*was.values(), *mine.values()] for uid, _ in each}
    added = {file: [one for one in each if one[0] not in known] for file, each in other.items()}
    for file, each in added.items() if was != other else ():
        mine[file if file in mine else next(iter(mine))] += each
    return mine


def _shape(version: Version) -> dict[str, list[tuple[int, int]]]:
    return {file: [(line.uid, line.depth) for line in lines] for file, lines in version.files.items()}
