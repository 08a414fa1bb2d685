"""What the person's git configuration asks for, where we do ourselves what git would do: read once, as git lists it.

A setting that must be respected gets a method here, and is asked where it matters. What git itself obeys, since git
does the work, needs none; what we override when we start git is `SETTINGS` of `repository`.
"""

from __future__ import annotations

import re


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
        """Whether the checkout is sparse: `core.sparseCheckout`."""
        return self._is_true(b"core.sparsecheckout")

    def push_default(self) -> str:
        """`push.default`, in lower case."""
        return self.get(b"push.default", b"simple").decode(errors="replace").lower()

    def _is_true(self, name: bytes) -> bool:
        """A Boolean of git's, as `git var -l` lists it: the last one counts, and a name alone means true."""
        values = re.findall(rb"(?m)^%s(?:=(.*))?$" % re.escape(name), self._listed)
        bare = re.findall(rb"(?m)^%s(=?)" % re.escape(name), self._listed)
        if not values:
            return False
        value = values[-1].strip().lower()
        return not bare[-1] or value in (b"true", b"yes", b"on") or (value.isdigit() and int(value) != 0)
