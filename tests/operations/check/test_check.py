"""`mdtodo check --staged` and `--changed`, as hooks call them."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mdtodo.errors import ConfigError, InputError
from mdtodo.git.repository import discover
from mdtodo.operations.check.check import OF_CHANGES, check_changed, check_staged
from mdtodo.project.project import read_config

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mdtodo.core.task import Finding
    from tests.conftest import Checkout

GOOD, BAD = "- [ ] a\n", "- [ ] a after:nowhere\n"


def staged(repo: Checkout, *paths: str) -> list[str]:
    return shown(check_staged(discover(str(repo.root)), paths, cwd=str(repo.root)).findings)


def changed(repo: Checkout, *paths: str, cwd: str = "") -> list[str]:
    there = discover(str(repo.root))
    return shown(check_changed(there, read_config(there), paths, cwd=str(repo.root / cwd)).findings)


def shown(findings: list[Finding]) -> list[str]:
    """But for what the gate says of changes."""
    return [f"{one.file}:{one.line}: {one.code}" for one in findings if one.code not in OF_CHANGES]


def test_the_index_is_read_and_nothing_else(repo: Checkout) -> None:
    repo.write("TODO.md", BAD)
    assert staged(repo) == [], "not staged"
    repo.git("add", "-A")
    repo.write("TODO.md", GOOD)
    repo.write("todo/untracked.md", "- [ ] x id:nowhere\n")
    assert staged(repo) == ["TODO.md:1: unknown-id"]
    (repo.root / "TODO.md").unlink()
    assert staged(repo) == ["TODO.md:1: unknown-id"], "it is deleted on the disk alone"
    repo.git("rm", "-q", "--cached", "TODO.md")
    assert staged(repo) == []


@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_an_index_of_every_version_is_read(repo: Checkout, version: str) -> None:
    repo.commit("Base", **{"TODO.md": GOOD, "sub/TODO.md": GOOD, "sub/été/TODO.md": BAD})
    repo.write("later.md", "x")
    repo.git("update-index", f"--index-version={version}")
    repo.git("add", "-N", "later.md")
    assert staged(repo) == ["sub/été/TODO.md:1: unknown-id"]


def test_the_index_of_the_calling_git_is_read(repo: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit("Base", **{"TODO.md": GOOD})
    other = repo.root / ".git" / "next-index"
    repo.write("TODO.md", BAD)
    repo.git("read-tree", "HEAD", GIT_INDEX_FILE=str(other))
    repo.git("add", "TODO.md", GIT_INDEX_FILE=str(other))
    assert staged(repo) == []
    for name in (str(other), ".git/next-index"):
        monkeypatch.setenv("GIT_INDEX_FILE", name)
        assert staged(repo) == ["TODO.md:1: unknown-id"]
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_PREFIX", "sub/")
    monkeypatch.chdir(repo.root)
    assert staged(repo) == ["TODO.md:1: unknown-id"]


def test_the_staged_configuration_holds_for_what_is_staged(repo: Checkout) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] a run:t\n", ".mdtodo.toml": '[processors.t]\nrun = "true"\n'})
    repo.write(".mdtodo.toml", "broken = [")
    assert staged(repo) == []
    repo.write(".mdtodo.toml", 'files = ["other.md"]')
    repo.write("other.md", BAD)
    repo.git("add", "-A")
    repo.write(".mdtodo.toml", "")
    assert staged(repo) == ["other.md:1: unknown-id"]
    repo.write(".mdtodo.toml", "broken = [")
    repo.git("add", "-A")
    with pytest.raises(ConfigError):
        staged(repo)


def test_an_untracked_configuration_holds_for_what_is_staged(repo: Checkout) -> None:
    repo.commit("Base", **{"plan.md": BAD})
    repo.write(".mdtodo.toml", 'files = ["plan.md"]')
    assert staged(repo) == ["plan.md:1: unknown-id"]


def test_an_unmerged_file_is_told_as_a_conflict(repo: Checkout) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] a id:a\n", "todo/b.md": "- [ ] b after:a\n"})
    for branch in ("one", "two"):
        repo.git("switch", "-qc", branch, "main")
        repo.commit(branch, **{"TODO.md": f"- [ ] a {branch} id:a due:{branch}\n"})
    repo.git("merge", "-q", "one", check=False)
    assert staged(repo) == ["TODO.md:1: conflict-marker"]
    repo.git("rm", "-q", "--cached", "TODO.md")
    assert staged(repo) == ["todo/b.md:1: unknown-id"]


def test_links_in_the_index_are_followed_inside_of_it(repo: Checkout, tmp_path: Path) -> None:
    repo.write("docs/plan.md", BAD)
    repo.write("todo/.keep", "")
    (repo.root / "todo" / "plan.md").symlink_to("../docs/plan.md")
    (repo.root / "todo" / "gone.md").symlink_to("../gone.md")
    repo.git("add", "-A")
    assert staged(repo) == ["docs/plan.md:1: unknown-id"]
    (repo.root / "todo" / "out.md").symlink_to(tmp_path / "secret.md")
    repo.git("add", "-A")
    said = check_staged(discover(str(repo.root)))
    assert [error.file for error in said.unreadable] == ["todo/out.md"]


def test_only_findings_of_named_files_and_of_what_they_break_are_told(repo: Checkout) -> None:
    repo.commit("Base", **{"TODO.md": BAD, "docs/TODO.md": BAD, "docs/new/TODO.md": BAD, "README.md": BAD})
    assert staged(repo, "docs/TODO.md", "README.md") == ["docs/TODO.md:1: unknown-id"]
    every = ["docs/TODO.md:1: unknown-id", "docs/new/TODO.md:1: unknown-id"]
    for form in ("docs", "./docs/", "docs\\", str(repo.root / "docs")):
        assert sorted(changed(repo, form)) == every, form
    assert changed(repo, "docs\\TODO.md") == every[:1]
    assert changed(repo, "new\\TODO.md", cwd="docs") == every[1:]
    assert changed(repo, "README.md", "gone.md", "../elsewhere") == []
    assert changed(repo) == [], "all of it was wrong before"


def test_in_continuous_integration_the_change_is_that_of_the_named_commits(
    repo: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = repo.commit("Base", **{"TODO.md": "- [ ] a after:b\n", "todo/b.md": "- [ ] b id:b\n"})
    repo.write("todo/b.md", "- [ ] b\n")
    repo.commit("Take it away")
    assert changed(repo, "todo/b.md") == []
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", first)
    assert changed(repo, "todo/b.md") == ["TODO.md:1: unknown-id"]
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", "no-such-commit")
    assert changed(repo, "todo/b.md") == ["TODO.md:1: unknown-id"]


def test_check_staged_reads_the_index(repo: Checkout, make_repo: Callable[..., Checkout]) -> None:
    repo.write("TODO.md", BAD)
    repo.git("add", "-A")
    repo.write("TODO.md", GOOD)

    def code(*args: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "mdtodo", "check", *args],
            cwd=repo.root,
            env=os.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    assert code() == (0, "")
    assert code("--staged")[0] == 1
    assert "TODO.md:1" in code("--staged", "--format", "github", "TODO.md")[1].replace(
        "file=TODO.md,line=1", "TODO.md:1"
    )
    assert code("--staged", "--changed")[0] == 2
    repo.git("commit", "-qm", "x")
    assert code("--staged")[0] == 1
    assert code("--changed", "TODO.md")[0] == 0


@pytest.mark.parametrize("name", [".mdtodo.toml", "pyproject.toml"])
def test_a_configuration_behind_a_link_is_followed_in_what_is_staged(repo: Checkout, name: str) -> None:
    head = "[tool.mdtodo]\n" if name == "pyproject.toml" else ""
    repo.write("conf/deep/real.toml", f"{head}files = ['one.md']\n")
    os.symlink("deep/real.toml", repo.root / "conf/link")
    os.symlink("conf/link", repo.root / name)
    repo.write("one.md", BAD)
    repo.write("two.md", GOOD)
    repo.git("add", "-A")
    repo.write("conf/deep/real.toml", f"{head}files = ['two.md']\n")
    assert staged(repo) == ["one.md:1: unknown-id"]
    repo.git("commit", "-qm", "Base")
    assert changed(repo, "two.md") == [], "the work tree's, and what HEAD says was wrong before"
    repo.git("rm", "-q", "--cached", "conf/deep/real.toml")
    assert staged(repo) == [], "git does not track it: from the disk"


def test_a_staged_configuration_behind_an_outward_link_is_refused(repo: Checkout, tmp_path: Path) -> None:
    (tmp_path / "secret.toml").write_text("password = 'x'")
    os.symlink("../secret.toml", repo.root / ".mdtodo.toml")
    repo.git("add", "-A")
    with pytest.raises(InputError, match="points outside the work tree"):
        staged(repo)
    repo.git("rm", "-q", "--cached", ".mdtodo.toml")
    with pytest.raises(InputError, match="points outside the work tree"):
        staged(repo)
