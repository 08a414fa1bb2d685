"""What a program answers, before it is written."""

from __future__ import annotations

import pytest

from mdtodo.core.task import STATUS_CHARS
from mdtodo.errors import EditError
from mdtodo.planning.expand.program_answer import subtasks

TAKEN = {
    b"- [ ] a\n": ["- [ ] a"],
    b"1. [ ] a est:2h\r\n2. [ ] b run:x\r\n": ["1. [ ] a est:2h", "2. [ ] b run:x"],
    b"\xef\xbb\xbf- [ ] a\n\n  - [ ] b\n\t- [ ] c\n- [ ] d": [
        "- [ ] a",
        "  - [ ] b",
        "    - [ ] c",
        "- [ ] d",
    ],
    b"- [ ] a\n - [ ] b\n": ["- [ ] a", "- [ ] b"],
    b"* [ ] `x` <b>bold</b> \xc3\xa9\n": ["* [ ] `x` <b>bold</b> \xe9"],
    b"  - [ ] a\n  - [ ] b\n": ["- [ ] a", "- [ ] b"],
}


@pytest.mark.parametrize("output", TAKEN)
def test_a_list_of_tasks_is_taken_as_markdown_reads_it(output: bytes) -> None:
    assert list(subtasks(output, STATUS_CHARS)) == TAKEN[output]


REFUSED = {
    b"": "no task",
    b" \n\n": "no task",
    b"Here you are:\n\n- [ ] a\n": "line 1, which is not a task list item: 'Here you are:'",
    b"```markdown\n- [ ] a\n```\n": "line 1, which is not a task list item",
    b"- [ ] a\n- plain\n": "line 2, which is not a task list item: '- plain'",
    b"- [ ] a\n  more\n": "line",
    b"- [ ] a\nlazy\n": "line",
    b"- [ ] a\n\n      code\n": "line 3",
    b"- [ ] a\n===\n": "line",
    b"> - [ ] a\n": "line 1",
    b"- - [ ] a\n": "line 1",
    b"    - [ ] a\n": "line 1",
    b"---\nx: y\n---\n- [ ] a\n": "line 1",
    b"- [x] a\n": "line 1, which is not open, although nothing has proven it",
    b"- [/] a\n": "line 1, which is not open, although nothing has proven it",
    b"- [ ]\n": "line 1",
    b"- [ ] a est:soon\n": "line 1, with a bad key: 'soon' is not a valid estimate",
    b"- [ ] a after:-\n": "line 1, with a bad key",
    b"- [ ] a failed:3\n": "line 1, with a key that only mdtodo writes",
    b"- [ ] a done:2026-01-01\n": "line 1, with a key that only mdtodo writes",
    b"- [ ] a\xff\n": "something other than text",
    b"- [ ] a\0\n": "something other than text",
    b"<div>\n- [ ] a\n": "line",
    b"- [ ] a\n<!--\n- [ ] b\n-->\n": "line",
}


@pytest.mark.parametrize("output", REFUSED)
def test_text_that_is_no_list_of_tasks_is_refused_with_its_line(output: bytes) -> None:
    with pytest.raises(EditError) as refused:
        subtasks(output, STATUS_CHARS)
    assert refused.value.sentence.startswith(REFUSED[output])
