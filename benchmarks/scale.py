"""What very large runs would come to, in a simulated clock: python benchmarks/scale.py [--cost 0.0024].

A million tasks in 20,000 files, 2,000 places to run them, and a forge that allows 6 pushes a minute. The tasks are
split between runners, each with a cluster and a clone of its own. A runner takes in one result after the other, each
of which costs it `--cost` seconds (measured: a run of 10,000 tasks that do nothing, divided by their number). Two
runners or more claim on the remote: each push, in turns, claims what the runner may start until its next turn, and
lands what it has done. Prints, for each number of runners and length of a task, hours, the share of the places that
work, refs of claims at once, and pushes.
"""

from __future__ import annotations

import argparse
import sys
from typing import NamedTuple

TASKS, PLACES, PUSHES = 1_000_000, 2_000, 6
#: How many claims a push carries at most.
CLAIMS = 20_000


class Result(NamedTuple):
    """What a simulation came to."""

    seconds: float
    busy: float
    refs: int
    pushes: int


def main() -> None:
    """A table for docs/scale.md."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cost", type=float, default=0.0024)
    options = parser.parse_args()
    sys.stdout.write("| runners | seconds a task | hours | places at work | claims at once | pushes |\n")
    sys.stdout.write("| ---: | ---: | ---: | ---: | ---: | ---: |\n")
    for runners in (1, 2, 10, 50):
        for length in (1.0, 10.0, 100.0):
            found = simulate(runners, length, options.cost)
            row = f"{found.seconds / 3600:.2f} | {found.busy:.2f} | {found.refs} | {found.pushes}"
            sys.stdout.write(f"| {runners} | {length:g} | {row} |\n")


def simulate(runners: int, length: float, cost: float) -> Result:
    """In steps of a second; what runs is taken for a flow."""
    step, turn = 1.0, 60.0 / PUSHES
    places = PLACES / runners
    left, most, pushes, now, worked = float(TASKS), 0.0, 0, 0.0, 0.0
    claimed, undone = [0.0] * runners, [0.0] * runners  # not begun; claimed, and not pushed as done
    rate = min(places / length, 1 / cost)  # tasks a second
    if runners == 1:
        seconds = TASKS / rate
        return Result(seconds, TASKS * length / (seconds * PLACES), 0, 1)
    while left > 0 or any(claimed):
        if now % turn < step:
            one = pushes % runners
            wanted = max(0.0, rate * turn * runners - claimed[one])
            given = min(wanted, left, CLAIMS)
            left, claimed[one] = left - given, claimed[one] + given
            undone[one], pushes = claimed[one], pushes + 1
            most = max(most, sum(undone))
        for one in range(runners):
            done = min(claimed[one], rate * step)
            claimed[one], worked = claimed[one] - done, worked + done * length
        now += step
    return Result(now, worked / (now * PLACES), round(most), pushes + runners)


if __name__ == "__main__":
    main()
