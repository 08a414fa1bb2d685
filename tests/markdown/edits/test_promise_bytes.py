"""Promise 2, one line changes: whatever the file, every byte that an edit does not ask for stays."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mdtodo.core.edits import AddNote, AddSubtasks, Edit, SetKey, SetStatus
from mdtodo.core.task import WRITTEN_CHARS, Status
from mdtodo.errors import EditError
from mdtodo.markdown.anchors import anchors
from mdtodo.markdown.document import Document, parse
from mdtodo.markdown.edits.add_task import add_task
from mdtodo.markdown.edits.apply import apply
from mdtodo.markdown.keys.read import read_keys
from tests.examples import examples

ANY = frozenset(Status)

PREFIXES = st.sampled_from(
    [
        *(
            "",
            "",
            "- ",
            "- ",
            "* ",
            "+   ",
            "1. ",
            "2) ",
            "10. ",
            "-\t",
            "> ",
            ">",
            "> - ",
            "- - ",
            "- > 1. ",
        ),
        *("  ", "  - ", "   ", "   - ", "    ", "    - ", "\t", "\t- ", "\t\t* ", "     1) ", "      - "),
        *("  > - ", "> > ", ">   - ", ">\t- ", " > ", "-\n  ", "- [ ] p\n  - ", "- p\n\n\n  "),
    ]
)
BOXES = st.sampled_from(
    ["[ ] ", "[ ] ", "[x] ", "[X] ", "[/]\t", "[-]  ", "[ ]", "[?] ", "[]", "[ ](u) ", ""]
)
WORDS = st.sampled_from(
    [
        *(
            "a",
            "b",
            "task of words",
            "#tag",
            "!high",
            "id:x",
            "due:2026-01-01",
            "failed:1",
            "failed:x",
            "^end",
            "(A)",
        ),
        *(
            "`code",
            "`",
            "``",
            "<!--",
            "-->",
            "<b",
            ">",
            "[l](u 't",
            "')",
            "[",
            "]",
            "\\",
            "*",
            "⏫",
            "📅 2026-01-01",
            "📅 2 weeks",
            "✅ 12 tests",
            "🗓\ufe0f 2026-01-01",
            "⛔ Blocked",
            "🆔",
            'failed:"',
        ),
        *(
            "[est:: 1h]",
            "\u2028",
            "\x0b",
            "\x0c",
            "\x85",
            "\u00a0",
            "\ue000",
            "\uf8ff",
            "\U0010fffd",
            "é",
            "\ufeff",
        ),
        *(
            "```",
            "~~~",
            "---",
            "===",
            "<div>",
            "</div>",
            "# h",
            "[r]: /u",
            "| a |",
            "|---|",
            "  ",
            "\t",
            "\\",
        ),
    ]
)
ENDS = st.sampled_from(
    ["\n", "\n", "\n", "\r\n", "\r\n", "\r", "  \n", "\\\n", "\n\n", "\r\n\r\n", "\r\r", "\n \t\n"]
)
LINES = st.builds(
    lambda prefix, box, words, end: prefix + box + " ".join(words) + end,
    PREFIXES, BOXES, st.lists(WORDS, max_size=4), ENDS,
)  # fmt: skip


def _document(bom: bool, lines: list[str], cut: int) -> bytes:
    text = "".join(lines)
    return b"\xef\xbb\xbf" * bom + text[: len(text) - cut].encode()


DOCUMENTS = st.one_of(
    st.builds(_document, st.booleans(), st.lists(LINES, max_size=10), st.sampled_from([0, 0, 1, 2, 3])),
    st.text(st.sampled_from("-*+ \t>[]x/1.)\n\r`a#=<|"), max_size=60).map(str.encode),
)


def tasks(document: Document) -> list[tuple[object, ...]]:
    """What must stay of each task: its status, its words, its parent, its headings."""
    return [
        (
            item.status,
            item.text,
            None if item.parent is None else document.items[item.parent].text,
            item.headings,
        )
        for item in document.items
    ]


def assert_inserted(before: bytes, after: bytes) -> None:
    """`after` is `before` with something put in at one place."""
    same = next((n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), len(before))
    assert after.endswith(before[same:])
    assert len(after) > len(before)


DEEP = "".join(f"{'  ' * depth}- [ ] level {depth}\n" for depth in range(50)).encode()
DEEP_QUOTES = b"".join(b"> " * depth + b"- [ ] q\r" for depth in range(1, 50))
DEEP_MARKERS = b"- " * 50 + b"[ ] a"
SEPARATORS = "- [ ] a\u2028- [ ] b\x0b\x0c\x1c\x85c\n- [ ] d".encode()
PRIVATE = "\ue000\ue001\uf8ff\n- [ ] \ue000 0\n- [ ] \U0010fffd\n".encode()


@examples(200)
@given(DOCUMENTS, st.sampled_from(Status), st.data())
@example(DEEP, Status.DONE, None)
@example(DEEP_QUOTES, Status.DONE, None)
@example(DEEP_MARKERS, Status.DONE, None)
@example(SEPARATORS, Status.CANCELLED, None)
@example(PRIVATE, Status.DOING, None)
@example("- [é] a".encode(), Status.DONE, None)
def test_a_tick_changes_one_character(data: bytes, status: Status, draw: st.DataObject | None) -> None:
    document = parse(data)
    places = anchors(document, "TODO.md")
    chosen = [item for item in document.items if draw is None or draw.draw(st.booleans())]
    expected = bytearray(data)
    for item in chosen:
        if item.status is not status:
            expected[item.box : item.box + 1] = WRITTEN_CHARS[status].encode()
    edits: list[Edit] = [SetStatus(places[item.index], status, ANY) for item in chosen]
    unique = {(place.explicit or (place.digest, place.section, place.nth)) for place in places}
    if len(unique) < len(places):
        return  # an id that stands twice: see test_edits
    result = apply(data, edits)
    assert not result.missing
    assert result.data == bytes(expected)
    again = apply(result.data, edits)
    assert again.data == result.data
    assert again.already == tuple(edits)
    back = [SetStatus(places[item.index], item.status, ANY) for item in chosen if item.char != "X"]
    if len(back) == len(chosen):
        assert apply(result.data, back).data == data


KEYS = {"failed": "7", "worker": "w-1", "done": "2026-11-21", "id": "fresh", "lane": "general", "est": "1d4h"}


@examples(200)
@given(DOCUMENTS, st.sampled_from(sorted(KEYS)), st.integers(0, 9))
@example(DEEP, "failed", 49)
@example(DEEP_QUOTES, "failed", 20)
@example(SEPARATORS, "failed", 0)
@example(b"- [ ] a `b\r  c` d\\\r  e", "done", 0)
@example(b"- [ ] a ^b  \r\n  c", "worker", 0)
@example(b"> - [ ] a <b\n> c=\n> d> e", "failed", 0)
def test_a_key_that_is_written_and_taken_off_leaves_no_trace(data: bytes, key: str, number: int) -> None:
    document = parse(data)
    if not document.items:
        return
    place = anchors(document, "TODO.md")[number % len(document.items)]
    result = apply(data, [SetKey(place, key, KEYS[key])], tolerant=True)
    if not result.done:
        assert result.data == data
        return
    after = parse(result.data)
    item = next(item for item, old in zip(after.items, document.items, strict=True) if item.text != old.text)
    before = document.items[item.index]
    keys = read_keys(item.text)
    assert str(keys.estimate if key == "est" else getattr(keys, key)) == {"est": "720"}.get(key, KEYS[key])
    assert keys.title == read_keys(before.text).title
    for found, old in zip(after.items, document.items, strict=True):
        assert (found.status, found.parent, found.headings) == (old.status, old.parent, old.headings)
        assert found.text == old.text or found is item
    now = anchors(after, "TODO.md")[item.index]
    assert apply(result.data, [SetKey(now, key, KEYS[key])]).data == result.data
    if not any(token.name == key for token in read_keys(before.text).tokens):
        assert_inserted(data, result.data)
        assert apply(result.data, [SetKey(now, key, None)], tolerant=True).data == data or key == "id"


@examples(200)
@given(DOCUMENTS, st.sampled_from(["- [ ] new one", "1. [ ] new one", "note"]), st.integers(0, 9))
@example(DEEP, "- [ ] new one", 49)
@example(DEEP_QUOTES, "1. [ ] new one", 49)
@example(DEEP_MARKERS, "note", 0)
@example(SEPARATORS, "- [ ] new one", 0)
@example(PRIVATE, "note", 1)
@example(b"- [ ] a\n  ```\n  - [ ] no", "- [ ] new one", 0)
def test_an_insertion_leaves_everything_else_as_it_is(data: bytes, line: str, number: int) -> None:
    document = parse(data)
    if not document.items:
        return
    index = number % len(document.items)
    place = anchors(document, "TODO.md")[index]
    edit: Edit = AddNote(place, line) if line == "note" else AddSubtasks(place, (line,))
    result = apply(data, [edit], tolerant=True)
    if result.data == data:
        return
    assert result.done == (edit,)
    assert_inserted(data, result.data)
    after = parse(result.data)
    new = [entry for entry in after.items if entry.text == "new one"]
    assert len(new) == (line != "note")
    assert [entry.parent for entry in new] == [index] * len(new)
    assert [task for task in tasks(after) if task[1] != "new one"] == tasks(document)
    again = apply(result.data, [edit], tolerant=True)
    assert again.data == result.data
    assert again.already == (edit,)


@examples(150)
@given(DOCUMENTS)
@example(DEEP_QUOTES)
@example(b"---\nfront: matter\n---\n")
def test_a_new_task_leaves_everything_else_as_it_is(data: bytes) -> None:
    document = parse(data)
    try:
        after = add_task(data, "new one #tag")
    except EditError:
        return
    assert_inserted(data, after)
    found = parse(after)
    assert [task for task in tasks(found) if task[1] != "new one #tag"] == tasks(document)
    assert len(found.items) == len(document.items) + 1


NOTES = st.one_of(st.text(max_size=40), st.lists(WORDS, max_size=4).map(" ".join), LINES)


@examples(200)
@given(NOTES)
@example("[x]: /url")
@example("a\n\n# b\n- [ ] c")
def test_a_note_is_never_anything_but_a_note(text: str) -> None:
    data = b"# h\n\n- [ ] a\n- [ ] b\n\n[l]\n"
    document = parse(data)
    result = apply(data, [AddNote(anchors(document, "")[0], text)], tolerant=True)
    after = parse(result.data)
    assert tasks(after) == tasks(document)
    assert len(after.headings) == 1
    assert result.data.count(b"\n") == data.count(b"\n") + len(result.done)
    if result.done:
        from cmarkgfm import github_flavored_markdown_to_html as html

        assert html(result.data.decode()).count("<li>") == 3
        assert html(result.data.decode()).count("<ul>") == 2


@pytest.mark.parametrize(
    ("unit", "size", "end"),
    [("word ", 1_000_000, "\r\n"), ("x", 1_000_000, ""), ("ä", 1_000_000, "\r")]
    + [(unit, 100_000, "") for unit in ("`", "[", "](", "⏫", "<a ", "\\", "#t ", "a\n  ")],
)
def test_edits_of_a_line_of_a_megabyte_change_nothing_else(unit: str, size: int, end: str) -> None:
    data = ("- [ ] " + unit * (size // len(unit.encode())) + "z" + end).encode()
    place = anchors(parse(data), "")[0]
    start = time.process_time()
    result = apply(data, [SetStatus(place, Status.DONE), SetKey(place, "failed", "1")])
    assert time.process_time() - start < 20  # quadratic time would be minutes
    ticked = data.replace(b"[ ] ", b"[x] ", 1)
    first = re.split(rb"[\r\n]", ticked)[0]
    assert result.data == first + b" failed:1" + ticked[len(first) :]
