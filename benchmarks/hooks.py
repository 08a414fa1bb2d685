"""The hook `mdtodo-check` inside pre-commit's own run, and over many files.

python benchmarks/hooks.py [--rounds N] [--files N]

One staged file: seconds of whole `pre-commit run`s, in turn, with no hook that does anything, with `mdtodo-check`, and
with hooks of `python -c pass` and of `python -c "import click, mistune.block_parser"`; what each adds to the first.
Each round stages a new task; there are three processors, and nothing is wrong. Many files: `mdtodo check --changed` for
the first time, and with what is known from that, beside `rg -c '\\[[ x]\\]'`. Seconds on the clock and of the
processors. The package should be compiled (`python -m compileall mdtodo`), as an installed one is.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BIN = Path(sys.executable).parent
TODO = """\
# Release !high

- [ ] Tests pass id:tests
- [ ] Build the packages id:build after:tests
  - [ ] the wheel est:1h
  - [ ] the source distribution est:30m due:2026-12-01
- [x] Write the changelog #documentation
"""
SETTINGS = """\
[processors.test]
run = "true"
[processors.lint]
run = "true"
match = { tags = ["lint"] }
[processors.build]
run = ["make", "build"]
"""
HOOKS = {
    "nothing": "{id: nothing, name: nothing, entry: 'true', language: system}",
    "check": "{id: check, name: check, entry: mdtodo check --changed, language: system, types: [markdown],"
    " always_run: true, require_serial: true}",
    "python": "{id: python, name: python, language: system, types: [markdown], pass_filenames: false,"
    " entry: python -c pass}",
    "floor": "{id: floor, name: floor, language: system, types: [markdown], pass_filenames: false,"
    " entry: \"python -c 'import click, mistune.block_parser'\"}",
}
WORDS = (
    "review",
    "index",
    "parser",
    "wheel",
    "cache",
    "release",
    "docs",
    "theme",
    "token",
    "query",
    "socket",
    "batch",
)


def seconds(*command: str, cwd: str, ok: tuple[int, ...] = (0,)) -> tuple[float, float]:
    """On the clock, and of the processors."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    code = subprocess.run(command, cwd=cwd, capture_output=True, check=False).returncode
    clock, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert code in ok, (command[:4], code)
    return clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def one_file(root: Path, rounds: int) -> None:
    repository(root)
    (root / "TODO.md").write_text(TODO)
    (root / ".mdtodo.toml").write_text(SETTINGS)
    stage(root, "commit")
    for name, hook in HOOKS.items():
        (root / f"{name}.yaml").write_text(f"repos:\n- repo: local\n  hooks:\n  - {hook}\n")
    commands = {name: (str(BIN / "pre-commit"), "run", "-c", f"{name}.yaml") for name in HOOKS}
    for command in commands.values():
        seconds(*command, cwd=str(root))
    rows = []
    for number in range(rounds):
        (root / "TODO.md").write_text(f"{(root / 'TODO.md').read_text()}- [ ] Another {number}\n")
        stage(root)
        rows.append({name: seconds(*command, cwd=str(root)) for name, command in commands.items()})
    for kind, unit in enumerate(("clock", "processors")):
        base, ours, python, floor = (
            statistics.median(row[name][kind] for row in rows) * 1000 for name in HOOKS
        )
        print(
            f"one staged file, {unit}: pre-commit {base:.0f} ms; mdtodo-check adds {ours - base:.1f} ms, "
            f"python -c pass {python - base:.1f} ms, ratio {(ours - base) / (python - base):.2f}; "
            f"floor {floor - base:.1f} ms, ratio {(ours - base) / (floor - base):.2f} ({rounds} rounds)"
        )


def stage(root: Path, command: str | None = None) -> None:
    subprocess.run(["git", "add", "-A"], cwd=root, check=True)
    if command:
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
        subprocess.run(["git", *identity, command, "-qm", "Base"], cwd=root, check=True)


def many_files(root: Path, rounds: int, count: int) -> None:
    repository(root)
    names = make_files(root, count)
    subprocess.run(["git", "add", "-A"], cwd=root, check=True)
    if shutil.which("rg") is None:
        print("many files: ripgrep is not installed")
        return
    check = (str(BIN / "mdtodo"), "check", "--changed", *names)
    known = root / ".git" / "mdtodo"
    rows = []
    for _ in range(rounds):
        shutil.rmtree(known, ignore_errors=True)
        rows.append(
            {
                "rg": seconds("rg", "-c", r"\[[ x]\]", ".", cwd=str(root)),
                "first": seconds(*check, cwd=str(root)),
                "again": seconds(*check, cwd=str(root)),
                "one changed": changed(root, names, check),
                "start": seconds(str(BIN / "mdtodo"), "--version", cwd=str(root)),
            }
        )
    for kind, unit in enumerate(("clock", "processors")):
        median = {name: statistics.median(row[name][kind] for row in rows) * 1000 for name in rows[0]}
        ratios = ", ".join(
            f"{name} {median[name]:.0f} ms ({(median[name] - median['start']) / median['rg']:.1f} x rg)"
            for name in ("first", "again", "one changed")
        )
        print(f"{count} files, {unit}: rg {median['rg']:.0f} ms, start-up {median['start']:.0f} ms; {ratios}")


def changed(root: Path, names: list[str], check: tuple[str, ...]) -> tuple[float, float]:
    path = root / random.choice(names)
    path.write_text(path.read_text() + "- [ ] one more\n")
    return seconds(*check, cwd=str(root))


def repository(root: Path) -> None:
    root.mkdir()
    subprocess.run(
        ["git", "init", "-q"], cwd=root, check=True, env=os.environ | {"GIT_CONFIG_GLOBAL": os.devnull}
    )


def make_files(root: Path, count: int) -> list[str]:
    """Files of about 5 KB, half of it tasks: some 40 in a file, with ids that others wait for."""
    rng = random.Random(4)
    (root / "todo").mkdir()
    names = []
    for number in range(count):
        lines = [f"# Part {number} #area{number % 9}", ""]
        while sum(map(len, lines)) < 5_000:
            words = " ".join(rng.choices(WORDS, k=6))
            task = len(lines)
            keys = (
                f" id:t{number}" if task == 2 else f" after:t{number - 1}" if number and task % 5 == 0 else ""
            )
            lines.append(f"- [{rng.choice(' x')}] {words} {task}{keys} est:2h")
            lines.append(f"  - [{rng.choice(' x')}] {words} of {task} #tag !low")
            prose = " ".join(rng.choices(WORDS, k=9))
            lines += ["", f"Some words on {prose}, and why it is so.", ""]
        name = f"todo/{number:05}.md"
        (root / name).write_text("\n".join(lines).replace("[x] ", "[ ] ") + "\n")
        names.append(name)
    return names


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--files", type=int, default=2000)
    options = parser.parse_args()
    random.seed(4)
    os.environ["PATH"] = f"{BIN}:{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PRE_COMMIT_HOME"] = str(Path(folder) / "home")
        one_file(Path(folder) / "one", options.rounds)
        many_files(Path(folder) / "many", max(1, options.rounds // 3), options.files)


if __name__ == "__main__":
    main()
