"""What must hold of any text that is read, whole or again after a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.config.settings import DEFAULT
from mdtodo.core.task import Status
from mdtodo.errors import InputError
from mdtodo.markdown.changed_tasks import changed_tasks
from mdtodo.markdown.document import Document, parse
from mdtodo.markdown.reparse import reparse_part
from mdtodo.markdown.second_opinion import second_opinion
from mdtodo.markdown.source import normalize_newlines, skip_front_matter
from mdtodo.markdown.task_index import TaskIndex
from mdtodo.markdown.tasks import read_tasks
from mdtodo.planning.plan import plan
from tests.markdown import gfm_oracle

if TYPE_CHECKING:
    from mdtodo.core.task import Task
    from mdtodo.markdown.reparse import Part
    from tests.fuzz.versions import Versions


def alike(document: Document) -> Document:
    """Its lists numbered as they come: numbers tell lists apart, and say no more."""
    seen: dict[int, int] = {}
    items = [one._replace(list_index=seen.setdefault(one.list_index, len(seen))) for one in document.items]
    return document._replace(items=tuple(items))


def reads(versions: Versions) -> None:
    """A text is read as cmark-gfm reads it, or refused; its tasks have one id each, and are planned."""
    for text in versions.texts:
        document = versions.document(text)
        if document is None:
            continue
        second_opinion(text, versions.statuses)
        tasks = read_tasks({"TODO.md": document})
        assert len({task.id for task in tasks}) == len(tasks)
        plan(tasks, DEFAULT)
        if skip_front_matter(normalize_newlines(text))[1] == 1:
            chars = {char: Status.TODO for _, _, char in gfm_oracle.mark_boxes(text)[1]}
            found = parse(text, chars)
            assert gfm_oracle.places(found) == gfm_oracle.tasks(text)
            assert gfm_oracle.lists_of(found) == gfm_oracle.lists(text)


def rereads(versions: Versions) -> None:
    """What is read again of a part is what a parse of all finds, after each change and from each version."""
    known = versions.documents()
    before = known[0] if known else None
    for whole in [*known[1:], *reversed(known)]:
        assert before is not None
        after, part = reparse_part(before, whole.data, versions.statuses)
        assert alike(after) == alike(whole)
        if part is not None:
            _is_part(before, after, part)
        before = after
    for text in versions.texts:
        if before is not None and versions.document(text) is None:
            try:
                reparse_part(before, text, versions.statuses)
            except InputError:
                continue
            raise AssertionError("what a parse refuses was read again")


def _is_part(before: Document, after: Document, part: Part) -> None:
    assert part.begin - part.lead >= 0
    assert len(before.items) - part.end == len(after.items) - part.new_end >= part.trail
    for at in (part.begin, part.end):
        assert at == len(before.items) or before.items[at].parent is None
    assert all(one.parent is None for one in after.items[part.new_end : part.new_end + 1])
    aside = [
        (*one.items[: part.begin], *one.items[end:])
        for one, end in ((before, part.end), (after, part.new_end))
    ]
    said = [[(item.char, item.text, item.headings, item.depth) for item in items] for items in aside]
    assert said[0] == said[1]
    assert [(one.level, one.text) for one in before.headings] == [
        (one.level, one.text) for one in after.headings
    ]
    assert not before.unknown_boxes
    assert not after.unknown_boxes


def renames(versions: Versions) -> None:
    """The tasks of a part that was read again are those of a new repository; and one is found as among all."""
    known = versions.documents()
    if not known:
        return
    documents = {"A.md": known[-1], "TODO.md": known[0]} if len(known) > 2 else {"TODO.md": known[0]}
    tasks = read_tasks(documents)
    for whole in [*known[1:], known[0]]:
        after, part = reparse_part(documents["TODO.md"], whole.data, versions.statuses)
        found = part and changed_tasks(tasks, "TODO.md", documents["TODO.md"], after, part)
        _finds(tasks, whole)
        documents["TODO.md"] = after
        every = read_tasks(documents)
        assert found is None or found == every
        tasks = every if found is None else found


def _finds(tasks: tuple[Task, ...], document: Document) -> None:
    """One task is found as it is where all are read."""
    few, every = TaskIndex(document, "TODO.md"), TaskIndex(document, "TODO.md")
    if document.items:
        _ = every[0]  # reads all
    for task in [*tasks[:2], *tasks[-2:]]:
        found, expected = few.find(task.anchor), every.find(task.anchor)
        assert (found, getattr(found, "indices", ())) == (expected, getattr(expected, "indices", ()))
