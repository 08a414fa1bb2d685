"""The module that a task's processor runs: real processes, real signals, real git."""

from __future__ import annotations

import hashlib
import os
import select
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from mdtodo.recipes.catalogue import Way

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.recipes.conftest import Bench

#: Carry out a recipe that is not among the built-in ones; its way is an argument.
OWN = """
import sys
from mdtodo.recipes.__main__ import carry_out
from mdtodo.recipes.catalogue import Recipe, Way
sys.exit(carry_out(Recipe("own", "nothing", (Way(**eval(sys.argv[1])),)), sys.argv[2]))
"""

DEADLINE = 50


def way(**changes: Any) -> str:
    one = Way("tool", ("*.x",), ("tool", "{files}"), "get tool")._replace(**changes)
    return repr(one._asdict())


def tool(bench: Bench, script: str, name: str = "tool") -> Path:
    path = bench.bin / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def start(
    bench: Bench, *args: str, env: Mapping[str, str] | None = None, **options: Any
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", *args],
        cwd=options.pop("cwd", bench.repo.root),
        env=bench.environment | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} | dict(env or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


def expect_exit(
    bench: Bench, code: int, environ: Mapping[str, str] | None = None, **changes: Any
) -> tuple[bytes, bytes]:
    """Both streams of such a recipe, which ends with this code and leaves nothing behind."""
    before = bench.repo.status()
    with start(
        bench, "-c", OWN, way(**changes), str(bench.repo.root), env=environ, stdin=subprocess.PIPE
    ) as process:
        out, err = process.communicate(b"the task", timeout=DEADLINE)
    assert process.returncode == code, (process.returncode, out[-2000:], err[-2000:])
    assert b"Traceback" not in err, err
    assert bench.repo.status() == before
    assert not list(bench.temporary.iterdir())
    return out, err


@pytest.fixture
def ready(bench: Bench) -> Bench:
    """With one file to read."""
    bench.write(**{"a.x": ""})
    return bench


# How it is called


@pytest.mark.parametrize("args", [(), ("nope",), ("css", "theme"), ("--help",), ("../css",)])
def test_anything_but_one_name_of_a_recipe_is_wrong_usage(bench: Bench, args: tuple[str, ...]) -> None:
    with start(bench, "-m", "mdtodo.recipes", *args) as process:
        _, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 2
    assert err.startswith(b"usage: ")


def test_modules_of_the_repository_are_not_imported(bench: Bench) -> None:
    trap = "raise SystemExit(99)\n"
    names = (
        "mdtodo/__init__",
        "mdtodo/recipes/__main__",
        "re",
        "subprocess",
        "tempfile",
        "pathspec",
        "sitecustomize",
    )
    bench.write(**{f"{name}.py": trap for name in names}, **{"test_it.py": "def test_it(): pass\n"})
    bench.pip("pytest")
    assert "1 passed" in bench.run("testing", code=0, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1").said


def test_a_recipe_runs_from_a_folder_below_the_root(ready: Bench) -> None:
    ready.write(**{"sub/test_it.py": "def test_it(): pass\n", "test_top.py": "def test_top(): pass\n"})
    ready.pip("pytest")
    with start(ready, "-m", "mdtodo.recipes", "testing", cwd=ready.repo.root / "sub") as process:
        out, _ = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0
    assert b"2 passed" in out


def test_a_recipe_runs_in_a_linked_worktree_with_tools_of_its_own(ready: Bench, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    ready.repo.git("worktree", "add", "-q", str(linked))
    path = linked / ".venv/bin/tool"
    path.parent.mkdir(parents=True)
    path.write_text('#!/bin/sh\necho "$PWD $@"\n')
    path.chmod(0o755)
    with start(ready, "-c", OWN, way(), str(linked)) as process:
        out, _ = process.communicate(timeout=DEADLINE)
    assert (process.returncode, out.decode().splitlines()[1]) == (0, f"{linked} a.x")


# What is missing


def test_a_recipe_says_all_that_it_lacks(bench: Bench) -> None:
    out, err = expect_exit(bench, 77)
    assert (out, err) == (b"", b"own: nothing was checked:\n- tool: no file here matches *.x\n")
    bench.write(**{"a.x": ""})
    assert b"- tool is not installed: get tool\n" in expect_exit(bench, 77)[1]
    tool(bench, "exit 0")
    assert b"- tool has no configuration here: rc\n" in expect_exit(bench, 77, config=("rc",))[1]
    assert expect_exit(bench, 0)[0].startswith(b"$ /")


@pytest.mark.parametrize("damage", ["index", "no git"])
def test_a_repository_that_git_cannot_read_is_told(ready: Bench, damage: str) -> None:
    tool(ready, "exit 0")
    if damage == "index":
        ready.repo.write(".git/index", "no index")
    else:
        (ready.bin / "git").unlink()
    with start(ready, "-c", OWN, way(), str(ready.repo.root)) as process:
        out, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, out) == (77, b"")
    words = b"git cannot list the files: fatal: " if damage == "index" else b"cannot run git: "
    assert err.startswith(b"own: nothing was checked: " + words)


def test_a_folder_outside_of_a_repository_is_told(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    with start(bench, "-m", "mdtodo.recipes", "testing", cwd=tmp_path / "bare") as process:
        _, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 77
    assert b"not a git repository" in err


def test_a_temporary_folder_that_cannot_be_made_is_told(ready: Bench) -> None:
    tool(ready, "exit 0")
    missing = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), "/nowhere")
    ready.temporary.rmdir()
    code = OWN.replace("import sys\n", "import sys, tempfile\ntempfile.tempdir = '/nowhere'\n", 1)
    with start(ready, "-c", code, way(run=("tool", "{tmp}")), str(ready.repo.root), env=missing) as process:
        _, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 77
    assert err.startswith(b"own: nothing was checked: ")


def test_a_tool_that_does_not_start_checked_nothing(ready: Bench) -> None:
    (ready.bin / "tool").write_bytes(b"\x7fELF no program")
    (ready.bin / "tool").chmod(0o755)
    out, err = expect_exit(ready, 77)
    assert out.startswith(b"$ ")
    assert b"could not be started: " in err


# What it comes to


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("exit 0", 0),
        ("exit 1", 1),
        ("exit 3", 3),
        ("exit 75", 1),
        ("exit 77", 1),
        ("exit 127", 127),
        ("kill -9 $$", 137),
        ("kill -15 $$", 143),
        ("kill -11 $$", 139),
    ],
)
@pytest.mark.sample(3)
def test_exit_codes_of_a_tool_are_judged_by_its_way(ready: Bench, script: str, code: int) -> None:
    tool(ready, script)
    expect_exit(ready, code)
    expect_exit(ready, code, retry_pattern="nothing that it says")


@pytest.mark.parametrize("stream", [1, 2])
def test_output_of_a_tool_is_judged_by_its_way(ready: Bench, stream: int) -> None:
    tool(ready, f"echo nothing; printf 'connection ' >&{stream}; echo refused >&{stream}; exit 4")
    assert b"tried again" in expect_exit(ready, 75, retry_pattern="connection refused")[1]
    assert b"tried again" not in expect_exit(ready, 4, retry_pattern="^refused")[1]
    assert b"found nothing to check" in expect_exit(ready, 77, nothing_pattern="connection refused")[1]
    expect_exit(ready, 77, nothing_codes=(4,))
    expect_exit(ready, 0, success_codes=(4,), retry_pattern="refused")
    expect_exit(ready, 1, success_codes=(4,), failure_pattern="refused")
    expect_exit(ready, 77, success_codes=(4,), checked_pattern="checked")


def test_words_that_come_in_two_reads_are_found(ready: Bench) -> None:
    ready.write(data=b"a" * 65530 + b" connection refused\n")
    tool(ready, 'cat "$PWD/data"; exit 1')
    expect_exit(ready, 75, retry_pattern="connection refused")


def test_all_commands_run_and_the_first_failure_counts(ready: Bench) -> None:
    ready.write(**{f"{number}.x": "" for number in range(5)})
    tool(ready, "case $1 in 1.x) exit 7;; 3.x) exit 8;; a.x) exit 9;; esac")
    out, _ = expect_exit(ready, 7, run=("tool", "{file}"))
    assert [line.split()[-1] for line in out.decode().splitlines()] == [
        "0.x",
        "1.x",
        "2.x",
        "3.x",
        "4.x",
        "a.x",
    ]


# What the tool is given


def test_odd_names_reach_the_tool_as_they_are(ready: Bench) -> None:
    names = [
        "-x.x",
        "--fix.x",
        "@b.x",
        "a b.x",
        "new\nline.x",
        "q'\"$(exit 9)`.x",
        "*.x",
        "ü.x",
        "\udcff\udcfe.x",
    ]
    for name in names:
        (ready.repo.root / os.fsdecode(os.fsencode(name))).write_bytes(b"")
    tool(ready, 'for one; do [ -f "$one" ] || exit 5; printf "%s\\0" "$one"; done')
    given = expect_exit(ready, 0)[0].split(b"\n", 1)[1]
    assert sorted(os.fsdecode(one).removeprefix("./") for one in given.split(b"\0")[:-1]) == sorted(
        [*names, "a.x"]
    )
    assert b"./--fix.x\0" in given


def test_more_files_than_a_command_line_holds_are_all_checked(ready: Bench) -> None:
    for folder in range(20):
        (ready.repo.root / f"{folder}{'-' * 240}").mkdir()
        for number in range(250):
            (ready.repo.root / f"{folder}{'-' * 240}/{number}.x").touch()
    tool(ready, 'echo "$#"; [ "$1" != a.x ]')
    with start(ready, "-c", OWN, way(), str(ready.repo.root)) as process:
        out, _ = process.communicate(timeout=DEADLINE)
    lines = out.decode().splitlines()
    counts = [int(line) for line in lines if line.isdigit()]
    assert sum(counts) == 5_001
    assert 2 <= len(counts) < 20
    assert all("more)" in line and len(line) < 3000 for line in lines if not line.isdigit())


def test_a_tool_gets_no_input_the_root_as_folder_and_its_variables(ready: Bench) -> None:
    tool(ready, 'echo "$(cat)|$PWD|$CACHE|$HOME|$GIT_DIR"; [ -d "${CACHE%/c}" ]')
    out, _ = expect_exit(ready, 0, {"GIT_DIR": "/nowhere"}, env={"CACHE": "{tmp}/c"})
    given, root, cache, home, _ = out.decode().splitlines()[1].split("|")
    assert (given, root, home) == ("", str(ready.repo.root), str(ready.home))
    assert cache.startswith(str(ready.temporary))


def test_what_a_tool_leaves_in_the_temporary_folder_is_taken_away(ready: Bench) -> None:
    ready.system("ln", "chmod")
    tool(ready, 'mkdir -p "$1/a/b"; echo > "$1/a/b/c"; ln -s / "$1/root"; chmod 500 "$1/a/b" "$1/a"')
    expect_exit(ready, 0, run=("tool", "{tmp}"))


# Its output


@pytest.mark.parametrize("later", [None, "nothing that it says"])
def test_huge_output_passes_through_unchanged(ready: Bench, later: str | None) -> None:
    tool(ready, 'i=0; while [ $i -lt 100 ]; do cat "$PWD/data"; i=$((i+1)); done; cat "$PWD/data" >&2')
    data = bytes(range(256)) * 256
    ready.write(data=data)
    out, err = expect_exit(ready, 0, retry_pattern=later)
    assert err == data
    assert hashlib.sha256(out.split(b"\n", 1)[1]).digest() == hashlib.sha256(data * 100).digest()


@pytest.mark.parametrize("later", [None, "nothing that it says"])
def test_output_comes_while_the_tool_runs(ready: Bench, later: str | None) -> None:
    os.mkfifo(ready.temporary.parent / "go")
    tool(ready, f'echo begun; read _ < "{ready.temporary.parent}/go"; echo ended')
    with start(ready, "-c", OWN, way(retry_pattern=later), str(ready.repo.root)) as process:
        assert process.stdout is not None
        seen = read_until(process.stdout.fileno(), b"begun\n")
        assert b"ended" not in seen
        (ready.temporary.parent / "go").write_text("\n")
        assert process.communicate(timeout=DEADLINE)[0] == b"ended\n"


@pytest.mark.parametrize("noise", ["sleep 60", "while echo noise; do :; done"])
def test_a_process_that_a_tool_left_running_holds_nothing_up(ready: Bench, noise: str) -> None:
    ready.system("sleep")
    tool(ready, f'({noise}) & echo "$! left"')
    with start(ready, "-c", OWN, way(retry_pattern="x"), str(ready.repo.root)) as process:
        assert process.stdout is not None
        before = read_until(process.stdout.fileno(), b" left\n")
        left = int(before.split(b" left")[0].split()[-1])
        try:
            drain(process)
            assert process.wait(timeout=DEADLINE) == 0
        finally:
            os.kill(left, signal.SIGKILL)


def test_a_closed_output_does_not_change_the_exit_code(ready: Bench) -> None:
    tool(ready, "echo a; echo b; exit 3")
    with start(ready, "-c", OWN, way(retry_pattern="x"), str(ready.repo.root)) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()
        assert process.wait(timeout=DEADLINE) == 3


# Its end


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("obeys", [True, False])
def test_a_signal_ends_the_tool_and_is_no_success(bench: Bench, number: int, obeys: bool) -> None:
    """As `run` sends it, to the whole group; also where the tool then exits 0, with files left to check."""
    bench.write(**{"a.x": "", "b.x": ""})
    trap = "" if obeys else "trap 'exit 0' TERM HUP INT;"
    bench.system("sleep")
    tool(bench, f"{trap} echo begun $$; while :; do sleep 0.05; done")
    arguments = way(run=("tool", "{file}", "{tmp}"))
    code = OWN.replace("import sys\n", _PROGRAM, 1)
    with start(bench, "-c", code, arguments, str(bench.repo.root), start_new_session=True) as process:
        assert process.stdout is not None
        said = read_until(process.stdout.fileno(), b"begun ", more=2)
        os.killpg(process.pid, number)
        out, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 128 + number
    assert (said + out).count(b"$ /") == 1
    assert b"Traceback" not in err
    assert not list(bench.temporary.iterdir())
    assert ended(int(said.split(b"begun ")[1].split()[0]))


_PROGRAM = """\
import signal, sys
import mdtodo.recipes.__main__ as program
for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(one, program._end)
"""


def test_term_to_the_module_alone_ends_the_tool(ready: Bench) -> None:
    ready.system("sleep")
    tool(ready, "echo begun; exec sleep 60")
    with start(ready, "-c", OWN, way(), str(ready.repo.root)) as process:
        assert process.stdout is not None
        read_until(process.stdout.fileno(), b"begun\n")
        process.terminate()
        assert process.wait(timeout=DEADLINE) == 143


def read_until(fd: int, words: bytes, more: int = 0) -> bytes:
    """What comes until these words, and at least so many bytes after them."""
    seen = b""
    deadline = time.monotonic() + DEADLINE
    while words not in seen or len(seen.split(words, 1)[1]) < more:
        assert select.select([fd], [], [], max(0, deadline - time.monotonic()))[0], seen
        data = os.read(fd, 65536)
        assert data, seen
        seen += data
    return seen


def drain(process: subprocess.Popen[bytes]) -> None:
    """Read until the process is gone, whoever else has its pipe."""
    assert process.stdout is not None
    deadline = time.monotonic() + DEADLINE
    while process.poll() is None:
        assert time.monotonic() < deadline
        if select.select([process.stdout], [], [], 0.05)[0]:
            os.read(process.stdout.fileno(), 65536)


def ended(pid: int) -> bool:
    """Whether a process is gone, or a zombie, within the deadline."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                if file.read().rpartition(b")")[2].split()[0] == b"Z":
                    return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        select.select([], [], [], 0.02)
    return False
