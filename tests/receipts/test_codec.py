"""A receipt survives its JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from mdtodo.receipts.codec import from_json, to_json
from tests.examples import examples
from tests.receipts.any_receipt import RECEIPT, RECEIPTS


@examples(100)
@given(RECEIPTS)
def test_a_receipt_survives_its_json(original):
    assert from_json(json.loads(json.dumps(to_json(original)))) == original


@pytest.mark.parametrize("broken", [{}, {"edits": 3}, {"edits": [{}], "outputs": []}])
def test_json_that_is_no_receipt_is_refused(broken):
    with pytest.raises((KeyError, TypeError, ValueError)):
        from_json({**to_json(RECEIPT), **broken} if broken else {})


def test_what_is_not_known_of_a_receipt_is_left_out_of_its_json_and_not_asked_for():
    """So an older mdtodo reads what a newer one left, and the other way round."""
    assert not {"tree", "reason", "by", "metrics", "proves"} & to_json(RECEIPT).keys()
    assert from_json({**to_json(RECEIPT), "of a newer": 1}) == RECEIPT
