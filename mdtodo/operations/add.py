"""Adding a task to a TODO file of the work tree."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.edits import AddNote
from mdtodo.core.task import Severity
from mdtodo.errors import EditError, UsageError
from mdtodo.git.files import worktree_files
from mdtodo.markdown.edits.add_task import add_task
from mdtodo.markdown.edits.apply import apply
from mdtodo.markdown.keys.read import read_keys
from mdtodo.planning.dates import local_today, with_dates
from mdtodo.planning.findings import findings
from mdtodo.system import files

if TYPE_CHECKING:
    from datetime import date

    from mdtodo.core.task import Task
    from mdtodo.project.project import Project

#: Where a task goes when the repository has no TODO file yet, and what the file starts with.
FIRST_FILE = "TODO.md"
FIRST_TEXT = b"# TODO\n"


def add(
    project: Project,
    text: str,
    *,
    parent: Task | None,
    section: str | None,
    file: str | None,
    note: str | None = None,
    today: date | None = None,
) -> tuple[Project, Task]:
    """Write the task; gives the project with it, and the new task of that.

    `note` becomes a nested bullet below it. A due date in words (`due:friday`) is written as the date that it means
    `today`, by default the local date.

    Raises UsageError where text, file and parent do not go together, ChangedError where the
    file has changed meanwhile.
    """
    new = prepare(project, text, parent=parent, section=section, file=file, note=note, today=today)
    if new.before is None:
        files.create(project.repo.root, new.task.file, new.data)
    else:
        files.replace(project.repo.root, new.task.file, new.before, new.data)
    return new.after, new.task


class NewTask(NamedTuple):
    """A task that is not written yet: of the project `after`, in a file that has these bytes `before`, None where it is
    not there, and `data` then."""

    after: Project
    task: Task
    before: bytes | None
    data: bytes


def prepare(
    project: Project,
    text: str,
    *,
    parent: Task | None,
    section: str | None,
    file: str | None,
    note: str | None = None,
    today: date | None = None,
) -> NewTask:
    """The same as `add`, and nothing is written."""
    text = with_dates(text, today or local_today())
    if parent and file and parent.file != file:
        raise UsageError(f"{parent.id} is in {parent.file}, not in {file}", hint="leave out --file")
    _refuse_taken_id(project, text)
    target = parent.file if parent else file or next(iter(project.documents), FIRST_FILE)
    there = project.documents.get(target)
    before = there.data if there else FIRST_TEXT
    try:
        after = add_task(
            before,
            text,
            under=parent.anchor if parent else None,
            section=section,
            statuses=project.config.status,
            file=target,
            document=there,
        )
        if note is not None:
            after = _with_note(project, target, after, note)
    except EditError as error:
        raise UsageError(error.sentence, file=target, hint=error.hint) from error
    new = project.with_contents({target: after})  # and not as it is by now, with what others have added
    return NewTask(new, _added(project, new, target), there.data if there else None, after)


def _with_note(project: Project, file: str, data: bytes, note: str) -> bytes:
    """The file with the new task, which has this note."""
    task = _added(project, project.with_contents({file: data}), file)
    return apply(data, [AddNote(task.anchor, note)], project.config.status, file=file).data


def _refuse_taken_id(project: Project, text: str) -> None:
    name = read_keys(text).id
    for task in project.tasks.values():
        if name is not None and task.explicit_id == name:
            raise UsageError(f"the id {name!r} is taken by {task.file}:{task.line} ({task.title})")


def new_file(root: str, path: str, cwd: str) -> str:
    """A path as typed in `cwd` of a file that is not there yet, relative to the root of the work tree; UsageError
    outside of it."""
    relative = os.path.relpath(os.path.realpath(os.path.join(cwd, path)), root)
    if relative.split("/", 1)[0] in ("..", ".git"):
        raise UsageError(f"{path} is outside the work tree {root}")
    return relative


def warnings(after: Project, task: Task, *, named: bool = True) -> list[str]:
    """What a person should know of a task that was added: that nobody reads its file, where that was `named`, and what
    is wrong with it."""
    told: list[str] = []
    if named and not is_looked_at(after, task.file):
        told += [f"{task.file} does not match `files`, so other commands do not read it"]
    told += [f"{task.file}:{task.line}: {problem.message}" for problem in after.problems(task)]
    if not _may_be_wrong(after, task):
        return told
    return told + [
        f"{one.file}:{one.line}: {one.message}"
        for one in findings(after.plan, after.config)
        if (one.file, one.line, one.severity) == (task.file, task.line, Severity.ERROR)
    ]


def _may_be_wrong(project: Project, task: Task) -> bool:
    """Whether an error may be found in the task, for which all others are looked at too: not where it has nothing but
    words and what is right on any line."""
    says = task.explicit_id or task.after or task.previous or task.own_run or task.own_lane or task.expand
    return bool(says or project.config.check.require)


def is_looked_at(project: Project, file: str) -> bool:
    """Whether the configured patterns find the file, so that other commands see its tasks."""
    return file in worktree_files.find(project.repo, project.config.task_files)


def _added(before: Project, after: Project, file: str) -> Task:
    """The task that is there now and was not: found by what it hashes to, as a place in the list proves
    nothing."""
    known = {task.anchor.name for task in before.tasks.values()}
    added = [task for task in after.tasks.values() if task.file == file and task.anchor.name not in known]
    if not added:
        raise EditError("the new task was not found", file=file)
    return added[-1]
