"""Edits: what is found, what changes, what is refused."""

from __future__ import annotations

import pytest

from mdtodo.core.edits import AddNote, AddSubtasks, Edit, SetKey, SetStatus
from mdtodo.core.task import STATUS_CHARS, Anchor, Status
from mdtodo.errors import EditError, InputError
from mdtodo.markdown.anchors import anchors
from mdtodo.markdown.document import parse
from mdtodo.markdown.edits.apply import Applied, apply
from mdtodo.markdown.edits.original import Original
from tests.timing import cpu_seconds, grows_linearly

TODO, DONE, DOING, CANCELLED = Status
ANY = frozenset(Status)


def anchor(data: bytes, title: str) -> Anchor:
    """That of the first task whose text starts so."""
    document = parse(data)
    return next(
        place
        for place, item in zip(anchors(document, "TODO.md"), document.items, strict=True)
        if item.text.startswith(title)
    )


def applied(data: bytes, *edits: Edit) -> Applied:
    """`apply`, and what must hold of every application: done again, nothing changes."""
    result = apply(data, edits)
    assert [*result.done, *result.already, *(edit for edit, _ in result.missing)] != [] or not edits
    again = apply(result.data, edits)
    assert again.data is result.data
    assert not again.done
    return result


# --- Boxes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "status", "after"),
    [
        (b"- [ ] a", DONE, b"- [x] a"),
        (b"- [/] a", DONE, b"- [x] a"),
        (b"- [ ] a", DOING, b"- [/] a"),
        (b"- [ ] a", CANCELLED, b"- [-] a"),
        (b"-\n  [ ] a", DONE, b"-\n  [x] a"),
        (b"\xef\xbb\xbf- [ ] a\r\n", DONE, b"\xef\xbb\xbf- [x] a\r\n"),
        (b"> 1)\t[ ] a", DONE, b"> 1)\t[x] a"),
        (b"- [\t] a", DONE, None),
        (b"- [x] a", DONE, b"- [x] a"),
        (b"- [X] a", DONE, b"- [X] a"),
    ],
)
def test_a_box_is_written(before: bytes, status: Status, after: bytes | None) -> None:
    if after is None:
        assert parse(before).items == ()
        return
    result = applied(before, SetStatus(anchor(before, "a"), status))
    assert result.data == after
    assert bool(result.done) == (before != after)
    assert bool(result.already) == (before == after)


def test_a_box_that_says_something_unexpected_is_left_alone() -> None:
    data = b"- [-] a\n- [ ] b\n"
    edits = SetStatus(anchor(data, "a"), DONE), SetStatus(anchor(data, "b"), DONE)
    result = applied(data, *edits)
    assert result.data == b"- [-] a\n- [x] b\n"
    assert result.done == edits[1:]
    assert result.missing == ((edits[0], "it is marked cancelled"),)


def test_a_person_may_reopen() -> None:
    data = b"- [x] a"
    assert applied(data, SetStatus(anchor(data, "a"), TODO, ANY)).data == b"- [ ] a"


def test_edits_of_one_task_follow_on_each_other() -> None:
    data = b"- [ ] a\n"
    place = anchor(data, "a")
    result = apply(data, [SetStatus(place, DONE), SetStatus(place, TODO, ANY), SetStatus(place, DOING)])
    assert result.data == b"- [/] a\n"
    result = apply(
        data, [SetKey(place, "failed", "1"), SetKey(place, "failed", "2"), SetKey(place, "lane", "x")]
    )
    assert result.data == b"- [ ] a failed:2 lane:x\n"
    result = apply(data, [SetKey(place, "failed", "1"), SetKey(place, "failed", None)])
    assert result.data == data


def test_boxes_with_status_characters_of_the_configuration_are_written() -> None:
    statuses = {**STATUS_CHARS, "é": TODO, "!": DOING}
    data = "- [é] a\n- [!] b\n".encode()
    edits = [SetStatus(place, DONE) for place in anchors(parse(data, statuses), "TODO.md")]
    assert apply(data, edits, statuses).data == b"- [x] a\n- [x] b\n"


def test_nothing_asked_costs_nothing() -> None:
    data = b"\x00 not even text"
    assert apply(data, []).data is data


def test_a_file_that_is_no_text_is_an_input_error() -> None:
    with pytest.raises(InputError, match=r"^x\.md:1: "):
        apply(b"- [ ] \xff", [SetStatus(Anchor("", "a", "", 0), DONE)], file="x.md")


# --- Anchors -----------------------------------------------------------------------------------

VERSION = b"# H\n\n- [ ] a\n  - [ ] b\n- [ ] c id:c\n- [ ] b\n- [ ] b\n"


@pytest.mark.parametrize(
    ("title", "nth", "later", "line"),
    [
        ("a", 0, b"- [ ] new\n\n## other\n\n1. [x] a failed:2 #tag\n", 5),
        ("a", 0, b"- [ ] a !high and more\n- [-]  a\n", 2),
        ("b", 0, b"- [ ] b\n- [ ] a\n\n  text\n  * [ ] b\n", 5),
        ("c", 0, b"- [ ] c\n", 1),
        ("a", 0, b"- [ ] a id:fresh\n", 1),
        ("a", 0, "- [ ] a 🆔 fresh\n".encode(), 1),
    ],
)
def test_a_task_is_found_again(title: str, nth: int, later: bytes, line: int) -> None:
    document = parse(VERSION)
    items = [item for item in document.items if item.text.split()[0] == title]
    place = anchors(document, "TODO.md")[items[nth].index]
    result = apply(later, [SetKey(place, "worker", "me")])
    assert not result.missing
    lines = result.data.decode().split("\n")
    assert [number for number, text in enumerate(lines, 1) if "worker:me" in text] == [line]


@pytest.mark.parametrize(
    ("title", "later", "reason"),
    [
        ("a", b"- [ ] aa\n", "no task has that title"),
        ("a", b"", "no task has that title"),
        ("a", b"```\n- [ ] a\n```\n", "no task has that title"),
        ("b", b"- [ ] b\n", "no task has that title"),
        ("c", b"- [ ] d\n", "no task has the id 'c'"),
        ("c", b"- [ ] another title id:c\n- [ ] c\n", "the task with the id 'c' says something else now"),
        ("c", b"- [ ] c id:d\n", "has the id 'd'"),
        ("c", b"- [ ] c id:c\n\n- [ ] e id:c\n", "2 tasks have the id 'c': TODO.md:1, TODO.md:3; "),
    ],
)
def test_a_task_that_is_gone_is_missing_with_the_reason(title: str, later: bytes, reason: str) -> None:
    edit = SetStatus(anchor(VERSION, title), DONE)
    result = apply(later, [edit])
    assert result.data is later
    ((missing, why),) = result.missing
    assert missing == edit
    assert reason in why


def test_an_anchor_is_the_sha1_of_the_titles() -> None:
    from hashlib import sha1

    document = parse(b"- [ ] one  two #x\n  - [x] three id:y\n- [ ] one two\n")
    digests = [sha1(text).hexdigest() for text in (b"one two", b"one two\nthree", b"one two")]
    assert [place[:4] for place in anchors(document, "f")] == [
        ("f", None, digests[0], 0), ("f", "y", digests[1], 0), ("f", None, digests[2], 1),
    ]  # fmt: skip


# --- Keys --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "key", "value", "after"),
    [
        (b"- [ ] a\r\n  b\r\n", "failed", "1", b"- [ ] a failed:1\r\n  b\r\n"),
        (b"- [ ] a  \n  b", "failed", "1", b"- [ ] a failed:1  \n  b"),
        (b"- [ ] a `b\n  c` d\n", "failed", "1", b"- [ ] a `b\n  c` d failed:1\n"),
        (b"> - [ ] a `b\rc` d\r", "failed", "1", b"> - [ ] a `b\rc` d failed:1\r"),
        (b"- [ ] a\n  ===\n", "failed", "1", b"- [ ] a failed:1\n  ===\n"),
        (b"- [ ] a ^b", "failed", "1", b"- [ ] a failed:1 ^b"),
        (b"- [ ] a failed:1\n", "failed", "2", b"- [ ] a failed:2\n"),
        (b"- [ ] a failed:1\n", "failed", None, b"- [ ] a\n"),
        (b"- [ ] a\n  failed:1\n  b\n", "failed", None, b"- [ ] a\n  b\n"),
        (b"- [ ] a\r\n  failed:1", "failed", None, b"- [ ] a"),
        (b"- [ ] a\r\n  failed:1\n  b\r", "failed", None, b"- [ ] a\r\n  b\r"),
        (b"- [ ] a\n  b\n  failed:1\n- [ ] c\n", "failed", None, b"- [ ] a\n  b\n- [ ] c\n"),
        ("- [ ] a\n- [ ] b 📅 2026-01-01\n".encode(), "done", "2026-01-02",
         "- [ ] a ✅ 2026-01-02\n- [ ] b 📅 2026-01-01\n".encode()),
        (b"- [ ] a\n- [ ] b [due:: 2026-01-01]\n", "done", "2026-01-02",
         b"- [ ] a [completion:: 2026-01-02]\n- [ ] b [due:: 2026-01-01]\n"),
    ],
)  # fmt: skip
def test_a_key_is_written(before: bytes, key: str, value: str | None, after: bytes) -> None:
    assert applied(before, SetKey(anchor(before, "a"), key, value)).data == after


def test_a_key_that_says_so_already() -> None:
    data = b"- [ ] a est:60m\n"
    edits = SetKey(anchor(data, "a"), "est", "1h"), SetKey(anchor(data, "a"), "failed", None)
    result = applied(data, *edits)
    assert result.already == edits
    assert result.data is data


@pytest.mark.parametrize(
    ("before", "edit"),
    [
        (b"- [ ] a failed:1", ("failed", "not a number")),
        (b"- [ ] a", ("nonsense", "x")),
        (b"- [ ] failed:1", ("failed", None)),
        (b"- [ ] failed:1\n  a", ("failed", None)),
        (b"- [ ] a\n  failed:1 # b", ("failed", None)),
        (b"- [ ] a\n  failed:1 - [ ] b", ("failed", None)),
    ],
)
def test_a_key_that_would_change_the_document_is_refused(before: bytes, edit: tuple[str, str | None]) -> None:
    wanted = SetKey(anchors(parse(before), "TODO.md")[0], *edit)
    with pytest.raises(EditError, match=r"^TODO\.md:1: "):
        apply(before, [wanted])
    result = apply(before, [wanted], tolerant=True)
    assert result.data == before
    assert [edit for edit, _ in result.missing] == [wanted]


def test_one_bad_edit_among_many_is_the_only_one_refused() -> None:
    data = b"".join(b"- [ ] t%d\n" % n for n in range(50)) + b"- [ ] a\n  failed:1 # b\n"
    places = anchors(parse(data), "TODO.md")
    edits = [SetStatus(place, DONE) for place in places] + [SetKey(places[-1], "failed", None)]
    result = apply(data, edits, tolerant=True)
    assert result.data == data.replace(b"[ ]", b"[x]")
    assert [edit for edit, _ in result.missing] == edits[-1:]


# --- Subtasks ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "lines", "after"),
    [
        # after the last line, in the item's own indentation and line end
        (b"- [ ] a\n", ["- [ ] s"], b"- [ ] a\n  - [ ] s\n"),
        (b"- [ ] a", ["- [ ] s", "- [ ] t"], b"- [ ] a\n  - [ ] s\n  - [ ] t"),
        (b"- [ ] a\r\n", ["- [ ] s"], b"- [ ] a\r\n  - [ ] s\r\n"),
        (b"- [ ] a\r- [ ] b\r", ["- [ ] s"], b"- [ ] a\r  - [ ] s\r- [ ] b\r"),
        (b"\xef\xbb\xbf- [ ] a\n", ["- [ ] s"], b"\xef\xbb\xbf- [ ] a\n  - [ ] s\n"),
        (b"x\r\n\r\n- [ ] a\n- [ ] b\r\n", ["- [ ] s"], b"x\r\n\r\n- [ ] a\n  - [ ] s\n- [ ] b\r\n"),
        (b"10. [ ] a\n", ["- [ ] s"], b"10. [ ] a\n    - [ ] s\n"),
        (b"-   [ ] a\n", ["- [ ] s"], b"-   [ ] a\n    - [ ] s\n"),
        (b"* [ ] a\n", ["- [ ] s"], b"* [ ] a\n  * [ ] s\n"),
        (b"\t\n- x\n\t- [ ] a\n", ["- [ ] s"], b"\t\n- x\n\t- [ ] a\n\t  - [ ] s\n"),
        (b"> - [ ] a\n", ["- [ ] s"], b"> - [ ] a\n>   - [ ] s\n"),
        (b"> > - [ ] a\nlazy\n", ["- [ ] s"], b"> > - [ ] a\nlazy\n> >   - [ ] s\n"),
        (b"- > 1. [ ] a\n", ["- [ ] s"], b"- > 1. [ ] a\n  >    - [ ] s\n"),
        (b"- - [ ] a\n", ["- [ ] s"], b"- - [ ] a\n    - [ ] s\n"),
        (b"- [ ] a\nlazy\n\n\n- [ ] b\n", ["- [ ] s"], b"- [ ] a\nlazy\n  - [ ] s\n\n\n- [ ] b\n"),
        (b"- [ ] a\n\n  text\n", ["- [ ] s"], b"- [ ] a\n\n  text\n  - [ ] s\n"),
        (b"- [ ] a\n  ===\n", ["- [ ] s"], b"- [ ] a\n  ===\n  - [ ] s\n"),
        (b"- [ ] a\n  | b |\n  |---|\n", ["- [ ] s"], b"- [ ] a\n  | b |\n  |---|\n  - [ ] s\n"),
        (b"-\n  [ ] a\n", ["- [ ] s"], b"-\n  [ ] a\n  - [ ] s\n"),
        # like the last child
        (b"- [ ] a\n  + [ ] b\n", ["- [ ] s"], b"- [ ] a\n  + [ ] b\n  + [ ] s\n"),
        (b"- [ ] a\n    - [ ] b\n", ["- [ ] s"], b"- [ ] a\n    - [ ] b\n    - [ ] s\n"),
        (b"- [ ] a\n\t- [ ] b\n", ["- [ ] s"], b"- [ ] a\n\t- [ ] b\n\t- [ ] s\n"),
        (b"- [ ] a\n  -   [ ] b\n", ["- [ ] s"], b"- [ ] a\n  -   [ ] b\n  -   [ ] s\n"),
        (b"- [ ] a\n  - [ ] b\n    - [ ] c\n", ["- [ ] s"], b"- [ ] a\n  - [ ] b\n    - [ ] c\n  - [ ] s\n"),
        (b"- [ ] a\n  - [ ] b\n\n  text\n", ["- [ ] s"], b"- [ ] a\n  - [ ] b\n  - [ ] s\n\n  text\n"),
        (b"- [ ] a\n  - x\n    - [ ] b\n", ["- [ ] s"], b"- [ ] a\n  - x\n    - [ ] b\n  - [ ] s\n"),
        # ordered
        (b"- [ ] a\n", ["1. [ ] s", "2. [ ] t"], b"- [ ] a\n  1. [ ] s\n  2. [ ] t\n"),
        (b"- [ ] a\n", ["7) [ ] s", "7) [ ] t"], b"- [ ] a\n  1) [ ] s\n  2) [ ] t\n"),
        (b"- [ ] a\n  1. [ ] b\n", ["- [ ] s"], b"- [ ] a\n  1. [ ] b\n  2. [ ] s\n"),
        (b"- [ ] a\n\n  8) [ ] b\n  9) [ ] c\n", ["1. [ ] s"],
         b"- [ ] a\n\n  8) [ ] b\n  9) [ ] c\n  10) [ ] s\n"),
        (b"- [ ] a\n  1. [ ] b\n  1. [ ] c\n", ["- [ ] s"], b"- [ ] a\n  1. [ ] b\n  1. [ ] c\n  1. [ ] s\n"),
        (b"- [ ] a\n  - [ ] b\n", ["1. [ ] s"], b"- [ ] a\n  - [ ] b\n  1. [ ] s\n"),
        (b"- [ ] a\n  - [ ] b\n\n  text\n", ["1. [ ] s"], b"- [ ] a\n  - [ ] b\n  1. [ ] s\n\n  text\n"),
        # deeper ones, and plain bullets
        (b"- [ ] a\n", ["- [ ] s", "  - [ ] t", "    - [ ] u", "- [ ] v"],
         b"- [ ] a\n  - [ ] s\n    - [ ] t\n      - [ ] u\n  - [ ] v\n"),
        (b"1. [ ] a\n", ["1. [ ] s", "   - [ ] t"], b"1. [ ] a\n   1. [ ] s\n      - [ ] t\n"),
        (b"- [ ] a\n", ["- group", " - [ ] t"], b"- [ ] a\n  - group\n    - [ ] t\n"),
        (b"- [ ] a\n", ["  - [ ] s #x est:1h run:y  "], b"- [ ] a\n  - [ ] s #x est:1h run:y\n"),
        # what is there already
        (b"- [ ] a\n  - [x] s failed:1 #tag\n", ["- [ ] s est:1h"], b"- [ ] a\n  - [x] s failed:1 #tag\n"),
        (b"- [ ] a\n  - [ ] s\n", ["- [ ] s", "- [ ] s"], b"- [ ] a\n  - [ ] s\n  - [ ] s\n"),
        (b"- [ ] a\n  - [ ] s\n", ["- [ ] s", "  - [ ] t"], b"- [ ] a\n  - [ ] s\n    - [ ] t\n"),
        (b"- [ ] a\n  - x\n", ["- x"], b"- [ ] a\n  - x\n"),
        # where the end of the task takes everything in
        (b"- [ ] a\n\n  ```\n  code\n", ["- [ ] s"], b"- [ ] a\n  - [ ] s\n\n  ```\n  code\n"),
        (b"- [ ] a\n  - [ ] b\n    ~~~\n", ["- [ ] s"], b"- [ ] a\n  - [ ] b\n    ~~~\n  - [ ] s\n"),
        (b"- [ ] a\n\n  <div>\n", ["- [ ] s"], b"- [ ] a\n\n  <div>\n\n  - [ ] s\n"),
        (b"> - [ ] a\n>\n>   <div>\n", ["- [ ] s"], b"> - [ ] a\n>\n>   <div>\n>\n>   - [ ] s\n"),
        (b"- [ ] a\n  # h\ntext\n", ["- [ ] s"], b"- [ ] a\n  # h\n  - [ ] s\n\ntext\n"),
        (b"- [ ] a\n\n  <p>\n# h\n", ["- [ ] s"], b"- [ ] a\n\n  <p>\n\n  - [ ] s\n# h\n"),
        (b"- [ ] a\n\n  <p>\ntext", ["- [ ] s"], b"- [ ] a\n\n  <p>\n\n  - [ ] s\n\ntext"),
        (b"- [ ] a\n  <!-- open\n", ["- [ ] s"], b"- [ ] a\n  - [ ] s\n  <!-- open\n"),
        (b"- [ ] a\n  ---\n  <!-- open\n", ["- [ ] s"], b"- [ ] a\n  ---\n  - [ ] s\n  <!-- open\n"),
    ],
)  # fmt: skip
def test_subtasks_are_added(before: bytes, lines: list[str], after: bytes) -> None:
    result = applied(before, AddSubtasks(anchor(before, "a"), tuple(lines)))
    assert result.data == after
    assert bool(result.already) == (before == after)


@pytest.mark.parametrize(
    "line",
    [
        "s", "", " ", "-", "- [ ]", "- [ ] ", "- [ ] s\n- [ ] t", "- [ ] s\r", "- [ ] s\x00",
        "- [ ] \x1b[31ms", "- [ ] s\u2028t", "- [ ] s\x85", "- [ ] \ud800", "\t- [ ] s", "1234567890. [ ] s",
        "- # s", "- > s", "- ```", "- ~~~", "- <div>", "- <!-- s", "- ---", "- - [ ] s", "- 1. s",
        "- [s]: /u", "- [x]: /u", "- [x] s", "- [/] s",
    ],
)  # fmt: skip
def test_hostile_subtasks_are_refused(line: str) -> None:
    data = b"- [ ] a\n"
    with pytest.raises(EditError, match=r"^TODO\.md:1: "):
        apply(data, [AddSubtasks(anchor(data, "a"), ("- [ ] fine", line))])


@pytest.mark.parametrize(
    "text",
    [
        "[ ] s", "`", "<!--", "**", "[a](b", "\\", "| a | b |", "# s", "> s", "- [ ] s", "[x]: /u", "&nbsp;",
        "---", "```",
    ],
)  # fmt: skip
def test_text_that_looks_like_markup_makes_one_subtask(text: str) -> None:
    data = b"- [ ] a\n- [ ] b\n"
    result = applied(data, AddSubtasks(anchor(data, "a"), (f"- [ ] {text}",)))
    assert [(item.text, item.parent) for item in parse(result.data).items] == [
        ("a", None),
        (text, 0),
        ("b", None),
    ]


def test_a_list_with_no_number_left_is_refused() -> None:
    data = b"- [ ] a\n\n  999999999. [ ] b\n"
    with pytest.raises(EditError, match="no room"):
        apply(data, [AddSubtasks(anchor(data, "a"), ("- [ ] s",))])


# --- Notes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "all 42 tests passed (3.1 s), see docs/api_v2.md",
            "all 42 tests passed (3.1 s), see docs/api_v2.md",
        ),
        ("- [ ] x", r"\- \[ ] x"),
        ("[ ] x", r"\[ ] x"),
        ("1. x", r"1\. x"),
        ("12) x", r"12\) x"),
        ("1.5 x", "1.5 x"),
        ("# x", r"\# x"),
        ("> x", r"\> x"),
        ("```", r"\`\`\`"),
        ("~~~", r"\~\~\~"),
        ("---", r"\---"),
        ("* * *", r"\* * *"),
        ("___", r"\__\_"),
        ("===", r"\==="),
        ("<!-- x", r"\<!-- x"),
        ("<b>x</b> 1 < 2", r"\<b>x\</b> 1 < 2"),
        ("*x* 2 * 3 _y_ a_b", r"\*x\* 2 * 3 \_y\_ a_b"),
        ("[x](y) ![z](y)", r"\[x](y) !\[z](y)"),
        ("a\\*", r"a\\\*"),
        ("&lt; & b", r"\&lt; & b"),
        ("a\n- [ ] b\r\n\tc\x00\x1b[31m\u2028d\ud800", r"a - \[ ] b c \[31m d?"),
        ("x" * 2000, "x" * 999 + "…"),
        ("[x]: /url", r"\[x]: /url"),
    ],
)
def test_a_note_is_one_bullet_of_plain_text(text: str, line: str) -> None:
    data = b"- [ ] a\n- [ ] b\n"
    result = applied(data, AddNote(anchor(data, "a"), text))
    assert result.data.decode() == f"- [ ] a\n  - {line}\n- [ ] b\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"- [ ] a", b"- [ ] a\n  - n"),
        (b"> * [ ] a\r\n", b"> * [ ] a\r\n>   * n\r\n"),
        (b"- [ ] a\n  1. [ ] b\n", b"- [ ] a\n  1. [ ] b\n  - n\n"),
        (b"1. [ ] a\n   + [ ] b\n", b"1. [ ] a\n   + [ ] b\n   + n\n"),
        (b"- [ ] a\n    - [ ] b\n  - c\n", b"- [ ] a\n    - [ ] b\n  - c\n  - n\n"),  # else a part of c
        (b"- [ ] a\n\n  ```\n  code\n", b"- [ ] a\n  - n\n\n  ```\n  code\n"),
        (b"- [ ] a\n  <!--\n", b"- [ ] a\n  - n\n  <!--\n"),
        (b"- [ ] a\n  # h\ntext", b"- [ ] a\n  # h\n  - n\n\ntext"),
        (b"- [ ] a\n\n  <div>\n", b"- [ ] a\n\n  <div>\n\n  - n\n"),
        (b"- [ ] a\n  - n\n", b"- [ ] a\n  - n\n"),
        (b"- [ ] a\n  - [ ] b\n    - n\n", b"- [ ] a\n  - [ ] b\n    - n\n  - n\n"),
        (b"- [ ] a\n  - b\n    - n\n", b"- [ ] a\n  - b\n    - n\n  - n\n"),
        (b"- [ ] a\n  - b\n   - n\n", b"- [ ] a\n  - b\n   - n\n"),
        (b"- [ ] a\n\n      code\n", b"- [ ] a\n\n      code\n  - n\n"),
    ],
)
def test_a_note_goes_below_the_task(before: bytes, after: bytes) -> None:
    assert applied(before, AddNote(anchor(before, "a"), "n")).data == after


@pytest.mark.parametrize("text", ["", " \n\t", "\x00"])
def test_an_empty_note_is_refused(text: str) -> None:
    data = b"- [ ] a\n"
    with pytest.raises(EditError, match="empty"):
        apply(data, [AddNote(anchor(data, "a"), text)])


# --- Many at once ------------------------------------------------------------------------------


def test_parents_children_keys_and_insertions_may_be_one_call() -> None:
    data = b"- [ ] a\n  - [ ] b\n    - [ ] c\n- [ ] d ^x"
    a, b, c, d = anchors(parse(data), "TODO.md")
    result = applied(
        data,
        AddNote(a, "note of a"),
        SetStatus(a, DONE),
        AddSubtasks(a, ("- [ ] new of a",)),
        AddNote(b, "note of b"),
        SetStatus(b, DONE),
        SetKey(c, "failed", "1"),
        AddSubtasks(c, ("1. [ ] new of c",)),
        AddNote(c, "note of c"),
        SetKey(d, "worker", "w"),
        AddNote(d, "note of d"),
        SetStatus(d, DOING),
    )
    assert result.data.decode() == (
        "- [x] a\n  - [x] b\n    - [ ] c failed:1\n      1. [ ] new of c\n      - note of c\n"
        "    - note of b\n  - [ ] new of a\n  - note of a\n- [/] d worker:w ^x\n  - note of d"
    )
    assert not result.missing


def test_insertions_add_up_over_calls_and_within_one() -> None:
    data = b"- [ ] a\n"
    place = anchor(data, "a")
    first = apply(data, [AddSubtasks(place, ("1. [ ] s",)), AddNote(place, "n")]).data
    assert first == b"- [ ] a\n  1. [ ] s\n  - n\n"
    second = apply(first, [AddSubtasks(place, ("1. [ ] s", "2. [ ] t")), AddNote(place, "m")]).data
    assert second == b"- [ ] a\n  1. [ ] s\n  2. [ ] t\n  - n\n  - m\n"
    at_once = [
        AddSubtasks(place, ("- [ ] s",)),
        AddSubtasks(place, ("- [ ] s", "- [ ] t")),
        AddNote(place, "n"),
    ]
    result = apply(data, [*at_once, AddNote(place, "n")])
    assert result.data == b"- [ ] a\n  - [ ] s\n  - [ ] t\n  - n\n"
    assert result.already == (AddNote(place, "n"),)


def test_edits_of_one_version_of_the_file_apply_to_another() -> None:
    head = b"- [ ] a\n- [ ] b\n"
    mine = b"# New\n\n- [ ] b  \n\n  words of mine\n- [x] c\n\n> * [ ] a !high\n"
    edits = [SetStatus(place, DONE) for place in anchors(parse(head), "TODO.md")]
    edits_and_note: list[Edit] = [*edits, AddNote(edits[0].anchor, "n")]
    assert apply(mine, edits_and_note).data == (
        b"# New\n\n- [x] b  \n\n  words of mine\n- [x] c\n\n> * [x] a !high\n>   * n\n"
    )


def test_where_mistune_and_gfm_differ_a_place_is_found_where_they_do_not() -> None:
    # An end tag ends a list; mistune takes it for a part of the subtask, unless a blank line stands there.
    data = b"- [ ] a\n</div>\n  - [ ] c\n"
    result = applied(data, AddSubtasks(anchor(data, "a"), ("- [ ] s",)), SetStatus(anchor(data, "a"), DONE))
    assert result.data == b"- [x] a\n  - [ ] s\n\n</div>\n  - [ ] c\n"


def test_where_mistune_cannot_follow_gfm_decides() -> None:
    def nested(depth: int) -> Original:
        data = b"".join(b"  " * level + b"- [ ] %d\n" % level for level in range(depth))
        return Original(parse(data), STATUS_CHARS)

    deepest = next(depth for depth in range(90, 200) if not nested(depth + 1).agreed)
    document = nested(deepest).document
    edits = [AddSubtasks(place, ("- [ ] s",)) for place in anchors(document, "")[-2:]]
    result = applied(document.data, *edits)
    assert result.done == tuple(edits)
    assert len(parse(result.data).items) == deepest + 2


def test_thousands_of_edits_take_linear_time() -> None:
    def seconds(tasks: int) -> float:
        data = b"".join(
            b"- [ ] parent %d id:p%d\n  - [ ] child of it #tag\n  - [ ] child too failed:1\n" % (n, n)
            for n in range(tasks // 3)
        )
        edits: list[Edit] = []
        for number, place in enumerate(anchors(parse(data), "TODO.md")):
            edits.append(SetStatus(place, DONE))
            if number % 3 != 1:
                edits.append(SetKey(place, "failed", "2" if number % 3 else "1"))
        assert len(apply(data, edits).done) == len(edits)
        return cpu_seconds(lambda: apply(data, edits))

    assert grows_linearly(seconds, 300, 3000)


def test_thousands_of_equal_tasks_take_linear_time() -> None:
    """Each is told from the others by its place among them, which is found out once for all."""

    def seconds(tasks: int) -> float:
        data = b"- [ ] the same\n" * tasks
        edits = [SetStatus(place, DONE) for place in anchors(parse(data), "TODO.md")]
        assert len(apply(data, edits).done) == tasks
        fewer = data + b"- [ ] the same\n"  # none of them can be told there
        assert len(apply(fewer, edits).missing) == tasks
        return cpu_seconds(lambda: (apply(data, edits), apply(fewer, edits)))

    assert grows_linearly(seconds, 300, 3000)
