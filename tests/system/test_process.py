"""Programs are talked to without either side waiting for the other for ever."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from mdtodo.errors import GitError
from mdtodo.system.process import Process


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
    with pytest.raises(GitError, match="cannot run no-such-program: No such file"):
        Process(["no-such-program"], dict(os.environ))
    assert os.listdir("/dev/fd") == before
