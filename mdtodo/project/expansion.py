"""Tasks broken down in mind: what their files would become, and why not. Nothing is written."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.edits import AddSubtasks
from mdtodo.core.receipt import Receipt
from mdtodo.core.results import EXPANDED
from mdtodo.core.task import State
from mdtodo.errors import EditError, UsageError
from mdtodo.markdown.edits.apply import apply
from mdtodo.markdown.keys.read import read_keys
from mdtodo.planning.expand.patterns import choose_pattern, pattern_by_name, patterns
from mdtodo.planning.expand.steps import large_tasks, steps, tasks_with_expand

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mdtodo.core.task import Task
    from mdtodo.markdown.document import Item
    from mdtodo.planning.expand.patterns import Pattern
    from mdtodo.project.project import Project


#: Who breaks a task down where it is no pattern.
PROGRAM = "expand.command"


class Breakdown(NamedTuple):
    """One task, who breaks it down (the name of a pattern, or PROGRAM), and the edit that does."""

    task: Task
    author: str
    edit: AddSubtasks


@dataclass(frozen=True, slots=True)
class Expansion:
    """What is to become of the files of `project`: each with its bytes now and then. `after` is the project then.

    `problems` are sentences with file and line; where there is one, nothing is to be changed.
    """

    project: Project
    after: Project
    breakdowns: tuple[Breakdown, ...] = ()
    contents: Mapping[str, tuple[bytes, bytes]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def rows(self) -> list[tuple[Task, str, list[Task]]]:
        """Each task, what broke it down, and its new subtasks of all levels, in order."""
        return [(one.task, one.author, _below(self.after, one.task)) for one in self.breakdowns]

    def receipts(self) -> list[Receipt]:
        """What says in a commit that these tasks were broken down."""
        return [
            Receipt(one.task.id, one.task.title, EXPANDED, "expand", 0, 0.0, 0, (one.edit,))
            for one in self.breakdowns
        ]


def meant(project: Project, ids: Sequence[str], *, everything: bool) -> list[Task]:
    """The tasks that are to be broken down: those of these ids; without ids those that say `expand:`; with
    `everything` also those that are complex or epic.

    A named one may have subtasks, and is in the list all the same. Raises UsageError for an id that fits none or
    several, and for a task that is closed or that a live worker has.
    """
    found = {task.id: task for task in map(project.find, ids)}
    for task in found.values():
        if task.status.closed:
            raise UsageError(
                f"{task.id} ({task.title}) is {task.status.value}: there is nothing left to break down",
                file=task.file,
                line=task.line,
            )
        if project.plan.states[task.id] is State.RUNNING:
            raise UsageError(f"{task.id} ({task.title}) is running now", file=task.file, line=task.line)
    more = [] if ids else tasks_with_expand(project.plan)
    if everything:
        more = [*tasks_with_expand(project.plan), *large_tasks(project.plan, patterns(project.config))]
    found |= {task.id: task for task in more}
    return [task for name, task in project.tasks.items() if name in found]


def prepare(project: Project, tasks: Sequence[Task], *, pattern: str | None = None) -> Expansion:
    """Break these tasks down in mind; nothing is written. `pattern` is for those that name none.

    A program that is to do it is asked, once for each task. Raises UsageError for a pattern that nobody knows.
    """
    known = patterns(project.config)
    if pattern is not None and pattern not in known:
        from mdtodo.core.names import suggestion

        raise UsageError(f"unknown pattern {pattern!r}{suggestion(pattern, known)}", hint="`mdtodo patterns`")
    made: list[Breakdown] = []
    problems: list[str] = []
    for task in tasks:
        try:
            made.append(break_down(project, task, known, pattern))
        except EditError as error:
            problems.append(str(error))
    if problems:
        return Expansion(project, project, problems=tuple(problems))
    return combined(project, made)


def break_down(project: Project, task: Task, known: Mapping[str, Pattern], pattern: str | None) -> Breakdown:
    """One task, not written yet: by the pattern that it names, else by `pattern`, else by the configured program or the
    pattern that fits. Raises EditError where that cannot be."""
    item = _item(project, task)
    for problem in read_keys(item.text).problems:
        if problem.code == "bad-estimate":
            raise EditError(problem.message, file=task.file, line=task.line)
    name = task.expand or pattern
    if name is None and project.config.expand.command is not None:
        return Breakdown(task, PROGRAM, AddSubtasks(task.anchor, _ask(project, task), first=True))
    chosen = (
        pattern_by_name(name, known, task)
        if name
        else choose_pattern(task, project.plan.routes[task.id], known)
    )
    if chosen.template:
        return Breakdown(
            task, chosen.name, AddSubtasks(task.anchor, _from_template(project, task, chosen), first=True)
        )
    delimiter, dialect = _manner(item, task)
    lines = steps(task, chosen, delimiter=delimiter, dialect=dialect)
    return Breakdown(task, chosen.name, AddSubtasks(task.anchor, lines, first=True))


def _from_template(project: Project, task: Task, pattern: Pattern) -> tuple[str, ...]:
    """The lines that the pattern's template makes of the task; EditError where there is none, or it cannot be one."""
    from mdtodo.planning.expand.template import template_lines
    from mdtodo.system import files

    config, file = project.config, pattern.template
    data = files.read_inside(project.repo.root, file)
    if data is None:
        raise EditError(f"the template of {pattern.name!r} is missing", file=file)
    return template_lines(data, task.title, config.status, config.patterns, file=file)


def _ask(project: Project, task: Task) -> tuple[str, ...]:
    """The lines that the configured program gives for this task; EditError with file and line."""
    from mdtodo.planning.expand.program_answer import subtasks
    from mdtodo.planning.task_json import task_record
    from mdtodo.project.expand_program import Request, ask_program

    expand = project.config.expand
    record = {**task_record(project.plan, task.id), "body": task.body}
    try:
        output = ask_program(Request(expand.command or "", record, project.repo.root, expand.timeout))
    except EditError as error:
        raise EditError(error.sentence, file=task.file, line=task.line) from None
    try:
        return subtasks(output, project.config.status)
    except EditError as error:
        raise EditError(f"`{PROGRAM}` printed {error.sentence}", file=task.file, line=task.line) from None


def _item(project: Project, task: Task) -> Item:
    items = project.documents[task.file].items
    return items[bisect_left(items, task.line, key=lambda item: item.line)]


def _manner(item: Item, task: Task) -> tuple[str, str | None]:
    """The delimiter of an ordered list that goes on with none in the task's body; the dialect of its keys."""
    lists = [line.split()[0] for line in task.body.splitlines() if line.strip()]
    own = item.marker[-1] if item.ordered else "."
    other = "." if own == ")" else ")"
    taken = any(word[:-1].isdigit() and word.endswith(own) for word in lists)
    tokens = read_keys(item.text).tokens
    # that of the estimate, if it has one
    fields = sorted((token.name != "est", token.start, token.dialect) for token in tokens)
    dialects = [dialect for _, _, dialect in fields if dialect in ("plain", "dataview")]
    return other if taken else own, next(iter(dialects), None)


def combined(project: Project, made: Sequence[Breakdown]) -> Expansion:
    """All breakdowns together, and whether the files may become that."""
    contents: dict[str, tuple[bytes, bytes]] = {}
    problems: list[str] = []
    for file in dict.fromkeys(one.task.file for one in made):
        document = project.documents[file]
        before = document.data
        edits = [one.edit for one in made if one.task.file == file]
        try:
            applied = apply(before, edits, project.config.status, file=file, document=document)
        except EditError as error:
            problems.append(str(error))
            continue
        places = {one.task.anchor: one.task for one in made}
        for edit, reason in applied.missing:
            task = places[edit.anchor]
            problems.append(f"{file}:{task.line}: {reason}")
        contents[file] = before, applied.data
    if problems:
        return Expansion(project, project, problems=tuple(problems))
    after = project.with_contents({file: new for file, (_, new) in contents.items()})
    problems = list(_mistakes(project, after, made))
    if problems:
        return Expansion(project, project, problems=tuple(problems))
    return Expansion(project, after, tuple(made), contents)


def _mistakes(project: Project, after: Project, made: Sequence[Breakdown]) -> Iterator[str]:
    """What the new tasks would break that was whole: unique ids, ids of others, a plan without this cycle."""
    taken = {task.explicit_id for task in project.tasks.values()} - {None}
    for task, _, edit in made:
        for name in filter(None, (read_keys(line.partition("] ")[2]).id for line in edit.lines)):
            if name in taken:
                yield f'{task.file}:{task.line}: the id "{name}" of a new subtask is already taken'
            taken.add(name)
    new = {one.id: task for task, _, _ in made for one in _below(after, task)}
    for was, now in zip(project.tasks, (name for name in after.tasks if name not in new), strict=False):
        if was != now:
            other = project.tasks[was]
            yield (
                f"{other.file}:{other.line}: the id {was} would become {now}, since another task with that title "
                "would have the same subtasks: give one of them another title"
            )
            return
    if not any(_may_close_a_circle(after, after.tasks[name]) for name in new):
        return
    for path in after.plan.cycles:
        if path not in project.plan.cycles and (inside := [new[name] for name in path if name in new]):
            place = f"{inside[0].file}:{inside[0].line}"
            yield f"{place}: its subtasks would wait for each other: {' -> '.join(path)}"


def _may_close_a_circle(after: Project, task: Task) -> bool:
    """Whether others may wait for the new task by its id, or it for more than the tasks around it do."""
    around = after.tasks[task.parent].after if task.parent is not None else ()
    return task.explicit_id is not None or not set(task.after) <= set(around)


def _below(after: Project, task: Task) -> list[Task]:
    """What stands below this task in that project, in order."""
    found: list[Task] = []
    pending = list(reversed(after.tasks[task.id].children)) if task.id in after.tasks else []
    while pending:
        found.append(after.tasks[pending.pop()])
        pending += reversed(found[-1].children)
    return found
