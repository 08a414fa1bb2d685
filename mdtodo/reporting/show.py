"""One task, with everything that is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.task import WRITTEN_CHARS
from mdtodo.markdown.keys.estimates_and_dates import format_estimate
from mdtodo.planning.analysis.waits import listed, split_waits
from mdtodo.planning.routing import why_passed_over
from mdtodo.planning.selection import is_overdue
from mdtodo.reporting.stats import format_value
from mdtodo.reporting.table import PRIORITY_STYLES, STATE_STYLES, print_grid
from mdtodo.reporting.text import one_line, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.config.processor_settings import Processor
    from mdtodo.core.task import Task
    from mdtodo.planning.analysis.metric_series import MetricSeries
    from mdtodo.planning.plan import Plan
    from mdtodo.planning.route import Route


def print_details(
    plan: Plan,
    task: Task,
    today: str,
    *,
    processor: Processor | None,
    metrics: Sequence[MetricSeries] = (),
    colored: bool,
) -> None:
    """The title, a row for each key that says something, the subtasks, the text below. `today` (YYYY-MM-DD) decides
    whether it is overdue; `processor` is the one that its route names; `metrics` are what its runs have measured."""
    from rich.table import Table
    from rich.text import Text

    state = plan.states[task.id]
    print_grid(Text(f"[{WRITTEN_CHARS[task.status]}] {one_line(task.title)}", "bold"), colored=colored)
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim", no_wrap=True)
    rows.add_column(overflow="fold")
    rows.add_row("id", Text(task.id, "cyan"))
    rows.add_row("where", f"{one_line(task.file)}:{task.line}")
    rows.add_row("state", Text(state.value, STATE_STYLES[state]))
    rows.add_row("priority", Text(task.priority.value, PRIORITY_STYLES[task.priority]))
    for name, value in (*_facts(plan, task, today, processor), *map(_metric, metrics[:_METRICS])):
        rows.add_row(name, Text(one_line(value)))
    print_grid(rows, colored=colored)
    for child in task.children:
        below = plan.tasks[child]
        print_grid(
            Text(f"  [{WRITTEN_CHARS[below.status]}] {below.id}  {one_line(below.title)}"), colored=colored
        )
    if task.body:
        print_grid(Text("\n" + printable(task.body), "dim"), colored=colored)


#: So many are shown; `stats` has them all.
_METRICS = 20


def _metric(one: MetricSeries) -> tuple[str, str]:
    """`coverage 0.75  (0.5 to 0.9 in 4 runs)`."""
    bounds = (
        f" ({format_value(one.lowest)} to {format_value(one.highest)} in {one.runs} runs)"
        if one.runs > 1
        else ""
    )
    return "metric", f"{one.name} {format_value(one.last)}{bounds}"


def _who_instead(task: Task, route: Route) -> str:
    """What a task without a processor waits for."""
    if task.status.closed:
        return ""
    if task.own_run is not None:
        return f"none: run:{task.own_run} names no processor; `mdtodo config` shows what there is"
    guess = why_passed_over(route)
    if task.children:
        return "none: ticked with its subtasks" + (f"; {guess}" if guess else "")
    return f"none: {guess or 'done by hand (add run:NAME to name one)'}"


def _processor(route: Route) -> str:
    """Its name, and why this one."""
    if route.processor is None:
        return ""
    return f"{route.processor} ({route.because})" if route.because else route.processor


def _facts(plan: Plan, task: Task, today: str, processor: Processor | None) -> list[tuple[str, str]]:
    """The rows that hold a value, in words."""
    route = plan.routes[task.id]
    others, subtasks = split_waits(plan, task.id, plan.blocked_by[task.id])
    inside = "its subtasks" if len(subtasks) > 1 else "its subtask" if subtasks else ""
    category = f"{route.category}/{route.kind}" if route.kind else route.category or ""
    rows = [
        ("waits for", " and ".join(filter(None, (listed(plan, others), inside)))),
        ("needed by", listed(plan, plan.blocks.get(task.id, ()))),
        ("section", " > ".join(task.section)),
        ("category", f"{category} ({route.rule})" if category and route.rule else category),
        ("processor", _processor(route) or _who_instead(task, route)),
        ("command", processor.command_line if processor else ""),
        ("lane", task.lane),
        ("tags", " ".join(f"#{tag}" for tag in task.tags)),
        ("needs", ", ".join(task.needs)),
        ("after", ", ".join(task.after)),
        (
            "estimate",
            "" if task.estimate is None else f"{format_estimate(task.estimate)} ({task.complexity})",
        ),
        ("due", f"{task.due} (overdue)" if is_overdue(task, today) else task.due or ""),
        ("every", task.every or ""),
        ("worker", task.worker or ""),
        ("failures", str(task.failures) if task.failures else ""),
    ]
    return [(name, value) for name, value in rows if value]
