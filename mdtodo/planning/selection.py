"""Which tasks are meant: the filters of `list` and `run`, as a value."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mdtodo.model import State, Status, Task
    from mdtodo.planning.plan import Plan


class Selection(NamedTuple):
    """Each filter that is given must hold; of its several values any one. Nothing given: everything is
    meant. `statuses` is the older name of `states`, with the same values."""

    statuses: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    def tasks(self, plan: Plan) -> tuple[Task, ...]:
        """The tasks of the plan that are meant, in the order of files and lines."""
        return tuple(task for task in plan.tasks.values() if self.matches(plan, task))

    def matches(self, plan: Plan, task: Task) -> bool:
        """Whether this task is meant."""
        route = plan.routes[task.id]
        return (
            (not self.states or _state_fits(self.states, plan.states[task.id], task.status))
            and (not self.statuses or _state_fits(self.statuses, plan.states[task.id], task.status))
            and (not self.priorities or task.priority.value in self.priorities)
            and (not self.categories or _category_fits(self.categories, route.category, route.kind))
            and (not self.tags or any(_tag_fits(tag, task.tags) for tag in self.tags))
            and (not self.files or any(file_fits(pattern, task.file) for pattern in self.files))
            and (not self.texts or any(_text_fits(text, task) for text in self.texts))
        )


def _state_fits(wanted: tuple[str, ...], state: State, status: Status) -> bool:
    """What `list` shows, or what the box says."""
    return state.value in wanted or status.value in wanted


def _category_fits(wanted: tuple[str, ...], category: str | None, kind: str | None) -> bool:
    return category is not None and (category in wanted or f"{category}/{kind}" in wanted)


def _tag_fits(wanted: str, tags: tuple[str, ...]) -> bool:
    """`backend` means `#backend` and what is below it, `#backend/api`; the `#` may be typed."""
    name = wanted.lstrip("#").casefold()
    return any(tag.casefold() == name or tag.casefold().startswith(name + "/") for tag in tags)


def file_fits(pattern: str, file: str) -> bool:
    """The path itself, a folder above it, or a glob."""
    folder = pattern.rstrip("/") + "/"
    return file == pattern or file.startswith(folder) or fnmatchcase(file, pattern)


def _text_fits(text: str, task: Task) -> bool:
    """Anywhere in the title or the body, in any case."""
    wanted = text.casefold()
    return wanted in task.title.casefold() or wanted in task.body.casefold()


def title_has(title: str, words: str) -> bool:
    """Whether each of these words stands in the title as a whole word, in any order and any case."""
    import re

    wanted = _comparable(words).split()
    known = _comparable(title)
    return bool(wanted) and all(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", known) for word in wanted)


def _comparable(text: str) -> str:
    from unicodedata import normalize

    return normalize("NFC", text.casefold())
