"""The commit message is a receipt that git and we can read, whatever the titles are."""

from __future__ import annotations

import re
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.core.edits import SetStatus
from mdtodo.core.receipt import Receipt
from mdtodo.core.task import Anchor, Status
from mdtodo.landing.push.rebase import drop_tasks
from mdtodo.markdown.anchors import anchors, place_digest
from mdtodo.markdown.document import parse as parse_document
from mdtodo.receipts.message import message, subject, titles
from mdtodo.receipts.trailers import Trailer, groups, parse
from tests.examples import examples
from tests.receipts.any_receipt import RECEIPTS, WORDS

MIXED = (("A", "done"), ("B", "failed"), ("C", "todo"))


def receipt(title: str = "Tests pass", outcome: str = "done", **words) -> Receipt:
    given = {"processor": "tests", "exit_code": 0, "seconds": 2.31, "attempt": 1, "edits": ()} | words
    return Receipt(**{"task_id": "1f3c9aa", "title": title, "outcome": outcome, **given})


class TestMessage:
    def test_the_message_of_one_task_has_its_title_as_subject(self):
        assert message([receipt()], "20261121T101500-3f2a") == (
            "todo: Tests pass\n"
            "\n"
            "Mdtodo-Run: 20261121T101500-3f2a\n"
            "Mdtodo-Task: 1f3c9aa done tests exit=0 time=2.310 attempt=1\n"
        )

    def test_a_receipt_with_edits_says_where_its_task_stood(self):
        places = anchors(parse_document(b"# A\n- [ ] t\n# B\n- [ ] t\n"), "TODO.md")
        texts = [message([receipt(edits=(SetStatus(place, Status.DONE),))], "r") for place in places]
        found = [parse(text)[1][0].at for text in texts]
        assert found == list(map(place_digest, places))
        assert texts[0].endswith(f" attempt=1 at={found[0]}\n")
        older = message([receipt(edits=(SetStatus(Anchor("TODO.md", None, "0", 0), Status.DONE),))], "r")
        assert parse(older)[1][0].at is None

    @pytest.mark.parametrize(
        ("more", "known"),
        [
            ("", {}),
            (" at=0123456789ab", {"at": "0123456789ab"}),
            (
                " reason=exit at=0123456789ab by=a@b.c",
                {"reason": "exit", "at": "0123456789ab", "by": "a@b.c"},
            ),
            (" later=w by=ä@b.c worker=ä reason=of-a-newer", {"by": "ä@b.c"}),
            (" worker=ada@box-2 tree=dirty", {"worker": "ada@box-2", "tree": "dirty"}),
            (" worker=by=x by= reason=EXIT said-by=a@b.c", {}),
            (" at=0123", {}),
        ],
    )
    def test_what_follows_the_attempt_may_be_more_than_we_know(self, more, known):
        line = f"Mdtodo-Task: a done b exit=0 time=1.000 attempt=1{more}"
        assert parse(f"x\n\nMdtodo-Run: r\n{line}\n")[1] == (Trailer("a", "done", "b", 0, 1.0, 1, **known),)

    def test_the_words_of_a_receipt_have_one_order(self):
        words = {"reason": "exit", "by": "Ada L <a@b>", "worker": "w1", "tree": "dirty", "exit_code": 1}
        edit = SetStatus(anchors(parse_document(b"- [ ] t\n"), "TODO.md")[0], Status.DONE)
        line = message([receipt(outcome="failed", edits=(edit,), **words)], "r").splitlines()[-1]
        assert re.search(r" attempt=1 at=[0-9a-f]{12} reason=exit worker=w1 by=Ada_L_<a@b> tree=dirty$", line)

    def test_the_message_of_several_tasks_counts_and_lists_them(self):
        text = message([receipt("A"), receipt("B", "failed", exit_code=-15), receipt("C")], "r")
        assert text.startswith(
            "todo: 2 done, 1 failed\n\n- done: A\n- failed: B\n- done: C\n\nMdtodo-Run: r\n"
        )
        assert " failed tests exit=-15 time=" in text

    @pytest.mark.parametrize(
        ("outcomes", "expected"),
        [
            (["done"] * 3 + ["failed"], "todo: 3 done, 1 failed"),
            (["failed", "done", "failed"], "todo: 1 done, 2 failed"),
            (["cancelled", "cancelled"], "todo: 2 cancelled"),
            (["failed", "cached", "todo", "done"], "todo: 1 done, 1 cached, 1 reopened, 1 failed"),
            (["done"], "todo: Tests pass"),
            (["cached"], "todo: Tests pass"),
            (["failed"], "todo: failed: Tests pass"),
            (["todo"], "todo: reopened: Tests pass"),
            (["cancelled"], "todo: cancelled: Tests pass"),
            (["expanded"], "todo: expanded: Tests pass"),
        ],
    )
    def test_the_subject_says_what_became_of_the_task(self, outcomes, expected):
        assert subject([receipt(outcome=outcome) for outcome in outcomes]) == expected

    def test_a_tick_that_has_its_proof_now_is_called_proven(self):
        proven = [receipt(title, proves=True) for title in "ABC"]
        assert subject(proven[:1]) == "todo: proven: A"
        text = message([*proven, receipt("D", "todo")], "r")
        assert text.startswith(
            "todo: 3 proven, 1 reopened\n\n- proven: A\n- proven: B\n- proven: C\n- reopened: D\n"
        )
        assert subject([receipt(outcome="failed", proves=True)]) == "todo: failed: Tests pass"
        assert [task.outcome for task in parse(text)[1]] == ["done"] * 3 + ["todo"]

    @pytest.mark.parametrize("proves", [False, True])
    @pytest.mark.parametrize("outcome", ["done", "cached", "todo", "failed"])
    @pytest.mark.parametrize("title", ["A", "proven: A", "reopened: A", "failed: proven: A"])
    @pytest.mark.parametrize("others", [0, 1])
    def test_titles_are_read_as_they_were_written(self, proves, outcome, title, others):
        one = receipt(title, outcome, proves=proves)
        two = [one, receipt("B", task_id="b")][: 1 + others]
        for text, tasks in (
            (message(two, "r"), two),
            (drop_tasks(message([one, two[-1]], "r"), {"b"}), [one]),
        ):
            first, _, body = text.partition("\n")
            assert titles(first, body, parse(text)[1])[: len(tasks)] == tuple(r.title for r in tasks)

    @pytest.mark.parametrize(
        ("title", "expected"),
        [
            ("two\nlines\r\n  and\tmore", "todo: two lines and more"),
            ("bell\a, escape \x1b[31m, \u202eturned", "todo: bell , escape [31m, turned"),
            ("# not a comment", "todo: # not a comment"),
            ("Ünïcode 🚀 \u2028 end", "todo: Ünïcode 🚀 end"),
            ("x" * 500, "todo: " + "x" * 113 + "…"),
        ],
    )
    def test_titles_in_a_message_are_one_line(self, title, expected):
        assert subject([receipt(title)]) == expected

    def test_the_digest_of_the_inputs_has_its_own_trailer(self):
        assert (
            message([receipt(inputs="0a" * 32)], "r").splitlines()[-1]
            == f"Mdtodo-Inputs: 1f3c9aa {'0a' * 32}"
        )

    @pytest.mark.parametrize(
        ("left", "expected"),
        [({"0"}, "todo: A"), ({"1"}, "todo: failed: B"), ({"0", "1"}, "todo: 1 done, 1 failed")],
    )
    def test_a_message_without_some_of_its_tasks_has_the_subject_of_the_others(self, left, expected):
        three = [receipt(title, outcome, task_id=str(n)) for n, (title, outcome) in enumerate(MIXED)]
        text = drop_tasks(message(three, "r"), {"0", "1", "2"} - left)
        assert text.splitlines()[0] == expected
        assert {task.task_id for task in parse(text)[1]} == left

    def test_a_receipt_without_an_exit_code_says_so(self):
        assert "exit=- " in message([receipt(exit_code=None)], "r")

    @examples(60)
    @given(st.lists(RECEIPTS, min_size=1, max_size=4), WORDS)
    def test_a_written_message_is_read_as_its_trailers(self, receipts, run):
        text = message(receipts, run)
        found, trailers = parse(text)
        assert len(text.encode("utf-8", "strict").decode().split("\n")[0]) <= 120
        assert found is not None
        assert " " not in found
        assert [(t.outcome, t.exit_code, t.attempt, t.tree, t.reason) for t in trailers] == [
            (str(r.outcome), r.exit_code, r.attempt, r.tree, r.reason) for r in receipts
        ]
        assert [t.by is None for t in trailers] == [r.by is None for r in receipts]
        assert all(abs(t.seconds - r.seconds) <= 0.001 for t, r in zip(trailers, receipts, strict=True))

    def test_git_reads_receipts_as_trailers(self):
        text = message([receipt("A: b"), receipt("Mdtodo-Run: fake", task_id="2")], "r1")
        out = subprocess.check_output(["git", "interpret-trailers", "--parse"], input=text, text=True)
        assert out.splitlines() == [
            "Mdtodo-Run: r1",
            "Mdtodo-Task: 1f3c9aa done tests exit=0 time=2.310 attempt=1",
            "Mdtodo-Task: 2 done tests exit=0 time=2.310 attempt=1",
        ]


class TestParse:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "todo: looks like one\n",
            "A commit of a person\n\nMdtodo-Run: quoted\nMdtodo-Task: a done b exit=0 time=1 attempt=1\n\nThe end.\n",
            "x\n\nMdtodo-Task: a done b exit=0 time=1 attempt=1\n",
            "x\n\n> Mdtodo-Run: r\n",
        ],
    )
    def test_messages_of_other_commits_hold_no_receipts(self, text):
        assert parse(text) == (None, ())

    def test_other_trailers_and_broken_ones_are_passed_over(self):
        text = (
            "todo: x\n\nMdtodo-Run: r\nSigned-off-by: A <a@x>\nMdtodo-Task: nonsense\n"
            "Mdtodo-Task: a done b exit=0 time=1.5 attempt=2\nMdtodo-Task: a done b exit=x time=1 attempt=2\n"
        )
        assert parse(text) == ("r", (Trailer("a", "done", "b", 0, 1.5, 2),))

    @pytest.mark.parametrize(
        ("words", "tree"),
        [
            ("", None),
            (" tree=dirty", "dirty"),
            (" tree=5b1d3c9f0a27", "5b1d3c9f0a27"),
            (" at=0 tree=dirty later=word", "dirty"),
            (" tree=5b1d", None),
            (" tree=DIRTY tree=", None),
            (" of-a-newer-version", None),
        ],
    )
    def test_further_words_are_known_or_passed_over(self, words: str, tree: str | None):
        line = f"a done b exit=0 time=1.5 attempt=2{words}"
        expected = Trailer("a", "done", "b", 0, 1.5, 2, tree=tree)
        assert parse(f"x\n\nMdtodo-Run: r\nMdtodo-Task: {line}\n") == ("r", (expected,))
        assert groups(["Mdtodo-Run: r", f"mdtodo-task: {line}"])[0].tasks == (expected,)

    def test_a_message_with_crlf_is_read(self):
        text = message([receipt()], "r").replace("\n", "\r\n").replace("\r\n\r\n", "\n\n")
        assert len(parse(text)[1]) == 1
