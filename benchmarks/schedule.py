"""How good the order of a run is: makespans of random task graphs, beside the least that they could be.

    python benchmarks/schedule.py [--graphs N] [--error E]

Graphs of 20 to 400 tasks in five shapes, on 2, 8 and 50 slots, in a simulated clock. "ours" is the order of a run
(`run/ready_queue.py`, with the plan's ranks and the lanes), without its processes. The others are list schedules:
whenever a slot is free, start what became ready first (FIFO), what takes longest (LPT), any (random), or what has the
longest chain behind it, its own work not counted but where chains are equal ("behind": what ours was before). Bound:
work / slots or the critical path, whichever is longer; no schedule is shorter, and often none is as short.

Two tables: median and 95th percentile over the bound; and how each compares with FIFO: in how many cases it takes
longer, by more than 1 % longer, and how much at most. `--error`: tasks take as long as estimated, times a random
factor of which the logarithm has this standard deviation.
"""

from __future__ import annotations

import argparse
import statistics
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from math import exp
from random import Random
from typing import TYPE_CHECKING

from mdtodo.config.load import load
from mdtodo.core.results import Outcome
from mdtodo.core.task import Status, Task
from mdtodo.planning.plan import plan
from mdtodo.run.ready_queue import ReadyQueue
from mdtodo.run.run_options import Options

if TYPE_CHECKING:
    from collections.abc import Callable

SLOTS = (2, 8, 50)
POLICIES = ("ours", "behind", "FIFO", "LPT", "random")
CONFIG = load(None, b'[processors.any]\nrun = "true"\nmatch = { title = "." }\n')

#: The numbers of the tasks that each task waits for; they are lower than its own.
Waits = list[list[int]]


@dataclass(frozen=True)
class Graph:
    """Tasks by number: what each waits for, its estimate in minutes, the minutes that it takes."""

    waits: Waits
    estimates: list[int]
    minutes: list[float]

    def bound(self, slots: int) -> float:
        """No schedule on so many slots is shorter."""
        ends: list[float] = []
        for before, taken in zip(self.waits, self.minutes, strict=True):
            ends.append(taken + max((ends[one] for one in before), default=0.0))
        return max(*ends, sum(self.minutes) / slots)

    def behind(self) -> list[tuple[float, int]]:
        """Estimated minutes, and tasks, of the longest chain that waits for each task."""
        found = [(0.0, 0)] * len(self.estimates)
        for number in range(len(found) - 1, -1, -1):
            minutes, tasks = found[number]
            for one in self.waits[number]:
                found[one] = max(found[one], (minutes + self.estimates[number], tasks + 1))
        return found


def independent(count: int, _: Random) -> Waits:
    return [[] for _ in range(count)]


def chains(count: int, random: Random) -> Waits:
    last: list[int | None] = [None] * random.randint(2, max(2, count // 4))
    waits: Waits = []
    for number in range(count):
        chain = random.randrange(len(last))
        one = last[chain]
        waits.append([] if one is None else [one])
        last[chain] = number
    return waits


def fork_join(count: int, random: Random) -> Waits:
    """A task, many that wait for it, one that waits for all of those; and again."""
    waits: Waits = [[]]
    while len(waits) < count:
        fork = len(waits) - 1
        width = min(random.randint(2, 40), count - len(waits))
        waits += [[fork] for _ in range(width)]
        if len(waits) < count:
            waits.append(list(range(fork + 1, fork + 1 + width)))
    return waits


def layered(count: int, random: Random) -> Waits:
    """Layers of a random width; each task waits for one to four of the layer before."""
    waits: Waits = []
    before: list[int] = []
    while len(waits) < count:
        layer = list(range(len(waits), min(count, len(waits) + random.randint(2, 40))))
        waits += [sorted(random.sample(before, min(len(before), random.randint(1, 4)))) for _ in layer]
        before = layer
    return waits


def trees(count: int, random: Random) -> Waits:
    """Each task waits for one of those before it, anywhere; every other tree is turned round, so that it joins."""
    parents = [random.randrange(number) for number in range(1, count)]
    if random.random() < 0.5:
        return [[], *([one] for one in parents)]
    waits: Waits = [[] for _ in range(count)]
    for number, parent in enumerate(parents, 1):
        waits[count - 1 - parent].append(count - 1 - number)
    return waits


SHAPES: dict[str, Callable[[int, Random], Waits]] = {
    "independent": independent,
    "chains": chains,
    "fork-join": fork_join,
    "layered": layered,
    "trees": trees,
}


def graph(shape: str, number: int, error: float) -> Graph:
    """The `number`-th random graph of a shape: always the same one. Most tasks are short, some take days."""
    random = Random(f"{shape} {number}")
    waits = SHAPES[shape](random.randint(20, 400), random)
    estimates = [min(960, max(1, round(random.lognormvariate(3.4, 1)))) for _ in waits]
    return Graph(waits, estimates, [one * exp(random.gauss(0, error)) for one in estimates])


def ours(given: Graph, slots: int) -> float:
    """The makespan of the ready queue of a run: all of one priority, in a lane that is as wide as the run."""
    names = [f"t{number}" for number in range(len(given.waits))]
    tasks = [
        Task(
            id=name,
            explicit_id=name,
            file="TODO.md",
            line=number + 1,
            title=name,
            status=Status.TODO,
            after=tuple(names[one] for one in given.waits[number]),
            estimate=given.estimates[number],
        )
        for number, name in enumerate(names)
    ]
    config = replace(CONFIG, lanes={**CONFIG.lanes, "medium": slots})
    queue = ReadyQueue(plan(tasks, config), config, Options(), slots)
    ends: list[tuple[float, int]] = []
    now = 0.0
    while not queue.idle:
        while (task := queue.startable(now)) is not None:
            heappush(ends, (now + given.minutes[task.line - 1], task.line - 1))
        now, number = heappop(ends)
        queue.attempts[names[number]].seconds = given.minutes[number] * 60
        queue.finish(tasks[number], Outcome.DONE)
    if len(queue.outcomes) < len(tasks):
        raise SystemExit("a task did not run")
    return now


def list_schedule(given: Graph, slots: int, key: Callable[[int, int], tuple[float, ...]]) -> float:
    """The makespan where a free slot takes the ready task of the lowest `key(number, how many became ready before)`."""
    freed_by: list[list[int]] = [[] for _ in given.waits]
    for number, before in enumerate(given.waits):
        for one in before:
            freed_by[one].append(number)
    left = [len(before) for before in given.waits]
    ready: list[tuple[tuple[float, ...], int]] = []
    for number in (number for number, count in enumerate(left) if not count):
        heappush(ready, (key(number, number), number))
    ends: list[tuple[float, int]] = []
    now, came = 0.0, len(left)
    while ready or ends:
        while ready and len(ends) < slots:
            number = heappop(ready)[1]
            heappush(ends, (now + given.minutes[number], number))
        now, number = heappop(ends)
        for other in freed_by[number]:
            left[other] -= 1
            if not left[other]:
                came += 1
                heappush(ready, (key(other, came), other))
    return now


def makespans(given: Graph, slots: int, random: Random) -> dict[str, float]:
    """By policy."""
    behind, estimates = given.behind(), given.estimates
    return {
        "ours": ours(given, slots),
        "behind": list_schedule(
            given, slots, lambda number, _: (-behind[number][0], -behind[number][1], -estimates[number])
        ),
        "FIFO": fifo(given, slots),
        "LPT": list_schedule(given, slots, lambda number, _: (-estimates[number],)),
        "random": list_schedule(given, slots, lambda *_: (random.random(),)),
    }


def fifo(given: Graph, slots: int) -> float:
    """The makespan of first come, first served."""
    return list_schedule(given, slots, lambda _, came: (came,))


def over_the_bound(name: str, rows: list[dict[str, float]]) -> str:
    """A line: median and 95th percentile of each policy."""
    cells = []
    for policy in POLICIES:
        median, most = quantiles([row[policy] / row["bound"] for row in rows])
        cells.append(f"{median:.3f}, {most:.3f}")
    return f"| {name:<15} | {' | '.join(cells)} |"


def beside_fifo(policy: str, rows: list[dict[str, float]]) -> str:
    """A line: how often it takes longer than FIFO, and by how much; and its median and 95th percentile."""
    ratios = [row[policy] / row["FIFO"] for row in rows]
    longer, much = sum(one > 1 + 1e-9 for one in ratios), sum(one > 1.01 for one in ratios)
    median, most = quantiles([row[policy] / row["bound"] for row in rows])
    worst = 100 * (max(ratios) - 1)
    return f"| {policy:<6} | {longer:6d} | {much:11d} | {worst:7.1f} % | {median:.3f} | {most:.3f} |"


def quantiles(ratios: list[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    return statistics.median(ratios), sorted(ratios)[int(0.95 * (len(ratios) - 1))]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--graphs", type=int, default=1000, help="in all shapes together")
    parser.add_argument("--error", type=float, default=0.0)
    options = parser.parse_args()
    random = Random(1)
    everything: list[dict[str, float]] = []
    print(f"| graphs, slots   | {' | '.join(f'{policy:<12}' for policy in POLICIES)} |")
    for slots in SLOTS:
        for shape in SHAPES:
            rows = []
            for number in range(options.graphs // len(SHAPES)):
                given = graph(shape, number, options.error)
                rows.append({**makespans(given, slots, random), "bound": given.bound(slots)})
            print(over_the_bound(f"{shape}, {slots}", rows), flush=True)
            everything += rows
    print(over_the_bound("all", everything))
    print(
        f"\n|        | longer | by over 1 % |   at most | median | 95 %  | of {len(everything)}, beside FIFO"
    )
    for policy in POLICIES:
        print(beside_fifo(policy, everything))


if __name__ == "__main__":
    main()
