"""One task, with everything that is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.model import WRITTEN
from mdtodo.planning.record import task_record
from mdtodo.reporting.table import PRIORITY_STYLES, STATE_STYLES, console, print_grid
from mdtodo.reporting.text import one_line, printable

if TYPE_CHECKING:
    from mdtodo.model import Task
    from mdtodo.planning.plan import Plan
    from mdtodo.planning.routing import Route


def print_details(plan: Plan, task: Task, *, colored: bool) -> None:
    """The title, a row for each key that says something, the subtasks, the text below."""
    from rich.table import Table
    from rich.text import Text

    out = console(colored)
    state = plan.states[task.id]
    out.print(Text(f"[{WRITTEN[task.status]}] {one_line(task.title)}", "bold"))
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim", no_wrap=True)
    rows.add_column(overflow="fold")
    rows.add_row("id", Text(task.id, "cyan"))
    rows.add_row("where", f"{one_line(task.file)}:{task.line}")
    rows.add_row("state", Text(state.value, STATE_STYLES[state]))
    rows.add_row("priority", Text(task.priority.value, PRIORITY_STYLES[task.priority]))
    for name, value in _facts(plan, task):
        rows.add_row(name, Text(one_line(value)))
    print_grid(rows, colored=colored)
    for child in task.children:
        below = plan.tasks[child]
        out.print(Text(f"  [{WRITTEN[below.status]}] {below.id}  {one_line(below.title)}"))
    if task.body:
        out.print(Text("\n" + printable(task.body), "dim"))


def _who_instead(task: Task) -> str:
    """What a task without a processor waits for."""
    if task.status.closed:
        return ""
    return "none: it follows its subtasks" if task.children else "none: it is manual (add run:NAME)"


def _processor(route: Route) -> str:
    """Its name, and why this one."""
    if route.processor is None:
        return ""
    return f"{route.processor} ({route.because})" if route.because else route.processor


def _facts(plan: Plan, task: Task) -> list[tuple[str, str]]:
    """The rows that hold a value, in words."""
    record = task_record(plan, task.id)
    route = plan.routes[task.id]
    blocked = ", ".join(plan.blocked_by[task.id])
    category = f"{route.category}/{route.kind}" if route.kind else route.category or ""
    hours = record["estimate_hours"]
    rows = [
        ("waits for", blocked),
        ("section", " > ".join(task.section)),
        ("category", f"{category} ({route.rule})" if category and route.rule else category),
        ("processor", _processor(route) or _who_instead(task)),
        ("lane", task.lane),
        ("tags", " ".join(f"#{tag}" for tag in task.tags)),
        ("needs", ", ".join(task.needs)),
        ("after", ", ".join(task.after)),
        ("estimate", "" if hours is None else f"{hours:g} h ({record['complexity']})"),
        ("due", task.due or ""),
        ("worker", task.worker or ""),
        ("failures", str(task.failures) if task.failures else ""),
    ]
    return [(name, value) for name, value in rows if value]
