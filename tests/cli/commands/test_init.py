"""`init`: what it writes, and the first run after it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]


def test_init_says_that_its_files_are_to_be_committed(repo: Checkout, mdtodo: Mdtodo) -> None:
    assert "mdtodo: commit TODO.md and .mdtodo.toml first: `run` commits" in mdtodo("init").err
    assert "first:" not in mdtodo("init").err
    assert b"`mdtodo config --all`" in repo.read(".mdtodo.toml")


def test_a_run_after_init_ticks_a_task(repo: Checkout, mdtodo: Mdtodo) -> None:
    mdtodo("init")
    assert mdtodo("check").out == ""
    repo.commit("Start")
    mdtodo("run")
    assert b"- [x] The work tree has no whitespace errors" in repo.head("TODO.md")


@pytest.mark.parametrize("staged", [True, False])
def test_a_run_after_init_works_before_the_first_commit(
    repo: Checkout, mdtodo: Mdtodo, *, staged: bool
) -> None:
    subprocess.run(["git", "checkout", "-q", "--orphan", "new"], cwd=repo.root, check=True)
    mdtodo("init")
    assert "1 done" in mdtodo("run").out
    mdtodo("reopen", "--", next(t["id"] for t in mdtodo("list", "--json").json["tasks"] if t["processor"]))
    repo.write("a.py", "a = 1\n")
    subprocess.run(["git", "add", "a.py"], cwd=repo.root, check=True)
    repo.write("a.py", "a = 1 \n")
    if staged:
        subprocess.run(["git", "add", "a.py"], cwd=repo.root, check=True)
    said = mdtodo("run", code=1)
    assert "a.py:1: trailing whitespace" in said.err
    assert said.err.count("mdtodo output") == 1


def test_init_never_overwrites(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md", "mine\n")
    repo.write("pyproject.toml", "[tool.mdtodo]\njobs = 1\n")
    mdtodo("init")
    assert repo.read("TODO.md") == b"mine\n"
    assert not (repo.root / ".mdtodo.toml").exists()


@pytest.mark.parametrize(
    ("config", "accept"), [("", True), ('proof = "strict"\n', False), ('proof = "off"\n', None)]
)
def test_init_names_ticks_that_nothing_proves(
    repo: Checkout, mdtodo: Mdtodo, config: str, accept: bool | None
) -> None:
    todo = "- [x] a run:pytest\n- [x] b run:pytest\n- [x] c\n- [ ] d run:pytest\n"
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": config})
    said = mdtodo("init").err
    assert ("2 ticked tasks have a processor and no proof: `mdtodo prove` runs" in said) == (
        accept is not None
    )
    assert ("`mdtodo prove --accept`" in said) == bool(accept)
    if accept:
        mdtodo("prove", "--accept")
        assert "no proof" not in mdtodo("init", "--hooks").err
