"""The digest of inputs follows the content as git would store it, and nothing else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mdtodo.git.repository import discover
from mdtodo.run.cache import input_digests
from mdtodo.run.cache.input_digests import DeclaredInputs, InputReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Checkout

ALL = {"p": DeclaredInputs(("src/**",), ())}


def digest(
    repo: Checkout, declared: dict[str, DeclaredInputs] = ALL, without: tuple[str, ...] = ()
) -> str | None:
    return InputReader(discover(str(repo.root)), declared, without).read()["p"].digest


@pytest.fixture
def checkout(repo: Checkout) -> Checkout:
    repo.commit("Base", **{"src/a": "a\n", "src/b": "b\n", "other": "o\n", ".gitignore": "*.log\n"})
    return repo


CHANGES: dict[str, Callable[[Checkout], object]] = {
    "changed": lambda repo: repo.write("src/a", "A\n"),
    "executable": lambda repo: (repo.root / "src/a").chmod(0o755),
    "deleted": lambda repo: (repo.root / "src/a").unlink(),
    "renamed": lambda repo: (repo.root / "src/a").rename(repo.root / "src/c"),
    "new": lambda repo: repo.write("src/new", "n\n"),
    "symlink": lambda repo: os.symlink("a", repo.root / "src/link"),
    "odd names": lambda repo: repo.write('src/\n"x\\ \t', "n\n"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_inputs_count_and_adding_or_committing_them_changes_nothing(
    checkout: Checkout, make_repo: Callable[..., Checkout], change: Callable[[Checkout], object]
) -> None:
    before = digest(checkout)
    change(checkout)
    after = digest(checkout)
    assert after != before
    checkout.git("add", "-A")
    assert digest(checkout) == after
    checkout.git("commit", "-qm", "Change")
    assert digest(checkout) == after
    clone = make_repo("clone")
    clone.git("pull", "-q", str(checkout.root), "main")
    assert digest(clone) == after


@pytest.mark.parametrize("odd", ["\n", "\r", "\v", "\f", "\x85", "\u2028", "\udcff"])
@pytest.mark.parametrize("place", ["src/a{}b/x.py", "src/{}/x.py", "src/{}x/y/x.py", "src/x{}.py"])
@pytest.mark.sample(10)
def test_a_changed_input_is_seen_whatever_its_name_is(repo: Checkout, place: str, odd: str) -> None:
    path = place.format(odd)
    repo.commit("Base", **{path: "one\n", "src/other.py": "other\n", "src/y/z.txt": "\n"})
    for pattern in ("src/**/*.py", "src/", "*.py", "elsewhere", path):
        declared = {"p": DeclaredInputs((pattern, "src/other.py"), ())}
        before = digest(repo, declared)
        repo.write(path, os.fsencode(pattern))
        assert (digest(repo, declared) == before) is (pattern == "elsewhere"), pattern


@pytest.mark.parametrize(
    "change",
    [
        lambda repo: repo.write("other", "changed\n"),
        lambda repo: repo.write("src/x.log", "ignored\n"),
        lambda repo: os.utime(repo.root / "src/a", (1, 1)),
        lambda repo: repo.git("commit", "-q", "--allow-empty", "-m", "x"),
    ],
)
def test_files_that_do_not_fit_and_times_do_not_count_as_inputs(
    checkout: Checkout, change: Callable[[Checkout], object]
) -> None:
    before = digest(checkout)
    change(checkout)
    assert digest(checkout) == before


def test_line_ends_and_filters_make_no_difference(make_repo: Callable[..., Checkout]) -> None:
    one = make_repo("one", **{"src/a": "a\nb\n", ".gitattributes": "src/* text\n"})
    other = make_repo("other")
    other.git("config", "core.autocrlf", "true")
    other.git("pull", "-q", str(one.root), "main")
    assert other.read("src/a") == b"a\r\nb\r\n"
    assert digest(other) == digest(one)
    other.write("src/new", "x\r\ny\r\n")
    one.write("src/new", "x\ny\n")
    assert digest(other) == digest(one)


def test_a_change_in_the_moment_of_staging_is_seen(checkout: Checkout) -> None:
    """The same size, and the same times as the index: git itself compares the content then."""
    checkout.git("config", "core.trustctime", "false")
    before = digest(checkout)
    checkout.write("src/a", "1\n")
    checkout.git("add", "src/a")
    was = os.stat(checkout.root / "src/a")
    os.utime(checkout.root / ".git/index", ns=(was.st_atime_ns, was.st_mtime_ns))
    checkout.write("src/a", "2\n")
    os.utime(checkout.root / "src/a", ns=(was.st_atime_ns, was.st_mtime_ns))
    staged = digest(checkout)
    checkout.write("src/a", "1\n")
    assert len({before, staged, digest(checkout)}) == 3


def test_one_reader_sees_what_changes_between_its_readings(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = InputReader(discover(str(checkout.root)), ALL)
    checkout.write("src/a", "1\n")
    os.utime(checkout.root / "src/a", (1, 1))
    first = reader.read()["p"].digest
    assert reader.read()["p"].digest == first
    monkeypatch.setattr(input_digests, "_SETTLED", 0)
    assert reader.read()["p"].digest == first
    checkout.write("src/a", "2\n")
    os.utime(checkout.root / "src/a", (1, 1))
    assert reader.read()["p"].digest != first


def test_without_a_readable_input_there_is_no_digest(checkout: Checkout) -> None:
    assert digest(checkout, {"p": DeclaredInputs(("none/**",), ())}) is None
    assert digest(checkout, without=("src/a", "src/b")) is None
    checkout.write("src/new", "n\n").chmod(0)
    if os.geteuid():
        assert digest(checkout) is None


def test_outputs_are_told_from_other_inputs(checkout: Checkout) -> None:
    reader = InputReader(
        discover(str(checkout.root)), {"p": DeclaredInputs(("src/**",), ("src/b", "made/*.txt"))}
    )
    before = reader.read()["p"]
    checkout.write("src/b", "changed\n")
    own = reader.read()["p"]
    assert own.digest != before.digest
    assert own.others == before.others
    assert not own.missing_output
    (checkout.root / "src/b").unlink()
    assert reader.read()["p"].missing_output
    checkout.write("src/b", "b\n")
    checkout.write("src/a", "changed\n")
    assert reader.read()["p"].others != before.others


def test_conflicted_and_intended_files_count_with_their_content(checkout: Checkout) -> None:
    checkout.git("switch", "-q", "-c", "side")
    checkout.commit("Side", **{"src/a": "side\n"})
    checkout.git("switch", "-q", "main")
    checkout.commit("Main", **{"src/a": "main\n"})
    checkout.git("merge", "-q", "side", check=False)
    conflicted = digest(checkout)
    checkout.write("src/a", "resolved\n")
    resolved = digest(checkout)
    checkout.git("commit", "-qam", "Merge")
    assert conflicted != resolved == digest(checkout)
    checkout.write("src/n", "n\n")
    new = digest(checkout)
    checkout.git("add", "-N", "src/n")
    assert digest(checkout) == new != resolved


def test_submodules_count_with_their_commit(checkout: Checkout, make_repo: Callable[..., Checkout]) -> None:
    library = make_repo("library", x="x\n")
    declared = {"p": DeclaredInputs(("lib",), ())}
    checkout.git("submodule", "--quiet", "add", str(library.root), "lib")
    before = digest(checkout, declared)
    assert before is not None
    inside = type(checkout)(checkout.root / "lib")
    inside.commit("More", x="y\n")
    after = digest(checkout, declared)
    assert after != before
    checkout.git("add", "lib")
    assert digest(checkout, declared) == after
