"""A task has one worker at a time: what comes of it elsewhere counts for nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

#: The processor itself takes its task over, as another run does that comes upon a lease which ran out.
TAKES_OVER = """\
from mdtodo.git.repository import discover
from mdtodo.storage import leases
from mdtodo.storage.state import StateStore
now = leases._clock()
leases._clock = lambda: now + 86400
with StateStore.open(discover(".")) as state:
    assert state.lease("lost", "another worker", 60, mine=False)
"""


def test_the_result_of_a_lost_lease_does_not_land(repo: Checkout, mdtodo: Callable[..., Said]) -> None:
    repo.write("take_over.py", TAKES_OVER)
    config = f"processors.taken.run = [{sys.executable!r}, 'take_over.py']\nprocessors.plain.run = 'true'\n"
    repo.commit(
        "Base", **{"TODO.md": "- [ ] lost id:lost run:taken\n- [ ] kept run:plain\n", ".mdtodo.toml": config}
    )
    said = mdtodo("run", code=None)
    assert "another worker may have it by now, so the result was dropped" in said.out + said.err
    assert repo.head("TODO.md") == b"- [ ] lost id:lost run:taken\n- [x] kept run:plain\n"
