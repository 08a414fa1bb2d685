"""The gate asks no more than it has to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.command_line import Mdtodo
    from tests.conftest import Checkout

CONFIG = '[processors.a]\nrun = "true"\n'


@pytest.fixture
def done(repo: Checkout, mdtodo: Mdtodo) -> Checkout:
    repo.commit(**{"TODO.md": "- [ ] one run:a\n- [ ] two\n", ".mdtodo.toml": CONFIG})
    mdtodo("run")
    return repo


def gits(mdtodo: Mdtodo, trace: Path, *args: str) -> list[str]:
    trace.unlink(missing_ok=True)
    mdtodo(*args, GIT_TRACE=str(trace))
    lines = trace.read_text().splitlines()
    return [line.partition("trace: built-in: ")[2].split()[1] for line in lines if "trace: built-in" in line]


def test_what_is_staged_without_a_new_tick_reads_no_history(
    done: Checkout, mdtodo: Mdtodo, tmp_path: Path
) -> None:
    """One git says which files differ from HEAD, also those that are gone."""
    done.write("TODO.md", done.read("TODO.md") + b"- [ ] more run:a\n")
    done.git("add", "-A")
    assert gits(mdtodo, tmp_path / "trace", "check", "--staged") == ["cat-file", "ls-files", "diff-index"]


def test_a_repository_without_ticks_starts_one_git_more(
    repo: Checkout, mdtodo: Mdtodo, tmp_path: Path
) -> None:
    repo.commit(**{"TODO.md": "- [ ] one run:a\n", ".mdtodo.toml": CONFIG})
    assert gits(mdtodo, tmp_path / "trace", "check") == ["ls-files", "diff-index"]


def test_what_was_judged_before_reads_no_history_again(
    done: Checkout, mdtodo: Mdtodo, tmp_path: Path
) -> None:
    assert "log" in gits(mdtodo, tmp_path / "trace", "check")
    assert "log" not in gits(mdtodo, tmp_path / "trace", "check")
