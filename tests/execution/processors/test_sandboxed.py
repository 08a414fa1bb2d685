"""Processors in a sandbox: how they end, and Python processors in one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from mdtodo.clones import bubblewrap
from mdtodo.clones.environment import clone_environment
from mdtodo.clones.sandbox import Sandbox, wrap
from mdtodo.execution.processors import python_program
from tests.processes import eventually

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

WHY_NOT = bubblewrap.missing()
pytestmark = pytest.mark.skipif(WHY_NOT is not None, reason=WHY_NOT or "")

#: A pool process in small: it starts what it is given, and watches over it.
_WATCH = """
import json, os, socket, sys, tempfile
from time import monotonic
from mdtodo.execution.processors import process_tree
from mdtodo.execution.processors.attempt_log import AttemptLog
from mdtodo.execution.processors.children import Children
from mdtodo.execution.processors.output_file import OutputFile
from mdtodo.execution.processors.supervise import Child, Limits, Stop, Supervision, Watch
from mdtodo.system.process import spawn
line, other = socket.socketpair()
class Control:
    def started(self, pid, over): pass
    def touch_spool(self): pass
    def progress(self, percent): pass
given = json.load(sys.stdin)
process_tree.become_subreaper()
source, report = tempfile.TemporaryFile(), tempfile.TemporaryFile()
source.write(json.dumps(given["task"]).encode()); source.seek(0)
output, writing = os.pipe()
os.chdir(given["cwd"])
env = {os.fsencode(name): os.fsencode(value) for name, value in given["env"].items()}
pid = spawn(given["argv"], env, (source.fileno(), writing, writing, report.fileno()), session=True)
os.close(writing)
log = AttemptLog(given["log"], 100_000)
limits = Limits(given["timeout"], given["grace"])
if "cancel" in given:
    other.send(b"x" * given["cancel"])
children, watch = Children(), Watch(line.fileno())
children.add(pid, {})
child = Child(pid, output, sandboxed=True)
one = Supervision(child, log, OutputFile(given["log"] + ".output"), limits, Control(), children)
watch.add(one)
while not one.over:
    if watch.wait([one]):
        for _ in line.recv(10):
            one.stop(Stop.CANCELLED)
    one.decide(monotonic())
ended = watch.remove(one)
log.close()
left = [process.pid for process in process_tree.descendants()]
report.seek(0)
print(json.dumps([ended.exit_code, ended.duration, ended.stop and ended.stop.value, left, report.read().decode()]))
"""


class Ended(NamedTuple):
    code: int
    duration: float
    stop: str | None
    left: list[int]
    report: str
    log: str


class Room:
    """A place with the folders of a clone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("tree", "tmp", "home"):
            (folder / name).mkdir()
        paths = {"tree": "tree", "temporary": "tmp", "home": "home"}
        self.place = Sandbox(
            **{name: str(folder / path) for name, path in paths.items()},
            real_home=str(folder / "real"),
            hidden=(),
            readable=python_program.visible(),
        )

    def do(self, argv: Sequence[str], **more: Any) -> Ended:
        """Run in the sandbox, watched over; what became of it."""
        place = self.place
        base = {b"PATH": os.environb[b"PATH"], b"HOME": b"/nowhere"}
        env = clone_environment(base, (), home=place.home, temporary=place.temporary)
        text = {os.fsdecode(name): os.fsdecode(value) for name, value in env.items()}
        given = {
            "argv": wrap(argv, place, env, place.tree),
            "env": text,
            "cwd": place.tree,
            "task": {"id": "x"},
        }
        given |= {"log": str(self.folder / "log"), "timeout": None, "grace": 60.0} | more
        done = subprocess.run(
            [sys.executable, "-c", _WATCH],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            check=False,
        )
        assert not done.returncode, done.stderr
        log = self.folder / "log"
        return Ended(*json.loads(done.stdout), log.read_text() if log.exists() else "")

    def do_until(self, text: str, run: str, *, timeout: float) -> Ended:
        """`do` with a timeout that a busy machine gets more of, until the output has `text`."""
        for patience in (1, 4, 16):
            ended = self.do(["/bin/sh", "-c", run], timeout=timeout * patience)
            if text in ended.log:
                break
        return ended

    def python(self, body: str, **more: Any) -> Ended:
        """Call `def main(task)` with this body."""
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        (self.folder / "tree/work.py").write_text(f"import os, sys, time\ndef main(task):\n{lines}")
        argv = python_program.command_line("work:main", (self.place.tree, self.place.tree))
        return self.do(argv, **more)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def test_what_ends_by_itself_keeps_its_exit_code(room: Room) -> None:
    ended = room.do(["/bin/sh", "-c", "cat; sleep 60 & exit 3"])
    assert (ended.code, ended.stop, ended.left, ended.log) == (3, None, [], '{"id": "x"}')
    assert ended.duration < 30


def test_a_timeout_lets_what_is_inside_clean_up(room: Room) -> None:
    ended = room.do_until(
        "cleaned", "trap 'echo cleaned; exit 3' TERM; while :; do sleep 0.05; done", timeout=1.5
    )
    assert (ended.code, ended.stop, ended.left, ended.log.endswith("cleaned\n")) == (3, "timeout", [], True)


def test_what_fled_into_a_session_of_its_own_gets_the_term_too(room: Room) -> None:
    fled = "setsid sh -c 'trap \"echo fled; exit 0\" TERM; while :; do sleep 0.05; done' & "
    ended = room.do_until(
        "fled", fled + "trap 'wait; exit 4' TERM; wait; while :; do sleep 0.05; done", timeout=1.5
    )
    assert (ended.code, ended.stop, ended.left, ended.log.endswith("fled\n")) == (4, "timeout", [], True)


def test_who_ignores_the_term_is_killed_after_the_grace_with_all_the_others(room: Room) -> None:
    run = "trap '' TERM; setsid sleep 61.5 & sleep 61.5 & while :; do sleep 0.05; done"
    ended = room.do(["/bin/sh", "-c", run], timeout=1.0, grace=1.0)
    assert (ended.code, ended.stop, ended.left) == (-9, "timeout", [])
    eventually(lambda: subprocess.run(["pgrep", "-f", "^sleep 61.5"], check=False).returncode == 1)


def test_one_that_is_cancelled_while_it_begins_ends_at_once(room: Room) -> None:
    begin = time.monotonic()
    for _ in range(5):
        ended = room.do(["sleep", "60"], cancel=1)
        assert (ended.stop, ended.left) == ("cancelled", [])
    assert time.monotonic() - begin < 50


def test_a_second_request_kills_at_once(room: Room) -> None:
    ended = room.do(["/bin/sh", "-c", "trap '' TERM; while :; do sleep 0.05; done"], cancel=2)
    assert (ended.code, ended.stop, ended.left) == (-9, "cancelled", [])
    assert ended.duration < 30


@pytest.mark.parametrize(
    ("body", "code", "report", "log"),
    [
        ("print(task.id, os.getcwd().endswith('/tree'))", 0, {"exit_code": 0}, "x True\n"),
        ("print(sys.stdin.read())", 0, {"exit_code": 0}, '{"id": "x"}\n'),
        ("sys.exit(3)", 3, {"exit_code": 3}, ""),
        ("from mdtodo.results import Result; return Result(75, notes=('n',))", 75, {"exit_code": 75}, ""),
        (
            "raise ValueError('no')",
            1,
            {"exit_code": 1, "error": "ValueError: no"},
            "in main\n    raise ValueError",
        ),
        ("os._exit(5)", 5, None, ""),
        ("open('/usr/x', 'w')", 1, {"exit_code": 1}, "Read-only file system"),
    ],
)
def test_a_python_processor_runs_in_a_sandbox(
    room: Room, body: str, code: int, report: dict[str, Any] | None, log: str
) -> None:
    ended = room.python(body)
    assert ended.code == code, ended.log
    assert log in ended.log
    said = json.loads(ended.report) if ended.report else {}
    assert {name: said[name] for name in said if name in (report or said)} == (report or {})


def test_a_package_of_our_name_in_the_clone_is_not_taken_for_ours(room: Room) -> None:
    (room.folder / "tree/mdtodo").mkdir()
    (room.folder / "tree/mdtodo/__init__.py").write_text("raise SystemExit('evil')")
    assert room.python("print('ran')").log == "ran\n"


def test_a_python_processor_that_times_out_is_ended(room: Room) -> None:
    ended = room.python("time.sleep(60)", timeout=3.0)
    assert (ended.stop, ended.left) == ("timeout", [])
    assert ended.code in (-15, 143)
