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


OWN = "# Agents\n\nBe kind.\n"


def section(repo: Checkout) -> str:
    text = repo.read("AGENTS.md").decode()
    return text[text.index("<!-- mdtodo: begin -->") : text.index("<!-- mdtodo: end -->")]


def test_agents_are_told_how_work_is_done_in_less_than_forty_lines(repo: Checkout, mdtodo: Mdtodo) -> None:
    said = mdtodo("init", "--agents")
    assert "created  AGENTS.md" in said.out
    assert not (repo.root / "CLAUDE.md").exists()
    text = section(repo)
    assert len(text.splitlines()) < 40
    for word in (
        "next_task",
        "claim_task",
        "prove_task",
        "mdtodo claim ID",
        "mdtodo prove ID",
        "Never by hand",
    ):
        assert word in text
    before = repo.read("AGENTS.md")
    assert "kept     AGENTS.md" in mdtodo("init", "--agents").out
    assert repo.read("AGENTS.md") == before
    assert "removed  AGENTS.md" in mdtodo("init", "--no-agents").out
    assert not (repo.root / "AGENTS.md").exists()


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_the_section_is_replaced_in_place_and_nothing_else_is_touched(
    repo: Checkout, mdtodo: Mdtodo, line_end: str
) -> None:
    own = OWN.replace("\n", line_end).encode()
    repo.commit("Own", **{"AGENTS.md": own, "CLAUDE.md": own, "TODO.md": "- [ ] x\n"})
    mdtodo("init", "--agents")
    written = repo.read("AGENTS.md")
    assert written.startswith(own)
    assert written.count(b"\n") == written.count(line_end.encode())
    assert b"@AGENTS.md" in repo.read("CLAUDE.md")
    older = written.replace(b"Never by hand", b"Seldom by hand") + b"After it.\n"
    repo.write("AGENTS.md", older)
    assert "changed  AGENTS.md" in mdtodo("init", "--agents").out
    assert repo.read("AGENTS.md") == written + b"After it.\n"
    mdtodo("init", "--no-agents")
    assert (repo.read("AGENTS.md"), repo.read("CLAUDE.md")) == (own + b"After it.\n", own)


def test_a_section_with_one_mark_is_left_as_it_is(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.commit("Half", **{"AGENTS.md": "<!-- mdtodo: begin -->\nmine\n", "TODO.md": "- [ ] x\n"})
    for option in ("--agents", "--no-agents"):
        assert "AGENTS.md: " in mdtodo("init", option, code=3).err
    assert repo.status() == []


def test_a_claude_file_that_is_agents_or_leads_there_stays_as_it_is(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.commit("Own", **{"AGENTS.md": OWN, "TODO.md": "- [ ] x\n"})
    (repo.root / "CLAUDE.md").symlink_to("AGENTS.md")
    mdtodo("init", "--agents")
    assert repo.read("AGENTS.md").count(b"mdtodo: begin") == 1
    mdtodo("init", "--no-agents")
    assert repo.read("AGENTS.md") == OWN.encode()
    mdtodo("init", "--agents")
    (repo.root / "CLAUDE.md").unlink()
    repo.write("CLAUDE.md", "See @AGENTS.md\n")
    mdtodo("init", "--agents")
    assert repo.read("CLAUDE.md") == b"See @AGENTS.md\n"
