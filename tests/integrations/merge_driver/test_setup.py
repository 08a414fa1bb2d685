"""What names the drivers in a clone: attributes and git's configuration."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mdtodo.config.settings import DEFAULT
from mdtodo.errors import GitError
from mdtodo.git.repository import discover
from mdtodo.integrations.merge_driver.setup import attribute_lines, missing_driver, set_up
from tests.conftest import Checkout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[..., Checkout]


BASE = "# Tasks\n\n- [ ] a\n- [ ] b\n- [ ] c\n"


@pytest.fixture
def driven(make_repo: Make) -> Checkout:
    """A repository with BASE, and with the drivers set up."""
    checkout = make_repo(**{"TODO.md": BASE})
    set_up(discover(str(checkout.root)), DEFAULT)
    checkout.commit("Attributes")
    return checkout


def test_install_keeps_the_attributes_that_are_there(repo: Checkout) -> None:
    repo.write(".gitattributes", "*.png binary\r\nTODO.md  text merge=mdtodo diff=mdtodo")
    found = discover(str(repo.root))
    set_up(found, DEFAULT)
    first = repo.read(".gitattributes")
    assert first == (
        b"*.png binary\r\nTODO.md  text merge=mdtodo diff=mdtodo\r\ntodo/**/*.md merge=mdtodo diff=mdtodo\r\n"
        b"TODO.archive.md merge=mdtodo diff=mdtodo\r\n"
    )
    config = repo.read(".git/config")
    set_up(found, DEFAULT)
    assert (repo.read(".gitattributes"), repo.read(".git/config")) == (first, config)


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("TODO.md", "deep/in/TODO.md", "mdtodo"),
        ("/TODO.md", "TODO.md", "mdtodo"),
        ("/TODO.md", "deep/TODO.md", "unspecified"),
        ("lists/", "lists/of/things.md", "mdtodo"),
        ("my list.md", "my list.md", "mdtodo"),
        ('a"b.md', 'a"b.md', "mdtodo"),
        ("todo/**/*.md", "todo/x/y.md", "mdtodo"),
    ],
)
def test_patterns_of_the_configuration_mean_the_same_as_attributes(
    repo: Checkout, pattern: str, path: str, expected: str
) -> None:
    repo.write(".gitattributes", "".join(f"{line}\n" for line in attribute_lines([pattern])))
    assert repo.git("check-attr", "-z", "merge", "--", path).split("\0")[2] == expected


def test_excluded_patterns_get_no_driver(repo: Checkout) -> None:
    repo.write(".gitattributes", "".join(f"{line}\n" for line in attribute_lines(["*.md", "!README.md"])))
    assert repo.git("check-attr", "merge", "README.md").endswith("unspecified")
    assert repo.git("check-attr", "merge", "x.md").endswith("mdtodo")


def test_a_locked_configuration_is_told_by_install(repo: Checkout) -> None:
    repo.write(".git/config.lock", "")
    with pytest.raises(GitError, match="could not lock config file"):
        set_up(discover(str(repo.root)), DEFAULT)


def test_a_clone_without_the_driver_is_told_of_it(
    driven: Checkout, tmp_path: Path, isolated_home: Path
) -> None:
    assert missing_driver(discover(str(driven.root))) is None
    clone = tmp_path / "clone"
    driven.git("clone", "-q", str(driven.root), str(clone))
    finding = missing_driver(discover(str(clone)))
    assert finding is not None
    assert (finding.file, finding.line, finding.code) == (".gitattributes", 1, "merge-driver")
    argv = [sys.executable, "-m", "mdtodo", "check"]
    env = {name: value for name, value in os.environ.items() if name != "GITHUB_ACTIONS"}
    done = subprocess.run(argv, cwd=clone, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout[:39]) == (0, ".gitattributes:1: warning: merge-driver")
    done = subprocess.run([*argv, "TODO.md"], cwd=clone, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    included = tmp_path / "included"
    included.write_text('[merge "mdtodo"]\n\tdriver = true\n')
    Checkout(clone).git("config", "include.path", str(included))
    assert missing_driver(discover(str(clone))) is None


def test_attributes_that_do_not_name_the_driver_are_no_finding(repo: Checkout) -> None:
    repo.write(".gitattributes", "# TODO.md merge=mdtodo\nTODO.md merge=mdtodox\n")
    assert missing_driver(discover(str(repo.root))) is None


def test_init_sets_the_driver_up(repo: Checkout) -> None:
    repo.write("docs/TODO.md", BASE)
    argv = [sys.executable, "-m", "mdtodo", "init", "--merge-driver"]
    done = subprocess.run(argv, cwd=repo.root, capture_output=True, text=True, check=True)
    assert ".gitattributes" in done.stdout
    assert done.stderr.startswith(
        "mdtodo: commit .gitattributes; every other clone needs `mdtodo init --merge-driver`"
    )
    again = subprocess.run(argv, cwd=repo.root, check=True, capture_output=True, text=True)
    assert again.stdout.startswith("kept   .gitattributes\nset    merge.")
    assert again.stderr.startswith("mdtodo: every other clone needs ")
    assert repo.status() == ["?? .gitattributes", "?? docs/TODO.md"]
