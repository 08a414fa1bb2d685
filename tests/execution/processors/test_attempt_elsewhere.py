"""Attempts where the system has none of the calls of Linux alone, and where a fault of ours ends one."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from mdtodo.core import codec
from mdtodo.core.results import Result

if TYPE_CHECKING:
    from pathlib import Path

TASK = {"id": "ab12345", "title": "Say hello", "file": "docs/TODO.md", "line": 12}


#: A pool process in small: it carries out what it is given, one after the other.
_WHOLE = """
import json, os, socket, sys
from time import monotonic
from mdtodo.core import codec
from mdtodo.execution.processors.attempt import perform
from mdtodo.execution.processors.children import Children
from mdtodo.execution.processors.output_file import OutputFiles
from mdtodo.execution.processors.supervise import Watch
LINE, _OTHER = socket.socketpair()
class Control:
    def started(self, pid, over): pass
    def touch_spool(self): pass
    def progress(self, percent): pass
def whole(spec, control):
    steps, watch = perform(spec, control, OutputFiles(), Children()), Watch(LINE.fileno())
    one = next(steps)
    try:
        while True:
            watch.add(one)
            while not one.over:
                watch.wait([one])
                try:
                    one.decide(monotonic())
                except Exception as error:
                    steps.throw(error)
            one = steps.send(watch.remove(one))
    except StopIteration as end:
        return end.value
"""

_ELSEWHERE = (
    """
import os, psutil, subprocess, sys
del os.pidfd_open, os.memfd_create
sys.platform = "elsewhere"
"""
    f"""{_WHOLE}
print(codec.dumps([whole(spec, Control()) for spec in json.load(sys.stdin)]))
"""
)


def perform_elsewhere(*specs: dict[str, Any]) -> list[Result]:
    """The results where the system has none of Linux's own calls."""
    done = subprocess.run(
        [sys.executable, "-c", _ELSEWHERE],
        input=json.dumps(specs),
        capture_output=True,
        text=True,
        check=True,
    )
    return codec.loads(list[Result], done.stdout)


def test_processors_work_without_what_only_linux_has(tmp_path: Path) -> None:
    base = {"kind": "command", "cwd": str(tmp_path), "env": {}, "task": TASK, "grace": 0.2}
    (tmp_path / "go.py").write_text("def main(task): print(task.title)\n")
    results = perform_elsewhere(
        {**base, "attempt": "1", "run": "cat; exit 3", "log": str(tmp_path / "1.log")},
        {
            **base,
            "attempt": "2",
            "run": "trap '' TERM; sleep 60",
            "timeout": 1.0,
            "log": str(tmp_path / "2.log"),
        },
        {
            **base,
            "attempt": "3",
            "run": None,
            "kind": "python",
            "python": "go:main",
            "log": str(tmp_path / "3.log"),
        },
    )
    assert [(r.exit_code, r.timed_out) for r in results] == [(3, False), (-9, True), (0, False)]
    assert json.loads(results[0].tail) == TASK
    assert results[2].tail == "Say hello\n"


_FAULT = f"""{_WHOLE}
class Faulty(Control):
    def started(self, pid, over):
        print(pid)
        raise RuntimeError("a fault of ours")
try:
    whole(json.load(sys.stdin), Faulty())
except RuntimeError:
    pid, status = os.wait()
    print(pid, os.waitstatus_to_exitcode(status))
"""


def test_a_fault_of_ours_leaves_no_command_behind(tmp_path: Path) -> None:
    spec = {
        "attempt": "1",
        "kind": "command",
        "run": ["sleep", "60"],
        "cwd": str(tmp_path),
        "env": {},
        "task": TASK,
    }
    given = json.dumps(spec | {"log": str(tmp_path / "log")})
    done = subprocess.run(
        [sys.executable, "-c", _FAULT], input=given, capture_output=True, text=True, check=True
    )
    started, ended, code = done.stdout.split()
    assert (started, code) == (ended, "-9")
