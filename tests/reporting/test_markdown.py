"""Any text is shown as text in a page of markdown."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mdtodo.reporting.markdown import code_block, escaped, link
from mdtodo.reporting.text import one_line
from tests.examples import examples
from tests.strangers import HOSTILE, TABLE_TAGS, Page


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cell_shows_just_the_text(text: str) -> None:
    page = Page(f"| a | b |\n| --- | --- |\n| {escaped(text)} | {link(text, 'https://x/y')} |\n")
    assert page.cells[2:] == [one_line(text), one_line(text)]
    assert page.tags == TABLE_TAGS | {"a"}
    assert page.links == ["https://x/y"]


@given(st.text(max_size=40))
@examples(200)
def test_a_cell_shows_any_text(text: str) -> None:
    page = Page(f"| a | b |\n| --- | --- |\n| {escaped(text)} | z |\n")
    assert page.cells[2:] == [one_line(text), "z"]
    assert page.tags == TABLE_TAGS


@example("a\n```\n<b>")
@example("a\n`````\n<b>")
@given(st.text(alphabet="`~\n <a\x1b#", max_size=40))
@examples(200)
def test_no_text_ends_its_block_of_code(text: str) -> None:
    page = Page(f"{code_block(text)}\n\n| end |\n| --- |\n")
    assert page.tags == {"pre", "code", "table", "thead", "tr", "th"}
