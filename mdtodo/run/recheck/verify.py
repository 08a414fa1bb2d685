"""Verifying: the processors of done tasks are run again, in the same pool and by the same story as in a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.task import Status
from mdtodo.core.titles import title_and_id
from mdtodo.planning.plan import plan
from mdtodo.planning.routing import processor_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.core.task import Task
    from mdtodo.planning.plan import Plan
    from mdtodo.planning.selection import Selection
    from mdtodo.project.project import Project
    from mdtodo.run.run_options import Options


def plan_of(project: Project, options: Options) -> Plan:
    """The plan that a run goes by. Of a verification: the chosen tasks, as if they were open and all others closed.

    So what is verified keeps its order and its lanes, and waits for nothing else.
    """
    if not options.verify:
        return project.plan
    chosen = options.chosen or frozenset()
    names = {task.explicit_id for task in project.tasks.values()}
    tasks = [
        task._replace(
            status=Status.TODO if task.id in chosen and task.status is Status.DONE else Status.DONE,
            after=tuple(name for name in task.after if name in names),
            failures=0,
        )
        for task in project.tasks.values()
    ]
    summary = project.state_summary
    return plan(
        tasks, project.config, leased=summary.leased, durations=summary.seconds, available=project.available
    )


class DoneTasks(NamedTuple):
    """Done tasks whose processors are to run again, by their ids. A sentence on each task that was named and of which
    that cannot be said, and on those that are `left`, as their processors must not run again."""

    ids: frozenset[str]
    refusals: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def done_tasks(project: Project, names: Sequence[str], selection: Selection) -> DoneTasks:
    """The done tasks with a processor that were asked for, by name and by filter; without a name all.

    Raises UsageError where a name fits none or several tasks.
    """
    tasks = {task.id: task for task in map(project.find, names)} or project.tasks
    meant = {task.id for task in selection.tasks(project.plan)}
    refusals = {name: _why_not(project, task) for name, task in tasks.items()}
    asked = [name for name, refusal in refusals.items() if name in meant and not refusal]
    left = {name: why for name in asked if (why := repeats_not(project, tasks[name]))}
    sentences = [f"{title_and_id(tasks[name])} {why}" for name, why in refusals.items() if why]
    not_again = [f"{title_and_id(tasks[name])} is left as it is: {why}" for name, why in left.items()]
    chosen = frozenset(asked) - left.keys()
    if names:
        return DoneTasks(chosen, (*sentences, *not_again))
    return DoneTasks(chosen, left=tuple(not_again))


def repeats_not(project: Project, task: Task) -> str:
    """Why its processor must not run again, as part of a sentence; "" where it may."""
    found = processor_of(task, project.plan.routes[task.id].processor, project.config)
    return f"its processor {found.name!r} has repeatable = false" if found and not found.repeatable else ""


def _why_not(project: Project, task: Task) -> str:
    """Why there is nothing to verify, as part of a sentence; "" where there is."""
    if task.status is not Status.DONE:
        open_again = f"; `mdtodo run {task.id}` runs its processor" if not task.status.closed else ""
        return f"is not done, so there is nothing to verify{open_again}"
    if processor_of(task, project.plan.routes[task.id].processor, project.config) is None:
        return "has no processor that could verify it"
    return ""
