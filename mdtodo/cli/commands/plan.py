"""`mdtodo plan`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import can_filter, complete_id, filters, json_option, selection
from mdtodo.cli.read_command import ReadCommand

if TYPE_CHECKING:
    from mdtodo.cli.context import Session
    from mdtodo.planning.plan import Plan

FORMATS = ["text", "json", "mermaid", "dot"]


@click.command(
    "plan",
    cls=ReadCommand,
    epilog="\b\nExamples:\n  mdtodo plan\n  mdtodo plan --explain build       why the task is where it is\n"
    "  mdtodo plan --format mermaid      a graph that GitHub draws\n"
    "  mdtodo plan --format dot --category backend | dot -Tsvg > plan.svg\n\n"
    "Exits 1 if the plan has a cycle.",
)
@filters
@can_filter
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@json_option
@click.option(
    "--explain",
    metavar="ID",
    shell_complete=complete_id,
    help="Explain why a task is where it is in the order.",
)
@click.pass_obj
def command(
    session: Session, /, form: str, as_json: bool, explain: str | None, **given: tuple[str, ...]
) -> int:
    """Show the open tasks in the order in which `run` starts them, their dependencies, and the critical path.

    The order is by priority, then by the longest chain of work that begins with a task, including its own work
    (estimates, or else medians of past runs), then by due date. Once five tasks of a processor were estimated and
    measured, its estimates are multiplied by what they took, which the plan says. Last come the
    boxes that `every:` opens, and when.
    """
    project = session.project(past=True)
    plan, caps = project.plan, project.config.lanes
    form = "json" if as_json else form
    if explain is not None:
        from mdtodo.reporting.plan_json import print_explanation

        print_explanation(
            plan, caps, project.find(explain), as_json=form == "json", colored=session.colored()
        )
        return 0
    chosen = selection(session, given)
    names = [name for name in plan.order if chosen.matches(plan, plan.tasks[name])]
    from mdtodo.run.recheck.expiry import expiries

    closed = [name for name, task in plan.tasks.items() if task.status.closed and chosen.matches(plan, task)]
    opens = [(one.task, one.at) for one in expiries(project, closed)]
    if form == "text":
        from mdtodo.reporting.plan import print_opens, print_plan

        print_plan(plan, names, caps, colored=session.colored())
        print_opens(opens)
    else:
        from mdtodo.reporting.plan_json import print_as

        print_as(form, plan, names, caps, opens)
    if not names:
        session.say("no open task matches" if plan.order else "no open tasks")
    return _tell_cycles(plan)


def _tell_cycles(plan: Plan) -> int:
    from mdtodo.reporting.text import one_line

    for cycle in plan.cycles:
        first = plan.tasks[cycle[0]]
        click.echo(f"{one_line(first.file)}:{first.line}: a cycle: {one_line(' -> '.join(cycle))}", err=True)
    return 1 if plan.cycles else 0
