"""What the pool costs: 1,000 times `true` on two processes, beside `xargs -P2 -n1 true` in the same run.

python benchmarks/pool.py [--rounds 5] [--peers]

Prints the ratio of the best rounds and of CPU seconds (steadier on a shared machine), and the
start-up: from the opening of the pool, and from the start of Python, until the first command runs.
`--peers` does the same with `multiprocessing` and pebble (if it is installed), as far as they can: neither
has logs, timeouts of trees or events.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

TASKS = 1000
PROCESSES = 2


def main() -> None:
    """Measure in turns, so that a slow minute of the machine hits all alike."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--once", choices=ONCE, help=argparse.SUPPRESS)
    parser.add_argument("--tasks", type=int, default=TASKS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        ONCE[options.once](options.tasks)
        return
    names = ["mdtodo", *(ONCE if options.peers else ())]
    rows = {name: [] for name in ["xargs", *dict.fromkeys(names)]}
    with tempfile.TemporaryDirectory() as folder:  # deleted at the end: ext4 is slow after many deletions
        os.environ["TMPDIR"] = folder
        for _ in range(options.rounds):
            for name, row in rows.items():
                row.append(_measure(name))
    _print(rows)


def mdtodo(tasks: int) -> None:
    """Through the pool, with everything that a run needs of it: log, environment, standard input, events."""
    begun = time.perf_counter()
    from mdtodo.execution.local.pool import LocalPool

    imported = time.perf_counter()
    task = {"id": "t", "title": "A task of usual length", "tags": ["one", "two"], "body": ""}
    names = ("TASK_ID", "TASK_TITLE", "TASK_FILE", "TASK_LINE", "RUN_ID", "ATTEMPT", "TASK_BODY")
    env = {f"MDTODO_{name}": "x" for name in names}
    first = None
    folder = tempfile.mkdtemp()
    with LocalPool(PROCESSES) as pool:
        for number in range(tasks):
            spec = {"attempt": str(number), "kind": "command", "run": ["true"], "cwd": folder, "env": env}
            pool.submit(spec | {"task": task, "log": f"{folder}/{number}.log", "timeout": 60})
        left = tasks
        while left:
            for event in pool.events():
                first = first or (event.kind == "started" and time.perf_counter())
                left -= event.ends
                assert not event.ends or (event.result and event.result.exit_code == 0), event
    print(f"{first - imported:.3f} {first - begun:.3f}")


def multiprocessing_fork(tasks: int) -> None:
    """multiprocessing.Pool, forked from a program without threads."""
    _multiprocessing("fork", tasks)


def multiprocessing_forkserver(tasks: int) -> None:
    """multiprocessing.Pool with a start method that is safe beside threads."""
    _multiprocessing("forkserver", tasks)


def pebble_forkserver(tasks: int) -> None:
    """pebble, with a start method that is safe beside threads."""
    import multiprocessing

    begun = time.perf_counter()
    try:
        from pebble import ProcessPool
    except ImportError:
        print("nan nan")
        return
    with ProcessPool(PROCESSES, context=multiprocessing.get_context("forkserver")) as pool:
        futures = [pool.schedule(true, args=[number]) for number in range(tasks)]
        futures[0].result()
        first = time.perf_counter()
        for future in futures:
            future.result()
    print(f"{first - begun:.3f} {first - begun:.3f}")


def true(_: int) -> int:
    """One task, as a peer's process does it."""
    return subprocess.run(["true"], start_new_session=True, check=True).returncode


def _multiprocessing(method: str, tasks: int) -> None:
    begun = time.perf_counter()
    import multiprocessing

    first = None
    with multiprocessing.get_context(method).Pool(PROCESSES) as pool:
        for _ in pool.imap_unordered(true, range(tasks)):
            first = first or time.perf_counter()
    print(f"{first - begun:.3f} {first - begun:.3f}")


ONCE: dict[str, Callable[[int], None]] = {
    "mdtodo": mdtodo,
    "multiprocessing-fork": multiprocessing_fork,
    "multiprocessing-forkserver": multiprocessing_forkserver,
    "pebble-forkserver": pebble_forkserver,
}


def _measure(name: str) -> tuple[float, float, float, float]:
    """Seconds by the clock, CPU seconds, and the two start-ups (0 for xargs)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    if name == "xargs":
        lines = "".join(f"{number}\n" for number in range(TASKS))
        subprocess.run(["xargs", f"-P{PROCESSES}", "-n1", "true"], input=lines, text=True, check=True)
        said = "0 0"
    else:
        command = [sys.executable, os.path.abspath(__file__), "--once", name]
        said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    seconds = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    opened, whole = (float(word) for word in said.split())
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, cpu, opened, whole


def _print(rows: dict[str, list[tuple[float, float, float, float]]]) -> None:
    best = {name: [min(column) for column in zip(*row, strict=True)] for name, row in rows.items()}
    print(f"{TASKS} x true, {PROCESSES} processes      seconds   ratio     cpu   ratio   first task after")
    for name, (seconds, cpu, opened, whole) in best.items():
        ratio, cpu_ratio = seconds / best["xargs"][0], cpu / best["xargs"][1]
        start = "" if name == "xargs" else f"{opened * 1000:4.0f} ms; {whole * 1000:4.0f} ms with its imports"
        print(f"{name:28} {seconds:9.3f} {ratio:7.2f} {cpu:7.2f} {cpu_ratio:7.2f}   {start}")


if __name__ == "__main__":
    main()
