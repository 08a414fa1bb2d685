"""Look for texts of which something does not hold, for so many seconds of processor time.

python -m tests.fuzz [--seconds 300] [--only PROPERTY]... [--seed N] [--kept FOLDER] [--failures FILE]

One property after the other, each in processes of its own. Half of the time is atheris' (`pip install atheris`; it has
wheels for Linux on x86-64), which keeps in FOLDER each text that goes a new way through mdtodo, and changes those again;
the other half, or all of it where atheris is not there, goes to the same changes by chance, which are ten times as many.
What fails is made as small as it can be, and is written to FILE; then this exits 1.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random
from typing import Any

#: How much of the time each one has.
SHARES = {
    "rereads": 24,
    "renames": 24,
    "reads": 10,
    "marks": 4,
    "additions": 8,
    "rewordings": 6,
    "archives": 5,
    "moves_across": 5,
    "merges": 8,
    "hooks": 6,
    "boxes": 4,
    "gates": 6,
    "costs": 8,
}
#: Most of their time is git's, or is measured.
BY_CHANCE = ("gates", "costs")
#: What git and mdtodo must not read of the machine.
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "MDTODO_", "XDG_"))},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "MDTODO_MAX_CPU": "100",
}


def main() -> int:
    """0 where nothing was found."""
    parser = argparse.ArgumentParser(
        "python -m tests.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--only", action="append", choices=SHARES)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4)))
    parser.add_argument("--kept", type=Path)
    parser.add_argument("--failures", type=Path, default=Path("fuzz-failures.json"))
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--guided", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        _one(given.one, given.seconds, given.seed, given.kept, guided=given.guided)
    with tempfile.TemporaryDirectory() as scratch:
        # also for the repositories of the processes, which end without a word
        ENVIRONMENT["TMPDIR"] = scratch
        failures = _all(given, given.kept or Path(scratch, "kept"))
    if failures:
        given.failures.write_text(json.dumps(failures, indent=1) + "\n", encoding="ascii")
        _say(f"in {given.failures}")
    return bool(failures)


def _one(name: str, seconds: float, seed: int, kept: Path, *, guided: bool) -> None:
    """The work of one process, which it ends."""
    atheris = None
    if guided:
        import atheris

        # the first import of mdtodo, whose branches are counted from here on
        with atheris.instrument_imports(include=["mdtodo"]):
            from tests.fuzz.tries import Tries
    else:
        from tests.fuzz.tries import Tries
    Tries(name, seconds, Random(seed), kept).start(atheris)


def _all(given: argparse.Namespace, kept: Path) -> list[dict[str, str]]:
    """What fails of all the properties."""
    from tests.fuzz.versions import committed

    has_atheris = importlib.util.find_spec("atheris") is not None
    _say(f"seed {given.seed}{'' if has_atheris else ', without atheris'}")
    names = given.only or [*SHARES]
    whole, failures = sum(SHARES[name] for name in names), []
    for name in names:
        folder = kept / name
        folder.mkdir(parents=True, exist_ok=True)
        for number, (_, data) in enumerate(committed()):
            (folder / f"committed-{number}").write_bytes(data)
        seconds = given.seconds * SHARES[name] / whole
        ways = [["--guided"], []] if has_atheris and name not in BY_CHANCE else [[]]
        for way in ways:
            argv = ["--one", name, "--seconds", str(seconds / len(ways)), "--seed", str(given.seed), *way]
            failures += _report(name, [*argv, "--kept", str(folder)])
    return failures


def _report(name: str, argv: list[str]) -> list[dict[str, str]]:
    """What fails in one process; told as well."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *argv],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        raise SystemExit(f"{name} ended with {done.returncode}:\n{done.stderr[-2000:]}") from None
    failures: list[dict[str, str]] = report["failures"]
    spent = f"{report['seconds']:.0f} s of processor time, {report['inputs']} texts {report['way']}"
    _say(f"{name}: {spent}, {len(failures)} failures")
    for failure in failures:
        _say(f"  {failure['error']}\n    {failure['text'].encode('latin-1')!r}")
    return failures


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
