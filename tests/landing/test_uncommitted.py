"""What is ticked and cannot be committed, since HEAD does not have the line: it is named, once, with what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]

CONFIG = '[processors.ok]\nrun = "true"\n[processors.bad]\nrun = "false"\n'


def uncommitted(said: Said) -> list[str]:
    return [line for line in said.err.splitlines() if "but not committed" in line]


@pytest.mark.parametrize("commit", ["run", "task"])
def test_a_run_names_what_it_could_not_commit(repo: Checkout, inside: Mdtodo, commit: str) -> None:
    repo.commit(
        "Base", **{".mdtodo.toml": f'commit = "{commit}"\n{CONFIG}', "TODO.md": "- [ ] One run:ok id:one\n"}
    )
    repo.write("TODO.md", "- [ ] One run:ok id:one\n- [ ] Two run:ok id:two\n")
    repo.write("sub/TODO.md", "- [ ] Three run:ok id:three\n")
    said = inside("run", "-j", "1")
    assert "3 done\ncommitted " in said.out
    assert uncommitted(said) == [
        (
            'mdtodo: ticked, but not committed: "Two" (two), "Three" (three): '
            "HEAD does not have those lines yet; commit TODO.md, sub/TODO.md, their receipts follow"
        )
    ]
    assert repo.git("show", "HEAD:TODO.md") == "- [x] One run:ok id:one"
    assert uncommitted(inside("run", code=0)) == []


def test_some_uncommitted_ticks_are_named_and_the_others_counted(repo: Checkout, inside: Mdtodo) -> None:
    repo.commit("Base", **{".mdtodo.toml": CONFIG})
    repo.write("TODO.md", "".join(f"- [ ] Task {n} run:ok id:t{n}\n" for n in range(5)))
    (line,) = uncommitted(inside("run", "-j", "1"))
    assert line.endswith(
        '"Task 0" (t0), "Task 1" (t1), "Task 2" (t2) and 2 more: HEAD does not have those lines yet; '
        "commit TODO.md, their receipts follow"
    )


def test_a_failure_is_not_called_a_tick(repo: Checkout, inside: Mdtodo) -> None:
    repo.commit("Base", **{".mdtodo.toml": CONFIG})
    repo.write("TODO.md", "- [ ] One run:bad id:one\n")
    (line,) = uncommitted(inside("run", code=1))
    assert line == (
        'mdtodo: changed, but not committed: "One" (one): HEAD does not have that line yet; commit TODO.md'
    )


@pytest.mark.parametrize("args", [("run", "--no-commit"), ("done", "one")])
def test_without_commit_nothing_is_said_of_uncommitted_ticks(
    repo: Checkout, inside: Mdtodo, args: tuple[str, ...]
) -> None:
    repo.commit("Base", **{".mdtodo.toml": CONFIG})
    repo.write("TODO.md", "- [ ] One run:ok id:one\n")
    assert uncommitted(inside(*args)) == []


@pytest.mark.parametrize(
    "args", [("done", "--commit", "one"), ("expand", "--commit", "--pattern", "api", "one")]
)
def test_done_and_expand_with_commit_name_what_they_could_not_commit(
    repo: Checkout, inside: Mdtodo, args: tuple[str, ...]
) -> None:
    repo.commit("Base", **{".mdtodo.toml": CONFIG})
    repo.write("TODO.md", "- [ ] One id:one\n")
    (line,) = uncommitted(inside(*args))
    assert '"One" (one): HEAD does not have that line yet; commit TODO.md' in line
    assert line.endswith(", its receipt follows") == (args[0] == "done")
