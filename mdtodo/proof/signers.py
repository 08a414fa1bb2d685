"""Who may sign receipts, by the file that `signers` names in the commit that a change is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.git.true_history import read_history

if TYPE_CHECKING:
    from collections.abc import Collection

    from mdtodo.config.settings import Config
    from mdtodo.git.repository import Repository


class Signers:
    """The allowed signers, as the bytes of their file; of none, if it is empty."""

    def __init__(self, repo: Repository, data: bytes) -> None:
        from hashlib import sha256  # few repositories name signers

        self._repo, self._data = repo, data
        self._known: dict[str, bool] = {}
        #: What tells these signers from others.
        self.key = sha256(data).hexdigest()
        #: Commits that may be asked for next: signatures of several are checked in the time of one.
        self.expected: Collection[str] = ()

    def signed(self, commit: str) -> bool:
        """Whether one of them has signed the commit. Raises MdtodoError where that cannot be found out."""
        if commit not in self._known:
            from mdtodo.storage.caches.signature_cache import signed_by

            asked = {commit, *(oid for oid in self.expected if oid not in self._known)}
            found = signed_by(self._repo, asked, self._data)
            self._known |= {oid: principal is not None for oid, principal in found.items()}
        return self._known[commit]


def signers_of(repo: Repository, config: Config, revision: str) -> Signers | None:
    """The signers that a configuration names, as that commit has them; None where it names none. A file that is not
    there allows nobody."""
    if not config.signers:
        return None
    name = f"{revision}:{config.signers}"
    return Signers(repo, read_history(repo, "cat-file", "blob", name, ok=(0, 128)) if revision else b"")
