"""A copy of the work tree, in which a tool may write."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mdtodo.recipes.detect import Tree
from mdtodo.recipes.scratch import copy_tree

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Checkout


def test_the_copy_has_what_git_lists_and_the_packages_of_node(repo: Checkout, tmp_path: Path) -> None:
    (repo.root / "a/b").mkdir(parents=True)
    odd = os.fsdecode(b"a/b/\xff\n.txt")
    for name, content in {
        odd: "odd",
        "run": "#!/bin/sh\n",
        "kept.txt": "1",
        "left.log": "2",
        ".gitignore": "*.log",
    }.items():
        repo.write(name, content)
    (repo.root / "run").chmod(0o755)
    (repo.root / "link").symlink_to("kept.txt")
    for folder in ("node_modules", "a/node_modules", "c/node_modules"):
        (repo.root / folder).mkdir(parents=True)
    repo.write("a/.gitignore", "node_modules\n")

    copy_tree(Tree(str(repo.root)), str(copy := tmp_path / "copy"))

    assert {path.name for path in copy.iterdir()} == {
        "a",
        "run",
        "kept.txt",
        "link",
        ".gitignore",
        "node_modules",
    }
    assert (copy / odd).read_text() == "odd"
    assert os.access(copy / "run", os.X_OK)
    assert os.readlink(copy / "link") == "kept.txt"
    assert os.readlink(copy / "node_modules") == str(repo.root / "node_modules")
    assert os.readlink(copy / "a/node_modules") == str(repo.root / "a/node_modules")


def test_what_is_written_to_the_copy_does_not_reach_the_work_tree(repo: Checkout, tmp_path: Path) -> None:
    repo.commit("Files", **{"kept.txt": "1", "to": "2"})
    copy_tree(Tree(str(repo.root)), str(copy := tmp_path / "copy"))
    (copy / "kept.txt").write_text("changed")
    (copy / "new.txt").write_text("new")
    assert repo.status() == []
