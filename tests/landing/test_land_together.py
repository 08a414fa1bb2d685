"""Several programs that land in the same file at the same moment: nothing is lost, and each receipt is there once."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from mdtodo.git.repository import discover
from mdtodo.receipts.log import logged_receipts

if TYPE_CHECKING:
    from tests.conftest import Checkout

PROGRAM = str(Path(sys.executable).parent / "mdtodo")
WRITERS = 8


def test_eight_writers_of_one_file_lose_nothing(repo: Checkout) -> None:
    names = [f"t{number}" for number in range(WRITERS)]
    repo.commit("Base", **{"TODO.md": "".join(f"- [ ] Task {name} id:{name}\n" for name in names)})
    commands = [[PROGRAM, "done", name, "--commit"] for name in names]
    both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    writers = [subprocess.Popen(one, cwd=repo.root, **both) for one in commands]
    said = [one.communicate()[0].decode() for one in writers]
    assert [one.returncode for one in writers] == [0] * WRITERS, said
    ticked = "".join(f"- [x] Task {name} id:{name}\n" for name in names).encode()
    assert repo.read("TODO.md") == repo.index("TODO.md") == repo.head("TODO.md") == ticked
    assert repo.status() == []
    found = Counter(one.task_id for one in logged_receipts(discover(str(repo.root))))
    assert found == Counter(names)
    assert repo.git("fsck", "--strict", "--no-dangling", "--no-progress") == ""
