"""What a killed run of an older mdtodo has left is landed by this one, whole.

`older/` holds its state (as `sqlite3 .dump`) and its spool, byte for byte, as the commit 1ee8631 left them: killed with
three results in the journal and a fourth one in the spool alone. The root of the repository and the commit that was
HEAD are put in here.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mdtodo.git.repository import discover
from mdtodo.landing.recovery.recover import finish_earlier_if_any
from mdtodo.project.project import read_config
from mdtodo.receipts.log import logged_receipts

if TYPE_CHECKING:
    from tests.conftest import Checkout

OLDER = Path(__file__).parent / "older"
RUN = "20261129T224930-11c241"
TICKED = """\
# Release

- [x] Measure run:measure
  - seven of eight
- [ ] Split run:split
  - [ ] first half
- [ ] Same
- [ ] Broken run:broken failed:1
- [x] Write docs id:docs run:docs

## Later

- [ ] Same
"""


@pytest.fixture
def killed(repo: Checkout) -> Checkout:
    head = repo.commit(
        **{
            name: (OLDER / kept).read_text()
            for name, kept in (("TODO.md", "TODO.md"), (".mdtodo.toml", "mdtodo.toml"))
        },
        **{"notes.txt": "n\n"},
    )
    state = repo.root / ".git/mdtodo"
    (state / "unread").mkdir(parents=True)

    def text(name: str) -> str:
        return (OLDER / name).read_text().replace("/srv/plan", str(repo.root)).replace("f" * 40, head)

    (state / "unread" / f"{RUN}.27298").write_text(text("spool.jsonl"))
    with sqlite3.connect(state / "state.db") as database:
        database.executescript(text("state.sql"))
    database.close()
    repo.write("docs.txt", "text\n")
    return repo


def test_its_results_land_with_all_that_they_said(
    killed: Checkout,
) -> None:
    repository = discover(str(killed.root))
    told = finish_earlier_if_any(repository, read_config(repository))
    assert told == [f"landed the results of run {RUN}: Measure, Split, Broken, ..."]
    assert killed.head("TODO.md").decode() == killed.read("TODO.md").decode() == TICKED
    assert killed.head("docs.txt") == b"text\n"
    receipts = {one.task_id: one for one in logged_receipts(repository) if one.run == RUN}
    assert {name: one.outcome for name, one in receipts.items()} == {
        "d4fd0a2": "done",
        "fc8230b": "blocked",
        "3ad465c": "failed",
        "docs": "done",
    }
    assert receipts["d4fd0a2"].metrics == {"coverage": 0.875}
    assert receipts["3ad465c"].reason == "exit"
