"""Since when this clone has seen each claim of others unchanged, so that one which nobody renews can be taken over.

By the clock of this machine alone, which nobody sets: what a claim says of its own time is never compared with it. Kept
in a file, since one run is shorter than a lease; after a restart of the machine all is seen for the first time again.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from mdtodo.storage.state import folder
from mdtodo.system.clock import boot_clock, boot_id
from mdtodo.system.files import keep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.git.repository import Repository

    #: By ref: the object that it was at, and when it was seen there first.
    Seen = dict[str, tuple[str, float]]


class Sightings:
    """The claims on one remote, whose address is its name here."""

    def __init__(self, repo: Repository, remote: str) -> None:
        self._path = os.path.join(folder(repo), "claims.json")
        self._remote = remote
        self._boot = boot_id()
        self._seen: Seen = {}
        self._looked = 0.0

    def look(self, refs: Mapping[str, str], began: float) -> None:
        """This is what the remote has; it was asked at the moment `began` of `boot_clock`."""
        # what another process of this clone has seen counts as well
        earlier = self._read() | self._seen
        now = boot_clock()
        self._looked = began
        self._seen = {
            ref: earlier[ref] if ref in earlier and earlier[ref][0] == oid else (oid, now)
            for ref, oid in refs.items()
        }
        if self._seen != earlier:
            self._write()

    def unchanged_for(self, ref: str, oid: str) -> float:
        """For how many seconds the claim has been seen at this object, until the last look began."""
        seen = self._seen.get(ref)
        return self._looked - seen[1] if seen is not None and seen[0] == oid else 0.0

    def _load(self) -> dict[str, dict[str, list[object]]]:
        """All that the file has, by remote; nothing where it is damaged, or of another start of the machine."""
        with suppress(OSError, ValueError), open(self._path, encoding="utf-8") as file:
            kept = json.load(file)
            if isinstance(kept, dict) and self._boot and kept.get("boot") == self._boot:
                remotes = kept.get("remotes")
                return remotes if isinstance(remotes, dict) else {}
        return {}

    def _read(self) -> Seen:
        try:
            rows = self._load().get(self._remote, {})
            return {ref: (str(oid), float(str(when))) for ref, (oid, when) in rows.items()}
        except (AttributeError, ValueError, TypeError):
            return {}

    def _write(self) -> None:
        told = {"boot": self._boot, "remotes": self._load() | {self._remote: self._seen}}
        # what is lost makes others wait longer, no more
        with suppress(OSError):
            keep(self._path, json.dumps(told).encode())
