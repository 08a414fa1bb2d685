"""Receipts are read from git's history as git reads trailers, and nothing else of a message is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mdtodo.core.receipt import Receipt
from mdtodo.errors import GitError
from mdtodo.git.repository import discover
from mdtodo.receipts.log import logged_commits, logged_receipts
from mdtodo.receipts.message import message, titles
from mdtodo.receipts.trailers import groups

if TYPE_CHECKING:
    from tests.conftest import Checkout

TASK = "Mdtodo-Task: a done tests exit=0 time=1.500 attempt=2"


def commit(repo: Checkout, text: str, **env: str) -> str:
    repo.git("commit", "-q", "--allow-empty", "--cleanup=verbatim", "-F", "-", stdin=text, **env)
    return repo.git("rev-parse", "HEAD")


def found(repo: Checkout) -> list[tuple[str, str]]:
    return [(one.run, one.task_id) for one in logged_receipts(discover(str(repo.root)))]


def receipt(title: str, **words: object) -> Receipt:
    given = {
        "outcome": "done",
        "processor": "tests",
        "exit_code": 0,
        "seconds": 1.5,
        "attempt": 1,
        "edits": (),
    }
    return Receipt(**{"task_id": title.lower(), "title": title, **given, **words})  # type: ignore[arg-type]


def test_a_receipt_in_the_log_has_every_word_of_its_commit(repo: Checkout) -> None:
    digest = "0123456789" * 4
    oid = commit(
        repo,
        f"todo: Tests pass\n\nMdtodo-Run: r1\n{TASK} at=0123456789ab later=x by=a@b.c worker=box-1\nMdtodo-Inputs: a {digest}\n"
        "Mdtodo-Metric: a b=c=-1.5e-7\nMdtodo-Metric: a nan=nan\nMdtodo-Metric: a inf=1e999\nMdtodo-Metric: b n=3\n",
        GIT_AUTHOR_NAME="Grace Author",
        GIT_AUTHOR_DATE="2026-03-04T05:06:07+0200",
    )
    (one,) = logged_receipts(discover(str(repo.root)))
    assert one._asdict() == {
        "commit": oid,
        "said_in": None,
        "date": "2026-03-04T05:06:07+02:00",
        "author": "Grace Author <ada@example.com>",
        "run": "r1",
        "task_id": "a",
        "title": "Tests pass",
        "outcome": "done",
        "processor": "tests",
        "exit_code": 0,
        "seconds": 1.5,
        "attempt": 2,
        "inputs": digest,
        "at": "0123456789ab",
        "tree": None,
        "reason": None,
        "by": "a@b.c",
        "worker": "box-1",
        "metrics": {"b=c": -1.5e-7},
    }


def test_receipts_come_newest_first_and_an_unborn_branch_has_none(repo: Checkout) -> None:
    assert found(repo) == []
    for run in ("r1", "r2", "r3"):
        commit(repo, f"todo: x\n\nMdtodo-Run: {run}\n{TASK}\n")
    commit(repo, "a person's\n")
    assert found(repo) == [("r3", "a"), ("r2", "a"), ("r1", "a")]
    assert next(logged_commits(discover(str(repo.root)))).groups[0].run == "r3"


@pytest.mark.parametrize(
    "text",
    [
        f"in the body\n\nMdtodo-Run: r\n{TASK}\n\nThe end.\n",
        f"Mdtodo-Run: r\n{TASK}\n",
        f"indented, as git merge --squash writes it\n\n    todo: x\n\n    Mdtodo-Run: r\n    {TASK}\n",
        f"quoted\n\n> Mdtodo-Run: r\n> {TASK}\n",
        f"folded into one value\n\nMdtodo-Run: r\n {TASK}\n",
        f"without a run\n\n{TASK}\n",
        "nonsense\n\nMdtodo-Run: r\nMdtodo-Task: nonsense\n",
        f"followed by a line\n\nMdtodo-Run: r\n{TASK}\nand more words\nand more\nand more\n",
        f"two words\n\nMdtodo-Run: r s\n{TASK}\n",
    ],
)
def test_a_line_that_is_no_trailer_is_no_receipt(repo: Checkout, text: str) -> None:
    commit(repo, text)
    assert found(repo) == []


def test_a_history_with_a_commit_that_is_gone_is_no_empty_one(repo: Checkout) -> None:
    head = commit(repo, "a")
    gone = "1" * 40
    for revision in (gone, f"{gone}..{head}", f"{head}..{gone}"):
        with pytest.raises(GitError):
            list(logged_commits(discover(str(repo.root)), revision))


def test_a_folded_trailer_is_one_receipt(repo: Checkout) -> None:
    commit(repo, "x\n\nMdtodo-Run: r\nMdtodo-Task: a done tests exit=0\n  time=1.500 attempt=2\n")
    assert found(repo) == [("r", "a")]


def test_a_line_of_dashes_ends_nothing(repo: Checkout) -> None:
    commit(repo, f"squashed\n\n---\n\nText.\n\n---\n\nMdtodo-Run: r1\n{TASK}\n")
    commit(repo, message([receipt("---", task_id="a"), receipt("\n---\n", task_id="b")], "r2"))
    commit(repo, message([receipt("---", task_id="c")], "r3"))
    assert found(repo) == [("r3", "c"), ("r2", "a"), ("r2", "b"), ("r1", "a")]
    assert [one.title for one in logged_receipts(discover(str(repo.root)))][:3] == ["---"] * 3


def test_configuration_of_git_changes_nothing(repo: Checkout) -> None:
    for key, value in {
        "log.showSignature": "true",
        "trailer.separators": "=",
        "log.date": "relative",
        "color.ui": "always",
        "format.pretty": "oneline",
        "grep.patternType": "fixed",
        "i18n.logOutputEncoding": "ISO-8859-1",
        "log.follow": "true",
    }.items():
        repo.git("config", key, value)
    commit(repo, f"todo: Ünïcode\n\nMdtodo-Run: r\n{TASK}\n")
    (one,) = logged_receipts(discover(str(repo.root)))
    assert (one.run, one.title) == ("r", "Ünïcode")


def test_runs_that_were_squashed_with_their_trailers_stay_apart(repo: Checkout) -> None:
    other = TASK.replace(" a ", " b ")
    commit(repo, f"squashed\n\nMdtodo-Run: r1\n{TASK}\nMdtodo-Run: r2\n{other}\nSigned-off-by: A <a@x>\n")
    assert found(repo) == [("r1", "a"), ("r2", "b")]


def test_a_written_message_is_read_with_its_titles(repo: Checkout) -> None:
    several = [
        receipt("One"),
        receipt("Two: - done: X", outcome="failed", exit_code=None),
        receipt("x" * 200),
    ]
    commit(repo, message(several, "r2"))
    commit(repo, message([receipt("todo: - done: \x1b[31mOne")], "r3"))
    commit(repo, message([receipt("y" * 200)], "r4"))
    for outcome in ("failed", "todo", "done"):
        commit(repo, message([receipt("failed: it", outcome=outcome)], outcome))
    commit(repo, message([receipt("A", outcome="todo"), receipt("B", outcome="cancelled")], "r5"))
    assert [(one.title, one.outcome, one.exit_code) for one in logged_receipts(discover(str(repo.root)))] == [
        ("A", "todo", 0),
        ("B", "cancelled", 0),
        *(("failed: it", outcome, 0) for outcome in ("done", "todo", "failed")),
        (None, "done", 0),
        ("todo: - done: [31mOne", "done", 0),
        ("One", "done", 0),
        ("Two: - done: X", "failed", None),
        (None, "done", 0),
    ]


def test_trailers_before_any_run_belong_to_the_first() -> None:
    (one,) = groups([TASK, "Mdtodo-Run: r", "Mdtodo-Undo: q", "Other: x"])
    assert (one.run, one.undoes, [task.task_id for task in one.tasks]) == ("r", "q", ["a"])
    assert groups([TASK]) == ()
    assert titles("todo: undo q", "", one.tasks) == (None,)
