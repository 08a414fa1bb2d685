"""What a coverage-guided fuzzer found of ways through the reader, the edits and the merge, tried again.

`fuzz_corpus.json` has for each property of `tests/fuzz` the texts that `python -m tests.fuzz.choose` has chosen from what a run
of `python -m tests.fuzz` had kept: each covers a way through mdtodo/markdown or mdtodo/fast_path that the others do not.
"""

from __future__ import annotations

from contextlib import suppress
from cProfile import Profile
from typing import TYPE_CHECKING

import pytest

from mdtodo.config.settings import DEFAULT
from mdtodo.core.edits import AddNote, AddSubtasks, ChangeLine, Edit, SetKey, SetStatus
from mdtodo.core.task import Status
from mdtodo.errors import EditError, InputError
from mdtodo.markdown.document import parse
from mdtodo.markdown.edits.add_task import add_task
from mdtodo.markdown.edits.apply import apply
from mdtodo.markdown.keys.read import read_keys
from mdtodo.markdown.tasks import read_tasks
from mdtodo.planning.plan import plan
from tests.fuzz import properties
from tests.fuzz.versions import Versions, committed

if TYPE_CHECKING:
    from collections.abc import Callable

    from mdtodo.core.task import Task

TEXTS = committed()
DOCUMENTS = sorted({text for _, one in TEXTS for text in Versions.of(one).texts})
ANY = frozenset(Status)


def _tasks(data: bytes) -> tuple[Task, ...]:
    return read_tasks({"TODO.md": parse(data)})


def _readable() -> list[bytes]:
    found = []
    for data in DOCUMENTS:
        with suppress(InputError):
            parse(data)
            found.append(data)
    return found


READABLE = _readable()


def test_most_documents_can_be_read() -> None:
    assert len(READABLE) > 0.8 * len(DOCUMENTS) > 50


def test_each_text_has_its_property() -> None:
    assert len(TEXTS) > 50
    for name, text in TEXTS:
        getattr(properties, name)(Versions.of(text))


def test_what_is_read_again_of_any_text_is_what_a_parse_finds() -> None:
    for _, text in TEXTS:
        properties.rereads(Versions.of(text))
        properties.renames(Versions.of(text))


def test_every_document_is_planned_and_a_tick_and_its_opposite_leave_the_bytes() -> None:
    for data in READABLE:
        document = parse(data)
        tasks = read_tasks({"TODO.md": document})
        plan(tasks, DEFAULT)
        for task, item in zip(tasks, document.items, strict=True):
            if item.char not in (" ", "x"):
                continue
            now, back = (Status.DONE, Status.TODO) if item.char == " " else (Status.TODO, Status.DONE)
            with suppress(EditError):
                ticked = apply(data, [SetStatus(task.anchor, now, ANY)])
                if not ticked.done:
                    continue
                assert len(ticked.data) == len(data)
                assert [at for at in range(len(data)) if ticked.data[at] != data[at]] == [item.box]
                assert apply(ticked.data, [SetStatus(task.anchor, back, ANY)]).data == data


def _edits(tasks: tuple[Task, ...]) -> list[Edit]:
    if not tasks:
        return []
    first, last = tasks[0].anchor, tasks[-1].anchor
    return [
        SetKey(last, "due", "2026-12-01"),
        AddNote(first, "a note"),
        AddSubtasks(last, ("- [ ] a subtask",)),
        ChangeLine(first, (("due", None),), (("tag", True),), "other words"),
    ]


def test_every_edit_is_made_once_or_refused() -> None:
    for data in READABLE:
        for edit in _edits(_tasks(data)):
            with suppress(EditError):
                made = apply(data, [edit])
                again = apply(made.data, [edit], tolerant=True)
                assert again.data == made.data, (data, edit)
        with suppress(EditError):
            assert len(_tasks(add_task(data, "one more #tag"))) == len(_tasks(data)) + 1


@pytest.mark.parametrize("work", [_tasks, lambda data: plan(_tasks(data), DEFAULT)])
def test_no_document_takes_more_calls_than_its_size_allows(work: Callable[[bytes], object]) -> None:
    """Counted, so that a busy machine makes no difference. A square of a few hundred bytes would be far more."""
    for data in READABLE:
        work(data)  # what is imported and compiled once is no cost of the document
        read_keys.cache_clear()
        profile = Profile()
        profile.runcall(work, data)
        calls = sum(entry.callcount for entry in profile.getstats())
        assert calls < 10_000 + 40 * len(data), (calls, data)
