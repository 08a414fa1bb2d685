"""The strongly connected components of a directed graph, and a short cycle through each.

Nodes are numbers: 2i is the start of task i, 2i + 1 its end. Nothing here recurses, since chains are as long
as people like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    #: node -> the nodes that it waits for
    Follow = Mapping[int, Sequence[int]]


def components(follow: Follow) -> list[list[int]]:
    """The strongly connected components (Kosaraju, Sharir 1981), each sorted, what is waited for first.

    All nodes that are followed must be keys.
    """
    backwards: dict[int, list[int]] = {node: [] for node in follow}
    for node, others in follow.items():
        for other in others:
            backwards[other].append(node)
    seen: set[int] = set()
    finished = list(_postorder(follow, follow, set()))
    found = [sorted(_postorder([node], backwards, seen)) for node in reversed(finished) if node not in seen]
    return found[::-1]


def cycle_path(component: Sequence[int], follow: Follow) -> tuple[int, ...]:
    """A short cycle through a component, as task numbers: each waits for the next, the last is the first.

    It passes each task once, and begins with the first of its tasks.
    """
    path = _shortcut(_around(min(component), follow, frozenset(component)))
    tasks = list(dict.fromkeys(node // 2 for node in path))
    first = tasks.index(min(tasks))
    return (*tasks[first:], *tasks[:first], tasks[first])


def _postorder(roots: Iterable[int], follow: Follow, seen: set[int]) -> Iterator[int]:
    """Every node that is reached from the roots and not in `seen`, after all that it leads to."""
    for root in roots:
        if root in seen:
            continue
        seen.add(root)
        stack = [(root, iter(follow[root]))]
        while stack:
            node, others = stack[-1]
            # `others` is an iterator and goes on where it stopped: each edge is looked at once.
            other = next((one for one in others if one not in seen), None)
            if other is None:
                stack.pop()
                yield node
            else:
                seen.add(other)
                stack.append((other, iter(follow[other])))


def _around(start: int, follow: Follow, inside: frozenset[int]) -> list[int]:
    """The shortest way from `start` back to it, breadth first; `start` stands once."""
    came_from: dict[int, int] = {}
    queue = [start]
    # The list grows while it is walked.
    for node in queue:
        for other in follow[node]:
            if other in inside and other not in came_from:
                came_from[other] = node
                queue.append(other)
    way = [came_from[start]]
    while way[-1] != start:
        way.append(came_from[way[-1]])
    return way[::-1]


def _shortcut(path: list[int]) -> list[int]:
    """The same cycle without detours from a task's end to its own start, for which it waits directly.

    So each task's two nodes come to stand side by side.
    """
    detour = _detour(path)
    while detour is not None:
        start, end = detour
        path = (path[start:] + path[:start])[: (end - start) % len(path) + 1]
        detour = _detour(path)
    return path


def _detour(path: list[int]) -> tuple[int, int] | None:
    """Positions of a task's start and end where the end does not come right before the start."""
    where = {node: position for position, node in enumerate(path)}
    for node, end in where.items():
        start = where.get(node - 1) if node % 2 else None
        if start is not None and start != (end + 1) % len(path):
            return start, end
    return None
