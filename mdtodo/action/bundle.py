"""Commits in a file, as git bundles have them: written where processors ran, and read where the token is.

Whoever reads one believes nothing of it. The header is read here, and git makes objects of the rest, each of which
gets the id of its own content. Source: gitformat-bundle(5).
"""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.errors import GitError
from mdtodo.git.repository import run
from mdtodo.git.true_history import ENVIRONMENT

if TYPE_CHECKING:
    from mdtodo.git.repository import Repository

#: Bytes that a bundle may have.
LARGEST = 200 << 20

_SIGNATURE = re.compile(rb"# v(?:2|3) git bundle\n")
_LINE = re.compile(rb"@object-format=sha(?:1|256)|-?[0-9a-f]{40}(?:[0-9a-f]{24})?(?: [^\n]*)?")
_HEADER = 1 << 16


class Bundle(NamedTuple):
    """`base` is the one commit that its `tip` descends from and that it does not hold; `pack` holds the objects."""

    base: str
    ref: str
    tip: str
    pack: bytes


def write_bundle(repo: Repository, path: str, branch: str, base: str) -> None:
    """What `branch`, in full, has beyond the commit `base`. Raises GitError where that is nothing."""
    run(repo, "bundle", "create", "--quiet", path, branch, f"^{base}", env=ENVIRONMENT)


def read_bundle(path: str) -> Bundle:
    """The parts of a bundle of one branch on top of one commit. Raises GitError for any other file."""
    data = read_regular(path, LARGEST)
    signature = _SIGNATURE.match(data)
    end = data.find(b"\n\n", 0, _HEADER)
    if signature is None or end < 0:
        raise GitError("the bundle of receipts is none")
    lines = data[signature.end() : end].split(b"\n")
    bases = [line[1:].split(b" ")[0] for line in lines if line.startswith(b"-")]
    heads = [line.partition(b" ") for line in lines if line[:1] not in (b"-", b"@")]
    if not all(map(_LINE.fullmatch, lines)) or len(bases) != 1 or len(heads) != 1:
        raise GitError("the bundle of receipts must have one branch, on top of one commit")
    ((tip, _, ref),) = heads
    return Bundle(bases[0].decode(), os.fsdecode(ref), tip.decode(), data[end + 2 :])


def unpack(repo: Repository, bundle: Bundle) -> None:
    """Its objects in a repository that has the base. Raises GitError where git refuses one of them."""
    limit = f"--max-input-size={LARGEST}"
    try:
        run(repo, "index-pack", "--stdin", "--fix-thin", "--strict", limit, stdin=bundle.pack)
    except GitError as error:
        raise GitError(
            f"the bundle of receipts cannot be read: {error.sentence}: nothing was pushed"
        ) from error


def read_regular(path: str, most: int) -> bytes:
    """A file that is one, and no link to another. Raises GitError for anything else, or for more bytes."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise GitError(f"cannot read {os.path.basename(path)}: {error.strerror}") from None
    with os.fdopen(number, "rb") as file:
        found = os.fstat(number)
        if not stat.S_ISREG(found.st_mode) or found.st_size > most:
            raise GitError(f"{os.path.basename(path)} is no file of at most {most} bytes")
        return file.read(most)
