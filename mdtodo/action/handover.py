"""What the step that works leaves for the one that delivers: a folder with its results, and a bundle of its receipts.

The one that delivers believes nothing of it, since processors ran where it was written.
"""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.action.bundle import read_regular
from mdtodo.core import codec
from mdtodo.core.results import RunReport  # noqa: TC001  # the codec looks it up
from mdtodo.core.task import Finding  # noqa: TC001
from mdtodo.errors import MdtodoError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_RESULTS, _BUNDLE = "results.json", "receipts.bundle"
#: Bytes that the results may have.
_LARGEST = 64 << 20


class Handover(NamedTuple):
    """`code` is how the Action ends; `findings` None where not checked."""

    code: int
    report: RunReport | None
    findings: tuple[Finding, ...] | None

    def write(self, folder: str) -> None:
        """Into a folder that `new_folder` has made."""
        with open(os.path.join(folder, _RESULTS), "w", encoding="utf-8") as file:
            file.write(codec.dumps(self))

    @classmethod
    def load(cls, folder: str) -> Handover:
        """Read it. Raises UsageError where there is none that can be read."""
        try:
            found = codec.loads(cls, read_regular(os.path.join(folder, _RESULTS), _LARGEST))
        except (MdtodoError, ValueError, RecursionError):
            found = None
        if found is None or not 0 <= found.code < 256:
            raise UsageError('the step "Run mdtodo" left no results to report')
        return found


def new_folder(environ: Mapping[str, str]) -> str:
    """One that only this user can read, in the runner's temporary folder."""
    return tempfile.mkdtemp(prefix="mdtodo-", suffix=".results", dir=environ.get("RUNNER_TEMP") or None)


def bundle_of(folder: str) -> str:
    """Where the bundle of receipts is, if there are any."""
    return os.path.join(folder, _BUNDLE)
