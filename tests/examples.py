"""How many examples Hypothesis tries of a property, and how many seeds a test of chance has: a multiple for `.ci/long`."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import settings

#: MDTODO_LONG=20 tries twenty times as many as a run of the tests does.
TIMES = int(os.environ.get("MDTODO_LONG", "1"))


def examples(count: int, **more: Any) -> settings:
    """Settings of a property with so many examples; all else is of the profile in conftest.py."""
    return settings(max_examples=count * TIMES, **more)
