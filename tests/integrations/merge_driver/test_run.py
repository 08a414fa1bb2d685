"""The merge driver and the diff driver, as git itself calls them."""

from __future__ import annotations

import subprocess
import sys
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.config.settings import DEFAULT
from mdtodo.git.repository import discover
from mdtodo.integrations.merge_driver.setup import set_up
from tests.conftest import Checkout
from tests.examples import examples
from tests.markdown.versions import changed, faults, merge_file, outline, written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[..., Checkout]

BASE = "# Tasks\n\n- [ ] a\n- [ ] b\n- [ ] c\n"
OURS = BASE.replace("[ ] a", "[x] a")
THEIRS = BASE.replace("[ ] b", "[x] b")


@pytest.fixture
def driven(make_repo: Make) -> Checkout:
    """A repository with BASE, and with the drivers set up."""
    checkout = make_repo(**{"TODO.md": BASE})
    set_up(discover(str(checkout.root)), DEFAULT)
    checkout.commit("Attributes")
    return checkout


def diverge(checkout: Checkout, ours: str | bytes, theirs: str | bytes, file: str = "TODO.md") -> None:
    """`theirs` on the branch `other`, `ours` on `main`, checked out."""
    checkout.git("checkout", "-q", "-B", "other")
    checkout.commit("Theirs", **{file: theirs})
    checkout.git("checkout", "-q", "main")
    checkout.commit("Ours", **{file: ours})


def join(checkout: Checkout, way: str) -> None:
    """Bring the branches together; conflicts are left in the work tree."""
    if way == "stash":
        theirs = checkout.head("TODO.md", "other")
        tip = checkout.git("rev-parse", "main")
        checkout.git("checkout", "-q", "--detach", checkout.git("merge-base", "main", "other"))
        checkout.write("TODO.md", theirs)
        if checkout.status():
            checkout.git("stash", "-q")
            checkout.git("checkout", "-q", tip)
            checkout.git("stash", "pop", check=False)
        else:
            checkout.git("checkout", "-q", tip)
    elif way == "rebase":  # what is replayed is theirs, on top of ours
        checkout.git("checkout", "-q", "other")
        checkout.git("rebase", "main", check=False)
    elif way == "cherry-pick":
        checkout.git("cherry-pick", "--allow-empty", "other", check=False)
    else:
        checkout.git("merge", "-q", "-m", "Merge", "other", check=False)


WAYS = ["merge", "rebase", "cherry-pick", "stash"]


@pytest.mark.parametrize("way", WAYS)
def test_neighbouring_ticks_combine(driven: Checkout, way: str) -> None:
    diverge(driven, OURS, THEIRS)
    join(driven, way)
    assert driven.read("TODO.md").decode() == OURS.replace("[ ] b", "[x] b")
    assert not driven.git("ls-files", "-u")


@pytest.mark.parametrize("way", WAYS)
@examples(3)
@given(seed=st.integers(0, 2**32))
@pytest.mark.sample(2)
def test_a_merge_of_two_peoples_work_on_one_list_loses_no_task(driven: Checkout, way: str, seed: int) -> None:
    random = Random(seed)
    base = outline(random)
    ours, theirs = changed(random, base, "a"), changed(random, base, "b")
    driven.git("rebase", "--abort", check=False)
    driven.git("cherry-pick", "--abort", check=False)
    driven.git("reset", "-q", "--hard")
    driven.git("checkout", "-q", "main")
    driven.commit("Base", **{"TODO.md": written(base)})
    diverge(driven, written(ours), written(theirs))
    join(driven, way)
    conflicts = bool(driven.git("ls-files", "-u"))
    assert faults(base, ours, theirs, driven.read("TODO.md"), conflicts=conflicts) == []
    if conflicts:
        assert merge_file(written(base), written(ours), written(theirs))[0] > 0


def test_a_conflict_is_written_as_git_writes_it(driven: Checkout) -> None:
    driven.git("config", "merge.conflictStyle", "diff3")
    driven.write(".git/info/attributes", "TODO.md conflict-marker-size=9\n")
    diverge(driven, OURS, BASE.replace("[ ] a", "[-] a").replace("[ ] b", "[x] b"))
    join(driven, "merge")
    lines = driven.read("TODO.md").decode().split("\n")
    assert [line[:9] for line in lines[2:10]] == [
        *("<<<<<<<<<", "- [x] a", "|||||||||", "- [ ] a", "=========", "- [-] a", ">>>>>>>>>", "- [x] b"),
    ]
    assert lines[2] == "<<<<<<<<< HEAD"
    assert lines[8] == ">>>>>>>>> other"
    assert driven.git("ls-files", "-u")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (b"- [x] a \xe9\n- [ ] b\n", b"- [ ] a\n- [x] b \xe9\n"),
        (b"- [x] a\0\n- [ ] b\n", b"- [ ] a\n- [x] b\n"),
        (b"<<<<<<< x\n- [x] a\n=======\n- [ ] a\n>>>>>>> y\n- [ ] b\n", b"- [ ] a\n- [x] b\n"),
        ("- [x] a\n- [ ] b\n".encode("utf-16"), b"- [x] a\n"),
        (b"- [ ] a\n- [ ] b\n" + b"x\n" * 30 + b"\xe9\n", b"- [x] a\n- [ ] b\n"),
    ],
)
@pytest.mark.sample(2)
def test_what_cannot_be_parsed_is_merged_as_git_would(make_repo: Make, ours: bytes, theirs: bytes) -> None:
    results = []
    for name in ("with", "without"):
        checkout = make_repo(name, **{"TODO.md": b"- [ ] a\n- [ ] b\n"})
        if name == "with":
            set_up(discover(str(checkout.root)), DEFAULT)
            checkout.git("config", "merge.mdtodo.name", "x")
            checkout.commit("Attributes")
        diverge(checkout, ours, theirs)
        join(checkout, "merge")
        results.append((checkout.read("TODO.md"), bool(checkout.git("ls-files", "-u"))))
    assert results[0] == results[1]


def test_without_mdtodo_git_merges_lines(driven: Checkout) -> None:
    command = driven.git("config", "merge.mdtodo.driver")
    program = command.split(" merge-driver")[0]
    driven.git("config", "merge.mdtodo.driver", command.replace(program, "/nowhere/mdtodo", 1))
    far = BASE + "\n" * 9 + "- [ ] z\n"
    driven.commit("More", **{"TODO.md": far})
    diverge(driven, far.replace("[ ] a", "[x] a"), far.replace("[ ] z", "[x] z"))
    join(driven, "merge")
    assert driven.read("TODO.md").decode() == far.replace("[ ] a", "[x] a").replace("[ ] z", "[x] z")
    driven.git("checkout", "-q", "-B", "main", "main~2")
    diverge(driven, OURS, THEIRS)
    join(driven, "merge")
    assert b"<<<<<<< ours\n- [x] a\n- [ ] b\n=======\n" in driven.read("TODO.md")


def test_the_driver_knows_the_statuses_of_the_configuration(driven: Checkout) -> None:
    driven.commit("Configuration", **{".mdtodo.toml": '[status]\n"!" = "done"\n'})
    diverge(driven, BASE.replace("[ ] a", "[!] a"), BASE.replace("[ ] a", "[ ] a failed:1"))
    join(driven, "merge")
    assert driven.read("TODO.md").decode() == BASE.replace("[ ] a", "[!] a")


def test_the_driver_merges_with_a_broken_configuration_as_without_one(driven: Checkout) -> None:
    driven.commit("Configuration", **{".mdtodo.toml": "[status\n"})
    diverge(driven, OURS, THEIRS)
    join(driven, "merge")
    assert driven.read("TODO.md").decode() == OURS.replace("[ ] b", "[x] b")


def test_the_driver_merges_a_file_with_an_odd_name(make_repo: Make) -> None:
    name = "-o dd/$(touch x)/it's/TODO.md"
    checkout = make_repo(**{name: BASE})
    set_up(discover(str(checkout.root)), DEFAULT)
    checkout.commit("Attributes")
    diverge(checkout, OURS, THEIRS, name)
    join(checkout, "merge")
    assert checkout.read(name).decode() == OURS.replace("[ ] b", "[x] b")
    assert checkout.status() == []


def test_a_linked_worktree_has_the_driver(driven: Checkout, tmp_path: Path) -> None:
    diverge(driven, OURS, THEIRS)
    driven.git("worktree", "add", "-q", str(tmp_path / "linked"), "-b", "third")
    linked = Checkout(tmp_path / "linked")
    join(linked, "merge")
    assert linked.read("TODO.md").decode() == OURS.replace("[ ] b", "[x] b")


def test_the_driver_keeps_the_line_ends_of_the_work_tree(driven: Checkout) -> None:
    diverge(driven, OURS, THEIRS)
    driven.git("config", "core.autocrlf", "true")
    driven.git("rm", "-q", "--cached", "TODO.md")
    driven.git("reset", "-q", "--hard")
    join(driven, "merge")
    assert driven.read("TODO.md") == OURS.replace("[ ] b", "[x] b").replace("\n", "\r\n").encode()


# --- Called by hand -----------------------------------------------------------------------------------------


def drive(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "mdtodo", "merge-driver", *args]
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False, timeout=240)


def test_the_driver_merges_outside_of_a_repository(tmp_path: Path) -> None:
    for name, text in (("o", BASE), ("a", OURS), ("b", BASE.replace("[ ] a", "[-] a"))):
        (tmp_path / name).write_text(text)
    done = drive(tmp_path, "o", "a", "b", "x", "TODO.md", "%S", "%X", "%Y")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    assert "<<<<<<< ours\n- [x] a\n=======\n- [-] a\n>>>>>>> theirs\n" in (tmp_path / "a").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "o"]


def test_a_version_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(BASE)
    done = drive(tmp_path, "nowhere", "a", "a", "7", "TODO.md")
    assert done.returncode == 1
    assert done.stderr.startswith("mdtodo: TODO.md: cannot be merged")
    assert (tmp_path / "a").read_text() == BASE


def test_the_driver_takes_the_labels_of_newer_gits(tmp_path: Path) -> None:
    for name, text in (("o", BASE), ("a", OURS), ("b", BASE.replace("[ ] a", "[-] a"))):
        (tmp_path / name).write_text(text)
    done = drive(tmp_path, "--", "o", "a", "b", "8", "TODO.md", "-was", "HEAD", "feature/x y")
    assert done.returncode == 1
    assert "<<<<<<<< HEAD\n" in (tmp_path / "a").read_text()
    assert ">>>>>>>> feature/x y\n" in (tmp_path / "a").read_text()


# --- The diff driver ----------------------------------------------------------------------------------------

SECTIONS = (
    "# All\n\n{0}## First\n\n- [ ] a\n{0}## Second\n\n- [ ] long\n" + "  - note\n" * 9 + "  - [ ] k est:1h\n"
)


@pytest.mark.parametrize("quote", ["", "> "])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_hunks_name_the_section(driven: Checkout, quote: str, end: str) -> None:
    text = "".join(quote + line + end for line in SECTIONS.format("").split("\n"))
    driven.commit("Sections", **{"TODO.md": text})
    driven.write("TODO.md", text.replace("k est:1h", "k est:2h"))
    headers = [line for line in driven.git("diff").split("\n") if line.startswith("@@")]
    assert [header.split(" @@ ")[1].rstrip("\r") for header in headers] == ["## Second"]
