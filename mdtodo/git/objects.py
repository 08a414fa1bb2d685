"""git's objects as bytes: trees changed path by path, commits, and the pack that can carry them into a
repository.

Pure: nothing is read or written here but through the function that is handed in. The formats are those of
gitformat-pack(5) and of `git cat-file tree`; SHA-1 and SHA-256 alike.
"""

from __future__ import annotations

import re
import sys
import zlib
from typing import TYPE_CHECKING

from mdtodo.core.digest import sha1

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    #: What a path becomes: mode (as in a tree: b"100644") and object id, or None to delete it.
    TreeChange = tuple[bytes, str] | None

    _Entries = dict[bytes, tuple[bytes, bytes]]

_TREE = b"40000"
_PACK_TYPES = {"commit": 1, "tree": 2, "blob": 3}


#: Bytes from which on loading OpenSSL, whose SHA-1 is three times as fast, takes less time than it saves.
_MUCH = 1 << 18


class NewObjects:
    """Objects that are to be written; `algorithm` is `sha1` or `sha256`.

    `size` is the number of bytes that wait.
    """

    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        self.size = 0
        self._objects: dict[str, tuple[str, bytes]] = {}
        # the same bytes come for HEAD and for the index: to look them up is cheaper than to digest them again
        self._blobs: dict[bytes, str] = {}

    def __len__(self) -> int:
        return len(self._objects)

    def __iter__(self) -> Iterator[tuple[str, str, bytes]]:
        """Id, kind and content of each, in the order in which they were added."""
        return ((oid, kind, data) for oid, (kind, data) in self._objects.items())

    def add(self, kind: str, data: bytes) -> str:
        """The id of this object, which is one of them from now on."""
        known = self._blobs.get(data) if kind == "blob" else None
        oid = known or object_id(self.algorithm, kind, data)
        if kind == "blob":
            self._blobs[data] = oid
        if oid not in self._objects:
            self._objects[oid] = (kind, data)
            self.size += len(data)
        return oid

    def get(self, oid: str) -> bytes | None:
        """The content of one of them."""
        found = self._objects.get(oid)
        return None if found is None else found[1]

    def clear(self) -> None:
        """They have been written."""
        self._objects.clear()
        self._blobs.clear()
        self.size = 0

    def pack(self) -> bytes:
        """All of them, as `git unpack-objects` reads them."""
        parts = [b"PACK", (2).to_bytes(4), len(self._objects).to_bytes(4)]
        for kind, data in self._objects.values():
            # Level 1: git unpacks it at once, and deflates each object anew.
            parts += [_pack_header(_PACK_TYPES[kind], len(data)), zlib.compress(data, 1)]
        body = b"".join(parts)
        return body + digest(self.algorithm, body)


def object_id(algorithm: str, kind: str, data: bytes) -> str:
    """The hexadecimal id of an object."""
    return digest(algorithm, object_header(kind, data) + data).hex()


def object_header(kind: str, data: bytes) -> bytes:
    """What stands before an object's content, where it is hashed and where it is kept."""
    return b"%s %d\0" % (kind.encode(), len(data))


def digest(algorithm: str, data: bytes | bytearray) -> bytes:
    """The hash of a repository with this `algorithm`, `sha1` or `sha256`."""
    if algorithm == "sha1" and len(data) < _MUCH and "hashlib" not in sys.modules:
        # usedforsecurity=False: in FIPS mode OpenSSL refuses SHA-1 otherwise.
        return bytes(sha1(data, usedforsecurity=False).digest())
    import hashlib

    made = hashlib.sha1 if algorithm == "sha1" else hashlib.sha256
    return made(data, usedforsecurity=False).digest()


def change_tree(
    root: str | None, changes: Mapping[bytes, TreeChange], read: Callable[[str], bytes], new: NewObjects
) -> str:
    """The id of the tree `root` (None: an empty one) with the paths in `changes` as they say.

    Only the trees on the way to these paths are read, with `read`; what is made is added to `new`. Folders
    that become empty go. Raises ValueError for a path that no tree may hold.
    """
    entries = {} if root is None else _parse_tree(read(root), len(root) // 2)
    below: dict[bytes, dict[bytes, TreeChange]] = {}
    for path, change in sorted(changes.items()):
        name, slash, rest = path.partition(b"/")
        if name in (b"", b".", b"..", b".git") or b"\0" in name:
            raise ValueError(f"no tree can hold {path!r}")
        if slash:
            below.setdefault(name, {})[rest] = change
        elif change is not None:
            entries[name] = change[0], bytes.fromhex(change[1])
        # A folder of that name is not what was to be deleted.
        elif name in entries and entries[name][0] != _TREE:
            del entries[name]
    for name, inner in below.items():
        _change_folder(entries, name, inner, read, new)
    return new.add("tree", _format_tree(entries))


def find_in_tree(root: str | None, path: bytes, read: Callable[[str], bytes]) -> tuple[bytes, str] | None:
    """Mode and id of what the tree has at `path`, None where it has nothing."""
    return find_all_in_tree(root, (path,), read)[path]


def find_all_in_tree(
    root: str | None, paths: Iterable[bytes], read: Callable[[str], bytes]
) -> dict[bytes, tuple[bytes, str] | None]:
    """The same of many paths; each folder is read once."""
    folders: dict[bytes, _Entries] = {b"": {} if root is None else _parse_tree(read(root), len(root) // 2)}

    def entries(folder: bytes) -> _Entries:
        if folder not in folders:
            above, _, name = folder.rpartition(b"/")
            mode, oid = entries(above).get(name, (b"", b""))
            folders[folder] = _parse_tree(read(oid.hex()), len(oid)) if mode == _TREE else {}
        return folders[folder]

    found: dict[bytes, tuple[bytes, str] | None] = {}
    for path in paths:
        above, _, name = path.rpartition(b"/")
        entry = entries(above).get(name)
        found[path] = None if entry is None else (entry[0], entry[1].hex())
    return found


def commit(tree: str, parent: str | None, author: bytes, committer: bytes, message: str) -> bytes:
    """A commit object; the identities as `git var GIT_AUTHOR_IDENT` prints them."""
    lines = [b"tree " + tree.encode()]
    lines += [b"parent " + parent.encode()] if parent else []
    lines += [b"author " + author, b"committer " + committer, b"", message.encode("utf-8", "replace")]
    return b"\n".join(lines)


def _change_folder(
    entries: _Entries,
    name: bytes,
    changes: Mapping[bytes, TreeChange],
    read: Callable[[str], bytes],
    new: NewObjects,
) -> None:
    """Change what is below one name; a file of that name gives way to a folder only if something is put
    there.
    """
    is_folder = name in entries and entries[name][0] == _TREE
    if not is_folder and all(change is None for change in changes.values()):
        return
    oid = change_tree(entries[name][1].hex() if is_folder else None, changes, read, new)
    entries[name] = _TREE, bytes.fromhex(oid)
    if oid == object_id(new.algorithm, "tree", b""):
        del entries[name]


def _parse_tree(data: bytes, width: int) -> _Entries:
    """Mode and id by name; `width` is the number of bytes of an id."""
    found = re.findall(rb"(?s)([0-7]+) ([^\0]+)\0(.{%d})" % width, data)
    return {name: (mode, oid) for mode, name, oid in found}


def _format_tree(entries: _Entries) -> bytes:
    """In git's order: by name, a folder as if its name ended in a slash."""
    order = sorted(entries, key=lambda name: name + b"/" if entries[name][0] == _TREE else name)
    return b"".join([b"%s %s\0%s" % (entries[name][0], name, entries[name][1]) for name in order])


def _pack_header(kind: int, size: int) -> bytes:
    """Type and length: four bits of it in the first byte, seven in each that follows."""
    first, size = kind << 4 | size & 15, size >> 4
    out = bytearray()
    while size:
        out.append(first | 128)
        first, size = size & 127, size >> 7
    out.append(first)
    return bytes(out)
