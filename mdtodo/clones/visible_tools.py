"""What of a hidden home must be seen so that the programs in PATH start: their folders, and what they belong to."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from mdtodo.clones.environment import CERTIFICATES, TOOL_FOLDERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Folders of a home where installers put what the commands in `.local/bin` are made of.
_INSTALLERS = (".local/share/uv", ".local/share/pipx", ".local/pipx")
#: What shows that the folder above a `bin` is needed with it.
_PREFIX_MARKS = ("lib", "conda-meta", "pyvenv.cfg")
#: Names in one folder of PATH that are looked at: more are no person's own.
_MOST = 2000


def tools(env: Mapping[bytes, bytes], home: str) -> tuple[str, ...]:
    """Absolute paths, wherever they are: what of them is hidden is for the caller to know."""
    named = (os.fsdecode(env[name]) for name in (*TOOL_FOLDERS, *CERTIFICATES, b"JAVA_HOME") if name in env)
    libraries = os.fsdecode(env.get(b"LD_LIBRARY_PATH", b"")).split(":")
    found = (*named, *libraries, *_of_path(os.fsdecode(env.get(b"PATH", b"")), os.path.realpath(home)))
    return tuple(path for path in dict.fromkeys(found) if os.path.isabs(path))


@cache
def _of_path(search: str, home: str) -> tuple[str, ...]:
    found = [os.path.join(home, name) for name in _INSTALLERS]
    for folder in dict.fromkeys(search.split(":")):
        if os.path.isabs(folder) and os.path.isdir(folder):
            found += (folder, *_belonging(os.path.realpath(folder), home))
            # what is the system's is seen anyway
            found += _linked(folder, home) if os.path.realpath(folder).startswith(f"{home}/") else ()
    return tuple(dict.fromkeys(found))


def _linked(folder: str, home: str) -> Iterator[str]:
    """What the links in a folder of programs lead to."""
    with os.scandir(folder) as entries:
        links = [entry.path for entry, _ in zip(entries, range(_MOST), strict=False) if entry.is_symlink()]
    for target in {os.path.realpath(link) for link in links}:
        yield from (target, *_belonging(os.path.dirname(target), home))


def _belonging(folder: str, home: str) -> tuple[str, ...]:
    """The folder above a `bin` of its own, as that of a virtual environment, and above the `shims` of a version
    manager. That of a whole home is none."""
    above = os.path.dirname(folder)
    shared = (home, os.path.join(home, ".local"), "/", "/usr", "/usr/local")
    name = os.path.basename(folder)
    marks = (os.path.lexists(os.path.join(above, mark)) for mark in _PREFIX_MARKS)
    is_prefix = name == "shims" or (name == "bin" and any(marks))
    return (above,) if is_prefix and above not in shared else ()
