"""What the person's git configuration asks for, where we do ourselves what git would do: read once, as git lists it.

A setting that must be respected gets a method here, and is asked where it matters. What git itself obeys, since git
does the work, needs none; what we override when we start git is `SETTINGS` of `repository`.
"""

from __future__ import annotations

import re

#: What a setting says that is off.
_OFF = (b"false", b"no", b"off", b"0")
_ON = (b"true", b"yes", b"on", b"1")

#: Those of git's extensions that do not change what a loose object is.
_EXTENSIONS = tuple(
    b"extensions." + name
    for name in (
        *(b"objectformat", b"partialclone", b"worktreeconfig", b"preciousobjects", b"refstorage", b"noop"),
        b"relativeworktrees",
    )
)


class Settings(dict[bytes, bytes]):
    """What `git var -l` lists: the whole configuration, and the identities after it. A name's last value counts."""

    def __init__(self, listed: bytes) -> None:
        super().__init__(line.partition(b"=")[::2] for line in listed.split(b"\n"))
        self._listed = listed

    def algorithm(self) -> str:
        """The repository's hash: `sha1` or `sha256`."""
        return self.get(b"extensions.objectformat", b"sha1").decode().lower()

    def signs(self) -> bool:
        """Whether commits are signed: `commit.gpgsign`."""
        return self._is_true(b"commit.gpgsign")

    def is_sparse(self) -> bool:
        """Whether the checkout is sparse; `[core] sparseCheckout` without a value means true."""
        return self.get(b"core.sparsecheckout", b"false").lower() in (*_ON, b"")

    def converts_line_ends(self) -> bool:
        """Whether `core.autocrlf` makes git store line ends other than those of the file."""
        return self.get(b"core.autocrlf", b"false").lower() not in _OFF

    def push_default(self) -> str:
        """`push.default`, in lower case."""
        return self.get(b"push.default", b"simple").decode(errors="replace").lower()

    def syncs(self, *components: bytes) -> bool:
        """Whether `core.fsync` asks for one of these to be forced to the disk, which it does not by itself."""
        asked = re.split(rb"[, ]+", self.get(b"core.fsync", b""))
        everything = (b"added", b"all", *components)
        older = self.get(b"core.fsyncobjectfiles", b"false").lower() not in _OFF
        return older or not set(everything).isdisjoint(asked)

    def loose_level(self) -> int | None:
        """How much loose objects are deflated; None where git must write them, for others to write to as well,
        to be forced to the disk, or in a way that is not known here.
        """
        shared = self.get(b"core.sharedrepository", b"false").lower() not in (*_OFF, b"umask")
        synced = self.syncs(b"loose-object", b"objects", b"committed")
        # An unknown extension may store objects in another way (git's repository-version.txt).
        extended = any(name.startswith(b"extensions.") and name not in _EXTENSIONS for name in self)
        if shared or synced or extended:
            return None
        # git's default for loose objects is 1, not zlib's 6.
        level = self.get(b"core.loosecompression", self.get(b"core.compression", b"1"))
        return int(level) if re.fullmatch(rb"-1|[0-9]", level) else None

    def _is_true(self, name: bytes) -> bool:
        """A Boolean of git's, as `git var -l` lists it: the last one counts, and a name alone means true."""
        values = re.findall(rb"(?m)^%s(?:=(.*))?$" % re.escape(name), self._listed)
        bare = re.findall(rb"(?m)^%s(=?)" % re.escape(name), self._listed)
        if not values:
            return False
        value = values[-1].strip().lower()
        return not bare[-1] or value in (b"true", b"yes", b"on") or (value.isdigit() and int(value) != 0)
