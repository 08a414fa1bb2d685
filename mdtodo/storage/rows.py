"""What the journal keeps: its entries, and the rows that they are on the disk."""

from __future__ import annotations

import re
import time
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mdtodo.core import codec
from mdtodo.core.results import PastRun
from mdtodo.receipts.codec import from_text, to_text

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence
    from typing import NamedTuple

    from mdtodo.core.receipt import Receipt

    #: The number of a receipt in the journal, and the receipt.
    Entry = tuple[int, Receipt]
else:
    from mdtodo.core.light.named_tuples import NamedTuple

#: Results that are kept for history and estimates.
KEPT = 20_000


class JournalEntry(NamedTuple):
    """A receipt with what the journal knows of it, or, with the first four fields, what it is to take down.

    `log` is where the output is; `lands`: its edits are to be made, or were; `number` in the order of recording;
    `finished`: when the result was recorded, in Unix time. `landed`: its edits were made. `commit`: the one that it
    landed with, None where that was the work tree alone; `base`: what HEAD was just before, None where it was unborn,
    that is not known, or the receipt has not landed.
    """

    run_id: str
    receipt: Receipt
    log: str | None = None
    lands: bool = True
    number: int = 0
    finished: float = 0.0
    landed: bool = False
    commit: str | None = None
    base: str | None = None


#: The columns of a `PastRun`.
HISTORY = (
    "SELECT run_id, task_id, processor, outcome, attempt, seconds, finished, inputs, receipt, exit_code, log, metrics,"
    " (SELECT worker || ' ' || owner FROM runs WHERE runs.run_id = results.run_id) FROM results"
)
NO_METRICS: Mapping[str, float] = MappingProxyType({})
#: A new result gets the next number.
INSERT = (
    "INSERT INTO results (run_id, task_id, attempt, outcome, processor, exit_code, seconds, finished, log,"
    " metrics, receipt, inputs) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
#: Those that have yet to land, and those that have.
WAITING = (
    "SELECT id, run_id, receipt, log, finished, 0, NULL, NULL, id FROM results WHERE receipt IS NOT NULL"
)
LANDED = (
    "SELECT id, run_id, kept.receipt, log, finished, 1, kept.commit_id, base_id, number"
    " FROM receipts AS kept JOIN results ON results.id = kept.result"
)
NEWEST_FIRST = "ORDER BY 6, 9 DESC"

#: Of `LANDED`, those with one of the commits of a JSON list, "" for none.
WITHIN = "WHERE coalesce(kept.commit_id, '') IN (SELECT value FROM json_each(?))"


def row_of(entry: JournalEntry) -> tuple[object, ...]:
    """What `INSERT` takes; it is of this moment."""
    receipt = entry.receipt
    return (
        *(entry.run_id, receipt.task_id, receipt.attempt, str(receipt.outcome), receipt.processor),
        *(receipt.exit_code, receipt.seconds, time.time(), entry.log, _metrics_text(receipt)),
        *(to_text(receipt) if entry.lands else None, receipt.inputs),
    )


def _metrics_text(receipt: Receipt) -> str:
    return codec.dumps(dict(receipt.metrics)) if receipt.metrics else "{}"


def entry_of(row: Sequence[Any]) -> JournalEntry | None:
    """What `WAITING` and `LANDED` gave; None for a receipt that was damaged on the disk: it cannot land any more."""
    number, run_id, text, log, finished, landed, commit, base, _ = row
    if (receipt := _receipt(text)) is None:
        return None
    return JournalEntry(run_id, receipt, log, True, number, finished, bool(landed), commit, base)


def past_run_of(row: Sequence[Any]) -> PastRun:
    """What `HISTORY` gave."""
    receipt = _receipt(row[8])
    return PastRun._make(
        (*row[:8], receipt and receipt.title, *row[9:11], _metrics(row[11]), _worker(row[12]))
    )


def is_of(text: str, names: Container[str | None]) -> bool:
    """Whether the task of a receipt, as its column has it, has one of these names: an explicit id, or a digest of its
    titles (see `Anchor`)."""
    found = _ANCHOR.search(text)
    return found is None or found[1] in names or found[2] in names


#: The first three fields of the first anchor; to read all of a receipt takes ten times as long. An older mdtodo has
#: written blanks.
_ANCHOR = re.compile(r'"anchor": ?\["(?:[^"\\]|\\.)*", ?(?:null|"([^"]*)"), ?"([0-9a-f]{40})"')


def _receipt(text: object) -> Receipt | None:
    try:
        return None if text is None else from_text(str(text))
    except ValueError:
        return None


def _worker(text: object) -> str | None:
    """The name that stands before the process of a run's worker; None for `<host>-<pid>`, where it was given none."""
    name, _, owner = str(text or "").rpartition(" ")
    pid = owner.partition("-")[2].partition("-")[0]
    return None if not name or name.endswith(f"-{pid}") else name


def _metrics(text: object) -> Mapping[str, float]:
    """None for most, which are quick to read, and where the disk has damaged them."""
    if text is None or text == "{}":
        return NO_METRICS
    try:
        return codec.loads(dict[str, float], str(text))
    except ValueError:
        return NO_METRICS


def mapping(text: object) -> Mapping[str, Any]:
    """A JSON object; an empty one for anything else."""
    try:
        return codec.loads(dict[str, Any], str(text))
    except ValueError:
        return {}


def integer(value: object) -> int:
    """A column that holds nothing else."""
    assert isinstance(value, int)
    return value


def real(value: object) -> float:
    """A column of numbers."""
    assert isinstance(value, int | float)
    return float(value)
