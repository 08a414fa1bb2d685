"""The pure side of processors: specs and environments, for any task; and the side without Linux."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hypothesis import example, given
from hypothesis import strategies as st

from mdtodo.running.spec import VARIABLE_LIMIT, environment, spec

if TYPE_CHECKING:
    from pathlib import Path

TASK = {
    "id": "ab12345",
    "title": "Say hello",
    "file": "docs/TODO.md",
    "line": 12,
    "priority": "high",
    "category": "backend",
    "kind": None,
    "tags": ["a", "b/c"],
    "body": "one\ntwo",
}


@dataclass
class Configured:
    run: str | tuple[str, ...] | None = None
    python: str | None = None
    timeout: float | None = None
    env: dict[str, str] = field(default_factory=dict)
    cwd: str | None = None


def test_the_variables_of_a_task() -> None:
    assert environment(TASK, 2, "r1", {}, {}) == {
        "MDTODO_TASK_ID": "ab12345",
        "MDTODO_TASK_TITLE": "Say hello",
        "MDTODO_TASK_FILE": "docs/TODO.md",
        "MDTODO_TASK_LINE": "12",
        "MDTODO_TASK_PRIORITY": "high",
        "MDTODO_TASK_CATEGORY": "backend",
        "MDTODO_TASK_KIND": "",
        "MDTODO_TASK_TAGS": "a,b/c",
        "MDTODO_TASK_BODY": "one\ntwo",
        "MDTODO_ATTEMPT": "2",
        "MDTODO_RUN_ID": "r1",
    }


def test_who_wins() -> None:
    base = {
        "PATH": "/bin",
        "CI": "0",
        "GIT_DIR": "x",
        "GIT_INDEX_FILE": "y",
        "MDTODO_OUTPUT": "z",
        "GITHUB": "1",
    }
    own = {"CI": "1", "MDTODO_TASK_TITLE": "forged", "GIT_AUTHOR_NAME": "Robot", "NUL": "a\0b"}
    env = environment(TASK, 1, "r", own, base)
    assert (env["PATH"], env["CI"], env["GITHUB"]) == ("/bin", "1", "1")
    assert env["MDTODO_TASK_TITLE"] == "Say hello"
    assert env["GIT_AUTHOR_NAME"] == "Robot", "what the processor's own configuration says is meant"
    assert env["NUL"] == "a�b"
    assert not {"GIT_DIR", "GIT_INDEX_FILE", "MDTODO_OUTPUT"} & set(env)


#: What the bytes of a file, or of its name, can be as text; other lone surrogates there are none.
_TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.binary().map(os.fsdecode)


@example("\udc80\udc80", [], 3)
@given(_TEXTS, st.lists(_TEXTS), st.integers(0, 3))
def test_any_text_fits_into_the_environment(text: str, tags: list[str], scale: int) -> None:
    env = environment({**TASK, "title": text, "body": text * 40**scale, "tags": tags}, 1, "r", {}, {})
    for name, value in env.items():
        encoded = os.fsencode(value)
        assert len(encoded) <= VARIABLE_LIMIT
        assert "\0" not in value
        if name == "MDTODO_TASK_BODY":
            whole = os.fsencode((text * 40**scale).replace("\0", "�"))
            assert whole.startswith(encoded)
            assert len(encoded) > min(len(whole), VARIABLE_LIMIT) - 4


def test_a_spec_is_plain_json() -> None:
    made = spec(
        TASK,
        Configured(run=("pytest", "-q"), timeout=60.0, env={"CI": "1"}),
        run_id="r1",
        attempt=3,
        root="/r",
        log="/l",
    )
    assert json.loads(json.dumps(made)) == made
    assert made["attempt"] == "r1/ab12345/3"
    assert (made["kind"], made["run"], made["python"]) == ("command", ["pytest", "-q"], None)
    assert (made["cwd"], made["log"], made["timeout"], made["task"]) == ("/r", "/l", 60.0, TASK)
    assert made["env"] == environment(TASK, 3, "r1", {"CI": "1"}, {})
    made = spec(TASK, Configured(python="a:b"), run_id="r1", attempt=1, root="/r", log="/l")
    assert (made["kind"], made["python"]) == ("python", "a:b")


_ELSEWHERE = """
import json, os, psutil, socket, subprocess, sys
del os.pidfd_open, os.memfd_create
sys.platform = "elsewhere"
from mdtodo.running.outbox import Outboxes
from mdtodo.running.processors import perform
class Control:
    line, _other = socket.socketpair()
    def fileno(self): return self.line.fileno()
    def heed(self): return []
    def started(self, pid, over): pass
    def alive(self): pass
    def progress(self, percent): pass
print(json.dumps([perform(spec, Control(), Outboxes()) for spec in json.load(sys.stdin)]))
"""


def perform_elsewhere(*specs: dict[str, Any]) -> list[dict[str, Any]]:
    """The results where the system has none of Linux's own calls."""
    done = subprocess.run(
        [sys.executable, "-c", _ELSEWHERE],
        input=json.dumps(specs),
        capture_output=True,
        text=True,
        check=True,
    )
    return list(json.loads(done.stdout))


def test_it_works_without_what_only_linux_has(tmp_path: Path) -> None:
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
    assert [(r["exit_code"], r["timed_out"]) for r in results] == [(3, False), (-9, True), (0, False)]
    assert json.loads(results[0]["tail"]) == TASK
    assert results[2]["tail"] == "Say hello\n"


_FAULT = """
import json, os, socket, sys
from mdtodo.running.outbox import Outboxes
from mdtodo.running.processors import perform
class Control:
    line, _other = socket.socketpair()
    def fileno(self): return self.line.fileno()
    def alive(self):
        pass

    def started(self, pid, over):
        print(pid)
        raise RuntimeError("a fault of ours")
try:
    perform(json.load(sys.stdin), Control(), Outboxes())
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
