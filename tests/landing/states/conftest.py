"""The bench on which each state is tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.landing.states.bench import Bench

if TYPE_CHECKING:
    from pathlib import Path

    from tests.calls import Calls


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path, calls: Calls) -> Bench:
    """A bench for the state that the test declares (of several, the one that its parameter `state` names)."""
    declared = request.function.states
    name = request.getfixturevalue("state") if len(declared) > 1 else next(iter(declared))
    return Bench(tmp_path, calls, declared[name])
