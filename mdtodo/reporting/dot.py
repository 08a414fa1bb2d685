"""The plan as a graph for graphviz: an arrow from what comes first to what waits for it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from mdtodo.core.task import State
from mdtodo.planning.analysis.durations import format_task_duration
from mdtodo.reporting.text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.planning.plan import Plan

_STYLES = {
    State.READY: "penwidth=2",
    State.FAILED: "color=red",
    State.BLOCKED: 'style="dashed"',
}


def digraph(plan: Plan, names: Sequence[str]) -> str:
    """These tasks and what waits for what among them; the critical path is drawn bold.

    Titles are text: quotes and backslashes are escaped, and `&`, which graphviz reads as a character reference.
    """
    # numbers, as an id may be a keyword of graphviz, such as `node`
    nodes = {name: f"t{number}" for number, name in enumerate(names)}
    critical = set(pairwise(plan.critical_path))
    lines = ["digraph plan {", "  rankdir=LR;", "  node [shape=box];"]
    for name, node in nodes.items():
        task, took = plan.tasks[name], format_task_duration(plan, name)
        facts = f"{task.lane}, {took}" if took else task.lane
        style = _STYLES.get(plan.states[name], "")
        label = f'label="{_escaped(task.title)}\\n{_escaped(facts)}"'
        lines.append(f"  {node} [{label}{', ' * bool(style)}{style}];")
    for waiting, first in plan.graph.edges:
        if waiting in nodes and first in nodes:
            style = " [penwidth=3]" if (first, waiting) in critical else ""
            lines.append(f"  {nodes[first]} -> {nodes[waiting]}{style};")
    return "\n".join((*lines, "}"))


def _escaped(text: str) -> str:
    return one_line(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
