"""Who signed which commits, remembered by commit and signers file, in `.git/mdtodo/signatures/`.

No commit can bring such a file along, since no tree holds `.git`. Deleting it costs time alone.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mdtodo.git.signatures import find_signers, read_signed, ssh_keygen
from mdtodo.storage.caches.blob_cache import FindingCache

if TYPE_CHECKING:
    from collections.abc import Collection

    from mdtodo.git.repository import Repository


def signed_by(repo: Repository, oids: Collection[str], signers: bytes) -> dict[str, str | None]:
    """For each of these commits, named by full ids, the principal of `signers` who signed it; None for nobody.

    `signers` is the content of an allowed signers file, read by the caller from where the change that is judged does
    not reach. What counts as signed, and who is named: `git.signatures`. Each commit is compared with its id
    every time; what is remembered is what ssh-keygen said, the refusals too.

    Raises MdtodoError where a commit is signed and ssh-keygen is missing or cannot work.
    """
    found: dict[str, str | None] = dict.fromkeys(oids)
    signed = read_signed(repo, found)
    if not signed:
        return found
    cache = FindingCache(repo, _key(signers), "signatures")
    known = {oid: text for oid in signed if (text := cache.get(oid)) is not None}
    new = find_signers({oid: one for oid, one in signed.items() if oid not in known}, signers)
    for oid in signed.keys() - known.keys():
        known[oid] = new.get(oid, "")
        cache.put(oid, known[oid])
    cache.save()
    return found | {oid: principal or None for oid, principal in known.items()}


#: Another one when commits or answers are read in another way.
_VERSION = 1


def _key(signers: bytes) -> str:
    """Another one with another ssh-keygen: an old one may not know a key that a new one knows."""
    # SHA-1 would not do: two files of one digest can be made.
    from hashlib import sha256

    program = ssh_keygen()
    now = os.stat(program)
    begin = f"{_VERSION} {program} {now.st_size} {now.st_mtime_ns}\n"
    return sha256(begin.encode() + signers).hexdigest()
