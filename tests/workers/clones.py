"""Claims of separate clones on one bare remote, without a run around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.git.repository import discover
from mdtodo.workers.claim import CLAIMS, own_claim
from mdtodo.workers.claims import Claims

if TYPE_CHECKING:
    from tests.conftest import Checkout
    from tests.landing.push.remotes import Remote

ONE, TWO, THREE = (f"{CLAIMS}{name}" for name in ("one", "two", "three"))


def claims_of(clone: Checkout, lease: float = 60.0, worker: str | None = None) -> Claims:
    """Those of a worker that is called as its clone."""
    repo = discover(str(clone.root))
    own = own_claim(repo, worker or clone.root.name, f"run-{clone.root.name}", lease)
    return Claims(repo, "origin", own, "refs/heads/main")


def claimed(remote: Remote) -> dict[str, str]:
    """The refs of claims that the remote has, with their objects."""
    lines = remote.bare.git("for-each-ref", "--format=%(refname) %(objectname)", CLAIMS).splitlines()
    return dict(line.split() for line in lines)
