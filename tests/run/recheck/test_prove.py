"""Ticks that were chosen to be proven, and have a proof when the run begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.config.load import load
from mdtodo.git.repository import discover
from mdtodo.reporting.progress import PlainProgress
from mdtodo.run.run import run
from mdtodo.run.run_options import Options

if TYPE_CHECKING:
    from tests.conftest import Checkout


def test_what_another_run_has_proven_meanwhile_is_not_run_again(repo: Checkout) -> None:
    config = b'[processors.t]\nrun = "echo >> .git/ran"\n'
    repo.commit("Base", **{"TODO.md": "- [x] a id:a run:t\n- [x] b id:b run:t\n", ".mdtodo.toml": config})
    where = discover(str(repo.root))

    def prove(*ids: str) -> list[str]:
        chosen = frozenset(ids)
        options = Options(chosen=chosen, asked=chosen, jobs=1, verify=True, prove=True)
        report = run(where, load(None, config), options, PlainProgress(quiet=True))
        return [task.id for task in report.tasks]

    assert prove("a") == ["a"]
    assert prove("a", "b") == ["b"]
    assert (repo.root / ".git" / "ran").read_text() == "\n\n"
