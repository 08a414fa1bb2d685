"""A receipt survives its JSON, and what older versions wrote is read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given

from mdtodo.core.edits import AddNote, AddSubtasks, SetKey, SetStatus
from mdtodo.core.receipt import Output, Receipt
from mdtodo.core.task import Anchor, Status
from mdtodo.receipts.codec import from_text, to_text
from tests.examples import examples
from tests.receipts.any_receipt import RECEIPT, RECEIPTS

SHORT = Anchor("TODO.md", None, "0" * 40, 2)
ANCHOR = Anchor(
    *("a/TODO.md", "docs", "1" * 40, 0, "Write", "Plan\nDocs", "run:docs\n", "Before", "After"),
    *(False, True, False, 1, "c0ffee", ("aa", "bb")),
)
#: What `older.jsonl` holds, as the commit 1ee8631 wrote it, in this order.
OLDER = [
    RECEIPT,
    Receipt(
        *("docs", "Write", "done", "docs", 0, 2.5, 2),
        (
            SetStatus(ANCHOR, Status.DONE, frozenset({Status.TODO})),
            SetKey(ANCHOR, "failed", None),
            SetKey(SHORT, "done", "2026-11-21"),
            AddSubtasks(ANCHOR, ("- [ ] one", "  - [ ] two")),
            AddSubtasks(ANCHOR, ("- [ ] one",), first=True),
            AddNote(ANCHOR, "a \u00e9 \udcff"),
        ),
        outputs=("*.txt",),
        held=(Output("a.txt", "d1", "100644 " + "2" * 40, ""), Output("b.txt", None, None)),
        inputs="0a" * 32,
        said_in="3" * 40,
        tree="5b1d3c9f0a27",
        reason="exit",
        by="ada@example.org",
        metrics=(("coverage", 0.875), ("lines", 3)),
        proves=True,
        began=1795992549.5,
    ),
]


@examples(100)
@given(RECEIPTS)
def test_a_receipt_survives_its_json(original):
    assert from_text(to_text(original)) == original


def test_what_the_version_before_wrote_is_read():
    *lines, undo = (Path(__file__).parent / "older.jsonl").read_text().splitlines()
    assert list(map(from_text, lines)) == OLDER
    assert [from_text(to_text(one)) for one in OLDER] == OLDER
    # An undo says now which versions of a file it is made of, and that one did not.
    with pytest.raises(ValueError, match="this is no"):
        from_text(undo)


@pytest.mark.parametrize(
    "broken",
    [
        *({}, {"edits": 3}, {"edits": [{}], "outputs": []}, {"seconds": "1"}, {"exit_code": [0]}),
        *({"held": [["a"]]}, {"metrics": [1]}, {"metrics": {"a": "b"}}, {"edits": [{"set_key": 1}]}),
        {"edits": [{"add_note": "n", "anchor": ["TODO.md", None, 3, 0]}]},
    ],
)
def test_json_that_is_no_receipt_is_refused(broken):
    with pytest.raises(ValueError, match="this is no"):
        from_text(json.dumps({**json.loads(to_text(RECEIPT)), **broken} if broken else {}))


@pytest.mark.parametrize("text", ["[]", "3", "null", '"text"'])
def test_a_text_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="this is no"):
        from_text(text)


def test_what_is_not_known_of_a_receipt_is_left_out_of_its_json_and_not_asked_for():
    """So an older mdtodo reads what a newer one left, and the other way round."""
    plain = json.loads(to_text(RECEIPT))
    assert plain.keys() == {
        *("task_id", "title", "outcome", "processor", "exit_code", "seconds", "attempt", "edits", "outputs")
    }
    assert from_text(json.dumps({**plain, "of a newer": 1})) == RECEIPT
