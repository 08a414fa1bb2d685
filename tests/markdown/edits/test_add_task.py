"""A task that is added to a file."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from mdtodo.core.task import STATUS_CHARS, Anchor, Status
from mdtodo.errors import EditError
from mdtodo.markdown.anchors import anchors
from mdtodo.markdown.document import parse
from mdtodo.markdown.edits.add_task import add_task


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b"- [ ] new\n"),
        (b"\xef\xbb\xbf", b"\xef\xbb\xbf- [ ] new\n"),
        (b"\n\n", b"\n\n- [ ] new\n"),
        (b"# H\n", b"# H\n\n- [ ] new\n"),
        (b"# H\n\n", b"# H\n\n- [ ] new\n"),
        (b"text", b"text\n\n- [ ] new"),
        (b"text\r\n", b"text\r\n\r\n- [ ] new\r\n"),
        (b"- [ ] a\n", b"- [ ] a\n- [ ] new\n"),
        (b"- [ ] a", b"- [ ] a\n- [ ] new"),
        (b"* [ ] a\r\n  * [ ] b\r\n\r\ntext", b"* [ ] a\r\n  * [ ] b\r\n* [ ] new\r\n\r\ntext"),
        (b" 1) [ ] a\n 2) [ ] b\n", b" 1) [ ] a\n 2) [ ] b\n 3) [ ] new\n"),
        (b"- [ ] a\n\n> - [ ] b\n", b"- [ ] a\n- [ ] new\n\n> - [ ] b\n"),
        (b"> - [ ] b\n", b"> - [ ] b\n> - [ ] new\n"),
        (b"- [ ] a\n  # h\ntext", b"- [ ] a\n  # h\n- [ ] new\n\ntext"),
        (b"+   [ ] a\n\n# H\n\n+   [ ] b\n", b"+   [ ] a\n\n# H\n\n+   [ ] b\n+   [ ] new\n"),
    ],
)
def test_a_task_is_added_to_the_file(before: bytes, after: bytes) -> None:
    assert add_task(before, "new") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"# One\n\n- [ ] a\n\n## Two\n\n- [ ] b\n", b"# One\n\n- [ ] a\n- [ ] new\n\n## Two\n\n- [ ] b\n"),
        (b"# One #x run:y\n\n# Two\n", b"# One #x run:y\n\n- [ ] new\n\n# Two\n"),
        (b"# One\ntext\n", b"# One\n\n- [ ] new\n\ntext\n"),
        (b"One\n===\n\ntext\n", b"One\n===\n\n- [ ] new\n\ntext\n"),
        (b"One\r---\r- [ ] a\r# Two", b"One\r---\r- [ ] a\r- [ ] new\r# Two"),
        (b"## one ##", b"## one ##\n\n- [ ] new"),
        (b"# One\n\n## Two\n\n- [ ] a\n", b"# One\n\n- [ ] new\n\n## Two\n\n- [ ] a\n"),
        (b"# One\n\n```\ncode\n", b"# One\n\n- [ ] new\n\n```\ncode\n"),
    ],
)
def test_a_task_is_added_to_a_section(before: bytes, after: bytes) -> None:
    assert add_task(before, "new", section="one") == after


def test_a_task_is_added_below_another() -> None:
    data = b"- [ ] a\n  1. [ ] b\n  2. [ ] b\n"
    assert add_task(data, "b", under=anchors(parse(data), "TODO.md")[0]) == data + b"  3. [ ] b\n"
    data = b"- [x] a\n\n  <div>\n"
    assert add_task(data, "b", under=anchors(parse(data), "TODO.md")[0]) == data + b"\n  - [ ] b\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[ ] new", "new"),
        ("- [ ] new", "new"),
        ("* [ ] new #x", "new #x"),
        ("1. [ ] new", "new"),
        ("2)\t[ ]\tnew", "new"),
        ("  - [ ]  new ", "new"),
        ("[ ] [ ] new", "new"),
        ("- [ ] - [ ] new", "new"),
        ("[] new", "new"),
        ("[  ] new", "new"),
        ("[ ]new", "new"),
        ("- [ ]new", "new"),
        ("[ ] (new)", "(new)"),
        # no boxes
        ("1. new", "1. new"),
        ("[ ](u) new", "[ ](u) new"),
        ("[x](u) new", "[x](u) new"),
        ("[]byte", "[]byte"),
        ("[1] new", "[1] new"),
        ("[~] new", "[~] new"),
        ("new [ ] one", "new [ ] one"),
    ],
)
def test_a_box_that_was_typed_is_the_task_s_own(text: str, line: str) -> None:
    assert add_task(b"", text) == f"- [ ] {line}\n".encode()
    assert add_task(b"1. [ ] a\n", text) == f"1. [ ] a\n2. [ ] {line}\n".encode()


def test_a_box_of_the_configuration_that_was_typed_stays() -> None:
    statuses = MappingProxyType({**STATUS_CHARS, "o": Status.TODO})
    assert add_task(b"", "[o] new", statuses=statuses) == b"- [o] new\n"
    assert add_task(b"", "- [o] new", statuses=statuses) == b"- [o] new\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "a\nb",
        "a\rb",
        "\x00",
        "- [x] a",
        "[x] a",
        "1. [/] a",
        "[ ]",
        "- [ ]",
        "[]",
        "a\x1b",
        "\ud800",
    ],
)
def test_text_that_is_not_one_task_is_not_added(text: str) -> None:
    with pytest.raises(EditError):
        add_task(b"- [ ] a\n", text)


@pytest.mark.parametrize(
    ("data", "where", "words"),
    [
        (b"# One\n", {"section": "Tow"}, "no heading is called 'Tow'"),
        (b"# One\n\n# one\n", {"section": "one"}, "lines 1, 3"),
        (b"- [ ] a\n", {"under": Anchor("", "x", "", 0)}, "no task has the id 'x'"),
        (b"```\n", {}, "no place"),
        (b"<!--\n", {}, "no place"),
        (b"- x\n\n  # One\n", {"section": "one"}, "no place"),
        (b"- # One", {"section": "one"}, "no place"),
        # what is indented below would go into the new item: a heading, a block of code around an empty box, and around
        # what looks like a conflict
        (b"# One\n  text\n===\n", {"section": "one"}, "no place"),
        (b"# One\n  ```\n- [ ]\n  ```\n", {"section": "one"}, "no place"),
        (b"# One\n  ```\n<<<<<<< a\n\n=======\n\n>>>>>>> b\n  ```\n", {"section": "one"}, "no place"),
    ],
)  # fmt: skip
def test_a_place_where_no_task_can_be_added_is_refused(
    data: bytes, where: dict[str, object], words: str
) -> None:
    with pytest.raises(EditError, match=words):
        add_task(data, "new", **where)  # type: ignore[arg-type]
