"""How good the order of a run is: makespans of random task graphs, beside the least that they could be.

    python benchmarks/schedule.py [--graphs N] [--error E]

Graphs of 20 to 400 tasks in five shapes, on 2, 8 and 50 slots, in a simulated clock. "ours" is the course that a run
takes (`running/course.py`, with the plan's ranks and the lanes), without its processes. The others are list schedules:
whenever a slot is free, start what became ready first (FIFO), what takes longest (LPT), any (random), or what
begins the longest chain, its own work counted (HLFET; Adam, Chandy, Dickson 1974). Bound: work /
slots or the critical path, whichever is longer; no schedule is shorter, and often none is as short. `--error`: tasks
take as long as estimated, times a random factor of which the logarithm has this standard deviation.
"""

from __future__ import annotations

import argparse
import statistics
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from math import exp
from random import Random
from typing import TYPE_CHECKING

from mdtodo.config import load
from mdtodo.model import Status, Task
from mdtodo.planning.plan import plan
from mdtodo.results import Outcome
from mdtodo.running.course import Course, Options

if TYPE_CHECKING:
    from collections.abc import Callable

SLOTS = (2, 8, 50)
POLICIES = ("ours", "FIFO", "LPT", "random", "HLFET")
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

    def levels(self) -> list[float]:
        """Minutes of the longest chain from each task on, with itself."""
        found = list(self.minutes)
        for number in range(len(found) - 1, -1, -1):
            for one in self.waits[number]:
                found[one] = max(found[one], self.minutes[one] + found[number])
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
    """The makespan of the course of a run: all of one priority, in a lane that is as wide as the run."""
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
    course = Course(plan(tasks, config), config, Options(), slots)
    ends: list[tuple[float, int]] = []
    now = 0.0
    while not course.idle:
        while (task := course.startable(now)) is not None:
            heappush(ends, (now + given.minutes[task.line - 1], task.line - 1))
        now, number = heappop(ends)
        course.attempts[names[number]].seconds = given.minutes[number] * 60
        course.finish(tasks[number], Outcome.DONE)
    if len(course.outcomes) < len(tasks):
        raise SystemExit("a task did not run")
    return now


def list_schedule(given: Graph, slots: int, key: Callable[[int, int], float]) -> float:
    """The makespan where a free slot takes the ready task of the lowest `key(number, how many became ready before)`."""
    freed_by: list[list[int]] = [[] for _ in given.waits]
    for number, before in enumerate(given.waits):
        for one in before:
            freed_by[one].append(number)
    left = [len(before) for before in given.waits]
    ready: list[tuple[float, int]] = []
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
    levels = given.levels()
    return {
        "ours": ours(given, slots),
        "FIFO": list_schedule(given, slots, lambda _, came: came),
        "LPT": list_schedule(given, slots, lambda number, _: -given.minutes[number]),
        "random": list_schedule(given, slots, lambda *_: random.random()),
        "HLFET": list_schedule(given, slots, lambda number, _: -levels[number]),
    }


def report(name: str, rows: list[dict[str, float]]) -> None:
    """A line: median and 95th percentile of each policy, over the bound; and ours beside FIFO."""
    cells = []
    for policy in POLICIES:
        ratios = sorted(row[policy] / row["bound"] for row in rows)
        cells.append(f"{statistics.median(ratios):.3f} {ratios[int(0.95 * (len(ratios) - 1))]:.3f}")
    beside = [row["ours"] / row["FIFO"] for row in rows]
    worse = sum(one > 1.02 for one in beside)
    print(f"{name:<16} | {' | '.join(cells)} | {max(beside):.3f} {worse:5d} of {len(rows)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--graphs", type=int, default=1000, help="in all shapes together")
    parser.add_argument("--error", type=float, default=0.0)
    options = parser.parse_args()
    random = Random(1)
    everything: list[dict[str, float]] = []
    print(
        "shape, slots     |        ours |        FIFO |         LPT |      random | ours / FIFO: most, over 1.02"
    )
    for slots in SLOTS:
        for shape in SHAPES:
            rows = []
            for number in range(options.graphs // len(SHAPES)):
                given = graph(shape, number, options.error)
                rows.append({**makespans(given, slots, random), "bound": given.bound(slots)})
            report(f"{shape} {slots}", rows)
            everything += rows
    report("all", everything)


if __name__ == "__main__":
    main()
