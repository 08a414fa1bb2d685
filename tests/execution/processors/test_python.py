"""Python processors, as real processes: all that a function does ends as a result, and touches no other."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import pytest

from mdtodo.core.results import Outcome
from mdtodo.execution.local.pool import LocalPool
from tests.execution.conftest import Bench
from tests.processes import eventually, pid_in, runs

if TYPE_CHECKING:
    from pathlib import Path


def call(bench: Bench, body: str, **more: Any) -> dict[str, Any]:
    """The result of `def main(task)` with this body, in a package of the folder."""
    package = bench.folder / "tools"
    package.mkdir(exist_ok=True)
    (package / "work.py").write_text(
        "import os, sys, time\ndef main(task):\n" + textwrap.indent(body, "    ")
    )
    return bench.do(python="tools.work:main", **more)


@pytest.mark.parametrize(
    ("body", "code", "error", "logged"),
    [
        ("pass", 0, None, ""),
        ("from mdtodo.results import Result; return Result()", 0, None, ""),
        ("from mdtodo.results import Result; return Result(75)", 75, None, ""),
        ("from mdtodo.results import Result; return Result(error='no good')", 0, "no good", ""),
        ("raise ValueError('boom\\nmore')", 1, "ValueError: boom", "in main\n    raise ValueError"),
        ("raise KeyboardInterrupt", 1, "KeyboardInterrupt", "KeyboardInterrupt"),
        ("return {'exit_code': 0}", 1, "returned dict: a processor returns None or a Result", "TypeError"),
        ("return True", 1, "returned bool", ""),
        ("from mdtodo.results import Result; return Result(notes=(1,))", 1, "notes", ""),
        ("from mdtodo.results import Result; return Result('0')", 1, "exit_code", ""),
        ("sys.exit(3)", 3, None, ""),
        ("sys.exit()", 0, None, ""),
        ("sys.exit('words')", 1, None, "words\n"),
        ("os._exit(5)", 5, None, ""),
        ("os.kill(os.getpid(), 9)", -9, None, ""),
        ("os.kill(os.getpid(), 11)", -11, None, ""),
        ("def f(): f()\nf()", 1, "RecursionError", "RecursionError"),
        ("import no_such_module", 1, "ModuleNotFoundError: No module named 'no_such_module'", "in main"),
    ],
)
def test_however_a_function_ends_there_is_a_result(
    bench: Bench, body: str, code: int, error: str | None, logged: str
) -> None:
    result = call(bench, body)
    assert result.exit_code == code
    assert (result.error is None) == (error is None)
    assert (error or "") in (result.error or "")
    assert logged in bench.log().decode()
    assert "python_call.py" not in bench.log().decode(), "a traceback begins in the user's code"


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("tools.none:main", "No module named 'tools'"),
        ("broken:main", "SyntaxError"),
        ("raising:main", "RuntimeError: at import"),
        ("plain:missing", "the module plain has no 'missing'"),
        ("plain:number", "plain:number is not a function"),
        ("no-such-entry-point", "no entry point 'no-such-entry-point'"),
    ],
)
def test_a_function_that_cannot_be_had_fails_with_the_reason(bench: Bench, target: str, words: str) -> None:
    (bench.folder / "broken.py").write_text("def main(:\n")
    (bench.folder / "raising.py").write_text("raise RuntimeError('at import')\n")
    (bench.folder / "plain.py").write_text("number = 3\n")
    result = bench.do(python=target)
    assert words in result.error
    assert words.partition(": ")[2] in bench.log().decode()
    assert result.outcome is Outcome.FAILED


def test_an_entry_point_is_found_by_its_name(bench: Bench) -> None:
    info = bench.folder / "plugin-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[mdtodo.processors]\nembed = plugin:main\n")
    (bench.folder / "plugin.py").write_text("def main(task): print('embedded')\n")
    assert bench.do(python="embed").tail == "embedded\n"


def test_a_method_and_a_class_can_be_named(bench: Bench) -> None:
    (bench.folder / "shapes.py").write_text("class A:\n    @staticmethod\n    def go(task): print('went')\n")
    assert bench.do(python="shapes:A.go").tail == "went\n"


def test_a_function_is_called_with_the_task_in_its_folder(bench: Bench) -> None:
    task = {
        "id": "ab",
        "title": "Title",
        "file": "TODO.md",
        "line": 3,
        "status": "todo",
        "priority": "high",
        "lane": "general",
        "tags": ["a", "b"],
        "estimate_hours": 1.5,
        "section": ["One"],
        "body": "the body",
        "unknown": 1,
    }
    body = """\
from mdtodo.core.task import Task, Priority
assert isinstance(task, Task)
assert task.priority is Priority.HIGH and task.lane == "general" and task.estimate == 90
assert task.tags == ("a", "b") and task.section == ("One",) and task.body == "the body"
assert os.environ["MDTODO_TASK_ID"] and os.environ["CI"] == "1"
assert os.getcwd() == os.environ["EXPECTED"] == sys.path[0]
assert '"id": "ab"' in sys.stdin.read()
"""
    result = call(bench, body, task=task, env={"CI": "1", "EXPECTED": str(bench.folder)})
    assert result.error is None, bench.log().decode()


def test_a_function_speaks_by_its_return_value_and_its_output_file(bench: Bench) -> None:
    body = """\
from mdtodo.results import Result
with open(os.environ["MDTODO_OUTPUT"], "a") as file:
    file.write('{"note": "written"}\\n')
return Result(notes=("returned \\ud800",), subtasks=("- [ ] more",), metrics={"a": 1.5, "nan": float("nan")})
"""
    result = call(bench, body)
    assert result.notes == ("written", "returned ?")
    assert result.subtasks == ("- [ ] more",)
    assert result.metrics == {"a": 1.5}
    assert result.exit_code == 0


def test_output_of_every_level_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    body = """\
import ctypes, subprocess
print("python", "\\ud800")
os.write(1, b"descriptor\\n")
subprocess.run(["echo", "child"])
ctypes.CDLL(None).puts(b"C")
print("unfinished", end="")
"""
    with LocalPool(1) as pool:
        bench = Bench(pool, tmp_path)
        call(bench, body)
    log = bench.log()
    assert log.startswith(b"python \\ud800\ndescriptor\nchild\n")
    assert sorted(log[-12:]) == sorted(b"unfinishedC\n")


def test_a_changed_module_is_imported_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    with LocalPool(1) as pool:
        bench = Bench(pool, tmp_path)
        for word in ("one", "two", "three"):
            assert call(bench, f"print({word!r})").tail == f"{word}\n"
    assert not list(tmp_path.rglob("__pycache__")), "the work tree stays as it is"


def test_a_function_has_no_descriptor_of_the_pool(bench: Bench) -> None:
    body = "import subprocess; subprocess.run(['ls', '/proc/self/fd'], close_fds=False)\n"
    assert call(bench, body).tail.split() == ["0", "1", "2", "3"], "the last is that of `ls`"
    assert call(bench, "print(sorted(os.listdir('/proc/self/fd')))").tail == "['0', '1', '2', '3', '4']\n"


def test_nothing_that_a_function_changes_outlives_its_call(bench: Bench) -> None:
    body = """\
assert not hasattr(sys, "left") and "LEFT" not in os.environ and os.getcwd() != "/"
sys.left = os.environ["LEFT"] = "x"
os.chdir("/")
import threading, atexit
threading.Thread(target=time.sleep, args=(60,)).start()
atexit.register(print, "at exit")
"""
    for _ in range(4):
        result = call(bench, body)
        assert (result.exit_code, result.tail) == (0, "at exit\n"), bench.log().decode()


@pytest.mark.parametrize(
    ("at_exit", "returned", "code", "how"),
    [
        ("os.kill(os.getpid(), 11)", "None", -11, "by SIGSEGV"),
        ("os._exit(3)", "None", 3, "with exit code 3"),
        ("os._exit(3)", "Result(75)", 3, "with exit code 3"),
        ("os._exit(0)", "Result(4)", 4, "with exit code 0"),
        ("os.kill(os.getpid(), 9)", "Result(0, notes=('a',))", -9, "by SIGKILL"),
        ("os._exit(0)", "None", 0, None),
        ("1 / 0", "Result(256)", 256, None),
    ],
)
def test_a_process_that_dies_after_its_report_has_failed(
    bench: Bench, at_exit: str, returned: str, code: int, how: str | None
) -> None:
    body = f"""\
import atexit
from mdtodo.results import Result
atexit.register(lambda: {at_exit})
return {returned}
"""
    result = call(bench, body)
    error = None if how is None else f"its process ended {how} after its function had returned"
    assert (result.exit_code, result.error) == (code, error)


def test_a_fork_that_returns_does_not_speak_for_the_function(bench: Bench) -> None:
    body = """\
from mdtodo.results import Result
if os.fork() == 0:
    return Result(1, error="the fork")
os.wait()
return Result(notes=("the parent",))
"""
    result = call(bench, body)
    assert (result.exit_code, result.error, result.notes) == (0, None, ("the parent",))


def test_a_function_can_be_asked_to_end_like_any_program(bench: Bench) -> None:
    body = "import signal as s; print(s.getsignal(15) is s.SIG_DFL, s.getsignal(2) is s.default_int_handler)"
    assert call(bench, body).tail == "True True\n"


def test_a_timeout_ends_what_blocks_in_c_and_ignores_term(bench: Bench) -> None:
    body = """\
import ctypes, signal, subprocess
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "60"])
print(child.pid, file=open("child", "w"))
ctypes.PyDLL(None).sleep(60)
"""
    for seconds in (1.0, 4.0, 16.0):  # a busy machine takes longer to come as far as to the child
        result = call(bench, body, timeout=seconds, grace=0.3)
        assert result.timed_out
        if (bench.folder / "child").is_file():
            break
    assert result.exit_code == -9
    eventually(lambda: not runs(pid_in(bench.folder / "child")))


def test_a_flood_from_c_that_holds_the_interpreter_is_taken(bench: Bench) -> None:
    body = """\
import ctypes
write = ctypes.PyDLL(None).write
for _ in range(300): write(1, b"x" * 65536, 65536)
"""
    assert call(bench, body).exit_code == 0
    assert len(bench.log()) <= 10 * 1024 * 1024
