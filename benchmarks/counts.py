"""What eight fixed scenarios cost, in counts that a busy machine does not change, beside the committed ones.

    python -m benchmarks.counts           compare with benchmarks/counts.json; exit 1 where one is off by over 10 %
    python -m benchmarks.counts --write   take the counts of today as the ones to compare with
    python -m benchmarks.counts --instructions   those that valgrind counts, to look at (minutes)

Counted from outside: programs, files and bytes by strace(1), parses and calls of functions by a `sitecustomize` that
Python finds on PYTHONPATH. Files and bytes are those below the folder of the scenario, `.git` and HOME included.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

FIGURES = Path(__file__).with_name("counts.json")
TOLERANCE = 0.1
#: What depends on how long the tasks of a run take: how often it wakes up, and what it notes then.
UNSTEADY = ("programs", "gits", "files read", "bytes written", "calls")
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
WRITE = "python -m benchmarks.counts --write"

#: scenario -> name of a count -> how many
Counts = dict[str, dict[str, int]]
#: What counts one call.
Count = Callable[["Scenario", Path, dict[str, str]], dict[str, int]]

SITECUSTOMIZE = '''
import atexit, importlib.abc, importlib.machinery, os, sys, _lsprof

LOG = os.open(os.environ["COUNTS_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


class Finder(importlib.abc.MetaPathFinder):
    """Puts a counter before `parse`, for whoever imports it."""

    def find_spec(self, name, path, target=None):
        if name != "mdtodo.markdown.document":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        run = spec.loader.exec_module

        def exec_module(module):
            run(module)
            parse = module.parse

            def counted(*args, **named):
                os.write(LOG, b"parses 1\\n")
                return parse(*args, **named)

            module.parse = counted

        spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, Finder())
profiler = _lsprof.Profiler()


def tell():
    profiler.disable()
    os.write(LOG, b"calls %d\\n" % sum(entry.callcount for entry in profiler.getstats()))


atexit.register(tell)
profiler.enable()
'''


class Scenario(NamedTuple):
    """A call of mdtodo. `steady`: what it does does not depend on how long anything takes."""

    name: str
    words: tuple[str, ...]
    steady: bool = True


class Repository(NamedTuple):
    """What is committed, a line that is added and staged, and the calls made there, one after the other."""

    files: dict[str, str]
    more: str
    scenarios: tuple[Scenario, ...]


def lines(count: int) -> str:
    return "# Tasks\n\n" + "".join(
        f"- [{'x' if number % 3 == 0 else ' '}] Write the part with the number {number} #docs id:t{number}"
        f"{f' after:t{number - 1}' if number % 5 == 1 else ''}\n"
        for number in range(count)
    )


CONFIGURATION = '[processors.t]\nrun = "true"\n'
MORE = "- [ ] What has changed since\n"
REPOSITORIES = (
    Repository(
        {"TODO.md": lines(20), ".mdtodo.toml": CONFIGURATION},
        MORE,
        (
            Scenario("check of one file", ("check", "TODO.md")),
            Scenario("check --staged", ("check", "--staged")),
        ),
    ),
    Repository(
        {"TODO.md": lines(3_000)},
        "",
        (
            Scenario("list of 3,000 tasks, first time", ("list",)),
            Scenario("list of 3,000 tasks, again", ("list",)),
            Scenario("next of 3,000 tasks", ("next",)),
            Scenario("add to 3,000 tasks", ("add", "One more")),
        ),
    ),
    Repository({"TODO.md": lines(20)}, "", (Scenario("done --commit", ("done", "t2", "--commit")),)),
    Repository(
        {"TODO.md": "".join(f"- [ ] Task {n} run:t\n" for n in range(12)), ".mdtodo.toml": CONFIGURATION},
        "",
        (Scenario("run of 12 tasks", ("run", "-j", "1"), steady=False),),
    ),
)


def measured(scenario: Scenario, root: Path, environment: dict[str, str]) -> dict[str, int]:
    """The counts of one call."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trace, log = folder / "trace", folder / "log"
        (folder / "sitecustomize.py").write_text(SITECUSTOMIZE)
        command = ["strace", *STRACE, "-o", str(trace), *program(), *scenario.words]
        hooked = environment | {"PYTHONPATH": str(folder), "COUNTS_LOG": str(log)}
        done = subprocess.run(command, cwd=root, env=hooked, capture_output=True, check=False)
        traces = sorted(folder.glob("trace.*"))
        if done.returncode != 0 or not traces:
            raise SystemExit(
                f"{scenario.name} failed: {(done.stderr + done.stdout).decode(errors='replace')}"
            )
        text = "".join(one.read_text(errors="replace") for one in traces)
        counts = traced(text, str(root.parent)) | logged(log)
    return {name: count for name, count in counts.items() if scenario.steady or name not in UNSTEADY}


_CALLS = "trace=execve,open,openat,write,pwrite64,writev,pwritev,fsync,fdatasync"
# a trace for each process: in one for all, a call that another one interrupts takes two lines
STRACE = ("-ff", "-y", "-qq", "-s0", "--seccomp-bpf", "-e", _CALLS)


def program() -> list[str]:
    """mdtodo as it is installed beside this Python."""
    return [str(Path(sys.executable).with_name("mdtodo"))]


def made(repository: Repository, folder: Path) -> tuple[Path, dict[str, str]]:
    """The repository, and the environment for it."""
    root, home = folder / "repo", folder / "home"
    for path in (root, home):
        path.mkdir()
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_NAME": "Bench" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "bench@localhost" for who in ("AUTHOR", "COMMITTER")},
        "MDTODO_MAX_CPU": "100",  # others on this machine are no reason to wait
    }

    def git(*words: str) -> None:
        subprocess.run(["git", *words], cwd=root, env=environment, check=True, capture_output=True)

    for name, text in repository.files.items():
        (root / name).write_text(text)
    git("init", "-q", "-b", "main")
    git("config", "gc.auto", "0")
    git("config", "maintenance.auto", "false")
    git("add", "-A")
    git("commit", "-qm", "Base")
    if repository.more:
        with (root / "TODO.md").open("a") as file:
            file.write(repository.more)
        git("add", "-A")
    return root, environment


def traced(text: str, below: str) -> dict[str, int]:
    """What strace saw that worked: programs started, and what was done with files below that folder."""
    counts: Counter[str] = Counter()
    inside = f"<{re.escape(below)}/[^>]*>"
    for line in text.splitlines():
        if line.startswith("execve(") and line.endswith("= 0"):
            counts["programs"] += 1
            counts["gits"] += bool(re.search(r'execve\("[^"]*/git"', line))
        elif re.search(r"^open(at)?\(.*O_RDONLY(?!.*O_DIRECTORY)", line) and re.search(
            rf"= \d+{inside}$", line
        ):
            counts["files read"] += 1
        elif written := re.search(rf"^p?writev?(?:64)?\(\d+{inside}.* = (\d+)$", line):
            counts["bytes written"] += int(written[1])
        elif re.search(r"^f(data)?sync\(.* = 0$", line):
            counts["fsyncs"] += 1
    return {name: counts[name] for name in ("programs", "gits", "files read", "bytes written", "fsyncs")}


def logged(log: Path) -> dict[str, int]:
    """What the hook has counted."""
    counts = Counter({"parses": 0, "calls": 0})
    for line in log.read_text().splitlines() if log.exists() else ():
        name, number = line.split()
        counts[name] += int(number)
    return dict(counts)


def instructed(scenario: Scenario, root: Path, environment: dict[str, str]) -> dict[str, int]:
    """The instructions of the process itself, by valgrind."""
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable, *program()]
    done = subprocess.run(
        [*valgrind, *scenario.words], cwd=root, env=environment, capture_output=True, check=False
    )
    found = re.search(r"Collected\s*:\s*(\d+)", done.stderr.decode())
    if found is None:
        raise SystemExit(done.stderr.decode())
    return {"instructions": int(found[1])}


def differences(now: Counts, before: Counts, *, same_python: bool = True) -> list[str]:
    """A sentence for each count that is off by more than 10 % of what it was."""
    found = [f"{name}: there is no such scenario any more" for name in before.keys() - now.keys()]
    for scenario, counts in now.items():
        known = before.get(scenario, {})
        for name, count in counts.items():
            if name == "calls" and not same_python:
                continue
            if name not in known:
                found.append(f"{scenario}: {name} {count:,}, and no figure to compare with")
            elif abs(count - known[name]) > TOLERANCE * known[name]:
                by = f" ({count / known[name] - 1:+.0%})" if known[name] else ""
                found.append(f"{scenario}: {name} {count:,}, committed are {known[name]:,}{by}")
    return found


def report(now: Counts, committed: dict[str, object]) -> list[str]:
    """What to say of these counts beside the committed ones; nothing where they agree."""
    scenarios: Counts = committed["scenarios"]  # type: ignore[assignment]
    found = differences(now, scenarios, same_python=committed["python"] == PYTHON)
    if not found:
        return []
    more = "If that is what the change is for, accept it, and commit benchmarks/counts.json with it:"
    return [*found, f"{more} {WRITE}"]


def count_all(count: Count = measured) -> Counts:
    now: Counts = {}
    for repository in REPOSITORIES:
        with tempfile.TemporaryDirectory() as folder:
            root, environment = made(repository, Path(folder).resolve())
            for scenario in repository.scenarios:
                now[scenario.name] = count(scenario, root, environment)
    return now


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--instructions", action="store_true")
    options = parser.parse_args()
    if shutil.which("strace") is None:
        raise SystemExit("strace is not there (Debian: apt-get install strace)")
    if options.instructions:
        print(json.dumps(count_all(instructed), indent=2))
        return
    now = count_all()
    print(json.dumps(now, indent=2))
    if options.write:
        FIGURES.write_text(json.dumps({"python": PYTHON, "scenarios": now}, indent=2) + "\n")
        return
    told = report(now, json.loads(FIGURES.read_text()))
    if told:
        raise SystemExit("\n".join(told))


if __name__ == "__main__":
    main()
