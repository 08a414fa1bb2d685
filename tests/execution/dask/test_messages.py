"""What goes between the runner and its stations."""

from __future__ import annotations

from typing import Any

from mdtodo.execution.dask.messages import INLINE, Outbox


def test_messages_gather_until_it_is_time_or_they_are_large() -> None:
    sent: list[dict[str, Any]] = []
    outbox = Outbox(sent.append, 1000.0)
    assert outbox.patience is None
    outbox.put({"a": 1}, 10)
    assert 0 < (outbox.patience or 0) <= 1000
    outbox.put({"a": 2}, 10)
    assert sent == []
    outbox.flush()
    outbox.flush()
    assert sent == [{"told": [{"a": 1}, {"a": 2}]}]
    outbox.put({"a": 3}, INLINE + 1)
    assert sent[1:] == [{"told": [{"a": 3}]}]


def test_what_is_not_short_is_told_at_once() -> None:
    sent: list[dict[str, Any]] = []
    outbox = Outbox(sent.append, 0.0)
    for number in range(3):
        outbox.put({"a": number}, 0)
    assert sent == [{"told": [{"a": number}]} for number in range(3)]
