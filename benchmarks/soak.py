"""Workers on one checkout under a fault a second, with tasks added all along: nothing lost, nothing twice, memory flat.

python benchmarks/soak.py [--seconds 300] [--workers 4] [--seed N]

Workers of one checkout, started again when they end, while each second one of these happens: a SIGKILL, a SIGSTOP for
a few seconds (longer than the lease, some of them), a kill at a point between two writes, a lock on the index by
another program, a commit of another file by somebody else. Somebody also adds tasks, and commits them. One `watch` and
one `worker --forever` are left alone by the signals: the median of their resident memory in the last half minute is
compared with that of two which were started a minute before the end, as what the list takes grows with the list.

At the end all of it is done in peace, and then every box is ticked, every task has one receipt and was begun at least
once, and `git fsck` finds nothing. Exits 1 where that is not so, or where those that ran all the time take a quarter
more memory than those that did not.
"""

from __future__ import annotations

import argparse
import collections
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

MDTODO = str(Path(sys.executable).with_name("mdtodo"))
ENV = os.environ | {
    "GIT_CONFIG_GLOBAL": os.devnull,
    **{f"GIT_{who}_NAME": "b" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "b@example.com" for who in ("AUTHOR", "COMMITTER")},
}
CONFIG = 'lease = "2s"\n[processors.ok]\nrun = \'echo "$MDTODO_TASK_ID" >> ../calls; sleep 0.1\'\n'
OLD = 1000
#: Nobody signals them.
STEADY = {"steady", "steady-watch", "fresh", "fresh-watch"}
#: Between two writes of a run or a landing.
POINTS = (
    *(
        "lease.written",
        "lease.kept",
        "result.taken",
        "result.written",
        "result.kept",
        "prepared",
        "locked",
        "moved",
    ),
    *("installed", "file.swapped", "written", "refreshed", "landed.written", "landed.kept", "release.kept"),
)


@dataclass
class Soak:
    """The repository, who works in it, and what has happened to them."""

    root: Path
    random: random.Random
    tasks: int = 0
    faults: collections.Counter[str] = field(default_factory=collections.Counter)
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    stopped: list[tuple[float, subprocess.Popen[bytes]]] = field(default_factory=list)
    memory: dict[str, list[tuple[float, int]]] = field(default_factory=dict)

    def git(self, *args: str, stdin: str = "", index: Path | None = None) -> str:
        env = ENV | ({} if index is None else {"GIT_INDEX_FILE": str(index)})
        done = subprocess.run(
            ["git", *args], cwd=self.root, env=env, input=stdin, check=True, capture_output=True, text=True
        )
        return done.stdout

    def prepare(self) -> None:
        self.root.mkdir()
        (self.root / "TODO.md").write_text("".join(f"- [x] old {n} id:o{n}\n" for n in range(OLD)))
        (self.root / ".mdtodo.toml").write_text(CONFIG)
        (self.root / "notes.txt").touch()
        self.git("init", "-q")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "base")

    def start(self, name: str, *args: str, **env: str) -> None:
        with (self.root.parent / f"{name}.err").open("ab") as errors:
            self.workers[name] = subprocess.Popen(
                [MDTODO, *args], cwd=self.root, env=ENV | env, stdout=errors, stderr=errors
            )

    def worker(self, name: str, **env: str) -> None:
        self.start(name, "worker", "--name", name, "-j2", "--forever", **env)

    def add(self) -> None:
        """Somebody commits two more tasks, as git does it, and appends them to the file."""
        lines = "".join(f"- [ ] task {n} id:t{n} run:ok\n" for n in (self.tasks, self.tasks + 1))
        index, lock = self.root / ".git" / "index", self.root / ".git" / "index.lock"
        try:
            lock.touch(exist_ok=False)
        except FileExistsError:
            return  # somebody else has it: with the next fault
        try:
            text = self.git("show", "HEAD:TODO.md") + lines
            mine = self.root.parent / "index"
            shutil.copyfile(index, mine)
            blob = self.git("hash-object", "-w", "--stdin", stdin=text).strip()
            self.git("update-index", "--cacheinfo", f"100644,{blob},TODO.md", index=mine)
            tree, head = self.git("write-tree", index=mine).strip(), self.git("rev-parse", "HEAD").strip()
            made = self.git("commit-tree", tree, "-p", head, "-m", "More tasks").strip()
            self.git("update-ref", "HEAD", made, head)
            os.replace(mine, index)
        finally:
            lock.unlink(missing_ok=True)
        with (self.root / "TODO.md").open("a") as file:
            file.write(lines)
        self.tasks += 2

    def fault(self) -> None:
        name = self.random.choice([one for one in self.workers if one.startswith("w")])
        kind = self.random.choice(["kill", "stop", "point", "lock", "commit"])
        self.faults[kind] += 1
        if kind in ("kill", "point"):
            self.workers[name].kill()
            self.workers[name].wait()
            point = f"{self.random.choice(POINTS)}:{self.random.randint(1, 4)}"
            self.worker(name, **({"MDTODO_FAULT": point} if kind == "point" else {}))
        elif kind == "stop":
            self.workers[name].send_signal(signal.SIGSTOP)
            self.stopped.append((time.monotonic() + self.random.uniform(0.5, 5.0), self.workers[name]))
        elif kind == "lock":
            self._lock()
        else:
            self._commit()

    def _lock(self) -> None:
        """Another program has the index for half a second."""
        with suppress(FileExistsError):
            path = self.root / ".git" / "index.lock"
            path.touch(exist_ok=False)
            time.sleep(0.5)
            path.unlink(missing_ok=True)

    def _commit(self) -> None:
        with (self.root / "notes.txt").open("a") as notes:
            notes.write("more\n")
        for _ in range(200):
            with suppress(subprocess.CalledProcessError):
                self.git("commit", "-q", "-m", "notes", "--only", "notes.txt")
                return
            time.sleep(0.05)

    def keep_up(self) -> None:
        """Whoever was stopped long enough goes on, and who has ended is started again."""
        now = time.monotonic()
        for one in [one for one in self.stopped if one[0] <= now]:
            self.stopped.remove(one)
            with suppress(ProcessLookupError):
                one[1].send_signal(signal.SIGCONT)
        for name, process in list(self.workers.items()):
            if process.poll() is not None:
                if not name.startswith("w"):
                    raise SystemExit(f"{name} has ended by itself, with {process.returncode}: see {name}.err")
                self.worker(name)

    def measure(self) -> None:
        for name in STEADY & self.workers.keys():
            rss = psutil.Process(self.workers[name].pid).memory_info().rss
            self.memory.setdefault(name, []).append((time.monotonic(), rss))

    def end(self) -> None:
        """Nobody is stopped any more, all end, and one call does what is left."""
        for _, process in self.stopped:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
        for process in self.workers.values():
            process.send_signal(signal.SIGINT)
        for process in self.workers.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=60)
            process.kill()
        (self.root / ".git" / "index.lock").unlink(missing_ok=True)
        for _ in range(2):  # what the first one makes up for may free more
            subprocess.run([MDTODO, "run"], cwd=self.root, env=ENV, capture_output=True)

    def found(self) -> list[str]:
        """What is wrong."""
        here, head = (self.root / "TODO.md").read_text(), self.git("show", "HEAD:TODO.md")
        begun = collections.Counter((self.root.parent / "calls").read_text().split())
        receipts = collections.Counter(
            re.findall(r"^Mdtodo-Task: (t\S+) done", self.git("log", "--format=%B"), re.MULTILINE)
        )
        facts = {
            "boxes ticked here": here.count("- [x] task"),
            "boxes ticked in HEAD": head.count("- [x] task"),
            "tasks with a receipt": len(receipts),
            "receipts": receipts.total(),
            "tasks begun": len(begun),
        }
        print(f"{self.tasks} tasks; {facts}, executions {begun.total()}; faults {dict(self.faults)}")
        wrong = [f"{what}: {count}" for what, count in facts.items() if count != self.tasks]
        wrong += [f"status: {said}"] if (said := self.git("status", "--porcelain")) else []
        fsck = subprocess.run(["git", "fsck", "--strict"], cwd=self.root, capture_output=True, text=True)
        noise = re.compile(r"dangling|notice|Checking", re.IGNORECASE)
        wrong += [line for line in (fsck.stdout + fsck.stderr).splitlines() if not noise.match(line)]
        return wrong + [line for path in self.root.parent.glob("*.err") for line in _bugs(path)]

    def steady(self, name: str) -> None:
        """A worker and a watch that are left alone."""
        self.start(name, "worker", "--name", name, "-j1", "--forever")
        self.start(f"{name}-watch", "watch", "-j1", "--interval", "2s")

    def grown(self) -> list[str]:
        """Who takes a quarter more memory than the same that was started a minute before the end."""
        wrong: list[str] = []
        for kind in ("", "-watch"):
            first, long, fresh = (
                self._resident(f"steady{kind}", 60),
                *map(self._last, (f"steady{kind}", f"fresh{kind}")),
            )
            figures = f"{first:.1f} MiB in the first minute, {long:.1f} at the end; a fresh one {fresh:.1f}"
            print(f"{'watch' if kind else 'worker --forever'}: resident {figures}")
            wrong += [f"steady{kind} has grown"] if long > 1.25 * fresh else []
        return wrong

    def _resident(self, name: str, seconds: float) -> float:
        begun = self.memory[name][0][0]
        return statistics.median(rss for at, rss in self.memory[name] if at <= begun + seconds) / 2**20

    def _last(self, name: str) -> float:
        end = self.memory[name][-1][0]
        return statistics.median(rss for at, rss in self.memory[name] if at >= end - 30) / 2**20


def _bugs(path: Path) -> list[str]:
    lines = path.read_text(errors="replace").splitlines()
    return [f"{path.name}: {line}" for line in lines if "bug in mdtodo" in line]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    seed = random.randrange(10**6) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(Path(folder) / "repo", random.Random(seed))
        soak.prepare()
        soak.steady("steady")
        for number in range(options.workers):
            soak.worker(f"w{number}")
        end = time.monotonic() + options.seconds
        while (now := time.monotonic()) < end:
            if now > end - min(60.0, options.seconds / 2) and "fresh" not in soak.workers:
                soak.steady("fresh")
            soak.add()
            soak.fault()
            soak.keep_up()
            soak.measure()
            time.sleep(max(0.0, 1.0 - (time.monotonic() - now)))
        soak.end()
        wrong = soak.found() + soak.grown()
        for path in Path(folder).glob("*.err") if wrong else ():
            sys.stderr.write(f"== {path.name}\n{path.read_text(errors='replace')[-3000:]}\n")
        raise SystemExit("\n".join(wrong) or None)


if __name__ == "__main__":
    main()
