"""What `check` says of the plan: names that nobody knows, cycles, parents that do not fit their subtasks.

Codes (stable): `duplicate-id`, `unknown-id`, `cycle`, `unknown-processor`, `unknown-lane`, `unknown-pattern` are
errors; `duplicate-title`, `unknown-in-shallow-clone`, `ticked-parent` and `epic-without-subtasks` are warnings.

One that depends on other files is named in `BETWEEN_FILES`; where there are many files, `between` of
`operations.check.findings_cache` finds it from what is remembered of each.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from mdtodo.core.task import Complexity, Finding, Priority, Severity, Status
from mdtodo.planning.routing import Router
from mdtodo.planning.selection import assignees
from mdtodo.recipes import NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mdtodo.config.settings import Config
    from mdtodo.core.task import Task
    from mdtodo.planning.plan import Plan

#: Codes of findings that depend on other files than the one in which they stand. All others follow from the bytes of
#: that file and from the configuration, and are remembered by that.
BETWEEN_FILES = frozenset({"duplicate-id", "unknown-id", "unknown-in-shallow-clone", "cycle"})

#: Codes of findings that name what the configuration does not have. How many of them are explained depends on how
#: many there are in all, see `SUGGESTED`.
SUGGESTING = frozenset({"unknown-processor", "unknown-lane", "unknown-pattern"})

#: So many different unknown names get a suggestion: comparing all of them with all that are known takes long.
SUGGESTED = 50


def findings(plan: Plan, config: Config) -> list[Finding]:
    """Everything, by file, line and code."""
    found = [
        *_duplicate_ids(plan),
        *_unknown_ids(plan),
        *_cycles(plan),
        *_duplicate_titles(plan, config),
        *_unknown_processors(plan, config),
        *_unknown_lanes(plan, config),
        *_unknown_patterns(plan, config),
        *_ticked_parents(plan),
        *_epics(plan),
        *_missing_keys(plan, config),
    ]
    return sorted(found, key=lambda one: (one.file, one.line, one.code, one.message))


def duplicate_id_message(name: str, file: str, line: int) -> str:
    """The sentence on an id that the task at this place has already."""
    return f'the id "{name}" is taken by {file}:{line}'


def unknown_id_message(name: str, hint: str) -> str:
    """The sentence on an id that no task has."""
    return f'after: names the unknown id "{name}"{hint}'


def unknown_in(finding: Finding) -> str | None:
    """The id that an `unknown-id` names; None for any other finding."""
    named = finding.message.split('"', 2) if finding.code == "unknown-id" else ()
    return named[1] if len(named) > 1 else None


def unknown_in_shallow(finding: Finding, name: str) -> Finding:
    """The same where the history is not all there: the task may have been done, and deleted."""
    message = (
        f'after: names "{name}", which no task has; a shallow clone does not know whether it was done and deleted: '
        "`git fetch --unshallow` brings its receipt (`fetch-depth: 0` in GitHub Actions)"
    )
    return finding._replace(severity=Severity.WARNING, code="unknown-in-shallow-clone", message=message)


def suggester(valid: Iterable[str], also: Iterable[str] = ()) -> Callable[[str], str]:
    """What to add to `unknown …`, see `suggestion`; each name is looked up once, and only so many."""
    from mdtodo.core.names import Names, suggestion

    known = Names(valid)
    looked_up: set[str] = set()

    @cache
    def suggest(name: str) -> str:
        looked_up.add(name)
        return suggestion(name, known, also) if len(looked_up) <= SUGGESTED else ""

    return suggest


def _at(task: Task, severity: Severity, code: str, message: str) -> Finding:
    return Finding(task.file, task.line, severity, code, message)


def _error(task: Task, code: str, message: str) -> Finding:
    return _at(task, Severity.ERROR, code, message)


def _duplicate_ids(plan: Plan) -> Iterator[Finding]:
    first: dict[str, Task] = {}
    for task in plan.tasks.values():
        if task.explicit_id is None:
            continue
        other = first.setdefault(task.explicit_id, task)
        if other is not task:
            yield _error(task, "duplicate-id", duplicate_id_message(task.explicit_id, other.file, other.line))


def _unknown_ids(plan: Plan) -> Iterator[Finding]:
    explicit = [task.explicit_id for task in plan.tasks.values() if task.explicit_id is not None]
    suggest = suggester(explicit)
    for task, names in zip(plan.graph.tasks, plan.graph.unknown, strict=True):
        # What a closed task waited for may be gone.
        for name in () if task.status.closed else names:
            other = plan.tasks.get(name)
            hint = suggest(name) if other is None else f" (give {other.file}:{other.line} an id: of its own)"
            yield _error(task, "unknown-id", unknown_id_message(name, hint))


def _cycles(plan: Plan) -> Iterator[Finding]:
    for path in plan.cycles:
        yield _error(plan.tasks[path[0]], "cycle", "these tasks wait for each other: " + " -> ".join(path))


def _duplicate_titles(plan: Plan, config: Config) -> Iterator[Finding]:
    """Of tasks that only their order in the file tells apart, where an open one has a processor or waits for an id: a
    proof, or a wait, could be taken for that of another one. Once for all that are equal, at the second."""
    alike: dict[tuple[str, tuple[str, ...], str], list[Task]] = {}
    for task in plan.graph.tasks:
        if task.explicit_id is None:
            alike.setdefault((task.file, task.section, task.anchor.digest), []).append(task)
    several = [tasks for tasks in alike.values() if len(tasks) > 1]
    matches = any(processor.match is not None for processor in config.processors.values())
    router = Router(config) if several and matches else None
    for tasks in several:
        if any(_matters(plan, task, router) for task in tasks):
            more = f", and {len(tasks) - 2} more" if len(tasks) > 2 else ""
            message = (
                f"title and parents are those of line {tasks[0].line}{more}: give each an id:, or other words"
            )
            yield _at(tasks[1], Severity.WARNING, "duplicate-title", message)


def _matters(plan: Plan, task: Task, router: Router | None) -> bool:
    """Whether it counts which of several equal tasks this is. What only a recipe's being there decides does not."""
    if task.status.closed:
        return False
    if task.own_run is not None or _waits_itself(plan, task):
        return True
    return router is not None and router.route(task).processor is not None


def _waits_itself(plan: Plan, task: Task) -> bool:
    if not task.after or task.parent is None:
        return bool(task.after)
    inherited = plan.tasks[task.parent].after
    # What is only inherited is the very tuple of the parent: of many subtasks, none is to be searched.
    return task.after is not inherited and not set(task.after) <= set(inherited)


def _unknown_processors(plan: Plan, config: Config) -> Iterator[Finding]:
    suggest = suggester(config.processors, NAMES)
    for task in plan.tasks.values():
        name = task.own_run
        if name is None or task.status.closed or plan.routes[task.id].processor is not None:
            continue
        hint = _INLINE[config.inline] if name == "inline" else suggest(name)
        yield _error(task, "unknown-processor", f'unknown processor "{name}"{hint}')


_INLINE = {
    False: " (`inline = true` allows a block inside the task)",
    True: " (the task contains no block of sh, bash or python)",
}


def _unknown_lanes(plan: Plan, config: Config) -> Iterator[Finding]:
    suggest = suggester(config.lanes)
    for task in plan.tasks.values():
        # Said once, of the task that names it, and not of all below.
        inherited = task.parent is not None and plan.tasks[task.parent].own_lane == task.own_lane
        if task.status.closed or inherited:
            continue
        if task.own_lane is not None and task.own_lane not in config.lanes:
            yield _error(task, "unknown-lane", f'unknown lane "{task.own_lane}"{suggest(task.own_lane)}')


def _unknown_patterns(plan: Plan, config: Config) -> Iterator[Finding]:
    with_expand = [task for task in plan.tasks.values() if task.expand is not None and not task.status.closed]
    if not with_expand:
        return
    from mdtodo.planning.expand.patterns import patterns

    known = patterns(config)
    suggest = suggester(known)
    for task in with_expand:
        if task.expand is not None and task.expand not in known:
            yield _error(task, "unknown-pattern", f'unknown pattern "{task.expand}"{suggest(task.expand)}')


def _ticked_parents(plan: Plan) -> Iterator[Finding]:
    for task in plan.tasks.values():
        if task.status is Status.DONE:
            still_open = [child for child in task.children if not plan.tasks[child].status.closed]
            if still_open:
                count = f"{len(still_open)} open subtask{'s' if len(still_open) > 1 else ''}"
                yield _at(task, Severity.WARNING, "ticked-parent", f"ticked, but has {count}")


def _epics(plan: Plan) -> Iterator[Finding]:
    for task in plan.tasks.values():
        if task.complexity is Complexity.EPIC and not task.children and not task.status.closed:
            message = "an epic (24 h or more) without subtasks: break it down"
            yield _at(task, Severity.WARNING, "epic-without-subtasks", message)


def _missing_keys(plan: Plan, config: Config) -> Iterator[Finding]:
    if not config.check.require:
        return
    require = {tag.casefold(): keys for tag, keys in config.check.require.items()}
    for task in plan.tasks.values():
        for tag in () if task.status.closed else task.tags:
            missing = [key for key in require.get(tag.casefold(), ()) if not _has(task, key)]
            if missing:
                keys = " and ".join(f"`{key}`" for key in missing)
                yield _error(task, "missing-key", f"tasks of #{tag} must have {keys}")


def _has(task: Task, key: str) -> bool:
    """Whether the line, or a heading or task above that hands the key down, says it."""
    match key:
        case "assignee":
            return bool(assignees(task))
        case "priority":
            said = task.priority is not Priority.MEDIUM
            return said or "priority:" in (task.anchor.keys or "")
    names = {
        "est": "estimate",
        "from": "not_before",
        "id": "explicit_id",
        "lane": "own_lane",
        "run": "own_run",
    }
    return getattr(task, names.get(key, key)) not in (None, ())
