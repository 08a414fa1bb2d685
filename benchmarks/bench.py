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
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import page
from benchmarks.groups import GROUPS, Group, Row
from benchmarks.peers import Peers, install, search_path

ROOT = Path(__file__).parent.parent
FIGURES = Path(__file__).with_name("bench.json")
#: No call may take longer; what does is shown so.
LIMIT = 60.0


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
