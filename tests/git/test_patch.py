"""A patch of what is in no repository is the same wherever the temporary folder is."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

import pytest

from mdtodo.git.patch import patch

if TYPE_CHECKING:
    from tests.conftest import Checkout

CONTENTS = {"TODO.md": (b"- [ ] a\n", b"- [x] a\n"), "dir/same.md": (b"- [ ] b\n", b"- [ ] b\n")}
WANTED = "diff --git a/TODO.md b/TODO.md\n{}--- a/TODO.md\n+++ b/TODO.md\n@@ -1 +1 @@\n-- [ ] a\n+- [x] a\n"


@pytest.mark.parametrize("place", [".", "tmp", "co:lon", "link"])
def test_a_repository_around_the_temporary_folder_has_no_say(
    repo: Checkout, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    repo.commit("Base", **{".gitattributes": "* -diff\n", "tmp/x": "x", "co:lon/x": "x"})
    repo.git("config", "diff.indentHeuristic", "nonsense")
    (repo.root / "link").symlink_to("tmp")
    monkeypatch.setattr(tempfile, "tempdir", str(repo.root / place))
    found = patch(CONTENTS).decode()
    index = next(line for line in found.splitlines(keepends=True) if line.startswith("index "))
    assert found == WANTED.format(index)
