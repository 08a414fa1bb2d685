"""Where a processor runs (`cwd`), and what holds for all of them (`[defaults]`): real runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]


@pytest.fixture
def mdtodo(inside: Callable[..., Said]) -> Callable[..., Said]:
    """In this process, which takes a third of the time; that a process of its own does the same, others test."""
    return inside


def run(repo: Checkout, mdtodo: Mdtodo, config: str, todo: str = "- [ ] a run:p\n", **code: int) -> Said:
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": config})
    return mdtodo("run", **code)


@pytest.mark.parametrize(
    ("command", "written"),
    [
        ('"pwd > here"', True),
        ('["./tool"]', True),
        ('["sh", "./tool"]', True),
        ('["packages/api/tool"]', False),
    ],
)
def test_a_command_runs_in_its_folder(repo: Checkout, mdtodo: Mdtodo, command: str, *, written: bool) -> None:
    tool = repo.write("packages/api/tool", "#!/bin/sh\npwd > here\n")
    tool.chmod(0o755)
    run(repo, mdtodo, f'[processors.p]\nrun = {command}\ncwd = "packages/api"\n', code=0 if written else 1)
    found = repo.root / "packages/api/here"
    assert (found.exists() and found.read_text() == f"{repo.root}/packages/api\n") is written


def test_each_task_of_one_process_runs_in_its_own_folder(repo: Checkout, mdtodo: Mdtodo) -> None:
    (repo.root / "sub").mkdir()
    config = '[processors.p]\nrun = "touch here"\ncwd = "sub"\n[processors.q]\nrun = "touch there"\n'
    repo.commit("Base", **{"TODO.md": "1. [ ] a run:p\n2. [ ] b run:q\n", ".mdtodo.toml": config})
    mdtodo("run", "-j", "1")
    assert (repo.root / "sub/here").exists()
    assert (repo.root / "there").exists()


def test_paths_of_the_task_its_inputs_and_outputs_stay_relative_to_the_root(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    repo.write("sub/in", "1\n")
    config = (
        '[processors.p]\nrun = "echo $MDTODO_TASK_FILE > out"\ncwd = "sub"\n'
        'inputs = ["sub/in"]\noutputs = ["sub/out"]\n'
    )
    run(repo, mdtodo, config)
    assert repo.head("sub/out") == b"TODO.md\n"
    mdtodo("reopen", mdtodo("list", "--json", "--status", "done").json["tasks"][0]["id"], "--commit")
    repo.write("sub/in", "2\n")
    assert mdtodo("run", "--json").json["tasks"][0]["outcome"] == "done"


def test_a_python_processor_is_imported_from_its_folder_or_from_the_root(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    repo.write(
        "sub/here.py", "import os, elsewhere\n\ndef main(task):\n    open('out', 'w').write(os.getcwd())\n"
    )
    repo.write("elsewhere.py", "")
    run(repo, mdtodo, '[processors.p]\npython = "here:main"\ncwd = "sub"\n')
    assert repo.read("sub/out").decode() == f"{repo.root}/sub"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("nothing", "cwd: no such folder: sub"),
        ("a file", "cwd: sub is not a folder"),
        ("a link that leads out", "cwd: sub is outside the repository"),
        ("a link that leads nowhere", "cwd: sub is not a folder"),
        ("a link into .git", "cwd: sub is outside the repository"),
    ],
)
@pytest.mark.parametrize("proof", ['run = "touch ran"', 'python = "os:getcwd"'])
@pytest.mark.sample(4)
def test_a_cwd_that_is_no_folder_fails_the_task(
    repo: Checkout, mdtodo: Mdtodo, tmp_path: Path, kind: str, reason: str, proof: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    if kind == "a file":
        repo.write("sub", "")
    elif kind != "nothing":
        places = {"out": outside, ".git": repo.root / ".git", "nowhere": tmp_path / "nowhere"}
        os.symlink(places[kind.split()[-1]], repo.root / "sub")
    said = run(repo, mdtodo, f'[processors.p]\n{proof}\ncwd = "sub"\n', code=1)
    assert reason in said.err
    assert b"failed:1" in repo.head("TODO.md")
    task = mdtodo("list", "--json").json["tasks"][0]["id"]
    assert reason in mdtodo("logs", task).out
    assert list(outside.iterdir()) == []


def test_a_cwd_through_a_link_that_stays_inside_is_followed(repo: Checkout, mdtodo: Mdtodo) -> None:
    (repo.root / "real").mkdir()
    os.symlink("real", repo.root / "sub")
    run(repo, mdtodo, '[processors.p]\nrun = "touch here"\ncwd = "sub"\n')
    assert (repo.root / "real/here").exists()


INLINE = "- [ ] a run:inline\n\n  ```sh\n  sleep 60\n  ```\n"


@pytest.mark.parametrize(
    ("todo", "more"),
    [("- [ ] a run:p\n", '[processors.p]\nrun = "sleep 60"\n'), (INLINE, "")],
)
def test_a_default_timeout_ends_a_processor_and_a_block(
    repo: Checkout, mdtodo: Mdtodo, todo: str, more: str
) -> None:
    said = run(repo, mdtodo, f'inline = true\n[defaults]\ntimeout = "200ms"\n{more}', todo, code=1)
    assert "timed out" in said.err


def test_defaults_reach_a_recipe(repo: Checkout, mdtodo: Mdtodo) -> None:
    """Its pool process takes longer than this to import Python."""
    said = run(
        repo,
        mdtodo,
        '[defaults]\ntimeout = "1ms"\nretries = 1\nretry_delay = "0s"\n',
        "- [ ] a run:testing\n",
        code=1,
    )
    assert "timed out" in said.err
    assert " attempt=2 at=" in repo.git("log", "-1", "--format=%(trailers:key=Mdtodo-Task)")


def test_variables_of_the_defaults_are_added(repo: Checkout, mdtodo: Mdtodo) -> None:
    config = (
        '[defaults]\nenv = { A = "a", B = "b", MDTODO_TASK_ID = "forged" }\n'
        '[processors.p]\nrun = "echo $A $B $MDTODO_TASK_ID > out"\nenv = { B = "own" }\n'
    )
    run(repo, mdtodo, config)
    name = mdtodo("list", "--json", "--status", "done").json["tasks"][0]["id"]
    assert repo.read("out").decode() == f"a own {name}\n"


def test_a_changed_folder_is_another_processor(repo: Checkout, mdtodo: Mdtodo) -> None:
    """What its inputs said in one folder says nothing of another one."""
    repo.write("in", "")
    config = '[processors.p]\nrun = "test -e here"\ninputs = ["in"]\n'
    repo.write("sub/here", "")
    run(repo, mdtodo, config, code=1)
    repo.write(".mdtodo.toml", config + 'cwd = "sub"\n')
    assert mdtodo("run", "--json").json["tasks"][0]["outcome"] == "done"
