"""What an output file says, for any bytes."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.execution.processors.metrics import COUNT
from mdtodo.execution.processors.output_file import COUNT_LIMIT, LIMIT, TEXT_LIMIT, OutputFile

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("capture")


@pytest.mark.parametrize(
    ("line", "notes", "subtasks", "metrics"),
    [
        (b'{"note": "n"}', ["n"], [], {}),
        (b'  {"note": "n", "subtask": "- [ ] s", "metric": {"m": 1}}\r', ["n"], ["- [ ] s"], {"m": 1.0}),
        (b'\xef\xbb\xbf{"note": "n"}', ["n"], [], {}),
        (b'{"note": "\\ud800 \\u0000"}', ["? �"], [], {}),
        (
            b'{"metric": {"a": 1, "b": "2", "c": true, "d": 1e999, "e": NaN, "f": -Infinity}}',
            [],
            [],
            {"a": 1.0},
        ),
        (
            b'{"metric": {"line coverage": 0.5, "gr\xc3\xb6\xc3\x9fe": 1}}',
            [],
            [],
            {"line_coverage": 0.5, "größe": 1.0},
        ),
        (
            b'{"metric": {" ": 1, "": 1, "a=b": 1, "a\\nMdtodo-Task: b": 1, "a\\u2028b": 1, "\\u202e": 1}}',
            [],
            [],
            {},
        ),
        (
            b'{"metric": {"\\ud800": 1, "a\\u0000": 1, "a\\tb": 1, "a\\u00a0b": 1, "' + b"n" * 65 + b'": 1}}',
            [],
            [],
            {},
        ),
        (b'{"metric": {"' + b"n" * 64 + b'": 1e308}}', [], [], {"n" * 64: 1e308}),
        (b'{"metric": {}}', [], [], {}),
        (b'{"note": "n", "other": NaN}', ["n"], [], {}),
        (b'{"metric": {"huge": 1' + b"0" * 400 + b"}}", [], [], {}),
        (b'{"metric": {"huge": 1' + b"0" * 5000 + b"}}", [], [], {}),
        (b'{"note": 1}', [], [], {}),
        (b'{"note": " "}', [], [], {}),
        (b'{"note": "n"', [], [], {}),
        (b'["note"]', [], [], {}),
        (b"\xff\xfe", [], [], {}),
        (b'{"\xff": 1}', [], [], {}),
        (b"[" * 200_000, [], [], {}),
        (b'{"a":' * 100_000, [], [], {}),
        (b'{"progress": 40}', [], [], {}),
        (b"", [], [], {}),
    ],
)
def test_each_line_of_the_output_file_is_read_or_refused(
    folder: Path, line: bytes, notes: list[str], subtasks: list[str], metrics: dict[str, float]
) -> None:
    output_file = OutputFile(str(folder / "out"))
    (folder / "out").write_bytes(line + b'\n{"note": "next"}')
    told = output_file.read()
    assert (told.notes, told.subtasks, told.metrics) == ([*notes, "next"], subtasks, metrics)
    whole = notes or (metrics and b"NaN" not in line) or line in (b"", b'{"progress": 40}')
    assert bool(told.ignored) == (not whole)
    output_file.remove()
    assert not (folder / "out").exists()


@given(st.lists(st.one_of(st.binary(max_size=60), st.text().map(lambda t: json.dumps({"note": t}).encode()))))
def test_no_bytes_harm_the_reader(folder: Path, lines: list[bytes]) -> None:
    output_file = OutputFile(str(folder / "out"))
    (folder / "out").write_bytes(b"\n".join(lines))
    output_file.progress()
    told = output_file.read()
    for text in (*told.notes, *told.subtasks, *told.metrics, *told.ignored):
        text.encode()
        assert "\0" not in text
    output_file.remove()


@pytest.mark.parametrize(
    ("content", "percent"),
    [
        ('{"progress": 40}\n', 40.0),
        ('{"progress": 40}', 40.0),
        ('{"progress": 10}\n{"progress": 20.5}\n{"note": "x"}\nrubbish', 20.5),
        ('{"progress": 10}\n{"progress": tr', 10.0),
        ('{"progress": 250}', 100.0),
        ('{"progress": -3}', 0.0),
        ('{"progress": true}', None),
        ('{"progress": "40"}', None),
        ('{"note": "n"}', None),
        ("", None),
        ('{"progress": 1}\n' + "x" * 3_000_000 + '\n{"progress": 2}', 2.0),
    ],
)
def test_the_latest_progress_is_told(folder: Path, content: str, percent: float | None) -> None:
    output_file = OutputFile(str(folder / "out"))
    assert output_file.progress() is None
    (folder / "out").write_text(content)
    assert output_file.progress() == percent
    assert output_file.progress() is None, "told once"


def test_progress_that_is_written_over_is_seen(folder: Path) -> None:
    output_file = OutputFile(str(folder / "out"))
    seen = []
    for percent in (10, 20, 3):
        (folder / "out").unlink()
        (folder / "out").write_text(f'{{"progress": {percent}}}\n')
        seen.append(output_file.progress())
    assert seen == [10.0, 20.0, 3.0]


def test_what_is_taken_from_an_output_file_is_bounded(folder: Path) -> None:
    output_file = OutputFile(str(folder / "out"))
    line = json.dumps({"note": "n" * 20, "metric": {"a": 1}})
    (folder / "out").write_text(f"{line}\n" * (LIMIT // len(line)) + json.dumps({"note": "too late"}))
    told = output_file.read()
    assert len(told.notes) == COUNT_LIMIT
    assert told.metrics == {"a": 1.0}
    assert any("of which only the first" in words for words in told.ignored)
    assert len(told.ignored) < 20
    (folder / "out").write_text(
        json.dumps({"note": "n" * 100_000, "metric": {str(n): n for n in range(5000)}})
    )
    told = output_file.read()
    assert [len(note) for note in told.notes] == [TEXT_LIMIT]
    assert told.metrics == {str(n): n for n in range(COUNT)}
    (sentence,) = told.ignored
    assert "no more than 100 are kept" in sentence
    assert len(sentence) < 300


def test_a_metric_that_is_refused_is_named_as_nothing_that_a_terminal_obeys(folder: Path) -> None:
    output_file = OutputFile(str(folder / "out"))
    (folder / "out").write_text(
        json.dumps({"metric": {"\x1b[31m" + "x" * 99: 1, "loss": math.nan, "a=b": 2}})
    )
    (sentence,) = output_file.read().ignored
    assert sentence.isprintable()
    assert sentence.endswith(
        "'loss': its value is no finite number; 'a=b': its name has `=`, or a character that cannot be seen"
    )
    output_file.remove()
