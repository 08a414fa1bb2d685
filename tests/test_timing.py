"""The measurement that other tests trust tells linear from quadratic."""

from __future__ import annotations

from tests.timing import cpu_seconds, grows_linearly


def test_linear_is_told_from_quadratic() -> None:
    assert grows_linearly(lambda size: cpu_seconds(lambda: sum(range(size))), 20_000, 200_000)
    assert not grows_linearly(lambda size: cpu_seconds(lambda: sum(range(size * size))), 200, 2_000)
