"""What the whole program has found to be right, kept for the fast path in `.git/mdtodo/fast/`: safe to delete.

Of the last check without a finding: the configuration, by the ids of its files, and what of it a check needs; the TODO
files, by path and id, each with the ids of its tasks and the names that they wait for in other files. It holds as long
as mdtodo is the same, which is told by the modules that were imported then. Trusted as far as its digest holds.
"""

import os
import sys
from _sha1 import sha1  # type: ignore[import-not-found]

from mdtodo import __version__

PATH = b".git/mdtodo/fast/clean"

#: Parts of the package that make findings.
_ROOMS = tuple(
    f"mdtodo.{one}."
    for one in (
        "fast_path",
        "markdown",
        "planning",
        "recipes",
        "config",
        "core",
        "operations.check",
        "proof",
        "git.files",
    )
)

_BEGIN = b"mdtodo fast path 1 "
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class File:
    """A TODO file as it was: `ids` of its tasks, `outside` names of other files that open ones wait for. An `archive`
    is only the same or not."""

    __slots__ = ("archive", "ids", "oid", "outside")

    def __init__(
        self, oid: bytes, ids: frozenset[str], outside: frozenset[str], *, archive: bool = False
    ) -> None:
        self.oid = oid
        self.ids = ids
        self.outside = outside
        self.archive = archive


class Memory:
    """`configuration` are the ids of its files, `-` for none; `patterns` as gitignore has them; `processors` and
    `lanes` are the names that a task may use; `matches`: a processor may be chosen by a title or tag."""

    __slots__ = ("configuration", "files", "lanes", "matches", "patterns", "processors")

    def __init__(
        self,
        configuration: list[bytes],
        patterns: list[str],
        processors: frozenset[str],
        lanes: frozenset[str],
        files: dict[bytes, File],
        *,
        matches: bool,
    ) -> None:
        self.configuration = configuration
        self.patterns = patterns
        self.processors = processors
        self.lanes = lanes
        self.files = files
        self.matches = matches

    def dump(self) -> bytes | None:
        """Its text; None where a name does not fit into a line."""
        rows = [
            [_program(), *_modules()],
            [one.decode() for one in self.configuration],
            self.patterns,
            sorted(self.processors),
            sorted(self.lanes),
            ["1" if self.matches else "0"],
        ]
        for path, file in self.files.items():
            kind = "archive" if file.archive else "list"
            names = [kind, file.oid.decode(), ",".join(sorted(file.ids)), ",".join(sorted(file.outside))]
            rows.append([*names, os.fsdecode(path)])
        if any("\t" in word or "\n" in word for row in rows for word in row):
            return None
        data = os.fsencode("\n".join("\t".join(row) for row in rows))
        return _BEGIN + _digest(data) + b"\n" + data


def read(root: bytes = b".") -> Memory | None:
    """What is kept; None where nothing is, or another mdtodo wrote it, or it is damaged."""
    try:
        descriptor = os.open(os.path.join(root, PATH), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    with open(descriptor, "rb", buffering=0) as file:
        head, _, data = (file.readall() or b"").partition(b"\n")
    if head != _BEGIN + _digest(data):
        return None
    program, configuration, patterns, processors, lanes, matches, *files = (
        row.split("\t") for row in os.fsdecode(data).split("\n")
    )
    if program != [_program(), *(_stamp(one.partition(" ")[2]) for one in program[1:])]:
        return None
    return Memory(
        [one.encode() for one in configuration],
        [one for one in patterns if one],
        frozenset(processors),
        frozenset(lanes),
        {os.fsencode(path): _file(*rest) for *rest, path in files},
        matches=matches == ["1"],
    )


def _file(kind: str, oid: str, ids: str, outside: str) -> File:
    names = (frozenset(one.split(",")) - {""} for one in (ids, outside))
    return File(oid.encode(), *names, archive=kind == "archive")


def _program() -> str:
    return f"{__version__} {sys.hexversion:x} {_PACKAGE}"


def _modules() -> list[str]:
    """Those that make findings and are imported now, with the size and the time of each."""
    files = {
        str(getattr(one, "__file__", "")) for name, one in [*sys.modules.items()] if name.startswith(_ROOMS)
    }
    return [_stamp(file[len(_PACKAGE) :]) for file in sorted(files) if file.startswith(_PACKAGE)]


def _stamp(name: str) -> str:
    """A module's file in the package, with what changes when it does."""
    try:
        found = os.stat(_PACKAGE + name)
    except OSError:
        return "gone"
    return f"{found.st_size:x}.{found.st_mtime_ns:x} {name}"


def _digest(data: bytes) -> bytes:
    digest: str = sha1(data, usedforsecurity=False).hexdigest()
    return digest.encode()
