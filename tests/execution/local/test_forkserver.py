"""A fork server that is started before the pool is opened."""

from __future__ import annotations

from contextlib import suppress

import psutil
import pytest

from mdtodo.errors import MdtodoError
from mdtodo.execution.local import forkserver
from mdtodo.execution.local.forkserver import started_ahead
from mdtodo.execution.local.pool import LocalPool


def servers() -> set[psutil.Process]:
    return {
        child
        for child in psutil.Process().children()
        if any("fork_server" in word for word in child.cmdline())
    }


def test_the_next_pool_takes_the_one_that_was_started_ahead_and_the_one_after_it_has_its_own() -> None:
    with started_ahead():
        (ahead,) = servers()
        with LocalPool(1):
            assert servers() == {ahead}
            with LocalPool(1):
                assert len(servers()) == 2
    assert not servers()


def test_one_that_no_pool_has_taken_is_ended_whatever_comes() -> None:
    with suppress(KeyError), started_ahead():
        assert len(servers()) == 1
        raise KeyError
    assert not servers()
    with LocalPool(1):
        assert len(servers()) == 1
    assert not servers()


def test_where_none_can_be_started_the_pool_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forkserver.sys, "executable", "/no/such/python")
    with pytest.raises(MdtodoError, match="could not be started"), started_ahead():
        LocalPool(1).open()
