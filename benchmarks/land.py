"""Landing beside git: the commit of one receipt, and a thousand receipts with a commit each.

python benchmarks/land.py [--rounds N] [--receipts N] [--files N]

The commit step: everything that `land` does for one receipt (HEAD, index and work tree; nothing kept from before)
beside `git commit --only TODO.md` of the same change, in repositories of 10 and of many files. Then the whole
process, as a person pays for it: `mdtodo done --commit` beside the same, and beside `python -c pass`.

A commit each: receipts landed one by one in one process, as `commit = "task"` does, and handed in together, beside
as many `git commit-tree` and one `git update-ref --stdin` for all of a portion (which make no tree, and touch neither
index nor files).

Both sides are called in turn, from this process, in repositories made for it. Shown are medians of wall-clock and
processor milliseconds (of all processes), the median of the ratios of pairs, and the number of git processes, as
git's own trace counts them. The package should be compiled (`python -m compileall mdtodo`), as an installed one is.
"""

from __future__ import annotations

import argparse
import gc
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mdtodo.core.receipt import Receipt

#: git and mdtodo know nothing of this machine's settings.
os.environ |= {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_{what}": "b@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


class Cost(NamedTuple):
    """Seconds."""

    wall: float
    cpu: float


def cost(act: Callable[[], object]) -> Cost:
    """Of a call, with all processes that it starts and waits for."""
    begin, before = time.perf_counter(), processor_seconds()
    act()
    return Cost(time.perf_counter() - begin, processor_seconds() - before)


def processor_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def call(root: Path, *command: str, stdin: bytes = b"") -> bytes:
    """Standard output of a command that must succeed."""
    return subprocess.run(command, cwd=root, input=stdin, check=True, stdout=subprocess.PIPE).stdout


def git(root: Path, *arguments: str) -> str:
    """The cheapest way to call git and read what it says: no shell, no threads."""
    reading, writing = os.pipe()
    actions = [(os.POSIX_SPAWN_DUP2, writing, 1)]
    pid = os.posix_spawnp("git", ["git", "-C", str(root), *arguments], os.environ, file_actions=actions)
    os.close(writing)
    out = b""
    while chunk := os.read(reading, 65536):
        out += chunk
    os.close(reading)
    if os.waitpid(pid, 0)[1]:
        raise SystemExit(f"git {arguments[0]} failed")
    return out.decode().strip()


def prepare(root: Path, files: int, tasks: int) -> None:
    """A repository with so many files, a hundred a folder, and a TODO.md; git has seen that nothing changed."""
    for number in range(files):
        path = root / f"folder{number // 100:03}" / f"file{number:05}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{number}\n")
    (root / "TODO.md").write_text(todo(tasks))
    call(root, "git", "init", "-q", "-b", "main")
    call(
        root, "git", "config", "gc.auto", "0"
    )  # a collection in the background would be somebody else's time
    call(root, "git", "add", "-A")
    call(root, "git", "commit", "-q", "-m", "base")
    call(root, "git", "gc", "-q")


def todo(tasks: int) -> str:
    return "# Tasks\n\n" + "".join(f"- [ ] Task number {number} id:t{number}\n" for number in range(tasks))


def receipts(root: Path, tasks: int) -> list[Receipt]:
    from mdtodo.core.edits import SetStatus
    from mdtodo.core.receipt import Receipt
    from mdtodo.core.task import Status
    from mdtodo.markdown.anchors import anchors
    from mdtodo.markdown.document import parse

    document = parse((root / "TODO.md").read_bytes())
    return [
        Receipt(
            f"t{n}", f"Task number {n}", "done", "tests", 0, 0.5, 1, edits=(SetStatus(anchor, Status.DONE),)
        )
        for n, anchor in enumerate(anchors(document, "TODO.md")[:tasks])
    ]


def tick(root: Path, number: int) -> None:
    path = root / "TODO.md"
    path.write_text(path.read_text().replace(f"[ ] Task number {number} ", f"[x] Task number {number} "))


class Pair:
    """What two sides cost, call by call."""

    def __init__(self, title: str, goal: float | None = None) -> None:
        self.title, self.goal = title, goal
        self.ours: list[Cost] = []
        self.theirs: list[Cost] = []

    def add(self, ours: Callable[[], object], theirs: Callable[[], object]) -> None:
        """Call both, the one first that came second last time."""
        sides = [(self.ours, ours), (self.theirs, theirs)]
        for costs, act in sides if len(self.ours) % 2 else reversed(sides):
            costs.append(cost(act))

    def show(self, calls: int = 1, processes: str = "") -> None:
        walls, cpus = ([(a[i], b[i]) for a, b in zip(self.ours, self.theirs, strict=True)] for i in (0, 1))
        print(
            f"  {self.title:44} {side(self.ours, calls)} | {side(self.theirs, calls)} |"
            f" {ratio(walls):5.2f} {ratio(cpus):5.2f}"
            f" | {'' if self.goal is None else f'{self.goal:.1f}':>4} | {processes}"
        )


def side(costs: list[Cost], calls: int) -> str:
    return " ".join(f"{statistics.median(column) * 1000 / calls:7.2f}" for column in zip(*costs, strict=True))


def ratio(pairs: list[tuple[float, float]]) -> float:
    return statistics.median(ours / theirs for ours, theirs in pairs)


@contextmanager
def traced(root: Path) -> Iterator[Callable[[], int]]:
    """The function that is given says, after the end, how many git processes were started, by git too."""
    trace = root.parent / "trace"
    trace.touch()
    os.environ["GIT_TRACE2_EVENT"] = str(trace)
    try:
        yield lambda: started
    finally:
        del os.environ["GIT_TRACE2_EVENT"]
        started = trace.read_text().count('"event":"start"')
        trace.unlink()


def count(root: Path, act: Callable[[], object]) -> int:
    """The number of git processes that a call starts."""
    with traced(root) as number:
        act()
    return number()


def commit_step(folder: Path, files: int, rounds: int) -> None:
    """One receipt and one commit, beside `git commit --only`; then as whole processes."""
    from mdtodo.git.repository import discover
    from mdtodo.landing.land import land

    ours, theirs = folder / f"ours{files}", folder / f"theirs{files}"
    tasks = 2 * rounds + 2
    for root in (ours, theirs):
        root.mkdir()
        prepare(root, files, tasks)
    settle(ours, theirs)
    found, all_receipts = discover(str(ours)), receipts(ours, tasks)

    def step(number: int) -> Callable[[], object]:
        return lambda: land(found, [all_receipts[number]], run_id="benchmark")

    def done(number: int) -> Callable[[], object]:
        command = (sys.executable, "-m", "mdtodo", "done", f"t{number}", "--commit")
        return lambda: call(ours, *command)

    def commit(number: int) -> Callable[[], object]:
        tick(theirs, number)
        return lambda: git(theirs, "commit", "-q", "--only", "TODO.md", "-m", f"todo: Task number {number}")

    processes = f"{count(ours, step(0))} beside {count(theirs, commit(0))}"
    pair = Pair(f"commit step, {files} files", 3.0 if files < 1000 else 1.0)
    for number in range(1, rounds):
        pair.add(step(number), commit(number))
    pair.show(processes=processes)
    processes = f"{count(ours, done(rounds))} beside {count(theirs, commit(rounds))}"
    pair = Pair(f"mdtodo done --commit, {files} files")
    for number in range(rounds + 1, rounds + 1 + rounds // 2):
        pair.add(done(number), commit(number))
    pair.show(processes=processes)
    pair = Pair("the same, beside python -c pass", 10.0)
    for number in range(rounds + 1 + rounds // 2, 2 * rounds):
        pair.add(done(number), lambda: call(ours, sys.executable, "-c", "pass"))
        commit(number)()
    pair.show()
    check(ours, theirs)


def settle(*roots: Path) -> None:
    """Let the second pass in which the files were made, and git note that none has changed since."""
    time.sleep(1.1)
    for root in roots:
        call(root, "git", "status")


def check(ours: Path, theirs: Path) -> None:
    """Both sides have the same history of the same trees, and nothing is left to be committed."""
    for root in (ours, theirs):
        if call(root, "git", "status", "--porcelain"):
            raise SystemExit(f"{root} is not clean")
        call(root, "git", "fsck", "--strict", "--no-dangling", "--no-progress")
    trees = [call(root, "git", "log", "--format=%T") for root in (ours, theirs)]
    if trees[0] != trees[1]:
        raise SystemExit("the two sides did not do the same")


def commit_each(folder: Path, amount: int, *, together: bool) -> None:
    """So many receipts with a commit each, beside as many `commit-tree` and `update-ref`; in portions, in turn."""
    from mdtodo.git.repository import discover
    from mdtodo.git.session import GitSession
    from mdtodo.landing.land import land

    ours, theirs = folder / f"each{together}", folder / f"plumbing{together}"
    for root in (ours, theirs):
        root.mkdir()
        prepare(root, 10, amount)
    settle(ours, theirs)
    found, all_receipts = discover(str(ours)), receipts(ours, amount)
    tree, portion = git(theirs, "rev-parse", "HEAD^{tree}"), amount // 10

    def step(start: int) -> None:
        portions = all_receipts[start : start + portion]
        for some in [portions] if together else [[one] for one in portions]:
            land(found, some, run_id="benchmark", each=True, git=kept)

    def plumbing(start: int) -> None:
        head = git(theirs, "rev-parse", "HEAD")
        for number in range(start, start + portion):
            words = f"todo: Task number {number}"
            head = git(theirs, "commit-tree", tree, "-p", head, "-m", words)
        call(theirs, "git", "update-ref", "--stdin", stdin=f"update HEAD {head}\n".encode())

    pair = Pair("a commit each, " + ("together" if together else "one by one"), 1.5 if together else None)
    started = count(theirs, lambda: plumbing(0))
    with traced(ours) as trace, GitSession(found) as kept:
        step(0)
    kept_too = trace()
    with GitSession(found) as kept:
        for start in range(portion, amount, portion):
            pair.add(lambda start=start: step(start), lambda start=start: plumbing(start))
    pair.show(portion, f"{kept_too} beside {started} for {portion}")
    for root in (ours, theirs):
        if git(root, "rev-list", "--count", "HEAD") != str(amount + 1):
            raise SystemExit(f"{root} has another number of commits")
    if call(ours, "git", "status", "--porcelain") or "[ ]" in (ours / "TODO.md").read_text():
        raise SystemExit("something is left to be done")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--receipts", type=int, default=1000)
    parser.add_argument("--files", type=int, default=20_000)
    options = parser.parse_args()
    print(
        "  milliseconds for one, wall-clock and processor: mdtodo | git | ratios of both | goal | git processes"
    )
    gc.disable()
    # One folder for all: ext4 is slow to make files where many were deleted a moment before.
    with tempfile.TemporaryDirectory() as folder:
        for files in (10, options.files):
            commit_step(Path(folder), files, options.rounds)
        for together in (False, True):
            commit_each(Path(folder), options.receipts, together=together)


if __name__ == "__main__":
    main()
