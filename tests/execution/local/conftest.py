"""The processes of the pool that a test has."""

from __future__ import annotations

import psutil
import pytest

_others: set[psutil.Process] = set()


@pytest.fixture(autouse=True)
def _know_others() -> None:
    """Servers and kept processes that other tests of this process have left: no child of a pool under test."""
    _others.clear()
    _others.update(psutil.Process().children())


def children() -> list[psutil.Process]:
    """The children of this process that the test itself has started."""
    return [child for child in psutil.Process().children() if child not in _others]


def family() -> list[psutil.Process]:
    """These, and all processes below them."""
    return [process for child in children() for process in (child, *child.children(recursive=True))]
