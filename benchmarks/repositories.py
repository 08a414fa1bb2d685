"""The repositories in which `bench` calls mdtodo and its peers, with the same tasks in the form of each program."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from benchmarks.hooks import HOOKS

if TYPE_CHECKING:
    from pathlib import Path

TASKS, FILES, RUNS = 10_000, 2_000, 1_000


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
