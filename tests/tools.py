"""Programs that tests need beside what the extra `dev` installs. Where one does not work, the test is skipped.

Whether one works is tried, not looked up: the shim of a version manager is on PATH whether or not there is a
toolchain behind it. With MDTODO_ALL_TOOLS=1 a test without its tool fails.
"""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

#: Read before the tests' HOME takes the place of the caller's: a shim and npm find there what they need.
CALLER = dict(os.environ)

ALL_TOOLS = CALLER.get("MDTODO_ALL_TOOLS") == "1"


def lacking(sentence: str) -> NoReturn:
    """Skip the test, or, with MDTODO_ALL_TOOLS=1, let it fail."""
    if ALL_TOOLS:
        pytest.fail(sentence)
    pytest.skip(sentence)


def require(program: str, package: str = "", *, version: str = "--version") -> Path:
    """The first program of this name on the caller's PATH that works; without one, see `lacking`."""
    found = working(program, version, CALLER["PATH"])
    if found is None:
        lacking(f"no {program} that works (Debian: apt-get install {package or program})")
    return found


@cache
def working(program: str, version: str, path: str) -> Path | None:
    """The first program of this name on `path` that says its version and exits 0."""
    for folder in path.split(os.pathsep):
        found = Path(folder, program)
        if folder and found.is_file() and os.access(found, os.X_OK) and _answers(found, version):
            return found
    return None


def _answers(program: Path, version: str) -> bool:
    command = [program, version]
    try:
        done = subprocess.run(
            command, env=CALLER, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def ssh_key(key: Path) -> Path:
    """A new private key at this path, with its public half beside it."""
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(key)]
    try:
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    except OSError as error:
        lacking(f"no ssh-keygen that works (Debian: apt-get install openssh-client): {error}")
    return key
