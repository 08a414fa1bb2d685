"""`mdtodo next [TASK...]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mdtodo.cli.options import can_filter, filters, json_option, named_tasks, selection, tasks_argument
from mdtodo.cli.read_command import ReadCommand
from mdtodo.core.task import State
from mdtodo.planning.analysis.waits import transitive_waits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.cli.context import Session
    from mdtodo.core.task import Task
    from mdtodo.planning.plan import Plan


@click.command(
    "next",
    cls=ReadCommand,
    epilog="\b\nExamples:\n  mdtodo next\n  mdtodo next -n 5 --category backend\n"
    "  mdtodo next 'ship 3.0'    the next steps towards it",
)
@tasks_argument(required=False)
@click.option(
    "-n", "count", type=click.IntRange(min=1), default=1, show_default=True, help="How many tasks to show."
)
@filters
@can_filter
@json_option
@click.pass_obj
def command(session: Session, /, names: tuple[str, ...], count: int, as_json: bool, **given: Any) -> None:
    """Show what to do next, in plan order: what `mdtodo run` would start, and what has to be done by hand.

    With TASK, what to do next for it: the task itself, or what it waits for. TASK is an id, a
    unique prefix of one (at least four characters), or words from the title of an open task.
    """
    project = session.project(past=True)
    session.tell_conflicts(project)
    plan = project.plan
    wanted = named_tasks(project, names)
    chosen = selection(session, given)
    among = transitive_waits(plan, [task.id for task in wanted]) if wanted else plan.tasks
    free = [name for name in plan.order if name in among and plan.states[name] in (State.READY, State.MANUAL)]
    tasks = [task for task in map(plan.tasks.__getitem__, free) if chosen.matches(plan, task)][:count]
    session.print_tasks(plan, tasks, as_json=as_json)
    if not tasks and not as_json:
        session.say(_nothing(plan, wanted))


def _nothing(plan: Plan, wanted: Sequence[Task]) -> str:
    """Why there is no next task, and where to look."""
    if len(wanted) == 1:
        task = wanted[0]
        if task.status.closed or not plan.blocked_by[task.id]:
            return f"{task.id} is {plan.states[task.id]}: {task.title}"
        return f"nothing that {task.id} waits for is ready; `mdtodo plan --explain {task.id}` says why"
    if not plan.tasks:
        return 'no tasks yet: `mdtodo add "Tests pass"` creates the first'
    if all(task.status.closed for task in plan.tasks.values()):
        return "everything is done"
    return "nothing is ready; `mdtodo list --state blocked` shows what each task waits for"
