"""What the TODO file may be called."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from tests.landing.states.bench import TODO
from tests.landing.states.declared import Group

if TYPE_CHECKING:
    from tests.landing.states.bench import Bench

names = Group("Names")

NAMES = {
    "a line end": "new\nline/TODO.md",
    "quotes and a backslash": 'it\'s "q\\uoted"/TODO.md',
    "bytes that are not UTF-8": os.fsdecode(b"caf\xe9/TODO.md"),
    "a leading dash": "-rf/TODO.md",
    "an emoji": "✅ plan/TODO.md",
    "`:(glob)`": ":(glob)**/TODO.md",
    "wildcards": "[a]*?/TODO.md",
    "a trailing blank": "trailing /TODO.md",
    "decomposed letters (NFD)": "cafe\u0301/TODO.md",
    "a tab and control characters": "t\tab\x01\x7f/TODO.md",
    "`$(…)` and backquotes": "$(touch x)`touch y`/TODO.md",
    "a symbolic link": "real/TODO.md",
}


def declared(test):
    for name in NAMES:
        test = names.lands(name, "its target is written; the link stays" if "link" in name else "")(test)
    return test


@pytest.mark.parametrize("state", NAMES)
@declared
@pytest.mark.sample(4)
def test_lands_in_a_todo_file_with_an_odd_name(bench: Bench, state: str) -> None:
    if "UTF-8" in state and sys.platform == "darwin":
        pytest.skip("file names are UTF-8 on macOS")
    bench.file = NAMES[state]
    repo = bench.repo()
    if "link" in state:
        (repo.root / "TODO.md").symlink_to("real/TODO.md")
        repo.git("add", "TODO.md")
        repo.git("commit", "-q", "-m", "Link")
    bench.expect_outcome(repo)


@names.lands("two that differ only in case", "they are two files, if the file system tells them apart")
def test_lands_beside_a_file_that_differs_only_in_case(bench: Bench) -> None:
    repo = bench.repo()
    (repo.root / "probe").write_text("")
    if (repo.root / "PROBE").exists():
        pytest.skip("this file system does not tell them apart")
    (repo.root / "probe").unlink()
    repo.commit(
        "Twins",
        **{
            "Docs/TODO.md": TODO.replace("run:ok", "").replace("] ", "] twin "),
            "docs/TODO.md": TODO.replace("run:ok", "").replace("] ", "] twin "),
        },
    )
    bench.expect_outcome(repo)


@names.refuses("a symbolic link that leads out of the work tree", "it is not followed")
def test_refuses_a_symbolic_link_that_leads_out_of_the_work_tree(bench: Bench) -> None:
    repo = bench.repo()
    (bench.folder / "outside.md").write_text(TODO)
    (repo.root / "docs").mkdir()
    (repo.root / "docs/TODO.md").symlink_to("../../outside.md")
    bench.expect_outcome(repo, person=False, says="is a symlink that points outside the work tree")
    assert (bench.folder / "outside.md").read_text() == TODO
