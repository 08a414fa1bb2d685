"""Results in the journal: what is handed in, what comes back, and the rows that they are in between."""

from __future__ import annotations

import json
import re
import time
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from mdtodo.receipts.codec import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from mdtodo.core.receipt import Receipt


#: Results that are kept for history and estimates.
KEPT = 20_000


class JournalEntry(NamedTuple):
    """One result in the journal: `id` in the order of recording, `finished` in Unix time, `receipt` None
    where nothing is to land.
    """

    id: int
    run_id: str
    task_id: str
    attempt: int
    outcome: str
    processor: str
    exit_code: int | None
    seconds: float
    finished: float
    log: str | None
    metrics: Mapping[str, float] = MappingProxyType({})
    receipt: Receipt | None = None
    inputs: str | None = None


class JournalReceipt(NamedTuple):
    """A receipt that the journal has, with its anchors; `number` is that of its result.

    `landed`: its edits were made. `commit`: the one that it landed with, None where that was the work tree alone;
    `base`: what HEAD was just before, None where it was unborn, that is not known, or the receipt has not landed.
    `finished`: when the result was recorded, in Unix time.
    """

    number: int
    run_id: str
    receipt: Receipt
    landed: bool
    commit: str | None
    base: str | None
    finished: float


class NewResult(NamedTuple):
    """A result as it is handed in: the receipt that is to land, and what only the history keeps."""

    run_id: str
    receipt: Receipt
    log: str | None = None
    metrics: Mapping[str, float] = MappingProxyType({})
    lands: bool = True


#: The columns of a `JournalEntry`, and of a `NewResult` with its number before it.
SELECT = (
    "SELECT id, run_id, task_id, attempt, outcome, processor, exit_code, seconds, finished, log, metrics,"
    " receipt, inputs FROM results"
)
INSERT = (
    "INSERT INTO results (id, run_id, task_id, attempt, outcome, processor, exit_code, seconds, finished, log,"
    " metrics, receipt, inputs) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
#: Those that have yet to land, then those that have, newest first.
RECEIPTS = (
    "SELECT id, run_id, receipt, 0, NULL, NULL, finished, id FROM results WHERE receipt IS NOT NULL"
    " UNION ALL SELECT id, run_id, kept.receipt, 1, kept.commit_id, base_id, finished, number"
    " FROM receipts AS kept JOIN results ON results.id = kept.result ORDER BY 4, 8 DESC"
)

#: Those that have landed with one of the commits of a JSON list, "" for none; newest first.
RECEIPTS_WITHIN = (
    "SELECT id, run_id, kept.receipt, 1, kept.commit_id, base_id, finished, number"
    " FROM receipts AS kept JOIN results ON results.id = kept.result"
    " WHERE coalesce(kept.commit_id, '') IN (SELECT value FROM json_each(?)) ORDER BY number DESC"
)


def row_of(record: NewResult) -> tuple[object, ...]:
    """What `INSERT` takes after the number; it is of this moment."""
    receipt = record.receipt
    return (
        *(record.run_id, receipt.task_id, receipt.attempt, str(receipt.outcome), receipt.processor),
        *(receipt.exit_code, receipt.seconds, time.time(), record.log, _text(record.metrics)),
        *(receipt_text(receipt) if record.lands else None, receipt.inputs),
    )


def receipt_text(receipt: Receipt) -> str:
    """A receipt as its column has it."""
    return json.dumps(to_json(receipt))


def _text(metrics: Mapping[str, float]) -> str:
    return json.dumps(dict(metrics)) if metrics else "{}"


def entry_of(row: Sequence[object]) -> JournalEntry:
    """What `SELECT` gave."""
    number, run_id, task_id, attempt, outcome, processor, code, seconds, finished, log, metrics, *rest = row
    receipt, inputs = rest
    return JournalEntry(
        id=integer(number),
        run_id=str(run_id),
        task_id=str(task_id),
        attempt=integer(attempt),
        outcome=str(outcome),
        processor=str(processor),
        exit_code=None if code is None else integer(code),
        seconds=real(seconds),
        finished=real(finished),
        log=None if log is None else str(log),
        metrics=mapping(metrics),
        receipt=None if receipt is None else _receipt(str(receipt)),
        inputs=None if inputs is None else str(inputs),
    )


def journal_receipt_of(row: Sequence[object]) -> JournalReceipt | None:
    """What `RECEIPTS` gave; None for one that was damaged on the disk."""
    number, run_id, text, landed, commit, base, finished, _ = row
    if (receipt := _receipt(str(text))) is None:
        return None
    made, on = (None if one is None else str(one) for one in (commit, base))
    return JournalReceipt(integer(number), str(run_id), receipt, bool(landed), made, on, real(finished))


def is_of(text: str, names: Container[str | None]) -> bool:
    """Whether the task of a receipt, as its column has it, has one of these names: an explicit id, or a digest of its
    titles (see `Anchor`)."""
    found = _ANCHOR.search(text)
    return found is None or found[1] in names or found[2] in names


#: The first three fields of the first anchor; to read all of a receipt takes ten times as long.
_ANCHOR = re.compile(r'"anchor": \["(?:[^"\\]|\\.)*", (?:null|"([^"]*)"), "([0-9a-f]{40})"')


def _receipt(text: str) -> Receipt | None:
    """None for one that was damaged on the disk: it cannot land any more."""
    try:
        return from_json(json.loads(text))
    except (KeyError, TypeError, ValueError):
        return None


def mapping(text: object) -> Mapping[str, Any]:
    """A JSON object; an empty one for anything else."""
    try:
        found = json.loads(str(text))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def integer(value: object) -> int:
    """A column that holds nothing else."""
    assert isinstance(value, int)
    return value


def real(value: object) -> float:
    """A column of numbers."""
    assert isinstance(value, int | float)
    return float(value)
