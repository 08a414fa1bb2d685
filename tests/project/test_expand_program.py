"""A program that is asked for a breakdown: bounded in time, output and processes."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest

from mdtodo.errors import EditError
from mdtodo.project.expand_program import LONGEST_ANSWER, Request, ask_program
from tests.processes import DEADLINE, eventually, runs

if TYPE_CHECKING:
    from pathlib import Path

TASK = {"id": "abc", "title": "A 'title' $(exit 3)", "body": "more", "tags": ["a", "b"]}


def answer_of(command: str, root: Path, timeout: float = DEADLINE) -> bytes:
    return ask_program(Request(command, TASK, str(root), timeout))


def test_the_program_of_expand_gets_the_task_as_a_processor_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    out = answer_of(
        'cat; pwd; echo "$MDTODO_TASK_ID $MDTODO_TASK_TITLE [$GIT_DIR]"; echo noise >&2', tmp_path
    )
    told, folder, words = out.decode().splitlines()
    assert json.loads(told) == TASK
    assert os.path.samefile(folder, tmp_path)
    assert words == "abc A 'title' $(exit 3) []"


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("echo no idea >&2; exit 3", "`expand.command` exited 3: no idea"),
        ("kill -KILL $$", "`expand.command` was killed by signal 9"),
        ("no-such-program", "`expand.command` exited 127"),
        ("head -c 70000 /dev/zero", "`expand.command` printed more than 64 KiB"),
        ("yes", "`expand.command` printed more than 64 KiB"),
    ],
)
def test_a_program_of_expand_that_fails_is_told_in_a_sentence(
    tmp_path: Path, command: str, sentence: str
) -> None:
    with pytest.raises(EditError) as refused:
        answer_of(command, tmp_path)
    assert refused.value.sentence.startswith(sentence)


def test_the_longest_answer_is_taken(tmp_path: Path) -> None:
    assert len(answer_of(f"head -c {LONGEST_ANSWER} /dev/zero", tmp_path)) == LONGEST_ANSWER


def test_a_program_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    command = "trap '' TERM; sleep 60 & echo $! > child; echo thinking >&2; sleep 60 & wait"
    for seconds in (0.3, 1.2, 6, 30):  # a busy machine takes longer to come as far as to think
        with pytest.raises(EditError, match=r"^`expand.command` took longer than [0-9.]+m?s") as refused:
            answer_of(command, tmp_path, seconds)
        if refused.value.sentence.endswith(": thinking"):
            break
    assert refused.value.sentence.endswith("s: thinking")
    eventually(lambda: not runs(int((tmp_path / "child").read_text())))


def test_a_process_that_the_program_leaves_running_holds_nothing_up(tmp_path: Path) -> None:
    began = time.monotonic()
    assert answer_of("sleep 600 & echo $! > child; echo - [ ] a", tmp_path) == b"- [ ] a\n"
    assert time.monotonic() - began < 300
    eventually(lambda: not runs(int((tmp_path / "child").read_text())))


def test_a_program_that_reads_nothing_and_closes_its_output_has_answered_nothing(tmp_path: Path) -> None:
    assert answer_of("exec >&- 2>&-; read line < /dev/null; exit 0", tmp_path) == b""
