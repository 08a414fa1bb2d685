"""The index as bytes: read, and changed in its place where that is all that is asked for.

Pure. The format is that of gitformat-index(5), versions 2 to 4, SHA-1 and SHA-256. An entry that only gets
another object id or other times keeps its length, so everything else stays where it is: of the extensions,
the cached trees alone depend on what entries say. Whatever is not known here (a split or a sparse index, a
file system monitor's) is left to `git update-index`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.git.objects import digest

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping

#: Sizes in bytes: header, and the times, ids, mode and size of an entry.
_HEADER, _STAT = 12, 40

_EXTENDED, _STAGE, _LENGTH = 0x4000, 0x3000, 0x0FFF
_ASSUMED, _SKIPPED = 0x8000, 0x4000  # the second in the extended flags

#: Extensions that a change of ids and times leaves true: resolved conflicts, the untracked cache, and where
#: blocks of entries begin. `TREE` and `EOIE` are written anew.
_KNOWN = (b"TREE", b"REUC", b"UNTR", b"IEOT", b"EOIE")


class UnsupportedIndexError(Exception):
    """An index that only git can change."""


class IndexEntry(NamedTuple):
    """An entry of the index: mode as in a tree, id, and the letter of `git ls-files -v` (`H` for an ordinary
    one, lower case for assume-unchanged, `S` for skip-worktree)."""

    mode: bytes
    oid: str
    flag: str


class IndexFile:
    """The bytes of an index, where its entries are, and what is to be changed.

    Raises UnsupportedIndexError where that cannot be told.
    """

    def __init__(self, data: bytes, algorithm: str) -> None:
        self.data = data
        self.algorithm = algorithm
        self._width = len(digest(algorithm, b""))
        self.unmerged: set[bytes] = set()
        self._places: dict[bytes, int] = {}
        try:
            self._end = self._walk(int.from_bytes(data[4:8]), int.from_bytes(data[8:12]))
            self._extensions = self._read_extensions()
        except (IndexError, ValueError) as error:
            raise UnsupportedIndexError from error

    def __contains__(self, name: bytes) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def tree(self) -> str | None:
        """The tree that a commit of this index would have, where the index knows it."""
        cached = next((content for kind, content in self._extensions if kind == b"TREE"), b"")
        root = _NODE.match(cached)
        if root is None or root[1] or root[2].startswith(b"-"):
            return None
        return cached[root.end() : root.end() + self._width].hex()

    def entry(self, name: bytes) -> IndexEntry | None:
        """What is staged at this path; None for nothing, or for an unmerged one."""
        at = self._places.get(name)
        if at is None:
            return None
        flags, more = self._flags(at)
        letter = "S" if more & _SKIPPED else "H"
        mode = int.from_bytes(self.data[at + 24 : at + 28])
        oid = self.data[at + _STAT : at + _STAT + self._width].hex()
        return IndexEntry(b"%06o" % mode, oid, letter.lower() if flags & _ASSUMED else letter)

    def stat(self, name: bytes) -> bytes:
        """Times, device, inode, owner and size of the file as git saw it last, as `stat_bytes` gives them."""
        at = self._places[name]
        return self.data[at : at + 24] + self.data[at + 28 : at + _STAT]

    def changed_since(self, seconds: int) -> list[bytes]:
        """The paths whose file was changed in that second or later, as far as the index knows."""
        then, data = seconds.to_bytes(4), self.data
        # Big-endian: bytes compare as the numbers do, without decoding each.
        return [name for name, at in self._places.items() if data[at + 8 : at + 12] >= then]

    def with_ids(self, changes: Mapping[bytes, str], trees: Mapping[bytes, tuple[str, str]]) -> IndexFile:
        """The same with these ids at these paths, of which git then knows no times.

        `trees` says, by folder (`b""` for the root), from what to what the change leads if nothing else is
        staged there.
        """
        new = bytearray(self.data[: self._end])
        for name, oid in changes.items():
            at = self._places[name]
            # No file has these times, so git compares its content. What is left between the two is the mode.
            new[at : at + 24] = bytes(24)
            new[at + 28 : at + _STAT] = bytes(12)
            new[at + _STAT : at + _STAT + self._width] = bytes.fromhex(oid)
        return self._with(new, _folders(changes), trees)

    def with_stats(self, stats: Mapping[bytes, bytes]) -> IndexFile:
        """The same with what `stat_bytes` says of the files at these paths."""
        new = bytearray(self.data[: self._end])
        for name, stat in stats.items():
            at = self._places[name]
            new[at : at + 24] = stat[:24]
            new[at + 28 : at + _STAT] = stat[24:]
        return self._with(new, frozenset(), {})

    def _walk(self, version: int, count: int) -> int:
        """Note where each entry is; the offset after the last."""
        data, places, width = self.data, self._places, self._width
        if data[:4] != b"DIRC" or version not in (2, 3, 4):
            raise ValueError
        at, fixed, name = _HEADER, _STAT + width + 2, b""
        for _ in range(count):
            # Once for each entry of the index: int.from_bytes would make the whole loop a quarter slower.
            flags = data[at + fixed - 2] << 8 | data[at + fixed - 1]
            start = at + fixed + (2 if flags & _EXTENDED else 0)
            if version == 4:
                strip, start = _varint(data, start)
                end = data.index(b"\0", start)
                # Not name[:-strip], which is empty where strip is 0.
                name = name[: len(name) - strip] + data[start:end]
                after = end + 1
            else:
                # 0xFFF stands for any length from there on. After the name come one to eight NULs, to a multiple of 8.
                length = flags & _LENGTH
                end = start + length if length < _LENGTH else data.index(b"\0", start)
                name = data[start:end]
                after = at + (end - at + 8 & ~7)
            if flags & _STAGE:
                self.unmerged.add(name)
            else:
                places[name] = at
            at = after
        return at

    def _read_extensions(self) -> list[tuple[bytes, bytes]]:
        data, at, until = self.data, self._end, len(self.data) - self._width
        found = []
        while at < until:
            size = int.from_bytes(data[at + 4 : at + 8])
            found.append((data[at : at + 4], data[at + 8 : at + 8 + size]))
            at += 8 + size
        if at != until or any(kind not in _KNOWN for kind, _ in found):
            raise ValueError
        return found

    def _flags(self, at: int) -> tuple[int, int]:
        end = at + _STAT + self._width
        flags = int.from_bytes(self.data[end : end + 2])
        return flags, int.from_bytes(self.data[end + 2 : end + 4]) if flags & _EXTENDED else 0

    def _with(
        self, entries: bytearray, folders: Iterable[bytes], trees: Mapping[bytes, tuple[str, str]]
    ) -> IndexFile:
        # Not parsed again, since no entry moves: that takes more than twice as long as the change itself.
        other = object.__new__(IndexFile)
        other.algorithm, other._width, other._end = self.algorithm, self._width, self._end
        other.unmerged, other._places = self.unmerged, self._places
        other._extensions = [
            (kind, _changed_trees(content, frozenset(folders), trees, self._width))
            if kind == b"TREE"
            else (kind, content)
            for kind, content in self._extensions
            if kind != b"EOIE"
        ]
        # EOIE must be the last, and hashes the heads of all others (gitformat-index(5)).
        if any(kind == b"EOIE" for kind, _ in self._extensions):
            other._extensions.append((b"EOIE", other._end_of_entries()))
        for kind, content in other._extensions:
            entries += kind + len(content).to_bytes(4) + content
        unhashed = self.data[-self._width :] == bytes(self._width)  # index.skipHash
        other.data = bytes(entries + (bytes(self._width) if unhashed else digest(self.algorithm, entries)))
        return other

    def _end_of_entries(self) -> bytes:
        """Where the extensions begin, and a hash of their kinds and sizes."""
        heads = b"".join(kind + len(content).to_bytes(4) for kind, content in self._extensions)
        return self._end.to_bytes(4) + digest(self.algorithm, heads)


def stat_bytes(status: os.stat_result) -> bytes:
    """What git notes of a file, but for the mode: the lower 32 bits of each."""
    fields = (
        *divmod(status.st_ctime_ns, 10**9),
        *divmod(status.st_mtime_ns, 10**9),
        *(status.st_dev, status.st_ino, status.st_uid, status.st_gid, status.st_size),
    )
    return b"".join((field & 0xFFFFFFFF).to_bytes(4) for field in fields)


def _folders(names: Iterable[bytes]) -> frozenset[bytes]:
    """All folders around these paths, the root as `b""`."""
    found = set()
    for name in names:
        while name:
            name = name.rpartition(b"/")[0]
            found.add(name)
    return frozenset(found)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """git's offset encoding: the number, and the offset after it."""
    byte = data[at]
    number = byte & 127
    while byte & 128:
        at += 1
        byte = data[at]
        number = (number + 1 << 7) + (byte & 127)
    return number, at + 1


_NODE = re.compile(rb"([^\0]*)\0(-?[0-9]+) ([0-9]+)\n")


def _changed_trees(
    content: bytes, folders: frozenset[bytes], trees: Mapping[bytes, tuple[str, str]], width: int
) -> bytes:
    """The cached trees with those of the folders made anew where that is known, otherwise not valid any more.

    Each is name, number of entries (-1: not valid), number of trees below, and the id if valid; these follow.
    """
    if not folders:
        return content
    parts: list[bytes] = []
    around: list[tuple[bytes, int]] = []  # folders that are open, and how many trees below are to come
    at = copied = 0
    while at < len(content):
        node = _NODE.match(content, at)
        if node is None:
            raise UnsupportedIndexError
        valid = not node[2].startswith(b"-")
        after = node.end() + (width if valid else 0)
        while around and around[-1][1] == 0:
            around.pop()
        path = node[1]
        if around:
            outer, left = around[-1]
            around[-1] = outer, left - 1
            path = outer + b"/" + path if outer else path
        around.append((path, int(node[3])))
        if valid and path in folders:
            old, new = trees.get(path, ("", ""))
            # Not HEAD's tree: more is staged in that folder, so the id that it would have is not known.
            if old == content[node.end() : after].hex():
                parts += content[copied : node.end()], bytes.fromhex(new)
            else:
                parts += content[copied : node.start(2)], b"-1 ", node[3], b"\n"
            copied = after
        at = after
    return b"".join([*parts, content[copied:]])
