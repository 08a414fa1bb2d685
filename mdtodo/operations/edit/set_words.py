"""Keys and tags of a task's line, and its title, as a person types them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.edits import ChangeLine
from mdtodo.core.results import CHANGED
from mdtodo.core.task import Severity
from mdtodo.errors import UsageError
from mdtodo.markdown.keys.dialects import PLAIN
from mdtodo.markdown.keys.read import read_keys
from mdtodo.operations.edit.change import (
    Change,
    RefusedChangeError,
    edited,
    index_of,
    refuse_consequences,
    task_at,
)
from mdtodo.planning.dates import local_today, with_dates

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from mdtodo.core.task import Task
    from mdtodo.project.project import Project

#: What mdtodo alone writes, and the command that does.
_OWN = {"failed": "reopen", "done": "done"}


class Words(NamedTuple):
    """What was typed: keys with their values, None for none any more, and tags, True for those to be added."""

    keys: dict[str, str | None]
    tags: dict[str, bool]


def set_words(
    project: Project, task: Task, words: Iterable[str], *, title: str | None = None, today: date | None = None
) -> Change:
    """The task with these words on its line, and that title. A day in words is written as the date that it means
    `today`, by default the local date.

    Raises UsageError for a word that is no key or tag, and RefusedChangeError where the line cannot say it, where the
    id is taken, and where tasks would wait for each other.
    """
    keys, tags = read_words(words, today or local_today())
    if "id" in keys:
        _refuse_id(project, task, keys["id"])
    edit = ChangeLine(task.anchor, tuple(keys.items()), tuple(tags.items()), title)
    contents = edited(project, task, [edit])
    after = project.with_contents({file: new for file, (_, new) in contents.items()})
    changed = task_at(after, task.file, index_of(project, task))
    refuse_consequences(project, after, task)
    edit = edit._replace(becomes=changed.anchor)
    return Change(project, after, task, changed, contents, CHANGED, (edit,))


def read_words(words: Iterable[str], today: date) -> Words:
    """The keys and tags that these words add, replace (`due:friday`, `!high`, `#tag`) or take away (`due:`, `-#tag`).

    Raises UsageError for any other word, and for a value that the key cannot have.
    """
    found, text = Words({}, {}), []
    for word in " ".join(words).split():
        if (key := word.removesuffix(":")) != word and key in PLAIN:
            found.keys[_writable(key)] = None
        elif word.startswith("-#") and _is_tag(word[1:]):
            found.tags[word[2:]] = False
        else:
            text.append(f"priority:{_LETTERS[word]}" if word in _LETTERS else word)
    # behind a word, as some keys are none where nothing stands before them
    line = with_dates(" ".join([_TITLE, *text]), today)
    read = read_keys(line)
    if wrong := [one.message for one in read.problems if one.severity is Severity.ERROR]:
        raise UsageError(wrong[0])
    if read.title != _TITLE:
        rest = read.title.removeprefix(_TITLE).strip()
        near = next((f"; {one.message}" for one in read.problems), "")
        raise UsageError(
            f"{rest[:80]!r} is no key or tag{near}",
            hint="write due:friday, '!high', '#tag'; --title for words",
        )
    for token in read.tokens:
        if token.name == "tag":
            found.tags[token.value] = True
        else:
            found.keys[_writable(token.name)] = token.value
    return found


def _refuse_id(project: Project, task: Task, name: str | None) -> None:
    if name == task.explicit_id:
        return
    other = project.tasks.get(name) if name is not None else None
    if other is not None and other.id != task.id:
        raise RefusedChangeError(f"the id {name!r} is taken by {other.file}:{other.line} ({other.title})")
    waiting = [one for one in project.tasks.values() if task.explicit_id and task.explicit_id in one.after]
    if waiting:
        places = ", ".join(f"{one.file}:{one.line}" for one in waiting[:_NAMED])
        verb = "waits" if len(waiting) == 1 else "wait"
        raise RefusedChangeError(
            f"{_more(waiting)} {verb} for {task.explicit_id!r}: {places}", hint="change `after:` there first"
        )


def _writable(key: str) -> str:
    if key in _OWN:
        raise UsageError(f"only mdtodo itself writes {key}:", hint=f"`mdtodo {_OWN[key]} ID` does")
    return key


def _is_tag(word: str) -> bool:
    return [token.end for token in read_keys(word).tokens if token.name == "tag"] == [len(word)]


def _more(waiting: Sequence[Task]) -> str:
    return "another task" if len(waiting) == 1 else f"{len(waiting)} tasks"


#: So many places are named.
_NAMED = 3
_TITLE = "x"
_LETTERS = {
    f"({letter})": word for letter, word in zip("ABCD", ("critical", "high", "medium", "low"), strict=True)
}
