"""The plan as a graph that GitHub draws (mermaid): an arrow from what comes first to what waits for it."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from mdtodo.core.task import State
from mdtodo.planning.analysis.durations import format_task_duration
from mdtodo.reporting.text import one_line

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from mdtodo.planning.plan import Plan

#: Characters of a title in a node.
WIDTH = 60
#: GitHub draws no more than 500 edges, and nobody reads so many nodes.
NODES, EDGES = 100, 400

_SIGNS = {State.DONE: "✓", State.CANCELLED: "✗", State.FAILED: "✗", State.DOING: "▶", State.RUNNING: "▶"}
_STYLES = {
    "done": "stroke:green",
    "ready": "stroke-width:3px",
    "failed": "stroke:red,stroke-width:3px",
    "blocked": "stroke-dasharray:4",
}


def flowchart(plan: Plan, names: Sequence[str] | None = None, *, also: Collection[str] = ()) -> str:
    """These tasks (None: the open ones), and those of `also`, with what waits for what; as much of it as can be read,
    and how many more there are; how long an open one takes. Arrows of the critical path are thick.

    Titles are text: whatever would be syntax is a character reference of mermaid's, `#NN;`.
    """
    wanted = plan.order if names is None else names
    shown = [name for name in plan.tasks if name in also] + [name for name in wanted if name not in also]
    # numbers, as an id may be a keyword of mermaid, such as `end`
    nodes = {name: f"t{number}" for number, name in enumerate(shown[:NODES])}
    lines = ["flowchart LR"]
    for name, node in nodes.items():
        state = plan.states[name]
        sign = _SIGNS.get(state, "○")
        took = format_task_duration(plan, name)
        label = _label(plan.tasks[name].title) + (f" ({took})" if took else "")
        lines.append(f'  {node}["{sign} {label}"]')
    if len(shown) > NODES:
        lines.append(f'  more["and {len(shown) - NODES} more"]')
    edges = [(nodes[one], nodes[other]) for one, other in plan.graph.edges if one in nodes and other in nodes]
    critical = {(nodes.get(other), nodes.get(one)) for one, other in pairwise(plan.critical_path)}
    if len(edges) > EDGES:
        # sort is stable: arrows of the critical path first, all others in their order
        edges.sort(key=lambda edge: edge not in critical)
        lines.append(f'  arrows["and {len(edges) - EDGES} more arrows"]')
    lines += [
        f"  {first} {'==>' if (waiting, first) in critical else '-->'} {waiting}"
        for waiting, first in edges[:EDGES]
    ]
    for style, how in _STYLES.items():
        members = [node for name, node in nodes.items() if plan.states[name].value == style]
        if members:
            lines += [f"  classDef {style} {how}", f"  class {','.join(members)} {style}"]
    return "\n".join(lines)


def _label(title: str) -> str:
    shown = one_line(title)
    cut = shown if len(shown) <= WIDTH else f"{shown[: WIDTH - 1].rstrip()}…"
    return re.sub(r"[!-/:-@\[-`{-~]", lambda sign: _reference(sign.group()), cut)


def _reference(sign: str) -> str:
    return sign if sign in " ,.'" else f"#{ord(sign)};"
