"""What is kept of an attempt's output, for any bytes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.execution.processors.attempt_log import TAIL, AttemptLog

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("capture")


pieces = st.lists(
    st.one_of(st.binary(max_size=40), st.integers(0, 3000).map(lambda n: b"%d\n" % n * n)), max_size=8
)


@given(pieces, st.integers(0, 9000), st.lists(st.text(max_size=30), max_size=3))
def test_a_log_keeps_the_beginning_and_the_end_within_its_limit(
    folder: Path, pieces: list[bytes], limit: int, notes: list[str]
) -> None:
    (folder / "log").unlink(missing_ok=True)
    log = AttemptLog(str(folder / "log"), limit)
    for piece in pieces:
        log.write(piece)
    for note in notes:
        log.note(note)
    log.close()
    kept = (folder / "log").read_bytes() if (folder / "log").exists() else b""
    whole = b"".join(pieces)
    assert log.error is None
    assert len(kept) <= limit
    if len(whole) <= limit * 3 // 4 - 1:
        assert kept.startswith(whole), "what fits is kept whole"
    assert whole.startswith(kept[: limit // 2]) or len(whole) < limit // 2
    gap = re.search(rb"\nmdtodo: (\d+) bytes of output dropped here\n", kept)
    if gap and limit > 4000 and not notes:
        begin, end = kept[: gap.start()], kept[gap.end() :]
        assert whole.startswith(begin)
        assert whole.endswith(end)
        assert len(begin) + int(gap[1]) + len(end) == len(whole)


@given(st.lists(st.binary(max_size=3000), max_size=6), st.text(max_size=3000))
def test_the_tail_of_a_log_is_its_end_as_text(folder: Path, pieces: list[bytes], text: str) -> None:
    log = AttemptLog(str(folder / "log"), 1000)
    for piece in pieces:
        log.write(piece)
    assert len(log.tail().encode()) <= TAIL
    encoded = text.encode("utf-8", "replace")
    log.write(b"\n" + encoded)
    log.close()
    end = encoded.decode()[-TAIL // 4 + 1 :]
    assert log.tail().endswith(end)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_the_tail_does_not_begin_inside_a_character(folder: Path, width: int) -> None:
    for shift in range(4):
        log = AttemptLog(str(folder / "log"), 100_000)
        log.write("aä€🔺"[width - 1].encode() * 5000 + b"." * shift)
        log.close()
        assert "\ufffd" not in log.tail()
        assert len(log.tail().encode()) > TAIL - 4


def test_a_note_stands_on_a_line_of_its_own(folder: Path) -> None:
    for output, expected in (
        (b"", b"mdtodo: a b\n"),
        (b"x", b"x\nmdtodo: a b\n"),
        (b"x\n", b"x\nmdtodo: a b\n"),
    ):
        log = AttemptLog(str(folder / "log"), 1000)
        log.write(output)
        log.note("a\nb")
        log.close()
        assert (folder / "log").read_bytes() == expected
