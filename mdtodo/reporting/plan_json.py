"""The plan for other programs, and the explanation of one place in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.planning.analysis.explain import explain
from mdtodo.planning.task_json import task_record
from mdtodo.reporting.json_documents import iso, print_json, renamed
from mdtodo.reporting.text import one_line, paragraph

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mdtodo.core.task import Task
    from mdtodo.planning.plan import Plan


def print_as(
    form: str,
    plan: Plan,
    names: Sequence[str],
    caps: Mapping[str, int],
    opens: Sequence[tuple[Task, float]] = (),
) -> None:
    """These tasks as `json`, `mermaid` or `dot`; JSON also has the ticked tasks that `every:` `opens`, and when."""
    if form == "json":
        dated = [{"id": task.id, "at": iso(moment)} for task, moment in opens]
        print_json({**plan_document(plan, names, caps), "opens": dated})
    elif form == "mermaid":
        from mdtodo.reporting.mermaid import flowchart

        click.echo(flowchart(plan, names))
    else:
        from mdtodo.reporting.dot import digraph

        click.echo(digraph(plan, names))


def plan_document(plan: Plan, names: Sequence[str], caps: Mapping[str, int]) -> dict[str, object]:
    """`tasks` are these, in plan order; `edges` `[waiting, waited for]` ids among them, own waits and those of
    parents for subtasks; `lanes` those that any of them is in, and the configured ones. `critical_path`, `cycles` and
    `corrections` are those of the whole plan. `tasks` and `edges` are iterators, for `print_json`.
    """
    lanes: dict[str, list[str]] = {lane: [] for lane in caps}
    for name in names:
        lanes.setdefault(plan.tasks[name].lane, []).append(name)
    return {
        "version": 1,
        "tasks": (task_record(plan, name) for name in names),
        "critical_path": list(plan.critical_path),
        "edges": edges_among(plan, names),
        "lanes": {lane: {"capacity": caps.get(lane, 1), "tasks": tasks} for lane, tasks in lanes.items()},
        "cycles": [list(cycle) for cycle in plan.cycles],
        "corrections": [
            {"processor": name, **plan.corrections[name]._asdict()}
            for name in sorted(set(plan.corrected.values()))
        ],
    }


def edges_among(plan: Plan, names: Iterable[str]) -> Iterator[list[str]]:
    """`[waiting, waited for]`: which of these tasks wait for which of them."""
    among = frozenset(names)
    return ([one, other] for one, other in plan.graph.edges if one in among and other in among)


def print_explanation(
    plan: Plan, caps: Mapping[str, int], task: Task, *, as_json: bool, colored: bool
) -> None:
    """Why it stands where it does: a sentence for each reason."""
    found = explain(plan, caps, task.id)
    if as_json:
        called = {"of": "open", "minutes": "chain_minutes", "sentences": "reasons"}
        print_json({"version": 1, "id": task.id, **renamed(found, **called)})
        return
    title = paragraph(f"{task.id}  {one_line(task.title)}  ({one_line(task.file)}:{task.line})", rest="  ")
    click.echo(click.style(title, bold=True) if colored else title, color=colored)
    for sentence in found.sentences:
        click.echo(paragraph(one_line(sentence), first="  ", rest="    "))
