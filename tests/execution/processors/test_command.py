"""How a command starts, and what is said where it cannot."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from mdtodo.core.results import Outcome

if TYPE_CHECKING:
    from tests.execution.conftest import Bench

PY = sys.executable


def test_a_string_goes_through_the_shell_and_a_list_does_not(bench: Bench) -> None:
    assert bench.do("echo $((1 + 2)) | cat").tail == "3\n"
    assert bench.do(["echo", "$((1 + 2)) | cat"]).tail == "$((1 + 2)) | cat\n"


@pytest.mark.parametrize(
    ("run", "code", "words"),
    [
        ("no-such-command-here", 127, "not found"),
        (["no-such-command-here"], 127, "no-such-command-here: command not found"),
        (["./data"], 126, "./data is not executable"),
        (["./script"], 126, "#!/bin/sh"),
        (["./lost"], 127, "./lost"),
        (["nul\0"], 126, "null byte"),
    ],
)
def test_a_command_that_cannot_be_started_fails_with_a_sentence(
    bench: Bench, run: str | list[str], code: int, words: str
) -> None:
    for name, text in (("data", "x"), ("script", "echo hi\n"), ("lost", "#!/no/such/interpreter\n")):
        (bench.folder / name).write_text(text)
        (bench.folder / name).chmod(0o644 if name == "data" else 0o755)
    result = bench.do(run)
    assert result.exit_code == code
    assert words in result.error
    assert words.encode() in bench.log() or result.error.encode() in bench.log()
    assert result.outcome is Outcome.FAILED


def test_a_text_that_is_too_long_for_the_system_is_cut_harder(bench: Bench) -> None:
    room = os.sysconf("SC_ARG_MAX") - 150_000
    filler = {f"FILLER{n}": "x" * min(100_000, room - n) for n in range(0, room, 100_100)}
    texts = dict.fromkeys(("MDTODO_TASK_TITLE", "MDTODO_TASK_TAGS", "MDTODO_TASK_BODY"), "y" * 65536)
    script = 'printf %s "$MDTODO_TASK_BODY"'
    assert bench.do(["sh", "-c", script], env=filler | texts).tail == "y" * 1024
    result = bench.do(["true"], env={"TOO_LONG": "x" * 200_000})
    assert result.exit_code == 126
    assert "Argument list too long" in result.error


def test_a_command_leads_a_session_with_clean_signals(bench: Bench) -> None:
    script = (
        "import os,signal; print(os.getpid() == os.getsid(0) == os.getpgid(0), signal.pthread_sigmask(0, ()))"
    )
    masks = "grep -E '^Sig(Ign|Blk)' /proc/self/status"
    assert bench.do([PY, "-c", script]).tail == "True set()\n"
    _, blocked, _, ignored = bench.do(masks).tail.split()
    of_the_c_library = 1 << 31 | 1 << 32  # posix_spawn(3) of glibc ignores its two, which nobody else may use
    assert (int(blocked, 16), int(ignored, 16) & ~of_the_c_library) == (0, 0)


def test_a_command_inherits_no_descriptor(bench: Bench) -> None:
    result = bench.do([PY, "-c", "import os; print(sorted(os.listdir('/proc/self/fd')))"])
    assert result.tail in ("['0', '1', '2', '3']\n", "['0', '1', '2']\n")
