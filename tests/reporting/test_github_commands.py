"""No text becomes a workflow command of its own."""

from __future__ import annotations

import re

import pytest

from mdtodo.core.task import Finding, Severity
from mdtodo.reporting.findings import print_annotations
from mdtodo.reporting.github_commands import annotate, quoted, say
from mdtodo.reporting.text import one_line, printable
from tests.action.runner import Ended, Job, _command
from tests.strangers import HOSTILE


@pytest.mark.parametrize("text", [*HOSTILE, "a\nb\r\nc", "50 %, x:y"])
def test_an_annotation_is_one_command(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    annotate("error", text, file=f"docs/{text}.md", line=2, title=text)
    print_annotations([Finding(f"{text}.md", 2, Severity.WARNING, "cycle", text)])
    lines = re.split(r"\r\n|\r|\n", capsys.readouterr().out)
    assert lines.pop() == ""
    assert len(lines) == 2
    for line, level in zip(lines, ("error", "warning"), strict=True):
        command = _command(line)
        assert command is not None
        assert (command[0], command[1]["line"]) == (level, "2")
        assert "\x1b" not in line
    command = _command(lines[0])
    assert command is not None
    assert command[2] == "\n".join(map(printable, text.split("\n")))
    assert command[1]["title"] == one_line(text)


def test_what_is_quoted_holds_no_commands(capsys: pytest.CaptureFixture[str], tmp_path: object) -> None:
    with quoted():
        for text in HOSTILE:
            say(f"    {text}")
    job = Job(tmp_path, {}, {}, ended=Ended())  # type: ignore[arg-type]
    outputs: dict[str, str] = {}
    job._read_log(capsys.readouterr().out, outputs)
    assert job.ended.commands == ["stop-commands"]
    assert outputs == {}
    job._read_log("::error::seen again", outputs)
    assert [one.message for one in job.ended.annotations] == ["seen again"]
