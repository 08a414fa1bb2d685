"""Programs are talked to without either side waiting for the other for ever."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from mdtodo.system.process import STDOUT, Process
from tests.processes import eventually, runs


def python(code: str, **words: bool) -> Process:
    return Process([sys.executable, "-c", code], dict(os.environ), **words)


def test_a_process_gives_both_streams_and_its_code():
    code, out, err = python("import sys; print(input()); print('e', file=sys.stderr); sys.exit(3)").finish(
        b"in\n"
    )
    assert (code, out, err) == (3, b"in\n", b"e\n")


def test_more_than_a_pipe_holds_passes_in_every_direction():
    code = (
        "import sys; d = sys.stdin.buffer.read(); sys.stderr.write('e' * 300000); sys.stdout.buffer.write(d)"
    )
    data = bytes(range(256)) * 4000
    exit_code, out, err = python(code).finish(data)
    assert (exit_code, out, len(err)) == (0, data, 300_000)


def test_a_program_that_does_not_read_its_input_is_no_error():
    assert python("import sys; sys.stdin.close()").finish(b"x" * 1_000_000)[0] == 0


def test_a_program_is_asked_line_by_line_while_it_complains_a_lot():
    process = python(
        "import sys\n"
        "for line in sys.stdin:\n"
        "    sys.stderr.write('e' * 200000); sys.stderr.flush()\n"
        "    print(line.strip().upper()); print('abc'); sys.stdout.flush()\n"
    )
    for word in (b"one", b"two"):
        process.feed(word + b"\n")
        assert process.line() == word.upper() + b"\n"
        assert process.read(4) == b"abc\n"
    assert process.finish()[0] == 0


def test_a_program_that_ends_amid_its_answers_gives_what_it_had():
    process = python("print('half', end='')")
    assert process.line() == b"half"
    assert process.read(10) == b""
    process.feed(b"x\n")
    assert process.finish()[0] == 0


def test_the_code_of_a_killed_process_is_its_signal():
    process = python("import time; time.sleep(60)")
    process.kill()
    process = python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert process.finish()[0] == -signal.SIGKILL


@pytest.mark.parametrize("own_group", [True, False])
def test_a_process_leads_a_group_only_if_it_is_to_be_alone(own_group):
    _, out, _ = python("import os; print(os.getpgrp() == os.getpid())", own_group=own_group).finish()
    assert out == f"{own_group}\n".encode()


def test_no_descriptor_is_left_open():
    before = os.listdir("/dev/fd")
    python("").finish()
    with pytest.raises(FileNotFoundError, match="'no-such-program'"):
        Process(["no-such-program"], dict(os.environ))
    assert os.listdir("/dev/fd") == before


def test_what_a_program_leaves_running_holds_nothing_up_for_ever_and_can_be_ended():
    process = python(
        "import subprocess; print(subprocess.Popen(['sleep', '600']).pid, flush=True)", session=True
    )
    code, out, _ = process.finish(timeout=600, linger=0.1)
    assert code == 0
    process.end_group(5)
    eventually(lambda: not runs(int(out)))


def test_a_program_that_takes_too_long_runs_on_until_it_is_ended():
    process = python("import signal; signal.signal(15, signal.SIG_IGN); signal.pause()", session=True)
    with pytest.raises(TimeoutError):
        process.finish(timeout=0.1)
    assert not process.ended()
    process.end_group(0.1)
    assert process.ended()
    assert not runs(process.pid)


def test_output_may_go_where_it_is_wanted():
    heard = []
    code = "import os; os.write(1, b'a'); os.write(2, b'b')"
    with open(os.devnull, "rb") as nothing:
        process = Process(
            [sys.executable, "-c", code],
            dict(os.environ),
            (nothing.fileno(), None, STDOUT),
            on_output=lambda number, data: heard.append((number, data)),
        )
        assert process.finish() == (0, b"", b"")
    assert {number for number, _ in heard} == {1}
    assert b"".join(data for _, data in heard) == b"ab"
