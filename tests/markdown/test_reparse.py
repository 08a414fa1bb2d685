"""What was read again of a part of a file is what a whole parse finds; and so are the tasks made of it."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.core.digest import hexdigest
from mdtodo.errors import InputError
from mdtodo.markdown import task_index
from mdtodo.markdown.changed_tasks import changed_tasks
from mdtodo.markdown.document import Document, parse
from mdtodo.markdown.reparse import reparse, reparse_part
from mdtodo.markdown.task_index import TaskIndex
from mdtodo.markdown.tasks import read_tasks
from tests.examples import examples
from tests.fuzz.reading import alike
from tests.markdown import changes

LONG = b"".join(
    b"\n## Part %d\n\n- [ ] Write %d\n  - [ ] Below it\n\n1. [x] Read %d\n" % (n, n, n) for n in range(50)
)


def _readable(data: bytes) -> Document | None:
    try:
        return parse(data)
    except InputError:
        return None


@given(st.integers(0, 2**32))
@examples(250)
def test_a_changed_file_is_read_again_as_if_it_were_new(seed: int) -> None:
    random = Random(seed)
    before = _readable(changes.file(random))
    if before is None:
        return
    again = before
    for _ in range(3):
        data = changes.changed(random, before.data)
        if (after := _readable(data)) is not None:
            again = reparse(again, data)
            assert alike(reparse(before, data)) == alike(again) == alike(after)


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        pytest.param(b"- [ ] Write 7\n", b"- [x] Write 7\n", (21, 24, 24, 0, 0), id="tick"),
        pytest.param(b"- [ ] Write 7\n", b"- [ ] New\n- [ ] Write 7\n", (21, 24, 25, 0, 0), id="insert"),
        pytest.param(b"\n1. [x] Read 7\n", b"", (21, 27, 26, 0, 0), id="remove"),
        pytest.param(b"\n\n- [ ] Write 0\n", b"\n- [ ] Write 0\n", (0, 3, 3, 0, 0), id="first"),
        pytest.param(b"Read 49\n", b"Read 49", (147, 150, 150, 0, 0), id="no line end"),
    ],
)
def test_only_what_lies_around_a_change_is_read(old: bytes, new: bytes, part: tuple[int, ...]) -> None:
    data = LONG.replace(old, new)
    document, found = reparse_part(parse(LONG), data)
    assert found == part
    assert alike(document) == alike(parse(data))


FLAT = b"".join(b"- [ ] Write %d\n" % n for n in range(300))


@pytest.mark.parametrize(
    ("before", "old", "new", "part"),
    [
        pytest.param(FLAT, b"[ ] Write 150\n", b"[x] Write 150\n", (148, 152, 152, 1, 1), id="tick"),
        pytest.param(
            FLAT, b"Write 150\n", b"Write 150\n  - [ ] A\n  - [ ] B\n", (149, 153, 155, 1, 1), id="subtasks"
        ),
        pytest.param(FLAT, b"- [ ] Write 150\n", b"", (148, 153, 152, 1, 1), id="remove"),
        pytest.param(FLAT, b"- [ ] Write 0\n", b"- [ ] Z\n- [ ] Write 0\n", (0, 2, 3, 0, 1), id="first"),
        pytest.param(FLAT, b"Write 299\n", b"Write 299\n- [ ] Z\n", (298, 300, 301, 1, 0), id="last"),
        pytest.param(
            FLAT.replace(b"- ", b"1. "),
            b"Write 150\n",
            b"Write 150\n\n2. [ ] Z\n",
            (149, 153, 154, 1, 1),
            id="ordered",
        ),
        pytest.param(
            FLAT, b"Write 150\n", b"Write 150\n* [ ] Z\n", (149, 153, 154, 1, 1), id="two lists more"
        ),
        pytest.param(
            FLAT.replace(b"Write 150\n", b"Write 150\n  ```\n  x\n  ```\n").replace(
                b"Write 151\n", b"Write 151\n  ```\n  y\n"
            ),
            b"  x\n",
            b"  x\n1. [ ] w\n",
            (0, 300, 300, 0, 0),
            id="a fence over the next one",
        ),
        pytest.param(FLAT, b"Write 150\n", b"Write 150\n```\n", (0, 300, 151, 0, 0), id="a fence"),
        pytest.param(FLAT, b"Write 150\n", b"Write 150\n\nPart\n---\n", None, id="a heading"),
    ],
)
def test_of_a_list_only_what_lies_around_a_change_is_read(
    before: bytes, old: bytes, new: bytes, part: tuple[int, ...] | None
) -> None:
    data = before.replace(old, new)
    documents = {"a.md": parse(before), "b.md": parse(b"- [ ] Other\n")}
    document, found = reparse_part(documents["a.md"], data)
    assert found == part
    assert alike(document) == alike(parse(data))
    tasks = found and changed_tasks(read_tasks(documents), "a.md", documents["a.md"], document, found)
    assert tasks == (part and read_tasks({**documents, "a.md": parse(data)}))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b"- [ ] Write 7\n", b"# New\n- [ ] Write 7\n", id="a heading more"),
        pytest.param(b"## Part 7\n", b"### Part 7\n", id="another level"),
        pytest.param(b"- [ ] Write 7\n", b"```\n- [ ] Write 7\n", id="a fence that goes on"),
        pytest.param(
            b"- [ ] Write 7\n", b"## Part 8\n```\n- [ ] Write 7\n", id="the next heading earlier, and a fence"
        ),
        pytest.param(b"- [ ] Write 7\n", b"<!--\n- [ ] Write 7\n", id="a comment that goes on"),
        pytest.param(b"- [ ] Write 7\n", b"- [~] Write 7\n", id="an unknown box"),
        pytest.param(b"- [ ] Write 7\n", b"[x]: /link\n\n- [ ] Write 7\n", id="a definition"),
        pytest.param(b"- [ ] Write 7\n", b"<<<<<<< a\n- [ ] Write 7\n", id="a mark of a conflict"),
        pytest.param(b"- [ ] Write 7\n", b"- [ ] Write 7\r", id="a lone carriage return"),
        pytest.param(b"- [ ] Write 7\n", b"> ## Quoted\n\n- [ ] Write 7\n", id="a heading in a quote"),
    ],
)
def test_more_is_read_where_what_follows_may_mean_something_else(old: bytes, new: bytes) -> None:
    data = LONG.replace(old, new)
    document, part = reparse_part(parse(LONG), data)
    assert part is None
    assert document == parse(data)


def test_a_heading_that_holds_for_what_follows_no_more_is_seen() -> None:
    before = parse(b"# A\n\n## X\n\n### B\n\n- [ ] t\n")
    after = reparse(before, before.data.replace(b"## X", b"> ## X"))
    assert before.items[0].headings == (0, 1, 2)
    assert after.items[0].headings == (0, 2)


@pytest.mark.parametrize("mark", ["*", "1."])
def test_lists_stay_apart_when_one_without_tasks_goes_after_another_one_came(mark: str) -> None:
    """What a list is called that came must not be what one is called that stays."""
    texts = [b"- [ ] a\n  - b\n\n- [ ] c\n- [ ] d\n- [ ] e\n- [ ] f\n"]
    texts.append(texts[0] + b"  %s [ ] g\n" % mark.encode())
    texts.append(texts[1].removeprefix(b"- [ ] a\n  - b\n\n"))
    document = parse(texts[0])
    for text in texts[1:]:
        document, part = reparse_part(document, text)
        assert part is not None
        assert alike(document) == alike(parse(text))


def test_an_unreadable_change_is_refused_as_by_a_parse() -> None:
    with pytest.raises(InputError, match=r"not UTF-8"):
        reparse(parse(LONG), LONG + b"\xff")


@given(st.integers(0, 2**32))
@examples(250)
def test_tasks_after_a_change_are_those_of_a_new_repository(seed: int) -> None:
    random = Random(seed)
    names = sorted(random.sample(["TODO.md", "a/TODO.md", "b.md"], random.randint(1, 3)))
    documents = {name: one for name in names if (one := _readable(changes.file(random))) is not None}
    if not documents:
        return
    file = random.choice(list(documents))
    data = changes.changed(random, documents[file].data)
    if _readable(data) is None:
        return
    tasks = read_tasks(documents)
    after, part = reparse_part(documents[file], data)
    found = part and changed_tasks(tasks, file, documents[file], after, part)
    if found:
        assert found == read_tasks({**documents, file: after})


def test_a_task_more_is_told_without_reading_the_others() -> None:
    documents = {"a.md": parse(LONG), "b.md": parse(b"- [ ] Other\n")}
    tasks = read_tasks(documents)
    taken = hexdigest(b"Write 7")[:7].encode()
    others = b"Read 3", b"Other", b"New id:" + taken
    for title, is_told in ((b"New id:n", True), *[(one, False) for one in others]):
        data = LONG.replace(b"- [ ] Write 7\n", b"- [ ] Write 7\n- [ ] %s\n" % title)
        after, part = reparse_part(documents["a.md"], data)
        assert part is not None
        found = changed_tasks(tasks, "a.md", documents["a.md"], after, part)
        assert found == (read_tasks({**documents, "a.md": after}) if is_told else None)


@given(st.integers(0, 2**32))
@examples(200)
def test_one_task_is_found_as_among_all(seed: int) -> None:
    random = Random(seed)
    before = _readable(changes.file(random))
    after = before and _readable(changes.changed(random, before.data))
    if before is None or after is None or not before.items:
        return
    tasks = read_tasks({"TODO.md": before})
    whole = TaskIndex(after, "TODO.md")
    if after.items:
        _ = whole[0]  # reads all
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(task_index, "_FEW_READ", 0)
        patch.setattr(task_index, "_FEW_ALIKE", 0)
        for task in random.sample(tasks, min(5, len(tasks))):
            found, expected = TaskIndex(after, "TODO.md").find(task.anchor), whole.find(task.anchor)
            assert (found, getattr(found, "indices", ())) == (expected, getattr(expected, "indices", ()))


def test_one_task_of_many_is_found_without_the_keys_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = parse(b"".join(b"- [ ] Write chapter %d\n" % n for n in range(1000)))
    (task,) = (one for one in read_tasks({"TODO.md": plain}) if one.title == "Write chapter 512")
    read = []
    monkeypatch.setattr(
        task_index, "read_keys", lambda text, real=task_index.read_keys: read.append(text) or real(text)
    )
    assert TaskIndex(plain, "TODO.md").find(task.anchor) == 512
    assert len(read) < 20
