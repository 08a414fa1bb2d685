"""Closing by commit message: a trailer `Todo: <id>`, or a phrase `closes todo:<id>`, is a person's `done`.

The keywords are GitHub's for issues (close, fix, resolve, and their forms). What a message merely quotes does not
count: lines that begin with `>`, code between backticks, and commits that revert others. Neither do mdtodo's own
commits, whose subjects are titles of tasks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.names import NAME, is_name
from mdtodo.core.task import Status
from mdtodo.errors import UsageError
from mdtodo.git.messages import trailers
from mdtodo.operations.set_status import StatusChange, in_words, set_status, strictly_proven, waits_of
from mdtodo.planning.analysis.waits import waits_in_words
from mdtodo.project.project import MIN_ID_PREFIX
from mdtodo.receipts.trailers import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mdtodo.core.task import Task
    from mdtodo.git.messages import Message
    from mdtodo.git.repository import Repository
    from mdtodo.project.project import Project


class Mention(NamedTuple):
    """A task's name as a message has it, and the commit of that message."""

    name: str
    commit: str


@dataclass(frozen=True, slots=True)
class Closing:
    """What messages come to. `commit_of`: the commit by task, for those that are to be closed; `sentences` about names
    that close nothing."""

    tasks: tuple[Task, ...]
    commit_of: Mapping[str, str]
    sentences: tuple[str, ...]


def mentions_in(repo: Repository, messages: Sequence[Message]) -> list[Mention]:
    """What these messages, oldest first, say of tasks; those that are reverted among them say nothing."""
    reverted = {oid for message in messages for oid in _REVERTS.findall(message.text)}
    found: dict[str, Mention] = {}
    for message in messages:
        if "todo" not in message.text.lower() or _closes_nothing(message, reverted):
            continue
        for name in (*_trailers(repo, message.text), *_phrases(message.text)):
            found.setdefault(name, Mention(name, message.commit))
    return list(found.values())


def closing(project: Project, mentions: Iterable[Mention]) -> Closing:
    """Which open tasks these mentions close. A task that is done already is passed over in silence; one that waits
    for what they do not close, or that only its processor proves, stays open."""
    tasks: dict[str, Task] = {}
    commit_of: dict[str, str] = {}
    sentences: list[str] = []
    for name, commit in mentions:
        try:
            task = _meant(project, name)
        except UsageError as error:
            sentences.append(f"commit {commit[:10]} closes todo:{name}: {error.sentence}")
            continue
        if task.status is Status.CANCELLED:
            sentences.append(
                f"commit {commit[:10]} closes todo:{name}: that task is cancelled, and stays cancelled"
            )
        elif task.status is not Status.DONE:
            tasks.setdefault(task.id, task)
            commit_of.setdefault(task.id, commit)
    strict = strictly_proven(project, tasks.values()) if tasks else {}
    refused = {name: in_words(processor) for name, processor in strict.items()}
    left = [task for name, task in tasks.items() if name not in refused]
    waits = waits_of(project, left)
    refused |= {name: waits_in_words(project.plan, name, waited) for name, waited in waits.items()}
    for name, why in refused.items():
        sentences.append(f"commit {commit_of.pop(name)[:10]} closes todo:{name}: that task {why}")
        del tasks[name]
    return Closing(tuple(tasks.values()), commit_of, tuple(sentences))


def close(project: Project, found: Closing) -> StatusChange:
    """Tick them, each with its commit as receipt, in one commit unless the configuration wants none."""
    commit = project.config.commit != "none"
    return set_status(project, found.tasks, Status.DONE, commit=commit, commit_of=found.commit_of)


_KEYWORD = r"(?:close[sd]?|fix(?:es|ed)?|resolve[sd]?)"
# one lookbehind for each, as `re` takes only those of a fixed width
_PHRASE = re.compile(
    rf"(?<![\w-])(?<!\bnot )(?<!n't )(?<!\bnever )(?<!\bto ){_KEYWORD}:?[ \t]+todo:({NAME})", re.IGNORECASE
)
_REVERTS = re.compile(r"\bThis reverts commit ([0-9a-f]{40,64})\b")
_REVERT = re.compile(r"\s*(?:revert|reapply)\b", re.IGNORECASE)
_QUOTED = re.compile(r"^[ \t]*>.*$|`[^`\n]*`", re.MULTILINE)


def _closes_nothing(message: Message, reverted: set[str]) -> bool:
    """A receipt of ours, a commit that reverts others, and one that is reverted."""
    if message.commit in reverted or _REVERT.match(message.text) or _REVERTS.search(message.text):
        return True
    return parse(message.text)[0] is not None


def _trailers(repo: Repository, text: str) -> Iterator[str]:
    # `trailers` is a process of git's for each message
    if not re.search(r"^todo\s*:", text, re.IGNORECASE | re.MULTILINE):
        return
    for key, value in trailers(repo, text):
        if key == "todo":
            names = [name.strip().removeprefix("todo:") for name in value.split(",")]
            yield from names if all(map(is_name, names)) else ()


def _phrases(text: str) -> Iterator[str]:
    for name in _PHRASE.findall(_QUOTED.sub(" ", text)):
        # the full stop of a sentence is no part of an id
        yield name.rstrip(".-_") or name


def _meant(project: Project, name: str) -> Task:
    """The task of this id. A derived id may be shortened to four digits; an explicit one is meant only as it stands.

    Raises UsageError where the name fits none, or several.
    """
    if name in project.tasks:
        return project.tasks[name]
    if len(name) < MIN_ID_PREFIX or not re.fullmatch("[0-9a-f]+", name):
        raise UsageError("no task has that id")
    task = project.find(name)
    if task.explicit_id is not None:
        raise UsageError(f"no task has that id; {task.explicit_id} must be named in full")
    return task
