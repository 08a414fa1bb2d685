"""Values come back as they were written, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mdtodo.git.repository import discover
from mdtodo.storage.caches.value_cache import load, read_parts, read_value, write_parts, write_value

if TYPE_CHECKING:
    from tests.conftest import Checkout

VALUES: tuple[Any, ...] = ({"a": (1, "\udcff", None)}, [], [b"\n", 2**70, 1.5], "values 2")


def test_parts_come_back_one_by_one(repo: Checkout) -> None:
    here = discover(str(repo.root))
    assert read_parts(here, "plans", "x") == []
    assert read_value(here, "plans", "x") is None
    made = []
    write_parts(here, "plans", "x", (made.append(one) or one for one in VALUES))  # type: ignore[func-returns-value]
    assert tuple(made) == tuple(map(load, read_parts(here, "plans", "x"))) == VALUES
    assert read_value(here, "plans", "x") == VALUES[0]
    write_value(here, "plans", "x", VALUES)
    assert read_value(here, "plans", "x") == VALUES


@pytest.mark.parametrize("at", range(0, 200, 7))
def test_half_of_it_or_another_byte_reads_as_nothing(repo: Checkout, at: int) -> None:
    here, path = discover(str(repo.root)), repo.root / ".git/mdtodo/plans/x"
    write_parts(here, "plans", "x", VALUES)
    data = path.read_bytes()
    at = min(at, len(data) - 1)
    for damaged in (data[:at], data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :], data + data[:at] + b"0"):
        path.write_bytes(damaged)
        assert read_parts(here, "plans", "x") == []


@pytest.mark.parametrize("head", [b"", b"mdtodo values 1 00000000 0", b"mdtodo values 2 00000000 -1 1"])
def test_an_older_form_reads_as_nothing(repo: Checkout, head: bytes) -> None:
    path = repo.root / ".git/mdtodo/plans/x"
    path.parent.mkdir(parents=True)
    path.write_bytes(head + b"\n")
    assert read_parts(discover(str(repo.root)), "plans", "x") == []
