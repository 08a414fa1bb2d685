"""Which tasks are meant: the filters of `list` and `run`, as a value."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mdtodo.core.task import State, Status, Task
    from mdtodo.planning.plan import Plan


class Selection(NamedTuple):
    """Each filter that is given must hold; of its several values any one. Nothing given: everything is
    meant. `statuses` is the older name of `states`, with the same values.

    `sections` are parts of headings above. Dates are YYYY-MM-DD: `due_before` that one, and for `overdue` open and due
    before today, which it names. `can`: nothing is needed but these capabilities.
    """

    statuses: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    lanes: tuple[str, ...] = ()
    workers: tuple[str, ...] = ()
    complexities: tuple[str, ...] = ()
    due_before: str | None = None
    overdue: str | None = None
    can: frozenset[str] | None = None

    def tasks(self, plan: Plan) -> tuple[Task, ...]:
        """The tasks of the plan that are meant, in the order of files and lines."""
        if self == _ALL:
            return tuple(plan.tasks.values())
        return tuple(task for task in plan.tasks.values() if self.matches(plan, task))

    def matches(self, plan: Plan, task: Task) -> bool:
        """Whether this task is meant."""
        route = plan.routes[task.id]
        state = plan.states[task.id]
        return (
            (not self.states or _state_fits(self.states, state, task.status))
            and (not self.statuses or _state_fits(self.statuses, state, task.status))
            and (not self.priorities or task.priority.value in self.priorities)
            and (not self.categories or _category_fits(self.categories, route.category, route.kind))
            and (not self.tags or any(_tag_fits(tag, task.tags) for tag in self.tags))
            and (not self.files or any(file_fits(pattern, task.file) for pattern in self.files))
            and (not self.texts or any(_text_fits(text, task) for text in self.texts))
            and self._place_and_person_fit(task)
            and self._dates_fit(task)
            and (self.can is None or plan.needs(task.id) <= self.can)
        )

    def _place_and_person_fit(self, task: Task) -> bool:
        return (
            (not self.sections or any(_section_fits(part, task.section) for part in self.sections))
            and (not self.assignees or any(_is_assigned(task, name) for name in self.assignees))
            and (not self.lanes or task.lane in self.lanes)
            and (not self.workers or task.worker in self.workers)
            and (not self.complexities or task.complexity in self.complexities)
        )

    def _dates_fit(self, task: Task) -> bool:
        if self.due_before is not None and not (task.due and task.due < self.due_before):
            return False
        return self.overdue is None or is_overdue(task, self.overdue)


_ALL = Selection()


def is_overdue(task: Task, today: str) -> bool:
    """Whether the task is open, and was due before today (YYYY-MM-DD)."""
    return task.due is not None and task.due < today and not task.status.closed


def assignees(task: Task) -> tuple[str, ...]:
    """The names that stand in the title as `@name`, without the `@`; an e-mail address is none."""
    return tuple(_ASSIGNEE.findall(task.title)) if "@" in task.title else ()


# Not behind a letter or a slash: `a@b.org` is an address, `npm/@scope` a package.
_ASSIGNEE = re.compile(r"(?<![\w@./])@(\w(?:[\w./-]*\w)?)")


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
    # `fnmatch` would fold case on Windows: there the same filter would mean other files.
    return file == pattern or file.startswith(folder) or fnmatchcase(file, pattern)


def _text_fits(text: str, task: Task) -> bool:
    """Anywhere in the title or the body, in any case."""
    wanted = text.casefold()
    return wanted in task.title.casefold() or wanted in task.body.casefold()


def _section_fits(part: str, section: tuple[str, ...]) -> bool:
    """Part of a heading above, in any case, as it is written or as it is shown; its `#` may be typed."""
    wanted = _comparable(" ".join(part.lstrip("#").split()))
    return any(
        wanted in _comparable(" ".join(text.split()))
        for heading in section
        for text in (heading, _shown(heading))
    )


def _shown(heading: str) -> str:
    """A heading without its markdown: of a link the text, no signs of code and emphasis, no backslashes."""
    text = re.sub(r"!?\[([^\[\]]*)\](?:\([^()]*\)|\[[^\[\]]*\])", r"\1", heading)
    return re.sub(r"\\([^\sA-Za-z0-9])|[`*~]|(?<!\w)_+|_+(?!\w)", lambda sign: sign[1] or "", text)


def _is_assigned(task: Task, name: str) -> bool:
    wanted = name.removeprefix("@").casefold()
    return any(one.casefold() == wanted for one in assignees(task))


def title_has(title: str, words: str) -> bool:
    """Whether each of these words stands in the title as a whole word, in any order and any case."""
    wanted = _comparable(words).split()
    known = _comparable(title)
    return bool(wanted) and all(_stands_in(word, known) for word in wanted)


def _stands_in(word: str, text: str) -> bool:
    """Whether it stands there, and neither before it nor behind it what would belong to the same word."""
    end = len(word)
    # A look-ahead, as `finditer` passes over places that overlap.
    places = (found.start() for found in re.finditer(f"(?={re.escape(word)})", text))
    return any(not _joins(text[at - 1 : at]) and not _joins(text[at + end : at + end + 1]) for at in places)


def _joins(char: str) -> bool:
    """A letter, a digit or `_`; and a mark that stands on a letter, which no regular expression takes for one."""
    from unicodedata import category

    return char == "_" or char.isalnum() or (char != "" and category(char)[0] == "M")


def _comparable(text: str) -> str:
    from unicodedata import normalize

    # Case first: to fold it takes letters apart, as `ǰ`, and NFC puts them together again.
    return normalize("NFC", text.casefold())
