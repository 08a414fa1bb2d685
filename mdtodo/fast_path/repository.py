"""What git has to say for one answer: the TODO files of the index, and how they differ from HEAD."""

import os
from _sha1 import sha1  # type: ignore[import-not-found]
from stat import S_ISDIR, S_ISREG

#: Names in a git directory that mean that something goes on, or that this is no usual one.
_UNUSUAL = frozenset(
    {
        *(
            "MERGE_HEAD",
            "CHERRY_PICK_HEAD",
            "REVERT_HEAD",
            "BISECT_LOG",
            "rebase-merge",
            "rebase-apply",
            "sequencer",
        ),
        *("shallow", "commondir", "config.worktree", "gitdir"),
    }
)
_NEEDED = frozenset({"HEAD", "objects", "refs", "config"})
#: Settings with which the work tree is another folder, or ids are of another kind.
_SETTINGS = (b"worktree", b"objectformat")
_LARGEST = 1 << 18
_CHUNK = 1 << 18

CONFIGURATION = (b"pyproject.toml", b".mdtodo.toml")


class Entry:
    """A file of the index: `oid` is git's id of its bytes."""

    __slots__ = ("oid", "path")

    def __init__(self, path: bytes, oid: bytes) -> None:
        self.path = path
        self.oid = oid


def is_usual_here() -> bool:
    """Whether the current folder is the root of an ordinary checkout that nothing is going on in."""
    here, git = os.lstat("."), os.lstat(".git")
    if not S_ISDIR(git.st_mode) or {here.st_uid, git.st_uid} != {os.geteuid()}:
        return False
    names = {*os.listdir(".git")}
    if names & _UNUSUAL or not names >= _NEEDED:
        return False
    settings = read_file(b".git/config").lower()
    if any(word in settings for word in _SETTINGS):
        return False
    return settings.count(b"bare") == settings.count(b"bare = false")


def read_file(path: bytes) -> bytes:
    """The bytes of a regular file that is no link, and not large. Raises OSError for any other."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(descriptor)
        if not S_ISREG(found.st_mode) or found.st_size > _LARGEST:
            raise OSError
        data = os.read(descriptor, _LARGEST + 1)
        if len(data) != found.st_size:
            raise OSError
        return data
    finally:
        os.close(descriptor)


def blob_id(data: bytes) -> bytes:
    """git's id of these bytes."""
    digest: str = sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    return digest.encode()


class Git:
    """One git command at work; `output` waits for it."""

    __slots__ = ("_pid", "_pipe")

    def __init__(self, *args: str, environment: dict[str, str]) -> None:
        reader, writer = os.pipe()
        try:
            self._pid = os.posix_spawnp(
                "git",
                ("git", "-c", "core.hooksPath=/dev/null", *args),
                environment,
                file_actions=(
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, writer, 1),
                    (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
                ),
            )
        except BaseException:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        self._pipe = reader

    def output(self) -> bytes | None:
        """All that it says; None where it failed."""
        parts = []
        while part := os.read(self._pipe, _CHUNK):
            parts.append(part)
        os.close(self._pipe)
        return b"".join(parts) if os.waitpid(self._pid, 0)[1] == 0 else None


def environment() -> dict[str, str]:
    """For git: nothing that a clone says beside its objects counts."""
    more = {"GIT_NO_REPLACE_OBJECTS": "1", "GIT_GRAFT_FILE": "/dev/null", "LC_ALL": "C", "LANGUAGE": "C"}
    return {
        name: value for name, value in os.environ.items() if name not in ("GIT_PREFIX", "GIT_REFLOG_ACTION")
    } | more


def entries_of(listing: bytes) -> list[Entry] | None:
    """What `git ls-files -s -z` lists; None where something is no plain file, or is not merged."""
    found = []
    for line in listing.split(b"\0")[:-1]:
        about, _, path = line.partition(b"\t")
        mode, oid, stage = about.split(b" ")
        if mode not in (b"100644", b"100755") or stage != b"0":
            return None
        found.append(Entry(path, oid))
    return found


class Changes:
    """What `git diff-index --raw -p` tells: `before` is the id that HEAD has of each file that differs, and `contents`
    are bytes by their ids, as far as the patches have them."""

    __slots__ = ("before", "contents")

    def __init__(self, before: dict[bytes, bytes], contents: dict[bytes, bytes]) -> None:
        self.before = before
        self.contents = contents


def changes_of(output: bytes) -> Changes | None:
    """From that; None where a file came, went or became something else than a plain file."""
    before: dict[bytes, bytes] = {}
    at = 0
    while output[at : at + 1] == b":":
        end = output.index(b"\0", at)
        after = output.index(b"\0", end + 1)
        old_mode, new_mode, old, _, status = output[at + 1 : end].split(b" ")
        if old_mode != new_mode or old_mode not in (b"100644", b"100755") or status != b"M":
            return None
        before[output[end + 1 : after]] = old
        at = after + 1
    contents: dict[bytes, bytes] = {}
    for patch in (b"\n" + output[at:].lstrip(b"\0")).split(b"\ndiff --git ")[1:]:
        contents.update(_sides(patch))
    return Changes(before, contents)


def _sides(patch: bytes) -> list[tuple[bytes, bytes]]:
    """Both files of a patch with all of their lines, each with its id, which is compared."""
    old: list[bytes] = []
    new: list[bytes] = []
    both = (old, new)
    to: tuple[list[bytes], ...] = ()
    for line in patch.split(b"\n@@ ", 1)[-1].split(b"\n")[1:]:
        sign = line[:1]
        if sign == b"\\":  # of the line before: it has no end
            for side in to:
                side[-1] = side[-1][:-1]
            continue
        to = both if sign == b" " else (old,) if sign == b"-" else (new,) if sign == b"+" else ()
        for side in to:
            side.append(line[1:] + b"\n")
    return [(blob_id(data), data) for data in (b"".join(old), b"".join(new))]
