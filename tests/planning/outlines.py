"""Tasks from a sketch, without the markdown rooms: planning is tested on its own.

1. a after:x,y est:60 !high       an ordered item; minutes; keys as attributes
  - [x] b                         a subtask, done
"""

from __future__ import annotations

import re

from hypothesis import strategies as st

from mdtodo.core.task import STATUS_CHARS, Priority, Status, Task
from tests.examples import examples

_LINE = re.compile(r"( *)(-|\d\.) (?:\[(.)\] )?(\S+)(.*)")


def outline(text: str, file: str = "TODO.md") -> tuple[Task, ...]:
    """The tasks of a sketch; each is called by its first word, its explicit id (unless it has a `~`)."""
    tasks: list[Task] = []
    above: list[tuple[int, str]] = []
    last: dict[tuple[int, str | None], str] = {}
    for number, line in enumerate(text.strip("\n").split("\n"), 1):
        found = _LINE.fullmatch(line)
        assert found, line
        indent, marker, char, name, keys = found.groups()
        depth = len(indent) // 2
        above = above[:depth]
        parent = above[-1][1] if above else None
        last = {key: value for key, value in last.items() if key[0] <= depth}
        previous = last.get((depth, parent)) if marker != "-" else None
        last[depth, parent] = name
        above.append((depth, name))
        task = _task(name, keys, file=file, line=number, status=STATUS_CHARS[char or " "])
        tasks.append(task._replace(parent=parent, previous=previous, depth=depth))
    return _with_children(tasks)


def _with_children(tasks: list[Task]) -> tuple[Task, ...]:
    below: dict[str | None, tuple[str, ...]] = {}
    for task in tasks:
        below[task.parent] = (*below.get(task.parent, ()), task.id) if task.parent else ()
    return tuple(task._replace(children=below.get(task.id, ())) for task in tasks)


def _task(name: str, keys: str, *, file: str, line: int, status: Status) -> Task:
    words = keys.split()
    given = dict(word.split(":", 1) for word in words if ":" in word)
    priority = next((Priority(word[1:]) for word in words if word[0] == "!"), Priority.MEDIUM)
    return Task(
        id=name,
        explicit_id=None if name.startswith("~") else given.get("id", name),
        file=file,
        line=line,
        title=" ".join(word for word in words if ":" not in word and word[0] not in "!#") or name,
        status=status,
        priority=priority,
        own_lane=given.get("lane"),
        tags=tuple(word[1:] for word in words if word[0] == "#"),
        after=tuple(given["after"].split(",")) if "after" in given else (),
        estimate=int(given["est"]) if "est" in given else None,
        due=given.get("due"),
        own_run=given.get("run"),
        failures=int(given.get("failed", 0)),
    )


#: Enough to break what is broken, in a second.
moderately = examples(60)

_STATUSES = st.sampled_from(
    [Status.TODO, Status.TODO, Status.TODO, Status.DOING, Status.DONE, Status.CANCELLED]
)
_RARELY = st.sampled_from([False] * 9 + [True])


@st.composite
def forests(
    draw: st.DrawFn, most: int = 9, *, statuses: bool = True, unknown: bool = True
) -> tuple[Task, ...]:
    """Up to `most` tasks in file order: nested anyhow, in bullet and ordered lists, waiting for anyone; if `unknown`,
    also for names and boxes that are.
    """
    count = draw(st.integers(1, most))
    names = [f"t{number}" for number in range(count)]
    waits = st.lists(st.sampled_from([*names, "nobody"] if unknown else names), max_size=2, unique=True)
    tasks: list[Task] = []
    path: list[str] = []
    for number, name in enumerate(names):
        path = path[: draw(st.integers(0, len(path)))]
        siblings = [task.id for task in tasks if task.parent == (path[-1] if path else None)]
        ordered = bool(siblings) and draw(st.booleans())
        own = tuple(draw(waits)) if draw(st.booleans()) else ()
        inherited = tasks[int(path[-1][1:])].after if path else ()
        tasks.append(
            Task(
                id=name,
                explicit_id=name,
                file="TODO.md",
                line=number + 1,
                title=name,
                status=draw(_STATUSES) if statuses else Status.TODO,
                priority=draw(st.sampled_from([Priority.HIGH, Priority.MEDIUM])),
                own_lane=draw(st.sampled_from([None, "general"])),
                tags=draw(st.sampled_from([(), ("backend",), ("frontend",)])),
                after=tuple(dict.fromkeys((*own, *inherited))),
                estimate=draw(st.sampled_from([None, 30, 60, 90])),
                due=draw(st.sampled_from([None, "2026-01-01", "2026-02-01"])),
                parent=path[-1] if path else None,
                previous=siblings[-1] if ordered else None,
                depth=len(path),
                boxes_before=(100 + number,) if unknown and draw(_RARELY) else (),
                boxes_inside=(200 + number, 300 + number) if unknown and draw(_RARELY) else (),
            )
        )
        path = [*path, name]
    return _with_children(tasks)


class Oracle:
    """What SPEC 1 says of waiting, as directly as it can be said, and as slowly."""

    def __init__(self, tasks: tuple[Task, ...]) -> None:
        self.tasks = {task.id: task for task in tasks}
        self.closed = {task.id for task in tasks if task.status.closed}

    def waits(self, task_id: str) -> set[str]:
        """Everything, open or not, that must be closed before the task may start."""
        task = self.tasks[task_id]
        own = {*task.after, *([task.previous] if task.previous else []), *_places(task, task.boxes_before)}
        return own | (self.waits(task.parent) if task.parent else set())

    def blockers(self, task_id: str) -> set[str]:
        """What of that, and of its subtasks, is open; unknown names and boxes always are."""
        if task_id in self.closed:
            return set()
        task = self.tasks[task_id]
        return (self.waits(task_id) | {*task.children, *_places(task, task.boxes_inside)}) - self.closed

    def ready(self) -> list[str]:
        """The open tasks without blockers, in file order."""
        return [name for name in self.tasks if name not in self.closed and not self.blockers(name)]

    def runnable(self) -> set[str]:
        """The open tasks that get to run when every task that runs is done."""
        future = Oracle(tuple(self.tasks.values()))
        future.closed = set(self.closed)
        while ready := future.ready():
            future.closed.update(ready)
        return future.closed - self.closed

    def leads(self, name: str, other: str) -> bool:
        """Whether one step of a cycle may go from one task to the other: a wait of its own, or nesting."""
        task = self.tasks[name]
        inherited = self.tasks[task.parent].after if task.parent else ()
        own = {*task.after, task.previous} - set(inherited)
        return other in own or other == task.parent or other in task.children


def _places(task: Task, lines: tuple[int, ...]) -> set[str]:
    return {f"{task.file}:{line}" for line in lines}
