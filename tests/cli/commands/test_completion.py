"""`completion`: ids, files and folders in each shell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]


@pytest.mark.parametrize(
    ("command", "ids"),
    [
        *(
            (command, ["x1", "x2", "x3"])
            for command in ("run", "worker", "watch", "done", "cancel", "next", "expand")
        ),
        ("reopen", ["x2", "x3", "x4", "x5"]),
        ("verify", ["x4"]),
        ("prove", ["x4"]),
        ("show", ["x1", "x2", "x3", "x4", "x5"]),
    ],
)
def test_completion_offers_tasks_that_the_command_is_for(
    repo: Checkout, inside: Mdtodo, command: str, ids: list[str]
) -> None:
    repo.write(
        "TODO.md",
        "- [ ] a id:x1\n- [/] b id:x2\n- [ ] c id:x3 failed:1\n- [x] d id:x4\n- [-] e id:x5\n",
    )
    words = f"mdtodo -C {repo.root} {command} x"
    said = inside(_MDTODO_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD="4")
    assert [line.partition(",")[2] for line in said.out.splitlines()] == ids


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_offers_ids_files_and_folders_in_each_shell(
    repo: Checkout, mdtodo: Mdtodo, shell: str
) -> None:
    assert "_MDTODO_COMPLETE" in mdtodo("completion", shell).out
    repo.write("TODO.md", "- [ ] a id:build\n")
    said = mdtodo(_MDTODO_COMPLETE="bash_complete", COMP_WORDS="mdtodo show b", COMP_CWORD="2")
    assert "build" in said.out
    for words, kind in (("mdtodo list --file T", "file"), ("mdtodo -C T", "dir")):
        count = str(len(words.split()) - 1)
        said = mdtodo(_MDTODO_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=count)
        assert said.out == f"{kind},T\n"


def test_a_second_c_is_inside_of_the_first(repo: Checkout, mdtodo: Mdtodo, tmp_path: Path) -> None:
    repo.write("TODO.md", "- [ ] a id:build\n")
    (repo.root / "below").mkdir()
    (tmp_path / "below").write_text("of the same name, and no folder")
    assert "build" in mdtodo("-C", str(repo.root), "-C", "below", "list", cwd=tmp_path).out
