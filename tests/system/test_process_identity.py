"""A process that has ended is told from one that lives, and from one that cannot be seen."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mdtodo.system import process_identity


def test_this_process_is_there_and_a_dead_one_is_gone():
    assert not process_identity.has_ended(process_identity.current())
    program = "from mdtodo.system import process_identity; print(process_identity.current())"
    gone = subprocess.check_output([sys.executable, "-c", program], text=True).strip()
    assert process_identity.has_ended(gone)


def test_a_reused_pid_is_another_process_identity():
    where, pid, started = process_identity.current().split("-")
    assert process_identity.has_ended(f"{where}-{pid}-{int(started) - 1}")


@pytest.mark.parametrize("name", ["", "x", "unknown-1-0", "0badf00d-1-5", "unknown-1-5", "a-b-c"])
def test_a_process_that_cannot_be_seen_is_not_said_to_be_gone(name):
    assert not process_identity.has_ended(name)


def test_a_process_that_ended_and_was_not_waited_for_is_gone():
    program = "from mdtodo.system import process_identity; print(process_identity.current(), flush=True)"
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    name = process.stdout.read().strip()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert process_identity.has_ended(name)
    process.communicate()
