"""Receipts of any content, for properties."""

from __future__ import annotations

from hypothesis import strategies as st

from mdtodo.core.edits import (
    AddNote,
    AddSubtasks,
    ChangeLine,
    MoveTask,
    PutSubtree,
    RemoveSubtree,
    SetKey,
    SetStatus,
)
from mdtodo.core.receipt import DIRTY, Output, Receipt
from mdtodo.core.results import Failure, Outcome
from mdtodo.core.task import Anchor, Status

WORDS = st.text(min_size=1).filter(str.strip)


#: As a mdtodo wrote them that knew no more, and whole ones.
ANCHORS = st.builds(Anchor, st.text(), st.none() | st.text(), st.text(), st.integers(0, 9)) | st.builds(
    Anchor,
    *(
        st.text(),
        st.none() | st.text(),
        st.text(),
        st.integers(0, 9),
        st.none() | st.text(),
        st.text(),
        st.text(),
    ),
    *(st.text(), st.text(), st.booleans(), st.booleans(), st.booleans(), st.integers(0, 9), st.text()),
    st.lists(st.text()).map(tuple),
)


EDITS = st.one_of(
    st.builds(SetStatus, ANCHORS, st.sampled_from(Status), st.frozensets(st.sampled_from(Status))),
    st.builds(SetKey, ANCHORS, st.text(), st.none() | st.text()),
    st.builds(AddSubtasks, ANCHORS, st.lists(st.text()).map(tuple)),
    st.builds(AddNote, ANCHORS, st.text(), st.booleans()),
    st.builds(
        ChangeLine,
        ANCHORS,
        st.lists(st.tuples(st.text(), st.none() | st.text())).map(tuple),
        st.lists(st.tuples(st.text(), st.booleans())).map(tuple),
        st.none() | st.text(),
        st.none() | ANCHORS,
    ),
    st.builds(
        PutSubtree,
        ANCHORS,
        st.text(),
        st.none() | ANCHORS,
        st.none() | ANCHORS,
        st.none() | st.text(),
        st.booleans(),
    ),
    st.builds(RemoveSubtree, ANCHORS, st.text()),
    st.builds(
        MoveTask,
        ANCHORS,
        st.none() | ANCHORS,
        st.none() | ANCHORS,
        st.none() | st.text(),
        st.booleans(),
        st.none() | ANCHORS,
    ),
)


OUTPUTS = st.builds(Output, st.text(), st.none() | st.text(), st.none() | st.text(), st.none() | st.text())


RECEIPTS = st.builds(
    Receipt,
    task_id=WORDS,
    title=st.text(),
    outcome=st.sampled_from([*Outcome, "cancelled", "todo"]),
    processor=WORDS,
    exit_code=st.none() | st.integers(-64, 255),
    seconds=st.floats(0, 1e9),
    attempt=st.integers(0, 10**6),
    edits=st.lists(EDITS, max_size=4).map(tuple),
    outputs=st.lists(st.text(), max_size=3).map(tuple),
    inputs=st.none() | st.just("0a" * 32),
    tree=st.sampled_from([None, DIRTY, "5b1d3c9f0a27"]),
    reason=st.none() | st.sampled_from(Failure),
    by=st.none() | WORDS,
    worker=st.none() | WORDS,
    metrics=st.dictionaries(st.text(), st.floats(allow_nan=False, allow_infinity=False), max_size=3).map(
        lambda found: tuple(found.items())
    ),
    proves=st.booleans(),
    began=st.none() | st.floats(0, 1e10),
    error=st.none() | st.text(),
    held=st.none() | st.lists(OUTPUTS, max_size=2).map(tuple),
    **dict.fromkeys(("undoes", "said_in"), st.none()),
    restores=st.just(()),
)

#: One of a task that was done.
RECEIPT = Receipt("1f3c9aa", "Tests pass", "done", "tests", 0, 2.31, 1, ())
