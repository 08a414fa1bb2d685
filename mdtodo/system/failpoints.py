"""Failpoints, at which a kill must do no harm: between any two writes of a run stands `failpoint("what.happened")`.

The tests put a kill there, by the environment: `MDTODO_FAULT=moved` ends this process by SIGKILL when it
comes to the point `moved`, `moved:2` at the second time, `moved:2:all` together with all its descendants.
`MDTODO_FAULT_LOG=FILE` has the name of each point appended to a file as it is passed, so that a test finds
the points itself. With neither set a point costs one comparison.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_look: Callable[[str], None] | None = None


def failpoint(point: str) -> None:
    """Nothing, unless the environment says otherwise."""
    if _look is not None:
        _look(point)


def arm(environment: Mapping[str, str]) -> None:
    """Do from now on what these variables say."""
    global _look
    spec, log = environment.get("MDTODO_FAULT", ""), environment.get("MDTODO_FAULT_LOG", "")
    _look = _observer(spec, log) if spec or log else None


def _observer(spec: str, log: str) -> Callable[[str], None]:
    name, _, rest = spec.partition(":")
    number, _, who = rest.partition(":")
    left = int(number) if number.isdigit() else 1

    def look(point: str) -> None:
        nonlocal left
        if log:
            with open(log, "a", encoding="utf-8") as file:
                file.write(point + "\n")
        if point == name:
            left -= 1
            if left == 0:
                _kill(everything=who == "all")

    return look


def _kill(*, everything: bool) -> None:
    import signal

    if everything:
        from contextlib import suppress

        import psutil

        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                process.kill()
    # Itself last: afterwards its descendants are init's children, and not found any more.
    os.kill(os.getpid(), signal.SIGKILL)


arm(os.environ)
