"""Why a task is where it is in the plan, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.names import counted
from mdtodo.core.task import State
from mdtodo.planning.analysis.durations import format_factor, format_minutes, format_task_duration
from mdtodo.planning.routing import why_passed_over
from mdtodo.planning.schedule import chain, sort_keys

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdtodo.planning.plan import Plan
    from mdtodo.planning.schedule import SortKey

#: Names in a sentence.
_SHOWN = 8


class Explanation(NamedTuple):
    """`place` among the `of` open tasks, from 1, None for a closed one; `chain` the ids of the longest chain of
    work that begins with it, itself first, and `minutes` of work in that."""

    place: int | None
    of: int
    chain: tuple[str, ...]
    minutes: float
    sentences: tuple[str, ...]


def explain(plan: Plan, caps: Mapping[str, int], task_id: str) -> Explanation:
    """The explanation for one task; `caps` are those of the lanes."""
    task, state = plan.tasks[task_id], plan.states[task_id]
    if task.status.closed:
        return Explanation(
            None, len(plan.order), (), 0, (f"It is {state.value}, so it has no place in the plan.",)
        )
    place = plan.order.index(task_id)
    path = chain(plan.graph, plan.minutes, task_id)
    minutes = sum(plan.minutes[name] for name in path)
    sentences = [
        f"It is number {place + 1} of the {len(plan.order)} open tasks, and {state.value}.",
        *_waits(plan, task_id),
        f"Its priority is {task.priority.value}{_all_the_same(plan, task_id)}.",
        *_chain(plan, path, minutes),
        *(
            ["It is on the critical path, the longest chain of the plan."]
            if task_id in plan.critical_path
            else []
        ),
        f"It is due {task.due}." if task.due else "It has no due date.",
        _own(plan, task_id),
        *_guess(plan, task_id),
        _lane(plan, caps, task_id),
        *_neighbours(plan, place),
    ]
    return Explanation(place + 1, len(plan.order), path, minutes, tuple(sentences))


def _waits(plan: Plan, task_id: str) -> list[str]:
    names = plan.blocked_by[task_id]
    if not names:
        return ["It waits for nothing."]
    boxes = [name for name in names if plan.graph.is_box(name)]
    days = [day for name in names if (day := plan.graph.day(name))]
    missing = [
        name for name in names if name not in plan.tasks and name not in boxes and not plan.graph.day(name)
    ]
    sentences = [f"It waits for {_names(names)}."]
    if boxes:
        sentences.append(
            f"At {_names(boxes)} stands an item whose box is unknown, so nothing is done past it: write a box such as "
            "`[ ]` or `[x]` there; `mdtodo check` says what is wrong with it."
        )
    if days:
        sentences.append(f"It is not to start before {max(days)}.")
    if missing:
        sentences.append(f"No task has the id {_names(missing)}, so it cannot start.")
    cycles = [" -> ".join(cycle) for cycle in plan.cycles if task_id in cycle]
    return [*sentences, *(f"It waits for itself: {cycle}." for cycle in cycles)]


def _all_the_same(plan: Plan, task_id: str) -> str:
    """Where priority does not tell tasks apart."""
    mine = plan.tasks[task_id].priority
    if len(plan.order) > 1 and all(plan.tasks[name].priority is mine for name in plan.order):
        return ", like that of every open task, so it decides nothing"
    return ""


def _chain(plan: Plan, path: Sequence[str], minutes: float) -> list[str]:
    if any(path[0] in cycle for cycle in plan.cycles):
        return []
    if len(path) == 1:
        return ["Nothing waits for it."]
    work = f", {format_minutes(minutes)} of work" if minutes else ""
    return [f"The longest chain that begins with it has {len(path)} tasks{work}: {_names(path, ' -> ')}."]


def _own(plan: Plan, task_id: str) -> str:
    """How long it takes, and how that is known."""
    task, took = plan.tasks[task_id], format_task_duration(plan, task_id)
    if (name := plan.corrected.get(task_id)) is not None:
        return _corrected(plan, task_id, name)
    if task.estimate is not None:
        if plan.minutes[task_id] < task.estimate:
            return f"Its estimate leaves {took or '0m'} beyond its subtasks."
        return f"It is estimated at {took or '0m'}."
    if took:
        return f"It has no estimate; past runs suggest {took}."
    if plan.routes[task_id].processor is not None:
        return "It has no estimate and no past runs, so its duration is unknown."
    if task.children:
        return "It takes no time of its own: it is ticked with its subtasks."
    return "It is manual and has no estimate, so its duration is unknown."


def _corrected(plan: Plan, task_id: str, processor: str) -> str:
    found, written = plan.corrections[processor], format_minutes(plan.tasks[task_id].estimate or 0)
    beyond = " beyond its subtasks" if plan.tasks[task_id].children else ""
    return (
        f"Its estimate is {written}, but {processor} took {format_factor(found.factor)} times as long as estimated, as"
        f" measured over {found.tasks} tasks, so the plan reckons with"
        f" {format_task_duration(plan, task_id) or '0m'}{beyond}."
    )


def _guess(plan: Plan, task_id: str) -> list[str]:
    """Why it has no processor, where a guess would have given it one."""
    reason = why_passed_over(plan.routes[task_id])
    return [f"It has no processor: {reason}."] if reason else []


def _lane(plan: Plan, caps: Mapping[str, int], task_id: str) -> str:
    lane, cap = plan.tasks[task_id].lane, caps.get(plan.tasks[task_id].lane, 1)
    members = [name for name in plan.order if plan.tasks[name].lane == lane]
    active = sum(plan.states[name] in (State.RUNNING, State.DOING) for name in members)
    ahead = members.index(task_id)
    full = " (full now)" if active >= cap else f" ({active} now)" if active else ""
    before = (
        f"{counted(ahead, 'task')} of that lane {'is' if ahead == 1 else 'are'}"
        if ahead
        else "no task of that lane is"
    )
    return f"Its lane, {lane}, runs at most {counted(cap, 'task')} at a time{full}; {before} ahead of it."


def _neighbours(plan: Plan, place: int) -> list[str]:
    """Why the one before is before, and the one after is after."""
    keys = sort_keys(plan.graph, plan.minutes)
    sentences = []
    if place:
        first, second = plan.order[place - 1], plan.order[place]
        sentences.append(f"{first} comes right before it: {_difference(plan, keys, first, second)}.")
    if place + 1 < len(plan.order):
        first, second = plan.order[place], plan.order[place + 1]
        sentences.append(f"{second} comes right after it: {_difference(plan, keys, first, second)}.")
    return sentences


def _difference(plan: Plan, keys: Mapping[str, SortKey], first: str, second: str) -> str:
    """What puts the first before the second."""
    one, other = keys[first], keys[second]
    if first in plan.blocked_by[second]:
        return f"{second} waits for {first}"
    if plan.ranks[first] > plan.ranks[second]:
        return f"{second} waits for what comes before"
    # From here on in the order in which `SortKey` compares.
    if one.priority != other.priority:
        return (
            f"{first} is {plan.tasks[first].priority.value}, {second} is {plan.tasks[second].priority.value}"
        )
    if one.minutes != other.minutes:
        theirs = format_minutes(-other.minutes) if other.minutes else "none"
        return f"{first} begins a longer chain of work ({format_minutes(-one.minutes)}; {second} {theirs})"
    if one.tasks != other.tasks:
        return f"{first} begins a longer chain ({counted(-one.tasks, 'task')}; {second} {-other.tasks})"
    if one.due != other.due:
        return f"{first} is due {one.due}, {second} {plan.tasks[second].due or 'has no due date'}"
    if plan.graph.index[first] < plan.graph.index[second]:
        return "they are equal, so file and line decide"
    return "they are equal, and tasks of the same category are kept together"


def _names(names: Sequence[str], between: str = ", ") -> str:
    more = len(names) - _SHOWN
    return between.join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
