"""Many workers on one checkout, and claims in the state alone: nothing lost or twice, and how fast.

python benchmarks/workers.py [--workers N] [--tasks N] [--processes N] [--seconds S]

First, processes that claim a task and finish it in the state of one clone, through the tool's own code. Then workers
on one checkout, each a `mdtodo worker -j1` of its own: every task has to be begun once, ticked, committed, and have one
receipt. Last the control, a tenth of that with nobody asking whether another worker has a task: it must show
duplicates, or the count would not see any.
"""

from __future__ import annotations

import argparse
import collections
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "b",
    "GIT_AUTHOR_EMAIL": "b@example.com",
    "GIT_COMMITTER_NAME": "b",
    "GIT_COMMITTER_EMAIL": "b@example.com",
}
#: Claims tasks of its own and finishes them, for so many seconds; how many that were.
CLAIMS = """
import sys, time
from mdtodo.core.receipt import Receipt
from mdtodo.git.repository import Repository
from mdtodo.storage.rows import JournalEntry
from mdtodo.storage.state import StateStore
root, me, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
count = 0
with StateStore.open(Repository(root, root, root)) as state:
    print("ready", flush=True)
    sys.stdin.read()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        name = f"{me}-{count}"
        lease = state.lease(name, me, 60.0)
        receipt = Receipt(name, "Title", "done", "tests", 0, 0.1, 1, ())
        state.record([JournalEntry("run", receipt, lands=False)])
        state.release(lease.token)
        count += 1
print(count)
"""
#: `mdtodo worker` with nobody asking who has a task, or had it.
UNGUARDED = """
import sys
from mdtodo.cli import main
from mdtodo.run.joint.peers import Peers
from mdtodo.storage.leases import Leases
Leases._taken = lambda self, names, now: set()
Leases._ended = lambda self, names, since, run: set()
Leases.held = lambda self, tokens: frozenset(tokens)
Leases.renew = lambda self, tokens, ttl: frozenset(tokens)
Peers.look = lambda self, own: False
Peers.taken = lambda self, own: set()
main(sys.argv[1:])
"""


def claims(processes: int, seconds: float) -> float:
    """Claims and finishes a second, of so many processes together."""
    with tempfile.TemporaryDirectory() as root:
        started = [
            subprocess.Popen(
                [sys.executable, "-c", CLAIMS, root, f"p{number}", str(seconds)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for number in range(processes)
        ]
        for one in started:
            assert one.stdout is not None
            assert one.stdout.readline() == "ready\n"
        for one in started:
            assert one.stdin is not None
            one.stdin.close()
            one.stdin = None
        return sum(int(one.communicate()[0]) for one in started) / seconds


def git(root: Path, *args: str) -> str:
    """Standard output of git, which must succeed."""
    done = subprocess.run(
        ["git", *args], cwd=root, env=os.environ | GIT, check=True, capture_output=True, text=True
    )
    return done.stdout


def prepare(root: Path, tasks: int) -> None:
    """A repository with tasks that note when they begin."""
    root.mkdir()
    (root / "TODO.md").write_text("".join(f"- [ ] task {n} id:t{n} run:ok\n" for n in range(tasks)))
    (root / ".mdtodo.toml").write_text("[processors.ok]\nrun = 'echo $MDTODO_TASK_ID >> ../calls'\n")
    git(root, "init", "-q")
    git(root, "config", "user.name", "b")
    git(root, "config", "user.email", "b@example.com")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "base")


def work(folder: Path, command: list[str], workers: int, tasks: int) -> str:
    """What so many workers have come to, as a line."""
    root, begin = folder / "repo", time.perf_counter()
    prepare(root, tasks)
    errors = [(folder / f"{number}.err").open("wb") for number in range(workers)]
    started = [
        subprocess.Popen(
            [*command, "worker", "--name", f"w{number}", "-j1"],
            cwd=root,
            stdout=subprocess.DEVNULL,
            stderr=errors[number],
        )
        for number in range(workers)
    ]
    codes = collections.Counter(one.wait() for one in started)
    seconds = time.perf_counter() - begin
    calls = collections.Counter((folder / "calls").read_text().split())
    found = re.findall(r"^Mdtodo-Task: (\S+) done", git(root, "log", "--format=%B"), re.MULTILINE)
    receipts = collections.Counter(found)
    locks = sum("lock" in path.read_text().replace("block", "") for path in folder.glob("*.err"))
    twice = sum(count > 1 for count in calls.values())
    return (
        f"{workers} workers, {tasks} tasks: {seconds:.1f} s, {tasks / seconds:.0f} a second; begun {calls.total()},"
        f" twice {twice}, lost {tasks - len(calls)}; ticked {(root / 'TODO.md').read_text().count('[x]')}, in HEAD"
        f" {git(root, 'show', 'HEAD:TODO.md').count('[x]')}, receipts {receipts.total()} of {len(receipts)} tasks in"
        f" {git(root, 'rev-list', '--count', 'HEAD').strip()} commits; status {git(root, 'status', '--porcelain')!r};"
        f" exit codes {dict(codes)}; locks told of: {locks}"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", type=int, default=50)
    parser.add_argument("--tasks", type=int, default=5000)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    rate = claims(options.processes, options.seconds)
    print(f"{options.processes} processes: {rate:.0f} claims and finishes a second", flush=True)
    command = [str(Path(sys.executable).with_name("mdtodo"))]
    with tempfile.TemporaryDirectory() as folder:
        print(work(Path(folder), command, options.workers, options.tasks), flush=True)
    few = max(2, options.workers // 10), max(10, options.tasks // 10)
    with tempfile.TemporaryDirectory() as folder:
        told = work(Path(folder), [sys.executable, "-c", UNGUARDED], *few)
        print(f"control, without guards: {told}")
        if ", twice 0," in told:
            raise SystemExit("the control shows no duplicates: the count sees none")


if __name__ == "__main__":
    main()
