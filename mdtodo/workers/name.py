"""What a worker is called."""

from __future__ import annotations

import os
import re

from mdtodo.core.names import WORKER
from mdtodo.errors import UsageError


def worker_name(given: str | None) -> str:
    """The name that was given, or `user@host`. Raises UsageError for what is none."""
    if given is None:
        return _default()
    if not re.fullmatch(WORKER, given) or len(given) > _LONGEST:
        raise UsageError(
            f"{given[:_LONGEST]!r} is no name of a worker",
            hint=f"at most {_LONGEST} letters (a to z, A to Z), digits and `.`, `_`, `-`, `@` make one",
        )
    return given


#: Characters of a name, which stands on a task's line.
_LONGEST = 100


def _default() -> str:
    import getpass

    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in a container
        user = str(os.getuid())
    return re.sub(r"[^A-Za-z0-9._@-]", "-", f"{user}@{os.uname().nodename}")
