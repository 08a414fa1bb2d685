"""SHA-1 for names: of objects as git names them, of tasks, of entries in caches. Nothing here is a secret.

By the interpreter's own module where it has one: hashlib loads OpenSSL, which takes half as long as Python's own
start, and every `check` in a hook would pay for that.
"""

from __future__ import annotations

try:
    from _sha1 import sha1  # type: ignore[import-not-found]
except ImportError:
    from hashlib import sha1

__all__ = ["hexdigest", "sha1"]


def hexdigest(data: bytes) -> str:
    """That of these bytes, 40 digits."""
    digest: str = sha1(data, usedforsecurity=False).hexdigest()
    return digest
