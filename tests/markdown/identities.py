"""Random files with many equal titles, what a person does to them, and a model that knows which line is which."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import strategies as st

from mdtodo.core.edits import SetStatus
from mdtodo.core.task import STATUS_CHARS, Status
from mdtodo.landing.apply import apply_receipts
from mdtodo.markdown.anchors import anchors
from mdtodo.markdown.document import parse
from mdtodo.markdown.keys.read import read_keys
from mdtodo.markdown.tasks import read_tasks

if TYPE_CHECKING:
    from collections.abc import Sequence

FILES = ("a.md", "b.md")


@dataclass(frozen=True)
class Line:
    """A heading, or a task; `who` is the same as long as a person would say that it is the same line."""

    who: int
    title: str
    keys: str = ""
    indent: int = 0
    heading: bool = False

    def __str__(self) -> str:
        return f"# {self.title}" if self.heading else f"{'  ' * self.indent}- [ ] {self.title}{self.keys}"


class Step(NamedTuple):
    """An edit of a person: what, in which file, from which line to which, and the line that is new."""

    what: str
    file: int
    start: int
    to: int
    line: Line


TASKS = st.builds(
    Line,
    st.just(0),
    st.sampled_from("ttu"),
    st.sampled_from(["", "", " !high", " run:x", " run:y"]),
    st.sampled_from([0, 0, 1]),
)
LINES = TASKS | TASKS | TASKS | st.builds(Line, st.just(0), st.sampled_from("AB"), heading=st.just(True))
STARTS = st.tuples(*[st.lists(LINES, min_size=1, max_size=7)] * 2)
WHAT = st.sampled_from(["delete", "insert", "move", "reword", "rekey", "duplicate", "to the other file"])
STEPS = st.lists(
    st.builds(Step, WHAT, st.integers(0, 1), st.integers(0, 9), st.integers(0, 9), LINES), max_size=4
)


def edited(start: Sequence[Sequence[Line]], steps: Sequence[Step], numbers: count[int]) -> list[list[Line]]:
    files = [list(lines) for lines in start]
    for what, number, at, to, new in steps:
        lines = files[number]
        if what == "insert" or not lines:
            lines.insert(to % (len(lines) + 1), replace(new, who=next(numbers)))
            continue
        old = lines.pop(at % len(lines))
        where = to % (len(lines) + 1)
        if what == "move":
            lines.insert(where, old)
        elif what == "to the other file":
            other = files[1 - number]
            other.insert(to % (len(other) + 1), old)
        elif what == "duplicate":
            lines.insert(at % (len(lines) + 1), old)
            lines.insert(where, replace(old, who=next(numbers)))
        elif what == "reword":  # another heading holds the same tasks, other words are another task
            who = old.who if old.heading else next(numbers)
            lines.insert(at % (len(lines) + 1), replace(old, title=new.title, who=who))
        elif what == "rekey":
            lines.insert(at % (len(lines) + 1), replace(old, keys=new.keys))
    return files


def text_of(lines: Sequence[Line]) -> bytes:
    return "".join(f"{line}\n\n" if line.heading else f"{line}\n" for line in lines).encode()


class Stands(NamedTuple):
    """A task of a version: its line's `who`, its titles, and what else a reader sees of it."""

    who: int
    titles: str
    title: str
    slot: tuple[str, str]
    run: str | None


def standing(lines: Sequence[Line]) -> dict[int, Stands]:
    """By line number, the tasks that the parser finds."""
    document = parse(text_of(lines))
    numbers = [number for line in lines for number in ([line, None] if line.heading else [line])]
    found = {}
    for item, anchor in zip(document.items, anchors(document, ""), strict=True):
        line = numbers[item.line - 1]
        assert line is not None
        found[item.line] = Stands(
            line.who,
            anchor.digest,
            anchor.title or "",
            (anchor.section, str(anchor.keys)),
            read_keys(item.text).run,
        )
    return found


def titles_in(files: Sequence[Sequence[Line]]) -> Counter[str]:
    """How many tasks of these files have each title below the same parents."""
    return Counter(one.titles for lines in files for one in standing(lines).values())


def wrong_ticks(start: Sequence[Sequence[Line]], steps: Sequence[Step]) -> list[str]:
    """The ticks that went to another line than the one that was run, as far as a reader could know."""
    numbers = count(1)
    start = [[replace(line, who=next(numbers)) for line in lines] for lines in start]
    after = edited(start, steps, numbers)
    tasks = read_tasks({name: parse(text_of(lines)) for name, lines in zip(FILES, start, strict=True)})
    everywhere = titles_in(start)
    wrong = []
    for number, name in enumerate(FILES):
        now, data = standing(after[number]), text_of(after[number])
        for task in tasks:
            # In the file of the task, and in another one as if that had been its file, moved or renamed.
            before = standing(start[FILES.index(task.file)])
            edits = {task.id: [SetStatus(task.anchor, Status.DONE)]}
            made = apply_receipts(data, edits, STATUS_CHARS, file=name, once=True).data
            wrong += [
                f"{task.file}:{task.line} {task.title} at {name}:{line}: {data.decode()}"
                for line, text in enumerate(made.split(b"\n"), 1)
                if b"[x]" in text and not is_right(before[task.line], now[line], before, now, everywhere)
            ]
    return wrong


def is_right(
    was: Stands, ticked: Stands, before: dict[int, Stands], now: dict[int, Stands], everywhere: Counter[str]
) -> bool:
    if ticked.who == was.who:
        return True
    if ticked.titles != was.titles or (ticked.run or was.run) != (was.run or ticked.run):
        return False
    # the only one then and now is the same to whoever reads the two versions
    if everywhere[was.titles] == 1 == sum(one.titles == was.titles for one in now.values()):
        return True
    # and so it is where it stands as it stood, and no equal one is gone
    old, new = (
        Counter(one.slot for one in those.values() if one.titles == was.titles) for those in (before, now)
    )
    return ticked.slot == was.slot and not old - new
