"""The name of the rules that say what is a finding: what was kept by another one holds no more."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from mdtodo import __version__
from mdtodo.core.digest import sha1

if TYPE_CHECKING:
    from mdtodo.config.settings import Config


#: The rooms whose source says what is a finding.
RULES = (
    "markdown",
    "planning",
    "recipes/__init__.py",
    "config",
    "core",
    "operations/check/check.py",
    "operations/check/findings_cache.py",
    "project/cache",
    "project/plan_inputs.py",
    "project/rules_key.py",
    "storage/caches",
    "system/collector.py",
)


def rules_key(config: Config) -> str:
    """The name of the rules, which are the source of the rooms that make findings, and of the configuration."""
    state = sha1(
        f"{__version__}\n{sys.version_info}\n{config!r}\n".encode("utf-8", "surrogatepass"),
        usedforsecurity=False,
    )
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for path in _sources(package):
        # not the content, which takes as long as `import click`: what writes a file changes the time of its inode
        now = os.stat(path)
        state.update(f"{path}\0{now.st_ino} {now.st_size} {now.st_mtime_ns} {now.st_ctime_ns}\n".encode())
    return str(state.hexdigest())


def _sources(package: str) -> list[str]:
    if not os.path.isdir(package):  # it is in an archive
        while not os.path.exists(package):
            package = os.path.dirname(package)
        return [package]
    found = []
    for name in RULES:
        path = os.path.join(package, name)
        if not os.path.isdir(path):
            found.append(
                path
            )  # also one that is not there: reading it fails, so that no moved module goes unnoticed
        # With the folders inside: a rule in one that was left out would change, and the old findings still be told.
        for folder, _, files in os.walk(path):
            found += [os.path.join(folder, one) for one in files if one.endswith((".py", ".toml"))]
    return sorted(found)
