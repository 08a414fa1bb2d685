"""What is made while the collector is paused is not looked through at the end of the pause."""

from __future__ import annotations

import gc
import weakref

import pytest

from mdtodo.system.collector import paused_collector


class _Node:
    """Something that may hold itself."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def _collector() -> None:
    """No collection but those that are asked for."""
    gc.collect()


def test_what_was_made_during_a_pause_is_not_looked_through_at_its_end() -> None:
    seen: list[str] = []

    def note(phase: str, _: object) -> None:
        seen.append(phase)

    gc.callbacks.append(note)
    try:
        with paused_collector():
            made = [[number] for number in range(20_000)]
            assert not gc.isenabled()
        assert gc.isenabled()
        more = [[number] for number in range(100)]
    finally:
        gc.callbacks.remove(note)
    assert len(made) + len(more) == 20_100
    assert seen == []


def test_a_cycle_that_was_made_during_a_pause_is_freed_all_the_same() -> None:
    with paused_collector():
        node = _Node()
        gone = weakref.ref(node)
        del node
    assert gone() is not None
    gc.collect()
    assert gone() is None


def test_what_was_frozen_stays_so() -> None:
    gc.freeze()
    try:
        frozen = gc.get_freeze_count()
        with paused_collector():
            made = [[number] for number in range(100)]
        assert gc.get_freeze_count() == frozen
        assert gc.isenabled()
        assert made
    finally:
        gc.unfreeze()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with paused_collector():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
