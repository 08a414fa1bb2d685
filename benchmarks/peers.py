"""The programs that mdtodo is measured beside, installed from the package registries into a folder of their own.

Python's by pip into an environment, npm's with a prefix, Debian's unpacked and not installed: nothing of the machine
changes, and removing the folder removes all of it. What cannot be had is named, with the reason.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Peer(NamedTuple):
    """A program: which registry has it under which name, how it is called, and how it says its version."""

    name: str
    registry: str
    package: str
    program: str
    version: tuple[str, ...] = ("--version",)


PEERS = (
    Peer("pre-commit", "pip", "pre-commit", "pre-commit"),
    Peer("prek", "pip", "prek", "prek"),
    Peer("doit", "pip", "doit", "doit"),
    Peer("whatnext", "pip", "whatnext", "whatnext"),
    Peer(
        "cmark-gfm",
        "pip",
        "cmarkgfm",
        "python",
        ("-c", "import importlib.metadata as m; print(m.version('cmarkgfm'))"),
    ),
    Peer("Backlog.md", "npm", "backlog.md", "backlog"),
    Peer("Taskwarrior", "apt", "taskwarrior", "task"),
    Peer("todo.txt-cli", "apt", "todotxt-cli", "todo-txt", ("-V",)),
    Peer("GNU parallel", "apt", "parallel", "parallel"),
    Peer("ripgrep", "apt", "ripgrep", "rg"),
    Peer("GNU make", "", "make", "make"),
    Peer("xargs", "", "findutils", "xargs"),
    Peer("git", "", "git", "git"),
)
#: Packages that are there, and bring no program.
NOWHERE = {
    "beads": "its npm package downloads the program from another place when it is installed, which no registry holds",
}


class Peers(NamedTuple):
    """What could be had: versions by name, the folders with the programs, and what could not, with the reason."""

    versions: dict[str, str]
    folders: tuple[Path, ...]
    missing: dict[str, str]


def install(folder: Path) -> Peers:
    """All that can be had; what is there from an earlier time is taken as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    environment, packages, root = folder / "python", folder / "npm", folder / "debian"
    reasons: dict[str, str] = dict(NOWHERE)
    _by_pip(environment, [one for one in PEERS if one.registry == "pip"], reasons)
    _by_npm(packages, [one for one in PEERS if one.registry == "npm"], reasons)
    _by_apt(root, [one for one in PEERS if one.registry == "apt"], reasons)
    folders = (environment / "bin", packages / "node_modules" / ".bin", root / "usr" / "bin")
    path = search_path(folders)
    versions = {}
    for peer in PEERS:
        said = _version(peer, path)
        if said is None:
            reasons.setdefault(peer.name, f"`{peer.program}` does not work here")
        else:
            versions[peer.name] = said
            reasons.pop(peer.name, None)
    return Peers(versions, folders, reasons)


def search_path(folders: Sequence[Path]) -> str:
    """PATH with mdtodo and Python as they run this, then the peers."""
    return os.pathsep.join([os.path.dirname(sys.executable), *map(str, folders), os.environ["PATH"]])


def _by_pip(environment: Path, peers: Sequence[Peer], reasons: dict[str, str]) -> None:
    if not (environment / "bin" / "pip").exists():
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    for peer in peers:
        if not list(environment.glob(f"lib/*/site-packages/{peer.package.replace('-', '_')}-*.dist-info")):
            _try(peer, reasons, str(environment / "bin" / "pip"), "install", "-q", peer.package)


def _by_npm(prefix: Path, peers: Sequence[Peer], reasons: dict[str, str]) -> None:
    prefix.mkdir(exist_ok=True)
    for peer in peers:
        if not (prefix / "node_modules" / ".bin" / peer.program).exists():
            words = ("npm", "install", "--no-audit", "--no-fund", "--prefix", str(prefix), peer.package)
            _try(peer, reasons, *words)


def _by_apt(root: Path, peers: Sequence[Peer], reasons: dict[str, str]) -> None:
    root.mkdir(exist_ok=True)
    if any(not (root / "usr" / "bin" / peer.program).exists() for peer in peers) and shutil.which("apt-get"):
        # without the lists there is nothing to be had; with old ones there may be
        subprocess.run(["apt-get", "update", "-qq"], check=False, capture_output=True, timeout=300)
    for peer in peers:
        if (root / "usr" / "bin" / peer.program).exists():
            continue
        if _try(peer, reasons, "apt-get", "download", "-qq", peer.package, cwd=root):
            (package,) = root.glob(f"{peer.package}_*.deb")
            _try(peer, reasons, "dpkg-deb", "-x", str(package), str(root))


def _try(peer: Peer, reasons: dict[str, str], *words: str, cwd: Path | None = None) -> bool:
    """Whether it worked; if not, the reason is noted."""
    try:
        done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        reasons[peer.name] = f"`{words[0]}` did not work here: {type(error).__name__}"
        return False
    if done.returncode:
        reasons[peer.name] = f"`{os.path.basename(words[0])}` could not get `{peer.package}`"
        print(f"{peer.name}: {(done.stderr or done.stdout).strip()[-400:]}", file=sys.stderr)
    return done.returncode == 0


def _version(peer: Peer, path: str) -> str | None:
    """The first number that it says, with dots in it or without."""
    program = shutil.which(peer.program, path=path)
    if peer.name == "cmark-gfm":
        folders = [one for one in path.split(os.pathsep) if one.endswith(os.path.join("python", "bin"))]
        program = os.path.join(folders[0], "python") if folders else None
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, *peer.version], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = (done.stdout + done.stderr).replace("v", " ").replace(")", " ").split()
    # whatever the exit code: todo.txt-cli says its version, and exits 1
    return next((word for word in words if word[0].isdigit()), None)
