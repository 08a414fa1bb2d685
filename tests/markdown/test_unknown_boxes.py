"""List items that are meant as tasks and are none: which ones, where they stand, and what else stays as it was."""

from __future__ import annotations

from random import Random
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.core.task import STATUS_CHARS, Status
from mdtodo.markdown.document import parse
from mdtodo.markdown.tasks import read_tasks
from tests.examples import TIMES, examples
from tests.markdown import documents

_ALONE = [
    "[~] a", "[?] a", "[>] a", "[!] a", '["] a', "[*] a", "[.] a", "[✓] a", "[☑] a", "[✔️] a", "[👍🏽] a", "[×] a",
    "[] a", "[  ] a", "[\t] a", "[\u00a0] a", "[\u200b] a", "[ x ] a", "[x ] a", "[ X] a", "[ - ] a", "[ ~ ] a",
    "[ ]a", "[x]a", "[X]a", "[ ]*a*", "[x]`a`", "[ ]é", "[  ]a", "[ x ]a", "[ ]\u00a0a", "[x]\u2003a", "[~]\ta",
    "[~]\n  a", "[]\n  a", "[ ]\n  a", "[x] \n  a", "[~] (a)", "[~] [a](b)", "[] (a) b",
]  # fmt: skip
_AMONG_TASKS = [
    "[y] a", "[o] a", "[V] a", "[х] a", "[完] a", "[ y ] a", "[]a", "[~]a", "[-]a", "[/]a", "[†] a", "[§] a", "[^] a",
    "[x]-a", "[ ]: a", "[y]\n  a",
]  # fmt: skip
_NEVER = [
    "[1] a", "[12] a", "[ 1 ] a", "[①] a", "[²] a", "[٣] a", "[一] a", "[^1] a", "[^note] a", "[s]he a", "[xx] a",
    "[...] a", "[--] a", "[!NOTE] a", "[a](b)", "[ ](b)", "[~](b)", "[](b)", "[x](b) c", "[x][ref] a", "[ ][ref] a",
    "[~][] a", "[][ref]", "[Smith 2020] a", "\\[ ] a", "[\\] a", "[[] a", "[]] a", "[`] a`", "`[~]` a", "**[~]** a",
    "a [~] b", "![~] a", "> a", "[~", "[", "[~\n  ] a", "[[a]] b", "<!-- [~] a -->", "# [~] a", "[~]", "[]", "[y]",
]  # fmt: skip


def found(text: str) -> list[tuple[int, str]]:
    return [(box.line, box.text) for box in parse(text.encode()).unknown_boxes]


@pytest.mark.parametrize("text", _ALONE)
def test_what_can_only_be_meant_as_a_box_is_found_wherever_a_list_item_stands(text: str) -> None:
    written = text[: text.index("]") + 1]
    for around in (
        "- {}\n",
        "1. {}\n",
        "* b\n* {}\n",
        "> + {}\n",
        "- - {}",
        "- [ ] b\n  - {}\n",
        "- [ ] b\n- {}\n",
    ):
        items = around.format(text)
        line = around.count("\n", 0, around.index("{}")) + 1
        assert found(items) == [(line, written)], items
        assert found(items.replace("\n", "\r\n")) == [(line, written)]


@pytest.mark.parametrize("text", _AMONG_TASKS)
def test_what_may_be_a_word_is_a_box_only_where_its_list_has_a_task(text: str) -> None:
    written = text[: text.index("]") + 1]
    assert found(f"- {text}\n- b\n") == []
    assert found(f"- [ ] b\n  - {text}\n") == [], "the task is in another list"
    assert found(f"- {text}\n- [x] b\n") == [(1, written)]
    assert found(f"1. b\n\n   > c\n2. [ ] b\n3. {text}\n")[0][1] == written


@pytest.mark.parametrize("text", _NEVER)
def test_what_is_no_box_is_none_even_among_tasks(text: str) -> None:
    assert found(f"- [ ] b\n- {text}\n- [ ] c\n") == []
    assert found(f"- {text}\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "[~] a\n", "```\n- [~] a\n```\n", "    - [~] a\n", "<div>\n- [~] a\n</div>\n", "---\na:\n  - [~] a\n---\n",
        "| - [~] a |\n|---|\n", "-[~] a\n", "- [~] a\n\n[~]: /u\n", "[~]: <u> 't'\n\n* [~] a\n", "- [Y] a\n- [ ] b\n\n[y]: /u\n",
        "- [ ] b\n- [x]a\n\n  [X]: /u\n", "> [~]:\n> /u\n\n- [ ~ ] a\n", "- [~]: /u\n",
    ],
)  # fmt: skip
def test_code_html_front_matter_and_references_hold_none(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text", ["- [~] a\n\n```\n[~]: /u\n```\n", "- [~] a\n\n[~]: /u x y\n", "- [~] a\n\nb\n[~]: /u\n"]
)
def test_only_a_definition_makes_a_reference(text: str) -> None:
    assert found(text) == [(1, "[~]")]


def test_a_known_box_is_one_also_where_the_file_defines_it() -> None:
    assert found("- [x]\n  a\n- [x]b\n\n[x]: /u\n") == [(1, "[x]")]


def test_boxes_without_text_are_empty_and_hold_nobody_up() -> None:
    document = parse(b"- [~]\n- []\n- [  ] \n- [y]\n- [ ] a\n- [x]a\n")
    assert document.empty_boxes == (1, 2, 3)
    assert [box.line for box in document.unknown_boxes] == [6]


def test_a_character_of_the_configuration_is_known_and_with_blanks_around_it_is_not() -> None:
    statuses = MappingProxyType({**STATUS_CHARS, "~": Status.DOING, "7": Status.DONE, "y": Status.DONE})
    document = parse(b"- [~] a\n- [7] b\n- [y] c\n- [ y ] d\n- [7]\n  e\n", statuses)
    assert [item.line for item in document.items] == [1, 2, 3]
    assert [(box.line, box.sentence.partition(",")[0]) for box in document.unknown_boxes] == [
        (4, "`[ y ]` is not a box"),
        (5, "the text of `[7]` starts on the next line"),
    ]


@pytest.mark.parametrize(
    ("text", "problem", "remedy"),
    [
        ("[~] a", "`[~]` is not a box that mdtodo knows", "write `[ ]` or `[x]`, or say in [tool.mdtodo.status] what `~` means"),
        ("[✔️] a", "`[✔️]` is not a box that mdtodo knows", "write `[ ]` or `[x]`"),
        ("[\x1b] a", "`[\\x1b]` is not a box that mdtodo knows", "write `[ ]` or `[x]`, or say in [tool.mdtodo.status] what `\\x1b` means"),
        ("[] a", "`[]` is not a box", "write `[ ]`"),
        ("[\u00a0] a", "`[\\xa0]` is not a box", "write `[ ]`"),
        ("[ X ] a", "`[ X ]` is not a box", "write `[X]`"),
        ("[ ]a", "no blank stands after `[ ]`", "put one between the box and its text"),
        ("[x]\u00a0a", "the blank after `[x]` is none of ASCII", "type a space"),
        ("[ ]\n  a", "the text of `[ ]` starts on the next line", "write it right after the box"),
    ],
)  # fmt: skip
def test_the_sentence_says_what_is_wrong_and_what_to_write(text: str, problem: str, remedy: str) -> None:
    (box,) = parse(f"- {text}\n".encode()).unknown_boxes
    assert box.sentence == f"{problem}, so this is not a task, and nothing is ticked past it: {remedy}"


def test_boxes_stand_in_the_task_around_them_and_before_the_one_that_follows() -> None:
    text = "- [ ] p\n  - q\n    - [~] a\n  - [ ] r\n    1. [?] b\n    2. [] c\n    3. [ ] s\n    4. [!] d\n- [~] e\n- [ ] t\n"
    tasks = {task.title: task for task in read_tasks({"TODO.md": parse(text.encode())})}
    inside = {title: task.boxes_inside for title, task in tasks.items()}
    before = {title: task.boxes_before for title, task in tasks.items()}
    assert inside == {"p": (3,), "r": (5, 6, 8), "s": (), "t": ()}
    assert before == {"p": (), "r": (), "s": (5, 6), "t": ()}


def test_only_the_next_task_of_the_same_ordered_list_follows_a_box() -> None:
    text = "1. [ ] a\n2. [~] b\n   1. [ ] c\n   2. [?] d\n3. [x] e\n4. [ ] f\n\n---\n\n1. [ ] g\n"
    before = {task.title: task.boxes_before for task in read_tasks({"T.md": parse(text.encode())})}
    assert before == {"a": (), "c": (), "e": (2,), "f": (), "g": ()}


_CHARS = st.sampled_from(
    [*" \t\n[]()xX~?1a-*`\\:\u00a0é👍", "[ ] ", "[x] ", "- ", "1. ", "  ", "\r\n", "> ", "[~] ", "[]"]
)


@examples(300)
@given(st.lists(_CHARS, max_size=40).map("".join))
def test_any_text_is_read_and_its_boxes_stand_where_they_say(text: str) -> None:
    document = parse(text.encode())
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    tasks = {item.line for item in document.items}
    for box in document.unknown_boxes:
        assert box.text in lines[box.line - 1]
        assert box.line not in tasks
        assert box.line not in document.empty_boxes
        assert box.sentence.isprintable()
        assert sum(item.index < box.before for item in document.items) == box.before


@pytest.mark.parametrize("seed", range(40 * TIMES))
def test_a_known_box_in_the_place_of_an_unknown_one_makes_it_a_task_of_that_place(seed: int) -> None:
    """So lines, parents and lists are those that the task would have, in documents that are hard to read."""
    random = Random(seed)
    data = documents.document(random).replace(b"[ ]", b"[~]", random.choice([1, 2, 99]))
    document, whole = parse(data), parse(data, MappingProxyType({**STATUS_CHARS, "~": Status.DOING}))
    unknown = {box.line: box for box in document.unknown_boxes if box.text == "[~]"}
    meant = {item.line: item for item in whole.items if item.char == "~"}
    # what is joined to its text is a box only among tasks, and no task at all where `~` is a status
    assert {line for line, box in unknown.items() if "knows" in box.sentence} >= meant.keys()
    for line, item in meant.items():
        assert unknown[line].ordered == item.ordered
        above = item.parent
        while above is not None and whole.items[above].char == "~":
            above = whole.items[above].parent
        parent = unknown[line].parent
        assert (None if above is None else whole.items[above].line) == (
            None if parent is None else document.items[parent].line
        )


def test_many_boxes_take_time_in_proportion() -> None:
    """A quadratic search would take minutes."""
    text = "1. [~] a\n1. [x] b\n" * 30_000 + "- [" + " " * 100_000 + "\n" + "- [~" * 30_000
    document = parse(text.encode())
    assert len(document.unknown_boxes) == 30_000
    assert sum(len(task.boxes_before) for task in read_tasks({"T.md": document})) == 30_000
