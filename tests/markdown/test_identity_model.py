"""A tick never goes to another line: a model that knows which line is which, against random edits of random files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from mdtodo.markdown.document import parse
from mdtodo.markdown.task_index import TaskIndex
from mdtodo.markdown.tasks import read_tasks
from tests.examples import examples
from tests.markdown.identities import FILES, STARTS, STEPS, Line, Step, text_of, wrong_ticks

if TYPE_CHECKING:
    import pytest


@examples(400)
@given(STARTS, STEPS)
def test_a_tick_never_goes_to_another_line(start: tuple[list[Line], ...], steps: list[Step]) -> None:
    assert wrong_ticks(start, steps) == []


def test_the_model_sees_it_where_equal_tasks_are_not_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TaskIndex, "_told_apart", lambda self, anchor, alike: alike[0])
    few = settings(max_examples=2000, database=None, derandomize=True, phases=[Phase.generate])
    assert find(st.tuples(STARTS, STEPS), lambda case: bool(wrong_ticks(*case)), settings=few)


def test_the_model_sees_it_where_the_processor_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    start = [Line(0, "t", " run:x"), Line(0, "u")], [Line(0, "u")]
    steps = Step("delete", 0, 0, 0, Line(0, "u")), Step("insert", 0, 0, 1, Line(0, "t", " run:y"))
    assert wrong_ticks(start, steps) == []
    monkeypatch.setattr(TaskIndex, "_unless_changed", lambda self, anchor, index: index)
    assert wrong_ticks(start, steps) != []


@examples(200)
@given(STARTS)
def test_in_the_version_that_it_was_made_of_each_task_is_found(start: tuple[list[Line], ...]) -> None:
    files = {name: parse(text_of(lines)) for name, lines in zip(FILES, start, strict=True)}
    for task in read_tasks(files):
        document = files[task.file]
        index = TaskIndex(document, task.file).find(task.anchor)
        assert isinstance(index, int)
        assert document.items[index].line == task.line
