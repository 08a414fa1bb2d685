"""mdtodo beside its peers: every command in turn with the others of its group, and docs/benchmarks.md from that.

    make bench                                   or: python -m benchmarks.bench
    python -m benchmarks.bench --rounds 3        quicker, and less sure
    python -m benchmarks.bench --page            the page again, from the figures of the last time

The peers go to .cache/bench, see benchmarks/peers.py. Seconds by the clock and of the processors, of whole processes
and all that they start; run it on a machine that has nothing else to do.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import page
from benchmarks.hooks import HOOKS
from benchmarks.peers import Peers, install, search_path

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent
FIGURES = Path(__file__).with_name("bench.json")
TASKS, FILES, RUNS = 10_000, 2_000, 1_000
#: No call may take longer; what does is shown so.
LIMIT = 60.0


@dataclass(frozen=True)
class Row:
    """A command of a group. `peer` is the program that must be there for it; `why` the reason where it is faster than
    mdtodo; `before` makes ready what a call uses up, and gets the number of the call."""

    name: str
    words: tuple[str, ...]
    peer: str = ""
    why: str = ""
    folder: str = "."
    before: Callable[[Path, int], object] | None = None
    stdin: str = ""
    rounds: int | None = None


@dataclass(frozen=True)
class Group:
    """Commands that are compared; the first one is mdtodo's, or the one that the others are told against."""

    title: str
    about: str
    prepare: Callable[[Path], object]
    rows: tuple[Row, ...]


# --- What is worked on --------------------------------------------------------------------------------------


def git(root: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=root, check=True, capture_output=True)


def repository(root: Path, **files: str) -> None:
    root.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (root / name.replace("__", ".")).write_text(text)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Base")


def lines(count: int) -> str:
    return "# Tasks\n\n" + "".join(
        f"- [{' x'[number % 4 == 0]}] Write the part with the number {number} #docs id:t{number}\n"
        for number in range(count)
    )


def small(root: Path) -> None:
    repository(root, TODO__md=lines(21))
    for name, hook in HOOKS.items():
        (root / f"{name}.yaml").write_text(f"repos:\n- repo: local\n  hooks:\n  - {hook}\n")
    (root / "TODO.md").write_text(lines(22))  # the new one is open: a tick would have to be judged
    git(root, "add", "TODO.md")


def large(root: Path) -> None:
    """The same tasks in the form of each program."""
    repository(root, TODO__md=lines(TASKS))
    whatnext = root / "whatnext"
    whatnext.mkdir()
    (whatnext / "tasks.md").write_text(lines(TASKS))
    (root / "taskrc").write_text(
        f"data.location={root / 'task'}\nverbose=nothing\nconfirmation=off\nnews.version=9\n"
    )
    (root / "task").mkdir()
    for name, done in (("pending", False), ("completed", True)):
        with (root / "task" / f"{name}.data").open("w") as file:
            for number in range(TASKS):
                if (number % 4 == 0) == done:
                    status = 'status:"completed" end:"1700000000"' if done else 'status:"pending"'
                    file.write(
                        f'[description:"Write the part with the number {number}" entry:"1700000000" {status}'
                        f' tags:"docs" uuid:"00000000-0000-4000-8000-{number:012}"]\n'
                    )
    (root / "todotxt").write_text(
        f"export TODO_DIR={root}\nexport TODO_FILE=$TODO_DIR/todo.txt\nexport DONE_FILE=$TODO_DIR/done.txt\n"
        "export REPORT_FILE=$TODO_DIR/report.txt\n"
    )
    text = [
        f"{'x 2026-01-01 ' * (n % 4 == 0)}Write the part with the number {n} +docs\n" for n in range(TASKS)
    ]
    (root / "todo.txt").write_text("".join(text))


def large_and_backlog(root: Path) -> None:
    large(root)
    backlog(root / "files")  # in a folder called `backlog` it looks for its project further up


def backlog(root: Path) -> None:
    """Backlog.md has a file for each task."""
    repository(root, README__md="")
    if shutil.which("backlog") is None:
        return
    words = ("backlog", "init", "bench", "--defaults", "--integration-mode", "none")
    subprocess.run(words, cwd=root, capture_output=True, check=True, stdin=subprocess.DEVNULL)
    place = root / "backlog" / "tasks"
    place.mkdir(parents=True, exist_ok=True)
    for number in range(1, TASKS + 1):
        status = "Done" if number % 4 == 0 else "To Do"
        (place / f"task-{number} - part.md").write_text(
            f"---\nid: TASK-{number}\ntitle: Write the part with the number {number}\nstatus: {status}\nassignee: []\n"
            "created_date: '2026-01-01'\nlabels: [docs]\ndependencies: []\n---\n\n## Description\n\nIt.\n"
        )


def many(root: Path) -> None:
    for number in range(FILES):
        place = root / f"part{number // 100}" / f"package{number}"
        place.mkdir(parents=True)
        text = "".join(f"- [{' x'[n == 0]}] Task {n} of package {number} #backend\n" for n in range(5))
        (place / "TODO.md").write_text(f"# Package {number}\n\n{text}")
    repository(root)


def runs(root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True)
    (root / "lines").write_text("".join(f"{number}\n" for number in range(RUNS)))
    names = " ".join(f"t{number}" for number in range(RUNS))
    (root / "Makefile").write_text(f".PHONY: all {names}\nall: {names}\n{names}:\n\t@true\n")
    (root / "dodo.py").write_text(
        "DOIT_CONFIG = {'verbosity': 0}\n\n\ndef task_t():\n"
        f"    for number in range({RUNS}):\n        yield {{'name': str(number), 'actions': [['true']]}}\n"
    )


def new_tasks(root: Path, _: int) -> None:
    """Tasks that no run has ticked."""
    for one in root.iterdir():
        shutil.rmtree(one) if one.is_dir() else one.unlink()
    todo = "".join(f"- [ ] task {one} run:ok\n" for one in range(RUNS))
    repository(root, TODO__md=todo, __mdtodo__toml='[processors.ok]\nrun = ["true"]\n')


def reopened(root: Path, number: int) -> None:
    """A repository with an open task, which the last call has closed."""
    if number == 0:
        repository(root, TODO__md=lines(400))


def changed(root: Path, number: int) -> None:
    if number == 0:
        repository(root, TODO__md=lines(400))
    (root / "TODO.md").write_text(lines(400).replace("[ ]", "[x]", number + 1))


PARSE = "import sys; from mdtodo.markdown.document import parse; parse(open('TODO.md', 'rb').read())"
CMARK = "import cmarkgfm; cmarkgfm.github_flavored_markdown_to_html(open('TODO.md').read())"
NATIVE = "a compiled program, where mdtodo starts Python and its modules"
APPENDS = (
    "it puts a line behind a file that it does not read; `mdtodo add` reads the list, finds the place, and shows that"
    " nothing else changed"
)
LESS = "it reads lines and knows no dependencies, no critical path and no receipts"
GROUPS = (
    Group(
        "Start-up",
        "What each command below includes. The floor is Python itself.",
        small,
        (
            Row("mdtodo --version", ("mdtodo", "--version")),
            Row(
                'python -c "import click"',
                ("python", "-c", "import click"),
                why="a part of what mdtodo imports",
            ),
            Row("python -c pass", ("python", "-c", "pass"), why="it imports nothing"),
        ),
    ),
    Group(
        "A commit hook, one staged file",
        "With 22 tasks, of which one is new. git's own hook calls `mdtodo check --staged`; pre-commit and prek call"
        " `mdtodo check --changed`.",
        small,
        (
            Row("mdtodo check --staged", ("mdtodo", "check", "--staged")),
            Row("mdtodo check TODO.md", ("mdtodo", "check", "TODO.md")),
            Row("python -c pass", ("python", "-c", "pass"), why="it imports nothing"),
            Row(
                "pre-commit, a hook that runs true", ("pre-commit", "run", "-c", "nothing.yaml"), "pre-commit"
            ),
            Row("pre-commit, mdtodo-check", ("pre-commit", "run", "-c", "check.yaml"), "pre-commit"),
            Row("prek, a hook that runs true", ("prek", "run", "-c", "nothing.yaml"), "prek", NATIVE),
            Row("prek, mdtodo-check", ("prek", "run", "-c", "check.yaml"), "prek"),
        ),
    ),
    Group(
        f"{TASKS:,} tasks in one file: reading",
        "Each program has the same tasks in its own form; a quarter of them are done.",
        large_and_backlog,
        (
            Row("mdtodo list", ("mdtodo", "list")),
            Row("mdtodo next", ("mdtodo", "next")),
            Row("mdtodo plan", ("mdtodo", "plan")),
            Row("Taskwarrior: task list", ("task", "rc:taskrc", "list"), "Taskwarrior", NATIVE),
            Row("Taskwarrior: task next", ("task", "rc:taskrc", "next"), "Taskwarrior", NATIVE),
            Row(
                "todo.txt-cli: ls",
                ("todo-txt", "-d", "todotxt", "ls"),
                "todo.txt-cli",
                f"sed and sort; {LESS}",
            ),
            Row("whatnext", ("whatnext",), "whatnext", LESS, "whatnext"),
            Row(
                "Backlog.md: task list",
                ("backlog", "task", "list", "--plain"),
                "Backlog.md",
                NATIVE,
                "files",
                rounds=2,
            ),
        ),
    ),
    Group(
        f"{TASKS:,} tasks in one file: adding one",
        "",
        large,
        (
            Row("mdtodo add", ("mdtodo", "add", "One more task")),
            Row(
                "Taskwarrior: task add",
                ("task", "rc:taskrc", "add", "One more task"),
                "Taskwarrior",
                f"{NATIVE}; {APPENDS}",
            ),
            Row(
                "todo.txt-cli: add",
                ("todo-txt", "-d", "todotxt", "add", "One more task"),
                "todo.txt-cli",
                APPENDS,
            ),
        ),
    ),
    Group(
        f"{TASKS:,} tasks in one file: parsing",
        "Whole processes of Python, start-up included: where each list item and its text begin and end, to the byte,"
        " beside HTML.",
        large,
        (
            Row("mdtodo's parser", ("python", "-c", PARSE)),
            Row(
                "cmark-gfm",
                ("PEERS/python", "-c", CMARK),
                "cmark-gfm",
                "written in C, and it keeps no places",
            ),
        ),
    ),
    Group(
        f"{FILES:,} files of five tasks",
        "Read before, so that mdtodo has its cache.",
        many,
        (
            Row("mdtodo list", ("mdtodo", "list")),
            Row("mdtodo check", ("mdtodo", "check")),
            Row("rg -c", ("rg", "-c", r"\[[ x]\]"), "ripgrep", "it counts lines, in parallel"),
            Row("whatnext", ("whatnext",), "whatnext", LESS),
        ),
    ),
    Group(
        "One task done, and committed",
        "In a file of 400 tasks. `git commit --only` commits an edit that somebody else has made.",
        lambda root: root.mkdir(),
        (
            Row(
                "mdtodo done --commit", ("mdtodo", "done", "t{}", "--commit"), folder="ours", before=reopened
            ),
            Row(
                "git commit --only",
                ("git", "commit", "-q", "--only", "-m", "Done", "TODO.md"),
                "git",
                f"{NATIVE}; it reads no task and checks no edit",
                "theirs",
                changed,
            ),
        ),
    ),
    Group(
        f"{RUNS:,} times true, two at a time",
        "mdtodo parses the tasks, runs them with logs and timeouts, writes its journal, ticks each, and makes a commit"
        " with a receipt for each; the others run the commands.",
        runs,
        (
            Row("mdtodo run -j 2", ("mdtodo", "run", "-j", "2"), folder="run", before=new_tasks),
            Row(
                "xargs -P2 -n1 true",
                ("xargs", "-P2", "-n1", "true"),
                "xargs",
                "it does nothing but start them",
                stdin="lines",
            ),
            Row(
                "make -j2",
                ("make", "-s", "-j2", "all"),
                "GNU make",
                "it starts them without a log, a group or a timeout",
            ),
            Row("doit -n 2", ("doit", "run", "-n", "2"), "doit", "it keeps no logs and makes no commit"),
            Row(
                "parallel -j2 true",
                ("parallel", "-j2", "true"),
                "GNU parallel",
                "it keeps no journal and makes no commit",
                stdin="lines",
                rounds=3,
            ),
        ),
    ),
)


# --- Measuring ----------------------------------------------------------------------------------------------


def seconds(row: Row, words: list[str], root: Path, number: int) -> tuple[float, float] | str:
    """By the clock and of the processors, or what went wrong."""
    folder = root / row.folder
    folder.mkdir(parents=True, exist_ok=True)
    if row.before is not None:
        row.before(folder, number)
    stdin = (root / row.stdin).open() if row.stdin else subprocess.DEVNULL
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    try:
        done = subprocess.run(words, cwd=folder, stdin=stdin, capture_output=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return f"more than {LIMIT:.0f} s"
    except OSError as error:
        return f"it does not start: {error.strerror}"
    finally:
        if row.stdin:
            stdin.close()  # type: ignore[union-attr]
    clock, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        print(f"{row.name}: {(done.stderr or done.stdout).decode(errors='replace')[-600:]}", file=sys.stderr)
        return f"it exits {done.returncode}"
    return clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(group: Group, peers: Peers, root: Path, rounds: int) -> dict[str, object]:
    """All rows in turn, round by round; the first round warms up, and is not counted."""
    group.prepare(root)
    rows = [row for row in group.rows if not row.peer or row.peer in peers.versions]
    samples: dict[str, list[tuple[float, float]]] = {row.name: [] for row in rows}
    failed: dict[str, str] = {}
    for number in range(rounds + 1):
        for row in rows:
            if row.name in failed or (row.rounds is not None and number > row.rounds):
                continue
            words = [word.replace("{}", str(4 * number + 1)) for word in row.words]
            words[0] = words[0].replace("PEERS", str(peers.folders[0]))
            taken = seconds(row, words, root, number)
            if isinstance(taken, str):
                failed[row.name] = taken
            elif number:
                samples[row.name].append(taken)
    described = []
    for row in group.rows:
        one: dict[str, object] = {
            "name": row.name,
            "command": " ".join(row.words),
            "why": row.why,
            "ours": not row.peer,
        }
        if row.peer and row.peer not in peers.versions:
            one["missing"] = peers.missing.get(row.peer, "it is not here")
        elif row.name in failed:
            one["missing"] = failed[row.name]
        else:
            for kind, name in enumerate(("clock", "cpu")):
                values = [sample[kind] for sample in samples[row.name]]
                one[name] = [
                    round(value, 5) for value in (statistics.median(values), min(values), max(values))
                ]
        described.append(one)
        print(f"  {row.name}: {one.get('clock', one.get('missing'))}", flush=True)
    return {"title": group.title, "about": group.about, "rows": described}


def machine() -> dict[str, object]:
    """What it was measured on; no name of it."""
    model = ""
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as file:
            model = next(
                (line.partition(":")[2].strip() for line in file if line.startswith("model name")), ""
            )
    git_said = subprocess.run(
        ["git", "log", "-1", "--format=%h"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return {
        "date": time.strftime("%Y-%m-%d"),
        "processors": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "model": model,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "load": round(os.getloadavg()[0], 1),
        "commit": git_said.stdout.strip(),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", help="groups whose title has this; the page is not written")
    parser.add_argument("--page", action="store_true")
    options = parser.parse_args()
    if not options.page:
        figures = run(options.rounds, options.only)
        if options.only:
            return
        FIGURES.write_text(json.dumps(figures, indent=1) + "\n")
    page.write(json.loads(FIGURES.read_text()), ROOT / "docs")


def run(rounds: int, only: str | None) -> dict[str, object]:
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(ROOT / "mdtodo")], check=False)
    peers = install(ROOT / ".cache" / "bench")
    for name, reason in peers.missing.items():
        print(f"not measured: {name}: {reason}")
    before = machine()
    with tempfile.TemporaryDirectory() as folder:
        use_environment(Path(folder).resolve(), peers)
        groups = []
        for number, group in enumerate(GROUPS):
            if only is None or only in group.title:
                print(group.title, flush=True)
                groups.append(measure(group, peers, Path(folder).resolve() / str(number), rounds))
    return {
        "machine": before,
        "rounds": rounds,
        "versions": peers.versions,
        "missing": peers.missing,
        "groups": groups,
    }


def use_environment(folder: Path, peers: Peers) -> None:
    """For all that is started from here on: nobody's configuration, and the peers on PATH."""
    home = folder / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[user]\nname = Bench\nemail = bench@localhost\n[gc]\nauto = 0\n[maintenance]\nauto = false\n"
    )
    os.environ.update(
        PATH=search_path(peers.folders),
        HOME=str(home),
        PRE_COMMIT_HOME=str(home / "pre-commit"),
        PREK_HOME=str(home / "prek"),
        GIT_CONFIG_NOSYSTEM="1",
        PARALLEL_HOME=str(home / "parallel"),
        LC_ALL="C.UTF-8",
        MDTODO_MAX_CPU="100",
    )
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "PYTHONPATH"):
        os.environ.pop(name, None)
    (home / "parallel").mkdir()
    (home / "parallel" / "will-cite").touch()


if __name__ == "__main__":
    main()
