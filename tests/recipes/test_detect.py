"""What a repository has of what a recipe needs; real git, real files."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.core.path_patterns import matcher
from mdtodo.errors import GitError
from mdtodo.recipes.catalogue import Recipe, Way
from mdtodo.recipes.detect import Found, Tree, availability, detect, find_tool, missing_interpreter
from tests.examples import examples

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Checkout

WAY = Way("tool", ("*.x",), ("tool", "{files}"), "get tool")
ODD = ["-x.x", "a b.x", "new\nline.x", "ü.x", "q'\"$(id).x", "{files}.x", "[a].x", os.fsdecode(b"\xff\xfe.x")]


def program(folder: Path, name: str = "tool", mode: int = 0o755) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / name
    target.write_text("#!/bin/sh\n")
    target.chmod(mode)
    return str(target)


@pytest.fixture
def tree(repo: Checkout, tmp_path: Path) -> Tree:
    """A repository with one file to read, and a PATH on which only git and the tool are."""
    repo.write("a.x", "")
    program(tmp_path / "path")
    git = next(f for f in os.environ["PATH"].split(":") if os.access(f"{f}/git", os.X_OK))
    (tmp_path / "path/git").symlink_to(f"{git}/git")
    return Tree(str(repo.root), {"PATH": str(tmp_path / "path")})


def found(tree: Tree, **changes: object) -> Found | tuple[str, ...]:
    return detect(Recipe("r", "c", (WAY._replace(**changes),)), tree)  # type: ignore[arg-type]


def names(tree: Tree, **changes: object) -> list[str]:
    one = found(tree, **changes)
    return sorted(one.files) if isinstance(one, Found) else []


# Files


def test_a_way_whose_tool_files_and_configuration_are_there_is_found(tree: Tree, tmp_path: Path) -> None:
    assert found(tree) == Found(WAY, str(tmp_path / "path/tool"), ("a.x",), None)


def test_only_files_that_are_there_and_belong_to_the_work_tree_count(
    tree: Tree, repo: Checkout, tmp_path: Path
) -> None:
    repo.commit(**{"kept.x": "", "gone.x": "", "sub/in.x": "", "moved/b.x": "", ".gitignore": "ignored*\n"})
    (repo.root / "gone.x").unlink()
    repo.write("new.x", "")
    repo.write("ignored.x", "")
    repo.write("folder.x/readme", "")
    (repo.root / "inside.x").symlink_to("kept.x")
    (repo.root / "dangling.x").symlink_to("nowhere")
    (repo.root / "to-folder.x").symlink_to("sub")
    (repo.root / "git.x").symlink_to(".git/config")
    (tmp_path / "outside/moved").mkdir(parents=True)
    (tmp_path / "outside/moved/b.x").write_text("")
    (repo.root / "out.x").symlink_to(tmp_path / "outside/moved/b.x")
    (repo.root / "moved/b.x").unlink()
    (repo.root / "moved").rmdir()
    (repo.root / "moved").symlink_to(tmp_path / "outside/moved")
    os.mkfifo(repo.root / "pipe.x")
    assert names(tree) == ["a.x", "folder.x/readme", "inside.x", "kept.x", "new.x", "sub/in.x"]


@pytest.mark.parametrize("name", ODD)
def test_files_with_odd_names_are_found(tree: Tree, repo: Checkout, name: str) -> None:
    (repo.root / name).write_bytes(b"")
    assert names(tree) == sorted(["a.x", name])


def test_what_an_installer_put_there_is_not_the_projects_unless_it_is_tracked(
    tree: Tree, repo: Checkout
) -> None:
    for folder in ("node_modules/p", "packages/one/node_modules/p", ".venv/lib", "venv/lib"):
        repo.write(f"{folder}/theirs.x", "")
    assert names(tree) == ["a.x"]
    repo.git("add", "-f", "node_modules/p/theirs.x")
    assert names(Tree(tree.root, tree.environ)) == ["a.x", "node_modules/p/theirs.x"]


def test_other_repositories_inside_are_left_alone(
    tree: Tree, repo: Checkout, make_repo: Callable[..., Checkout]
) -> None:
    make_repo("other", **{"theirs.x": ""})
    repo.git("submodule", "--quiet", "add", "../other", "module.x")
    make_repo("repo/nested.x", **{"theirs.x": ""})
    assert names(tree) == ["a.x"]


def test_a_conflicted_file_counts_once(tree: Tree, repo: Checkout) -> None:
    repo.commit(**{"a.x": "base\n"})
    repo.git("checkout", "-q", "-b", "side")
    repo.commit(**{"a.x": "side\n"})
    repo.git("checkout", "-q", "main")
    repo.commit(**{"a.x": "main\n"})
    repo.git("merge", "-q", "side", check=False)
    assert repo.status() == ["AA a.x"] or repo.status() == ["UU a.x"]
    assert names(tree) == ["a.x"]


def test_a_sparse_checkout_and_a_linked_worktree(tree: Tree, repo: Checkout, tmp_path: Path) -> None:
    repo.commit(**{"in/b.x": "", "out/c.x": ""})
    repo.git("worktree", "add", "-q", str(tmp_path / "linked"))
    linked = Tree(str(tmp_path / "linked"), tree.environ)
    assert names(linked) == ["a.x", "in/b.x", "out/c.x"]
    repo.git("sparse-checkout", "set", "in")
    assert names(tree) == ["a.x", "in/b.x"]


def test_variables_of_a_calling_hook_do_not_lead_elsewhere(tree: Tree, tmp_path: Path) -> None:
    tree.environ = {**tree.environ, "GIT_DIR": str(tmp_path), "GIT_INDEX_FILE": str(tmp_path / "index")}
    assert names(tree) == ["a.x"]


@pytest.mark.parametrize("damage", ["index", "repository", "git"])
def test_what_git_cannot_list_is_an_error_and_nothing_is_available(
    tree: Tree, repo: Checkout, tmp_path: Path, damage: str
) -> None:
    repo.commit()
    if damage == "index":
        repo.write(".git/index", "no index")
    elif damage == "repository":
        (repo.root / ".git/HEAD").unlink()
    else:
        (tmp_path / "path/git").unlink()
    with pytest.raises(
        GitError, match="cannot run git" if damage == "git" else "git cannot list the files: fatal: "
    ):
        found(tree)
    assert not availability(tree)("testing")


@examples(60)
@given(
    st.lists(st.text("ab.[]*?!/\\#- ", min_size=1, max_size=6), min_size=1, max_size=3),
    st.lists(st.text("ab.-/[", min_size=1, max_size=6).filter(lambda name: "//" not in name), max_size=8),
)
def test_looking_for_letters_first_finds_what_the_patterns_find(
    patterns: list[str], files: list[str]
) -> None:
    tree = Tree("/")
    tree.__dict__["files"] = tuple(dict.fromkeys(files))
    try:
        matches = matcher(patterns)
    except ValueError:
        return
    assert list(tree.matching(patterns)) == [name for name in tree.files if matches(name)]


def test_all_of_very_many_files_are_found(tree: Tree, repo: Checkout) -> None:
    for folder in range(20):
        (repo.root / f"f{folder}").mkdir()
        for number in range(100):
            (repo.root / f"f{folder}/{number}.{'xyz'[number % 3]}").touch()
    assert len(names(tree)) == 20 * 34 + 1


# Contents


def test_files_are_found_by_their_beginning(tree: Tree, repo: Checkout) -> None:
    repo.write("head.x", " openapi: 3\n")
    repo.write("deep.x", "\n" * (1 << 20) + "openapi: 3\n")
    repo.write("bytes.x", b"\xff\xfe\0\nopenapi: 3\n")
    repo.write("other.x", "not openapi: 3\n")
    assert names(tree, content_pattern=r"(?m)^[ \t]*openapi:") == ["bytes.x", "head.x"]
    assert found(tree, content_pattern="swagger") == (
        "tool: no file here matches *.x with the content that it reads",
    )


# Configuration


@pytest.mark.parametrize(
    ("wanted", "file", "content", "there"),
    [
        (".rc*", ".rc.json", "", True),
        (".rc*", "sub/.rc.json", "", False),
        ("**/.rc*", "sub/.rc.json", "", True),
        ("conf/rc", "conf/rc", "", True),
        ("conf/rc", "sub/conf/rc", "", False),
        ("package.json:tool", "package.json", '{"tool": {}}', True),
        ("package.json:tool", "package.json", '{"tools": {}}', False),
        ("package.json:tool", "package.json", '["tool"]', False),
        ("package.json:tool", "package.json", "{", False),
        ("package.json:tool", "package.json", "[" * 100_000, False),
        ("package.json:tool", "package.json", b"\xff", False),
        ("p.toml:tool.a.b", "p.toml", "[tool.a]\nb = 1\n", True),
        ("p.toml:tool.a.b", "p.toml", "[tool.a]\n[tool.b]\n", False),
        ("p.toml:tool", "p.toml", "tool", False),
        ("setup.cfg:tool", "setup.cfg", "[tool]\n", True),
        ("setup.cfg:tool:x", "setup.cfg", "[tool:x]\nb = 1\n", True),
        ("setup.cfg:tool.b", "setup.cfg", "[tool]\nb = %(x)s\n", True),
        ("setup.cfg:tool", "setup.cfg", "[tools]\n# [tool]\n", False),
        ("setup.cfg:tool", "setup.cfg", "no section\n", False),
    ],
)
def test_a_configuration_is_found_in_its_file_and_section(
    tree: Tree, repo: Checkout, wanted: str, file: str, content: str | bytes, there: bool
) -> None:
    repo.write(file, content)
    one = found(tree, config=("nowhere", wanted))
    assert (one.config if isinstance(one, Found) else None) == (file if there else None)


def test_a_folder_is_no_configuration(tree: Tree, repo: Checkout) -> None:
    repo.write("rc/file", "")
    assert found(tree, config=("rc", "p.toml:tool.x")) == (
        "tool has no configuration here: rc or [tool.x] in p.toml",
    )


# Tools


def test_a_tool_of_the_project_comes_first(tree: Tree, repo: Checkout, tmp_path: Path) -> None:
    on_path = str(tmp_path / "path/tool")
    assert find_tool("tool", tree) == on_path
    active = program(tmp_path / "active/bin")
    tree.environ = {**tree.environ, "VIRTUAL_ENV": str(tmp_path / "active")}
    assert find_tool("tool", tree) == active
    for folder in ("venv/bin", ".venv/bin", "node_modules/.bin"):
        assert find_tool("tool", tree) != f"{repo.root}/{folder}/tool"
        own = program(repo.root / folder)
        assert find_tool("tool", tree) == own


@pytest.mark.parametrize(
    "there", ["folder", "not executable", "dangling", "in the root", "in the current folder"]
)
def test_a_file_that_cannot_be_executed_is_no_tool(
    tree: Tree, repo: Checkout, tmp_path: Path, there: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "path/tool").unlink()
    bin_folder = repo.root / "node_modules/.bin"
    bin_folder.mkdir(parents=True)
    if there == "folder":
        (bin_folder / "tool").mkdir()
    elif there == "not executable":
        program(bin_folder, mode=0o644)
    elif there == "dangling":
        (bin_folder / "tool").symlink_to("../tool/cli.js")
    else:
        program(repo.root)
        monkeypatch.chdir(repo.root)
        tree.environ = {
            "PATH": f":.:./bin:{tree.environ['PATH']}" if "current" in there else tree.environ["PATH"]
        }
    assert find_tool("tool", tree) is None
    assert found(tree) == ("tool is not installed: get tool",)


@pytest.mark.parametrize(
    ("line", "needed"),
    [
        ("#!/bin/sh", None),
        ("#! /bin/sh -e", None),
        ("#!/nowhere/python", "/nowhere/python"),
        ("#!/usr/bin/env tool", None),
        ("#!/usr/bin/env -S A=1 node --x", "node"),
        ("#!/usr/bin/env node", "node"),
        ("#!/usr/bin/env node\r", "node"),
        ("#!/usr/bin/env /bin/sh", None),
        ("#!/usr/bin/env", None),
        ("#!", None),
        ("echo", None),
        ("", None),
        ("#!/bin/" + "x" * 5000, "/bin/" + "x" * 249),
    ],
)
def test_a_script_without_its_interpreter_is_no_tool(
    tree: Tree, repo: Checkout, line: str, needed: str | None
) -> None:
    own = Path(program(repo.root / ".venv/bin", "script"))
    own.write_text(f"{line}\n")
    assert missing_interpreter(str(own), tree) == needed
    assert find_tool("script", tree) == (None if needed else str(own))
    if needed:
        assert found(tree, tool="script", run=("script",)) == (
            f"script is installed, but {needed}, which it needs, is not",
        )


def test_a_broken_tool_of_the_project_does_not_hide_a_whole_one(
    tree: Tree, repo: Checkout, tmp_path: Path
) -> None:
    Path(program(repo.root / ".venv/bin")).write_text("#!/moved/.venv/bin/python\n")
    assert find_tool("tool", tree) == str(tmp_path / "path/tool")


# Ways


def test_the_first_way_that_fits_is_taken(tree: Tree) -> None:
    other = WAY._replace(tool="other")
    for ways in (
        (other, WAY),
        (WAY._replace(reads=("*.y",)), WAY),
        (WAY._replace(config=("rc",)), WAY),
        (WAY, WAY),
    ):
        one = detect(Recipe("r", "c", ways), tree)
        assert isinstance(one, Found)
        assert one.way is WAY or one.way == WAY


def test_each_way_says_all_that_it_lacks(tree: Tree) -> None:
    ways = (
        WAY._replace(tool="other", config=("rc", "s.cfg:t")),
        WAY._replace(tool="other"),
        WAY._replace(reads=("*.y", "!a.y")),
        WAY._replace(tool="other"),
    )
    assert detect(Recipe("r", "c", ways), tree) == (
        "other is not installed: get tool; other has no configuration here: rc or [t] in s.cfg",
        "other is not installed: get tool",
        "tool: no file here matches *.y",
    )


def test_nothing_is_started_but_git(tree: Tree, repo: Checkout, tmp_path: Path) -> None:
    trap = f"#!{sys.executable}\nopen({str(tmp_path / 'started')!r}, 'w')\n"
    for path in (tmp_path / "path/tool", repo.root / "a.x", repo.root / "rc"):
        path.write_text(trap)
        path.chmod(0o755)
    assert isinstance(found(tree, config=("rc",)), Found)
    assert not (tmp_path / "started").exists()
