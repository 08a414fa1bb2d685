"""git's plumbing for one landing or many: commands, and what is worth keeping between them.

Each command is in a process group of its own: Ctrl-C is for us to hear, not for a git that is half way through.
"""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from mdtodo.errors import GitError
from mdtodo.git.repository import environment, error_from, start
from mdtodo.git.settings import Settings
from mdtodo.system.process import PIPE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import NamedTuple

    from mdtodo.git.objects import NewObjects
    from mdtodo.git.repository import Repository
    from mdtodo.system.process import Process
else:
    from mdtodo.core.light.named_tuples import NamedTuple


#: Bytes of objects that are kept, so that many landings do not fill the memory.
_KEPT = 1 << 22


class Identity(NamedTuple):
    """Who writes commits, as `git var GIT_AUTHOR_IDENT` prints it, without the time (see `with_time`)."""

    author: bytes
    committer: bytes


class GitSession:
    """The git commands of a landing, in the repository's root. A context manager, which ends what still runs.

    Methods raise GitError, with git's own words, where git refuses.
    """

    def __init__(self, repo: Repository) -> None:
        self.repo = repo
        self._env = environment(repo)
        self._cached: dict[str, bytes] = {}
        self._size = 0
        self._identity: Identity | None = None
        self._settings: Settings | None = None
        # Waited for where it is first needed, so that git reads its configuration while we do other things.
        self._listing = self.begin("var", "-l")
        self._cat: Process | None = None

    def __enter__(self) -> GitSession:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process that is kept."""
        # Never asked for; the process must be reaped all the same.
        if self._settings is None:
            with suppress(GitError):
                self._listing()
        if self._cat is not None:
            self._cat.finish()
            self._cat = None

    def run(
        self,
        *args: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        ok: Iterable[int] = (0,),
        own_group: bool = True,
    ) -> bytes:
        """Standard output. Not `own_group`: it stays in our process group, where it may ask for a passphrase."""
        return self.begin(*args, stdin=stdin, env=env, ok=ok, own_group=own_group)()

    def begin(
        self,
        *args: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        ok: Iterable[int] = (0,),
        own_group: bool = True,
    ) -> Callable[[], bytes]:
        """Start a command; the function that is given waits for it and gives what `run` gives."""
        process = self.start(args, env, own_group=own_group)
        # Written now if it fits into the pipe, so that git works before `result` is called; more could block.
        fed = len(stdin) <= PIPE
        if fed:
            process.feed(stdin, end=True)

        def result() -> bytes:
            code, out, err = process.finish(b"" if fed else stdin)
            if code not in ok:
                raise error_from(err, args)
            return out

        return result

    def start(
        self, args: Iterable[str], env: Mapping[str, str] | None = None, *, own_group: bool = True
    ) -> Process:
        """A git command that is to be talked to."""
        return start(self.repo.root, args, self._env | dict(env or {}), own_group=own_group)

    def look_up(self, name: str) -> tuple[str, str, bytes] | None:
        """What git says of an object, named by its id or `HEAD`: id, type and content; None for none."""
        if self._cat is None:
            self._cat = self.start(("cat-file", "--batch"))
        self._cat.feed(name.encode() + b"\n")
        words = self._cat.line().split()
        if not words:
            _, _, err = self._cat.finish()
            self._cat = None
            raise error_from(err, ("cat-file",))
        if len(words) != 3:
            return None
        data = self._cat.read(int(words[2]) + 1)[:-1]
        return words[0].decode(), words[1].decode(), data

    def content(self, oid: str) -> bytes:
        """The content of an object that must be there; read once."""
        if oid not in self._cached:
            found = self.look_up(oid)
            if found is None:
                raise error_from(f"fatal: object {oid} is missing".encode(), ("cat-file",))
            self._keep(oid, found[2])
        return self._cached[oid]

    def write(self, objects: NewObjects) -> None:
        """Write these objects, which are cleared by that."""
        if objects:
            self.run("unpack-objects", "-q", stdin=objects.pack())
        for oid, _, data in objects:
            self._keep(oid, data)
        objects.clear()

    def identity(self) -> Identity:
        """Who commits; read once. Raises GitError where git does not know."""
        if self._identity is None:
            config = self.settings()
            author, committer = (
                config[f"GIT_{who}_IDENT".upper().encode()]
                if _is_known(config, who)
                else self.run("var", f"GIT_{who}_IDENT".upper()).rstrip(b"\n")
                for who in ("author", "committer")
            )
            self._identity = Identity(
                _without_time(author, "GIT_AUTHOR_DATE"), _without_time(committer, "GIT_COMMITTER_DATE")
            )
        return self._identity

    def committer_email(self) -> str | None:
        """The e-mail of who commits, as `git var GIT_COMMITTER_IDENT` has it; None where git does not know."""
        try:
            ident = self.identity().committer
        except GitError:
            return None
        return ident.rpartition(b"<")[2].partition(b">")[0].decode("utf-8", "replace").strip() or None

    def settings(self) -> Settings:
        """What the configuration asks for; read once."""
        if self._settings is None:
            # `git var -l` has no -z: a value of several lines is cut, but nobody asks for one here.
            self._settings = Settings(self._listing())
        return self._settings

    def _keep(self, oid: str, data: bytes) -> None:
        if self._size > _KEPT:
            self._cached.clear()
            self._size = 0
        self._cached[oid] = data
        self._size += len(data)


def with_time(identity: bytes, variable: str) -> bytes:
    """The identity with this moment and time zone, or with the time that the environment gives."""
    # Then git has put that time into the identity, see `_without_time`.
    if variable in os.environ:
        return identity
    return b"%s %d %s" % (identity, time.time(), time.strftime("%z").encode())


def _without_time(identity: bytes, variable: str) -> bytes:
    return identity if variable in os.environ else identity[: identity.rindex(b">") + 1]


def _is_known(config: Mapping[bytes, bytes], who: str) -> bool:
    """Whether `git var -l`, which makes up what it does not know, was told who `author` or `committer` is."""

    def told(what: str) -> bytes:
        variable = os.environ.get(f"GIT_{who}_{what}".upper())
        if variable is not None:
            return os.fsencode(variable)
        return config.get(f"{who}.{what}".encode(), config.get(f"user.{what}".encode(), b""))

    return all(re.search(rb"[0-9A-Za-z\x80-\xff]", told(what)) for what in ("name", "email"))
