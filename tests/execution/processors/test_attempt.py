"""Commands, as real processes in a real pool: what they are given, and what is made of their end."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from mdtodo.core.results import Outcome
from mdtodo.execution.local.pool import LocalPool
from tests.execution.conftest import Bench
from tests.processes import DEADLINE, eventually, pid_in, runs

if TYPE_CHECKING:
    from pathlib import Path

PY = sys.executable


@pytest.mark.parametrize(
    ("run", "code", "outcome"),
    [
        ("exit 0", 0, Outcome.DONE),
        ("exit 75", 75, Outcome.DEFERRED),
        ("exit 77", 77, Outcome.SKIPPED),
        ("exit 1", 1, Outcome.FAILED),
        ("exit 255", 255, Outcome.FAILED),
        ("kill -KILL $$", -9, Outcome.FAILED),
        ("kill -TERM $$", -15, Outcome.FAILED),
        (["true"], 0, Outcome.DONE),
        (["false"], 1, Outcome.FAILED),
        (["sh", "-c", "exit $0", "75"], 75, Outcome.DEFERRED),
    ],
)
def test_the_exit_code_decides_the_outcome_of_a_command(
    bench: Bench, run: str | list[str], code: int, outcome: Outcome
) -> None:
    result = bench.do(run)
    assert result.exit_code == code
    assert result.outcome is outcome
    assert not result.timed_out
    assert not result.interrupted


def test_a_command_gets_the_task_as_json_and_then_the_end(bench: Bench) -> None:
    task = {"id": "x", "title": 'Zeile\n"z" \u2028 🔺', "body": "text\n", "tags": ["a"]}
    result = bench.do([PY, "-c", "import sys; d = sys.stdin.read(); print(d, end='')"], task=task)
    assert json.loads(result.tail) == task
    assert result.tail.count("\n") == 1


def test_a_long_task_that_nobody_reads_blocks_nobody(bench: Bench) -> None:
    task = {"id": "x", "title": "t", "body": "b" * 3_000_000}
    assert bench.do("exec 0<&-; exit 0", task=task).exit_code == 0
    assert bench.do("head -c 5 >/dev/null; sleep 0.05", task=task).exit_code == 0
    assert bench.do("wc -c", task=task).tail.strip() == str(len(json.dumps(task)) + 1)


def test_a_command_has_the_variables_that_the_spec_says(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = '\'; rm -rf / "$(touch pwned)" `x` \n\t%s\x1b[31m 🔺'
    result = bench.do(
        ["env", "-0"], env={"MDTODO_TASK_TITLE": hostile, "MDTODO_OUTPUT": "/etc/passwd", "CI": "1"}
    )
    env = dict(line.split("=", 1) for line in result.tail.split("\0") if "=" in line)
    assert env["MDTODO_TASK_TITLE"] == hostile
    assert env["CI"] == "1"
    assert env["MDTODO_OUTPUT"].startswith(str(bench.folder))
    assert not (bench.folder / "pwned").exists()


def test_a_command_runs_in_the_given_folder(bench: Bench) -> None:
    assert bench.do("pwd -P").tail == f"{bench.folder.resolve()}\n"


def test_the_log_is_its_owners_alone_and_holds_both_streams(bench: Bench) -> None:
    result = bench.do("echo out; echo err >&2; printf end")
    assert bench.log() == b"out\nerr\nend"
    assert result.tail == "out\nerr\nend"
    folder = bench.folder / "logs"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


@pytest.mark.parametrize(("script", "logged"), [("true", False), ("echo a", True), ("kill -9 $$", False)])
def test_the_result_says_whether_there_is_a_log(bench: Bench, script: str, logged: bool) -> None:
    result = bench.do(script)
    assert result.logged is logged
    assert [path.name for path in (bench.folder / "logs").glob("[!.]*")] == (["1.log"] if logged else [])


def test_binary_output_is_kept_as_it_is(bench: Bench) -> None:
    script = "import sys; sys.stdout.buffer.write(bytes(range(256)) * 40)"
    result = bench.do([PY, "-c", script])
    assert bench.log() == bytes(range(256)) * 40
    assert len(result.tail.encode()) <= 4096


def test_a_log_that_cannot_be_written_loses_no_result(bench: Bench) -> None:
    result = bench.do("echo out; exit 0", log="/dev/full")
    assert (result.exit_code, result.error, result.tail) == (0, None, "out\n")
    assert "No space left" in result.log_error
    (bench.folder / "file").write_text("")
    result = bench.do(
        'echo out; echo \'{"note": "n"}\' > $MDTODO_OUTPUT', log=str(bench.folder / "file" / "log")
    )
    assert (result.exit_code, result.notes) == (0, ("n",))
    assert result.log_error


def test_a_timeout_ends_the_tree_with_those_who_ignore_term_and_those_who_fled(bench: Bench) -> None:
    (bench.folder / "stubborn.sh").write_text(
        "trap '' TERM; echo $$ > stubborn; while :; do sleep 60; done\n"
    )
    (bench.folder / "waits.sh").write_text("until test -e stubborn && test -e daemon; do sleep 0.02; done\n")
    script = f"""sh stubborn.sh & setsid sh stubborn.sh & \
        {PY} -c 'import os; os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0)
open("daemon","w").write(f"{{os.getpid()}}\\n"); import time; time.sleep(60)' ; \
        . ./waits.sh; echo up; sleep 60"""
    result = bench.do_until("up", script, timeout=0.7, grace=0.4)
    assert result.timed_out
    assert result.exit_code == -15
    assert result.duration > 0.6
    assert result.outcome is Outcome.FAILED
    for name in ("stubborn", "daemon"):
        eventually(lambda name=name: not runs(pid_in(bench.folder / name)))
    assert not [pid for pid in _mentioning(str(bench.folder)) if runs(pid)]
    assert re.search(rb"mdtodo: timed out after [0-9.]+ s\n", bench.log())


def _mentioning(text: str) -> list[int]:
    """The processes whose current folder is `text`."""
    import psutil

    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == text:
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def test_a_stopped_process_times_out(bench: Bench) -> None:
    result = bench.do("kill -STOP $$; sleep 60", timeout=0.3, grace=DEADLINE)
    assert (result.timed_out, result.exit_code) == (True, -signal.SIGTERM), "let go on, to end"


def test_a_leader_that_ignores_term_is_killed_after_the_grace(bench: Bench) -> None:
    command = [PY, "-c", _IGNORE + "print('up', flush=True)\nwhile True: time.sleep(60)"]
    result = bench.do_until("up", command, timeout=0.6, grace=0.3)
    assert result.timed_out
    assert result.exit_code == -9
    assert result.tail == "up\n"


_IGNORE = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "


def test_a_timeout_sends_term_once(bench: Bench) -> None:
    script = """import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: print("term", flush=True))
print("up", flush=True)
while True: time.sleep(60)"""
    result = bench.do_until("term", [PY, "-c", script], timeout=0.6, grace=0.4)
    assert result.tail == "up\nterm\n"


def test_a_process_that_is_left_in_the_background_does_not_hold_up_the_end(bench: Bench) -> None:
    result = bench.do("sleep 60 & echo $! > left; exit 0")
    assert result.exit_code == 0
    assert result.duration < DEADLINE
    eventually(lambda: not runs(pid_in(bench.folder / "left")))


def test_a_background_process_may_finish_within_a_second(bench: Bench) -> None:
    for _ in range(10):  # a busy machine may not let it have its part of that second
        result = bench.do("(sleep 0.2; echo late) & echo early")
        if result.tail != "early\n":
            break
    assert result.tail == "early\nlate\n"


def test_a_daemon_stays_even_if_it_holds_the_output(bench: Bench) -> None:
    result = bench.do("setsid sleep 30 & echo $! > daemon; exit 3")
    assert result.exit_code == 3
    daemon = pid_in(bench.folder / "daemon")
    assert runs(daemon)
    assert bench.do("sleep 60", timeout=0.2).timed_out
    assert bench.do("sleep 60", timeout=0.2).timed_out
    assert runs(daemon), "a timeout ends only what belongs to its attempt"
    os.kill(daemon, signal.SIGKILL)
    eventually(lambda: not runs(daemon))


def test_a_flood_of_output_is_bounded_on_disk_and_in_memory(bench: Bench) -> None:
    started = bench.start("head -c 100000000 /dev/zero; echo; echo last words")
    worker = bench.worker(bench.wait(started, "started").pid or 0)
    result = bench.ended(started)
    assert result.exit_code == 0
    log = bench.log()
    assert len(log) <= 10 * 1024 * 1024
    assert len(log) > 9 * 1024 * 1024
    assert log.endswith(b"\nlast words\n")
    dropped = 100000000 + len("\nlast words\n") - log.count(b"\0") - len("\nlast words\n")
    assert f"mdtodo: {dropped} bytes of output dropped here\n".encode() in log
    with open(f"/proc/{worker}/status") as status:
        (peak,) = (int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    assert peak < 40 * 1024, "KiB at most, ever"


def test_a_smaller_bound_of_the_log_holds(bench: Bench) -> None:
    bench.do("seq 100000", log_limit=2000)
    log = bench.log()
    assert len(log) <= 2000
    assert log.startswith(b"1\n2\n3\n")
    assert log.endswith(b"99999\n100000\n")


def test_what_a_command_says_in_its_output_file_is_in_the_result(bench: Bench) -> None:
    lines = [
        '{"progress": 40}',
        '{"note": "a note"}',
        "no JSON",
        '{"subtask": "- [ ] more"}',
        '{"metric": {"loss": 0.5, "ok": true}}',
        '{"note": "last, without a line end"}',
    ]
    (bench.folder / "lines").write_text("\n".join(lines))
    result = bench.do("cat lines >> $MDTODO_OUTPUT")
    assert result.notes == ("a note", "last, without a line end")
    assert result.subtasks == ("- [ ] more",)
    assert result.metrics == {"loss": 0.5}
    assert b"mdtodo: MDTODO_OUTPUT: line 3 ignored" in bench.log()
    assert "a note" not in "".join(path.read_text() for path in bench.folder.rglob(".output*"))


def test_an_output_file_that_nobody_touched_serves_again(tmp_path: Path) -> None:
    with LocalPool(1) as pool:
        bench = Bench(pool, tmp_path)
        for name, text in (("say", "said"), ("say-more", "more")):
            (tmp_path / name).write_text(json.dumps({"note": text}))
        assert bench.do("echo $MDTODO_OUTPUT").tail == bench.do("echo $MDTODO_OUTPUT").tail
        assert bench.do("ln $MDTODO_OUTPUT linked; cat say >> $MDTODO_OUTPUT").notes == ("said",)
        assert bench.do("ln $MDTODO_OUTPUT linked-empty").notes == ()
        assert bench.do("cat say-more >> $MDTODO_OUTPUT").notes == ("more",)
        assert json.loads((tmp_path / "linked").read_text()) == {"note": "said"}
        assert (tmp_path / "linked-empty").read_text() == ""
    assert not list((tmp_path / "logs").glob(".*"))


def test_a_daemon_does_not_speak_into_the_next_attempt(tmp_path: Path) -> None:
    with LocalPool(1) as pool:
        bench = Bench(pool, tmp_path)
        os.mkfifo(tmp_path / "go")
        (tmp_path / "late.sh").write_text(
            'read x < go; echo \'{"note": "n"}\' >> $MDTODO_OUTPUT; touch said\n'
        )
        bench.do("setsid sh late.sh > /dev/null 2>&1 &")
        assert bench.do("echo on > go; while ! test -e said; do sleep 0.01; done").notes == ()


def test_progress_is_told_while_the_command_runs(bench: Bench) -> None:
    fifo = bench.folder / "go"
    os.mkfifo(fifo)
    attempt = bench.start("echo '{\"progress\": 40}' > $MDTODO_OUTPUT; read line < go")
    assert bench.wait(attempt, "progress").progress == 40.0
    fifo.write_text("on\n")
    assert bench.ended(attempt).exit_code == 0


def test_an_endless_output_file_is_bounded(bench: Bench) -> None:
    result = bench.do('yes \'{"note": "n"}\' | head -c 100000000 > $MDTODO_OUTPUT; exit 0')
    assert result.exit_code == 0
    assert len(result.notes) <= 500
    assert b"100000000 bytes, of which only the first" in bench.log()


@pytest.mark.parametrize(
    "trick",
    [
        "rm -f $MDTODO_OUTPUT",
        "rm -f $MDTODO_OUTPUT; mkdir $MDTODO_OUTPUT",
        "rm -f $MDTODO_OUTPUT; mkfifo $MDTODO_OUTPUT",
        "rm -f $MDTODO_OUTPUT; ln -s /etc/passwd $MDTODO_OUTPUT",
        "chmod 000 $MDTODO_OUTPUT",
        "rm -rf logs",
    ],
)
def test_tricks_with_the_output_file_harm_nobody(bench: Bench, trick: str) -> None:
    result = bench.do(f"{trick}; sleep 0.3")
    assert (result.exit_code, result.notes) == (0, ())


@pytest.mark.parametrize(
    "broken",
    [
        {"kind": "magic"},
        {"run": None},
        {"run": []},
        {"run": [""]},
        {"run": ["a", 1]},
        {"cwd": "/no/such/folder"},
        {"env": None},
        {"task": "text"},
        {"timeout": "10 s"},
        {"timeout": -1},
        {"log": 7},
        {"log": "a.log"},
        {"env": {"A=B": "1"}},
        {"env": {"": "1"}},
        {"env": {"A": 1}},
        {"env": {"A": "\0"}},
        {"log_limit": True},
        {"task": {"x": object()}},
    ],
)
def test_a_spec_that_says_nothing_sensible_fails_with_a_sentence(
    bench: Bench, broken: dict[str, object]
) -> None:
    spec = bench.spec("true") | broken
    bench.pool.submit(spec)
    event = bench.wait(spec["attempt"])
    assert event.kind == "failed"
    assert event.message
    assert event.result is not None
    assert event.result.outcome is Outcome.FAILED
    assert bench.do("true").exit_code == 0, "and the pool goes on"
