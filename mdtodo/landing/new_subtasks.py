"""The subtasks that a processor writes: which of them are new, and which it may not write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.config.settings import SUBTASK_KEYS
from mdtodo.core.edits import AddSubtasks
from mdtodo.core.titles import few, quoted
from mdtodo.errors import EditError
from mdtodo.git.files import tree_files, worktree_files
from mdtodo.markdown.keys.read import Keys, read_keys
from mdtodo.markdown.task_index import TaskIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import NamedTuple

    from mdtodo.config.settings import Config
    from mdtodo.core.receipt import Receipt
    from mdtodo.core.task import Anchor, Status, Task
    from mdtodo.git.repository import Repository
    from mdtodo.project.project import Project

    #: By task, from the id of a commit or None: see `ids_taken`.
    IdsTaken = Callable[[str | None], Mapping[str, str]]
else:
    from mdtodo.core.light.named_tuples import NamedTuple

#: Subtasks that one attempt may write.
MOST = 500
#: What any new subtask may say, by the names of tokens.
_FREE = frozenset({"priority", "due", "est", "tag"})


class IdTakenError(Exception):
    """Some tasks cannot land, since an id of their new subtasks is that of another task now; `reasons` by task."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__("; ".join(reasons.values()))
        self.reasons = dict(reasons)


def not_there(project: Project, task: Task, lines: Sequence[str]) -> tuple[str, ...]:
    """Those of the lines that are not among the subtasks of the task, known by their titles."""
    if not lines:  # as most processors write none
        return ()
    there = {child.title for child in _children(project, task)}
    read = ((line, _keys(line, project.config.status)) for line in lines)
    return tuple(line for line, keys in read if keys is None or keys.title not in there)


def waits(project: Project, task: Task, lines: Sequence[str], closed: Callable[[str], bool]) -> bool:
    """Whether some of the lines are subtasks that are new, or there and still open; `closed` says of an id whether it
    was closed since the project was read. A line that is no open task is none of them, and cannot be written either."""
    titles = {keys.title for line in lines if (keys := _keys(line, project.config.status)) is not None}
    there = {child.title: child for child in _children(project, task)}
    return any(
        title not in there or not (there[title].status.closed or closed(there[title].id)) for title in titles
    )


def refusal(project: Project, task: Task, lines: Sequence[str], taken: Iterable[str] = ()) -> str | None:
    """Why these subtasks may not be written, as a sentence; None where they may.

    They may have no key but those that every subtask may have and those in `subtask_keys`, and no id that a task of
    the repository has, or a subtask that was written before (`taken`). One that is there already is no new one.
    """
    if len(lines) > MOST:
        return f"it wrote more than {MOST} subtasks, and so none of them was added"
    known = set(taken)
    for line in not_there(project, task, lines):
        keys = _keys(line, project.config.status)
        why = None if keys is None else _bad_key(project.config, keys) or _bad_id(project, keys, known)
        if keys is not None and why is not None:
            return _refused(keys, why)
        if keys is not None and keys.id is not None:
            known.add(keys.id)
    return None


def refused_key(config: Config, line: str) -> str | None:
    """Why no processor may write this subtask, for a key that it has, as part of a sentence; None where it may."""
    keys = _keys(line, config.status)
    return None if keys is None else _bad_key(config, keys)


def ids_of(lines: Iterable[str], statuses: Mapping[str, Status]) -> set[str]:
    """The ids that these subtasks have on their lines."""
    return {keys.id for line in lines if (keys := _keys(line, statuses)) is not None and keys.id is not None}


def come_first(lines: Iterable[str], statuses: Mapping[str, Status]) -> str:
    """`new subtasks come first: Fix x, Fix y and 2 more`."""
    read = (_keys(line, statuses) for line in lines)
    titles = list(dict.fromkeys(keys.title for keys in read if keys is not None))
    return f"new subtasks come first: {few(titles)}"


class _New(NamedTuple):
    """A new subtask with an id, of a task that is to land."""

    task_id: str
    parent: Anchor
    keys: Keys

    def is_like(self, other: _New) -> bool:
        """Whether it is the very same subtask, which is added once."""
        return (self.parent, self.keys.title) == (other.parent, other.keys.title)


def ids_taken(repo: Repository, config: Config, receipts: Iterable[Receipt]) -> IdsTaken | None:
    """What says, by task, whose new subtasks have an id that another task has by now, in the work tree or in a commit:
    each with a sentence. None where no new subtask has an id."""
    every = [one for receipt in receipts for one in _with_ids(receipt, config.status)]
    new = {one.keys.id: one for one in reversed(every)}
    twice = {
        one.task_id: _refused(one.keys, "another new subtask has its id")
        for one in every
        if not one.is_like(new[one.keys.id])
    }
    if not new:
        return None

    def look(commit: str | None) -> Mapping[str, str]:
        contents = tree_files.from_work_tree(repo, worktree_files.find(repo, config.task_files))
        found = twice | dict(_taken(contents.data, new, config.status))
        if commit is not None:
            there = tree_files.from_commit(repo, commit, config.task_files)
            found |= _taken(there.bytes_of(there.ids), new, config.status)
        return found

    return look


def _with_ids(receipt: Receipt, statuses: Mapping[str, Status]) -> Iterator[_New]:
    for edit in receipt.edits:
        for line in edit.lines if isinstance(edit, AddSubtasks) and not edit.first else ():
            keys = _keys(line, statuses)
            if keys is not None and keys.id is not None:
                yield _New(receipt.task_id, edit.anchor, keys)


def _taken(
    contents: Mapping[str, bytes], new: Mapping[str | None, _New], statuses: Mapping[str, Status]
) -> Iterator[tuple[str, str]]:
    """Of each new subtask whose id is taken in these files: its parent's id, and the sentence."""
    for file, data in contents.items():
        places = TaskIndex.read(data, statuses, file)
        if places is None:
            continue
        for item in places.document.items:
            keys = read_keys(item.text)
            one = new.get(keys.id) if keys.id is not None else None
            if one is None:
                continue
            # What has landed before a kill is found again, and is itself.
            landed = file == one.parent.file and keys.title == one.keys.title
            if not (landed and item.parent is not None and item.parent == places.find(one.parent)):
                yield one.task_id, _refused(one.keys, f"its id is that of {file}:{item.line} now")


def _bad_key(config: Config, keys: Keys) -> str | None:
    for token in keys.tokens:
        if token.name in _FREE or token.name in config.subtask_keys:
            continue
        if token.name not in SUBTASK_KEYS:
            return f"only mdtodo itself writes {token.name}:"
        return f"it has {token.name}:, which processors may write only with {token.name!r} in `subtask_keys`"
    return None


def _bad_id(project: Project, keys: Keys, known: Iterable[str]) -> str | None:
    if keys.id is None:
        return None
    if keys.id in known:
        return f"another new subtask has the id {keys.id!r}"
    other = project.tasks.get(keys.id)
    if other is None:
        return None
    return f"the id {keys.id!r} is taken by {other.file}:{other.line} ({other.title})"


def _children(project: Project, task: Task) -> list[Task]:
    now = project.tasks.get(task.id)
    return [project.tasks[name] for name in now.children] if now is not None else []


def _keys(line: str, statuses: Mapping[str, Status]) -> Keys | None:
    """What the line of an open task says; None for any other line."""
    from mdtodo.markdown.edits.list_items import read_lines  # which most runs need for nothing else

    try:
        (node,) = read_lines((line,), statuses)
    except EditError:
        return None
    return read_keys(node.text) if node.status is not None else None


def _refused(keys: Keys, why: str) -> str:
    return f"its new subtask {quoted(keys.title)} was refused: {why}"
