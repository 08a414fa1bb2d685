"""The step that works, in a process of its own, of which nothing is left once the step has ended.

The next step has the token, and whoever runs as the same user can read the environment of its processes. So whatever
processors leave running ends here. On Linux this process adopts what its descendants orphan, so daemons with a
session of their own are found too; elsewhere those that detached twice are missed. All that it needs is
loaded before any processor runs, since these could replace it on the disk.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil

from mdtodo.execution.processors.process_tree import REQUESTS_TO_END, become_subreaper
from mdtodo.reporting.github_commands import annotate

if TYPE_CHECKING:
    from collections.abc import Callable

#: Seconds for which what is left is killed again and again.
_GIVE_UP = 10.0
_CANNOT_END = 3


def without_leftovers(step: Callable[[], int]) -> int:
    """Run the step in a child, and end whatever it leaves; its exit code, or 3 where something does not end."""
    become_subreaper()
    sys.stdout.flush()
    child = os.fork()
    if not child:
        _run(step)
    for number in REQUESTS_TO_END:
        signal.signal(number, lambda number, _: _pass_on(child, number))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    left = _end_descendants()
    if left:
        message = f"{', '.join(map(str, left))} still running, as another user: nothing is pushed beside that"
        annotate("error", f"processors left {message}", title="mdtodo")
        return _CANNOT_END
    return code if code >= 0 else 128 - code


def _run(step: Callable[[], int]) -> None:
    code = 1
    try:
        code = step()
        sys.stdout.flush()
    finally:
        # not sys.exit: what is below on the stack is the parent's
        os._exit(code)


def _pass_on(child: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(child, number)


def _end_descendants() -> list[int]:
    """The numbers of those that cannot be killed."""
    give_up = time.monotonic() + _GIVE_UP
    while True:
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        left = psutil.Process().children(recursive=True)
        if not left or time.monotonic() > give_up:
            return [one.pid for one in left]
        for one in left:
            with suppress(psutil.Error):
                one.kill()
        time.sleep(0.005)
