"""Receipts as the journal keeps them, and back: by `core.codec`, with the names that were there from the start.

What an older mdtodo wrote has to be read for as long as a run of it can wait to land, and an older one may read what
this one wrote. So a field that was not there from the beginning is left out where it says nothing, and is not asked
for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdtodo.core import codec
from mdtodo.core.receipt import Receipt

if TYPE_CHECKING:
    from mdtodo.core.edits import Edit

#: What fields of edits are called there; they tell the kinds of edits apart.
_NAMES = {"set_status": "status", "set_key": "key", "add_subtasks": "lines", "add_note": "text"}


def to_text(receipt: Receipt) -> str:
    """JSON, from which `from_text` makes the same receipt again."""
    known = {"outputs": receipt.outputs, "edits": list(map(_plain, receipt.edits))}
    metrics = {"metrics": dict(receipt.metrics)} if receipt.metrics else {}
    return codec.dumps({**codec.named(receipt), **known, **metrics})


def from_text(text: str) -> Receipt:
    """The receipt that `to_text` wrote. Raises ValueError for anything else."""
    found = codec.loads(dict[str, Any], text)
    edits = codec.decode(list[dict[str, Any]], found.get("edits"))
    metrics = codec.decode(dict[str, float], found.get("metrics", {}))
    read = {"edits": list(map(_read, edits)), "metrics": list(map(list, metrics.items()))}
    return codec.decode(Receipt, {**found, **read})


def _plain(edit: Edit) -> dict[str, Any]:
    plain = edit._asdict()
    return plain | {name: plain.pop(field) for name, field in _NAMES.items() if field in plain}


def _read(plain: dict[str, Any]) -> dict[str, Any]:
    return plain | {field: plain[name] for name, field in _NAMES.items() if name in plain}
