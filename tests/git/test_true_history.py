"""What a clone says beside its objects does not change the history that is judged; what plain git makes of it is
shown each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mdtodo.git.repository import discover, run
from mdtodo.git.true_history import is_ancestor, read_history
from mdtodo.receipts.log import logged_receipts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Checkout

RECEIPT = "todo: A\n\nMdtodo-Run: r1\nMdtodo-Task: a done tests exit=0 time=1.500 attempt=1"
SUBJECTS = ("log", "--format=%s")
TRAILERS = ("log", "--format=%(trailers:key=Mdtodo-Run,valueonly)")


def replace(repo: Checkout) -> None:
    message = repo.git("cat-file", "commit", "HEAD").replace("todo: A", "todo: Z").replace("r1", "r2")
    repo.git("replace", "HEAD", repo.git("hash-object", "-w", "-t", "commit", "--stdin", stdin=message))


def graft(repo: Checkout) -> None:
    head, _, first = repo.git("rev-list", "HEAD").split()
    repo.write(".git/info/grafts", f"{head} {first}\n")


def forge_commit_graph(repo: Checkout) -> None:
    """HEAD's parent is said to be the commit before it."""
    repo.git("commit-graph", "write", "--reachable")
    head, _, first = repo.git("rev-list", "HEAD").split()
    path = repo.root / ".git/objects/info/commit-graph"
    data = bytearray(path.read_bytes())
    chunks = {bytes(data[at : at + 4]): int.from_bytes(data[at + 4 : at + 12]) for at in range(8, 56, 12)}
    ids = sorted(bytes.fromhex(oid) for oid in repo.git("rev-list", "HEAD").split())
    parent = chunks[b"CDAT"] + 36 * ids.index(bytes.fromhex(head)) + 20
    data[parent : parent + 4] = ids.index(bytes.fromhex(first)).to_bytes(4)
    path.chmod(0o644)
    path.write_bytes(data)


def show_signatures(repo: Checkout) -> None:
    repo.write("fake", "#!/bin/sh\necho 'todo: Z' >&2\n").chmod(0o755)
    repo.git("config", "log.showSignature", "true")
    repo.git("config", "gpg.program", str(repo.root / "fake"))
    signed = repo.git("cat-file", "commit", "HEAD").replace(
        "\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n\n", 1
    )
    repo.git("reset", "-q", repo.git("hash-object", "-w", "-t", "commit", "--stdin", stdin=signed))


def other_separators(repo: Checkout) -> None:
    repo.git("config", "trailer.separators", "%")


def other_letters(repo: Checkout) -> None:
    repo.git("config", "i18n.logOutputEncoding", "UTF-16")


@pytest.mark.parametrize(
    ("fake", "asked"),
    [
        (replace, SUBJECTS),
        (graft, SUBJECTS),
        (forge_commit_graph, SUBJECTS),
        (show_signatures, SUBJECTS),
        (other_letters, SUBJECTS),
        (other_separators, TRAILERS),
    ],
)
def test_what_the_clone_says_is_not_the_history(
    repo: Checkout, fake: Callable[[Checkout], None], asked: tuple[str, ...]
) -> None:
    for message in ("First", "Second", RECEIPT):
        repo.commit(message)
    found = discover(str(repo.root))
    before = read_history(found, *asked)
    assert before == run(found, *asked)
    fake(repo)
    assert run(found, *asked) != before, "plain git was to be deceived"
    assert read_history(found, *asked) == before
    assert [one.run for one in logged_receipts(found)] == ["r1"]


def test_a_path_s_history_begins_with_the_first_commit_and_has_what_a_merge_changed(repo: Checkout) -> None:
    first = repo.commit("First", a="1\n")
    repo.git("checkout", "-q", "-b", "side")
    repo.commit("Side", b="1\n")
    repo.git("checkout", "-q", "main")
    repo.commit("Main", c="1\n")
    repo.git("merge", "-q", "--no-commit", "side")
    repo.commit("Merge", a="2\n")
    for name, value in (("showRoot", "false"), ("diffMerges", "first-parent")):
        repo.git("config", f"log.{name}", value)
    found = discover(str(repo.root))
    asked = ("log", "-m", "--raw", "--no-abbrev", "--format=%H", "--", "a")
    assert first in run(found, *asked).decode()
    assert run(found, *asked).count(b"\ta\n") == 1
    assert read_history(found, *asked).count(b"\ta\n") == 3


@pytest.mark.parametrize(
    "env",
    [
        {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "trailer.separators", "GIT_CONFIG_VALUE_0": "%"},
        {"GIT_CONFIG_PARAMETERS": "'trailer.separators=%'"},
        {"GIT_CONFIG_GLOBAL": "evil.config"},
    ],
)
def test_the_configuration_of_the_environment_hides_no_trailer(
    repo: Checkout, monkeypatch: pytest.MonkeyPatch, env: dict[str, str]
) -> None:
    repo.commit(RECEIPT)
    found = discover(str(repo.root))
    (repo.root / "evil.config").write_text("[trailer]\n\tseparators = %\n")
    for name, value in env.items():
        monkeypatch.setenv(name, str(repo.root / value) if value == "evil.config" else value)
    assert run(found, *TRAILERS).split() == []
    assert read_history(found, *TRAILERS).split() == [b"r1"]


def test_ancestors_are_those_of_the_objects(repo: Checkout) -> None:
    first, second, third = (repo.commit(name) for name in "abc")
    repo.write(".git/info/grafts", f"{third} {first}\n")
    found = discover(str(repo.root))
    assert repo.git("merge-base", second, third) == first
    assert is_ancestor(found, second, third)
    assert not is_ancestor(found, third, second)
    assert not is_ancestor(found, "0" * 40, third)


def test_a_shallow_clone_is_read_as_far_as_it_goes(repo: Checkout, tmp_path: Path) -> None:
    for message in ("First", "Second", RECEIPT):
        repo.commit(message)
    repo.git("clone", "-q", "--depth=2", f"file://{repo.root}", str(tmp_path / "shallow"))
    found = discover(str(tmp_path / "shallow"))
    assert read_history(found, *SUBJECTS).split(b"\n") == [b"todo: A", b"Second", b""]
