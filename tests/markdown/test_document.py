"""The places that a Document gives, and what it says of files that are no markdown."""

from __future__ import annotations

import inspect
import re
import sys
from random import Random
from types import MappingProxyType

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mdtodo.core.task import STATUS_CHARS, Status
from mdtodo.errors import InputError
from mdtodo.markdown.document import Document, Item, parse
from mdtodo.markdown.second_opinion import second_opinion
from tests.examples import examples

from . import documents


def only(source: str | bytes) -> Item:
    data = source.encode() if isinstance(source, str) else source
    (item,) = parse(data).items
    return item


def text_of(document: Document, item: Item) -> list[str]:
    return [document.data[piece.start : piece.end].decode() for piece in item.pieces]


class TestPlaces:
    @pytest.mark.parametrize(
        ("source", "line", "box"),
        [
            ("- [ ] a", 1, 3),
            ("\ufeff- [ ] a", 1, 6),
            ("\n\n> 1) [ ] a", 3, 8),
            ("é\r\n\r\n\t\r\n- [ ] a", 4, 12),
            ("a\r\r- [ ] b", 3, 6),
            ("-\n  [ ] a", 2, 5),
            ("\u2028\x0b\x0c\x85\n- [ ] a", 2, 11),
        ],
    )
    def test_the_place_of_a_box_is_that_of_its_character(self, source: str, line: int, box: int) -> None:
        item = only(source)
        assert (item.line, item.box) == (line, box)

    @pytest.mark.parametrize(
        ("source", "text"),
        [
            ("- [ ] a b  \n", "a b  "),
            ("- [ ]   a\n", "a"),
            ("- [ ] \t a\n", "a"),
            ("- [ ] a\n  b\n", "a\nb"),
            ("- [ ] a\nb\n  c\n\n  d\n", "a\nb\nc"),
            ("- [ ] a\r\n      b \r\n", "a\nb "),
            ("- [ ] a\r  b\r", "a\nb"),
            ("> - [ ] a\n>   b\nc\n", "a\nb\nc"),
            ("- [ ] a\n\tb", "a\nb"),
            ("- [ ] a\\\n  b", "a\\\nb"),
            ("- [ ] a\n  ===\n  b", "a"),
            ("- [ ] a\n  b | c\n  --|--\n", "a"),
            ("- [ ] a\u2028b\x0bc\x85d\n", "a\u2028b\x0bc\x85d"),
            ("- [r]: /u\n  [ ] a\n  b", "a\nb"),
            ("- [ ] `a`\n- b", "`a`"),
        ],
    )
    def test_the_text_of_an_item_has_the_place_of_each_piece(self, source: str, text: str) -> None:
        document = parse(source.encode())
        (item,) = document.items
        assert item.text == text
        assert text_of(document, item) == text.split("\n")

    @pytest.mark.parametrize(
        ("source", "indent"),
        [
            ("- [ ] a", "  "),
            ("  - [ ] a", "    "),
            ("1. [ ] a", "   "),
            ("10)  [ ] a", "     "),
            ("- 1. [ ] a", "     "),
            ("> - [ ] a", ">   "),
            (">- [ ] a", ">   "),
            (">>- [ ] a", ">>   "),
            (">- >1. [ ] a", ">   >    "),
            ("- a\n\n\t>\t1) [ ] b", "\t>      "),
            ("> > 1. [ ] a", "> >    "),
            ("- > - [ ] a", "  >   "),
            ("- a\n\t- [ ] b", "\t  "),
            (">\t>\t- [ ] a", ">   >     "),
            ("-\t[ ] a", " \t"),
            (">\t- [ ] a", ">     "),
            ("- a\n\n\t> - [ ] b", "\t>   "),
            ("-\n  [ ] a", "  "),
            ("-   \n  [ ] a", "  "),
            ("-   [r]: /u\n    [ ] a", "    "),
            ("\ufeff- [ ] a", "  "),
        ],
    )
    def test_indent_reaches_the_content(self, source: str, indent: str) -> None:
        item = only(source)
        assert item.indent == indent.encode()
        grown = parse(f"{source}\n{indent}- [x] child\n".encode())
        assert [task.parent for task in grown.items] == [None, 0]

    def test_an_item_says_its_marker_and_its_list(self) -> None:
        items = parse(b"- [ ] a\n- [ ] b\n+ [ ] c\n  1) [ ] d\n  2) [ ] e\n3. [ ] f\n").items
        assert [item.marker for item in items] == ["-", "-", "+", "1)", "2)", "3."]
        assert [item.ordered for item in items] == [False, False, False, True, True, True]
        lists = [item.list_index for item in items]
        assert lists[0] == lists[1]
        assert lists[3] == lists[4]
        assert len(set(lists)) == 4

    def test_a_list_goes_on_after_items_that_are_no_tasks(self) -> None:
        items = parse(b"1. [ ] a\n2. b\n\n3. [ ] c\n\ntext\n\n4. [ ] d\n").items
        assert items[0].list_index == items[1].list_index != items[2].list_index

    @pytest.mark.parametrize(
        ("between", "same"),
        [
            ("2.\n\n", True),
            ("2.\n\n\n", True),
            ("2.\n\ntext\n\n", False),
            ("2.\n\n---\n", False),
            ("- b\n", False),
        ],
    )
    def test_an_empty_item_leaves_its_list_open(self, between: str, same: bool) -> None:
        first, second = parse(f"1. [ ] a\n{between}3. [ ] c\n".encode()).items
        assert (first.list_index == second.list_index) is same

    def test_depth_counts_tasks(self) -> None:
        items = parse(b"- [ ] a\n  - b\n    - [ ] c\n      - [ ] d\n- e\n  - [ ] f\n").items
        assert [item.depth for item in items] == [0, 1, 2, 0]
        assert [item.parent for item in items] == [None, 0, 1, None]

    @pytest.mark.parametrize(
        ("source", "ends"),
        [
            ("- [ ] a", ["- [ ] a"]),
            ("- [ ] a\n\n\n", ["- [ ] a\n"]),
            ("- [ ] a\r\n  b\r\n\r\nx", ["- [ ] a\r\n  b\r\n"]),
            ("- [ ] a\n\n  b\n\nx", ["- [ ] a\n\n  b\n"]),
            ("- [ ] a\nlazy\n\nx", ["- [ ] a\nlazy\n"]),
            ("- [ ] a\n  - [ ] b\n\n    c\n- d", ["- [ ] a\n  - [ ] b\n\n    c\n", "  - [ ] b\n\n    c\n"]),
            ("- [ ] a\n  ```\n\n  x\n\n  ```\n\ny", ["- [ ] a\n  ```\n\n  x\n\n  ```\n"]),
            ("- [ ] a\n  ```\n  x\n\n\n", ["- [ ] a\n  ```\n  x\n"]),
            ("> - [ ] a\n>\n> x", ["> - [ ] a\n"]),
            ("- [ ] a\n  > - [ ] b\n  >\n\nx", ["- [ ] a\n  > - [ ] b\n  >\n", "  > - [ ] b\n"]),
            ("- [ ] a\n  -\n\nx", ["- [ ] a\n  -\n"]),
        ],
    )
    def test_an_item_ends_where_its_last_line_ends(self, source: str, ends: list[str]) -> None:
        document = parse(source.encode())
        starts = [0] + [match.end() for match in re.finditer(rb"\r\n|\n|\r", document.data)]
        found = [document.data[starts[item.line - 1] : item.end].decode() for item in document.items]
        assert found == ends

    @pytest.mark.parametrize(
        ("source", "body"),
        [
            ("- [ ] a\n", []),
            ("- [ ] a\n  b\n", []),
            ("- [ ] a\n\n  b\n    c\n\n  d\n\n", ["b", "  c", "", "d"]),
            ("- [ ] a\n  ```sh\n  x\n\n  y\n  ```\n", ["```sh", "x", "", "y", "```"]),
            ("- [ ] a\n  - note\n    more\n  - [ ] b\n    - own\n  - later\n", ["- note", "  more"]),
            ("- [ ] a\n  - group\n    - [ ] b\n", ["- group"]),
            ("> - [ ] a\n>\n>   b\n>\n> c\n", ["b"]),
            ("- [ ] a\r\n\r\n  b\r\n", ["b"]),
            ("- [ ] a\n\n\tb\n\n\t\tc\n", ["b", "", "\tc"]),
            ("- [ ] a\n  ===\n  b\n", ["b"]),
            ("- [ ] a\n\n  b\nlazy\n", ["b", "lazy"]),
            ("> - [ ] a\n>\n>   b\n  lazy\n", ["b", "lazy"]),
            ("- [ ] a\n- [ ] b\n\n  c", []),
            ("- [ ] a\n\n  b\n\ntext\n\n- [ ] c\n", ["b"]),
            ("- [ ] a\n  b | c\n  --|--\n", ["b | c", "--|--"]),
        ],
    )
    def test_the_body_of_an_item_is_what_stands_below_its_text(self, source: str, body: list[str]) -> None:
        document = parse(source.encode())
        found = [document.data[span.start : span.end].decode() for span in document.items[0].body]
        assert found == body

    @pytest.mark.parametrize(
        ("source", "notes"),
        [
            ("- [ ] a\n  - note\n  - [ ] b\n", []),
            ("- [ ] a\n  - [x] b\n  - note\n", ["- note"]),
            ("- [ ] a\n  text\n  - [x] b\n    - own\n  - note\n    more\n  - [ ] c\n", ["- note", "  more"]),
            ("- [ ] a\n  - [x] b\n  - one\n  - [ ] c\n  - two\n- [ ] d\n", ["- one", "- two"]),
            ("- [ ] a\n  - [x] b\n\n  - one\n\n  - [ ] c\n\n  text\n\nno\n", ["", "- one", "", "text"]),
            ("- [ ] a\n  - [x] b\n  - group\n    - [ ] c\n    - in it\n", ["- group", "  - in it"]),
            ("- [ ] a\r\n\t- [x] b\r\n\t- note\r\n", ["- note"]),
            ("> - [ ] a\n>   - [x] b\n>\n>   text\n", ["", "text"]),
            ("- [ ] a\n  - [x] b\n    - [ ] c\n  - note\n", ["- note"]),
            ("- [ ] a\n  - [x] b\n\n- [ ] c\n", []),
            ("- [ ] a\n  - [x] b\n  - note", ["- note"]),
            (
                "- [ ] a\n  1. [x] b\n  2. one\n  ```sh\n  - [ ] no\n  ```\n",
                ["2. one", "```sh", "- [ ] no", "```"],
            ),
        ],
    )
    def test_notes_are_what_stands_after_its_first_subtask_and_in_none(
        self, source: str, notes: list[str]
    ) -> None:
        document = parse(source.encode())
        found = [document.data[span.start : span.end].decode() for span in document.items[0].notes]
        assert found == notes


class TestHeadings:
    def headings(self, source: str) -> list[tuple[str, list[str]]]:
        document = parse(source.encode())
        return [
            (item.text, [document.headings[heading].text for heading in item.headings])
            for item in document.items
        ]

    def test_a_heading_ends_what_is_not_above_it(self) -> None:
        source = "- [ ] a\n# A\n- [ ] b\n### C\n- [ ] c\n## B\n- [ ] d\n# D\n- [ ] e\n"
        assert self.headings(source) == [
            ("a", []), ("b", ["A"]), ("c", ["A", "C"]), ("d", ["A", "B"]), ("e", ["D"]),
        ]  # fmt: skip

    def test_a_heading_holds_in_its_container_only(self) -> None:
        source = "# A\n- [ ] a\n  ## B\n  - [ ] b\n- [ ] c\n> ## C\n> - [ ] d\n\n- [ ] e\n"
        assert self.headings(source) == [
            ("a", ["A"]), ("b", ["A", "B"]), ("c", ["A"]), ("d", ["A", "C"]), ("e", ["A"]),
        ]  # fmt: skip

    def test_what_item_a_heading_stands_in(self) -> None:
        source = b"# A\n- [ ] a\n  - b\n    # B\n  > # C\n- c\n  # D\n> # E\n"
        assert [(heading.text, heading.item) for heading in parse(source).headings] == [
            ("A", None), ("B", 0), ("C", 0), ("D", None), ("E", None),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("source", "text", "level"),
        [
            ("# a ##\n", "a", 1),
            ("## a##\n", "a##", 2),
            ("###\ta # b #\n", "a # b", 3),
            ("#\n", "", 1),
            ("# #\n", "", 1),
            ("   # a \r\n", "a", 1),
            ("a\nb\n===\n", "a\nb", 1),
            ("a #b run:c\r\n---\r\n", "a #b run:c", 2),
            ("[r]: /u\na\n---\n", "a", 2),
        ],
    )
    def test_the_text_of_a_heading_is_without_its_marks(self, source: str, text: str, level: int) -> None:
        (heading,) = parse(source.encode()).headings
        assert (heading.text, heading.level) == (text, level)

    def test_a_heading_stands_at_its_first_line(self) -> None:
        assert [heading.line for heading in parse(b"\n# A\n\nb\nc\n---\n").headings] == [2, 4]

    def test_a_task_that_is_a_heading_is_a_task_alone(self) -> None:
        source = "# A\n- [ ] a\n  ---\n  - [ ] b\n  ## B\n  - [ ] c\n- d\n  ---\n  - [ ] e\n"
        assert self.headings(source) == [
            ("a", ["A"]), ("b", ["A"]), ("c", ["A", "B"]), ("e", ["A", "d"]),
        ]  # fmt: skip


class TestFile:
    @pytest.mark.parametrize(
        ("data", "newline"),
        [
            (b"", b"\n"),
            (b"a", b"\n"),
            (b"a\r\nb\r\nc\n", b"\r\n"),
            (b"a\rb\rc\n", b"\r"),
            (b"a\r\nb\n", b"\n"),
        ],
    )
    def test_the_line_end_of_a_file_is_that_of_most_of_its_lines(self, data: bytes, newline: bytes) -> None:
        assert parse(data).newline == newline

    def test_boxes_without_text_are_named_by_their_lines(self) -> None:
        source = "- [ ]\n- [x]  \n* [ ] a\n  1. [/]\n     text\n- [y]\n- []\n- [ ] \u00a0\n> - [ ]"
        assert parse(source.encode()).empty_boxes == (1, 2, 7, 8, 9)

    def test_status_characters_of_the_configuration_are_boxes(self) -> None:
        statuses = MappingProxyType({**STATUS_CHARS, "✓": Status.DONE, ">": Status.DOING})
        items = parse("- [✓] a\n- [>] b\n- [y] c\n".encode(), statuses).items
        assert [(item.char, item.status) for item in items] == [("✓", Status.DONE), (">", Status.DOING)]

    @pytest.mark.parametrize(
        ("source", "lines"),
        [
            ("---\ntitle: a\ntodo:\n  - [ ] a\n---\n- [ ] b\n", [6]),
            ("---\r\n# c\r\na: b\r\n- [ ] c\r\n...\r\n- [ ] b\r\n", [6]),
            ("+++\n[a]\nb = '''\n- [ ] c\n'''\n+++\n- [ ] b\n", [7]),
            ("\ufeff---\na: |\n  - [ ] a\n---\n\n- [ ] b", [6]),
            ("---\na: b\n- [ ] c\n", [3]),
            ("---\n- [ ] a\n---\n- [ ] b\n", [2, 4]),
            ("---\n\nText: a\n\n- [ ] b\n\n---\n", [5]),
            ("\n---\na: b\n- [ ] c\n---\n", [4]),
            ("---\n---\n- [ ] a\n", [3]),
            ("---- \na: b\n- [ ] c\n---\n", [3]),
        ],
    )
    def test_front_matter_holds_no_tasks(self, source: str, lines: list[int]) -> None:
        assert [item.line for item in parse(source.encode()).items] == lines

    def test_lines_of_headings_count_front_matter(self) -> None:
        document = parse(b"---\na: b\n---\n# A\n- [ ] a\n\n  b\n")
        assert document.headings[0].line == 4
        assert document.data[document.items[0].body[0].start :] == b"b\n"
        assert document.items[0].end == len(document.data)

    @pytest.mark.parametrize(
        ("source", "lines"),
        [
            ("<<<<<<< ours\n- [ ] a\n=======\n- [x] a\n>>>>>>> theirs\n", (1, 3, 5)),
            ("a\r\n<<<<<<<\r\nb\r\n||||||| base\r\nc\r\n=======\r\nd\r\n>>>>>>>\r\n", (2, 4, 6, 8)),
            ("Title\n=======\n\n>>>>>>> quote\n", ()),
            ("<<<<<<< a\n>>>>>>> b\n", ()),
            ("<<<<<<<< a\n=======\n>>>>>>> b\n", ()),
            ("```\n<<<<<<< a\n=======\n>>>>>>> b\n```\n", ()),
            ("```\nx\n```\n<<<<<<< a\n```\n=======\n>>>>>>> b\n", (4, 6, 7)),
            ("<<<<<<< a\n- [ ] a\n", ()),
        ],
    )
    def test_conflict_markers_are_named_by_their_lines(self, source: str, lines: tuple[int, ...]) -> None:
        assert parse(source.encode()).conflicts == lines


class TestErrors:
    @pytest.mark.parametrize(
        ("data", "line", "words"),
        [
            (b"- [ ] a\n- [ ] \xe9t\xe9\n", 2, "not UTF-8: byte 0xE9"),
            (b"a\rb\r\nc\n\xff", 4, "not UTF-8"),
            (b"a\n\xed\xa0\x80", 2, "not UTF-8"),
            (b"a\n- [ ] b\0c\n" + b"d\n" * 20, 2, "NUL"),
            ("- [ ] a\n".encode("utf-16"), 1, "UTF-16"),
            ("- [ ] a\n".encode("utf-16-le"), 1, "UTF-16"),
            ("- [ ] a\n".encode("utf-32"), 1, "UTF-32"),
        ],
    )
    def test_an_error_is_a_sentence_with_its_line(self, data: bytes, line: int, words: str) -> None:
        with pytest.raises(InputError, match=re.escape(words)) as caught:
            parse(data, file="docs/TODO.md")
        assert str(caught.value).startswith(f"docs/TODO.md:{line}: ")


def rows(document: Document) -> tuple[tuple[int, str, int | None], ...]:
    items = document.items
    return tuple(
        (item.line, item.char, None if item.parent is None else items[item.parent].line) for item in items
    )


class TestSecondOpinion:
    @pytest.mark.parametrize(
        "source",
        [
            "",
            "no task\n",
            "- [ ] a\n  - [x] b\n\n    text\n1. [-] c\n",
            "> - [ ] a\n> - [/] b\n",
            "\ufeff---\na: |\n  - [ ] x\n---\n- [ ] a\r\n\t- [X] b\r\n",
            "- [ ]\n- [ ] \n- [y] a\n- [ ] b\n",
            "- [x] a\n\n[x]: /u\n",
            "- a\n  - [ ] b\n- [ ] c\n  ===\n",
            "\ue000- [ ] a\n- [ ] \ue000b\n",
            "```\n- [ ] a\n```\n- [ ] b\u2028c\x85\n",
            "```\r\n- [ ] a\r\n```\r\n\r\n- [ ] b\r\n",
            "# a\r- [ ] b\r  - [x] c\r",
        ],
    )
    def test_mistune_agrees_on_common_documents(self, source: str) -> None:
        data = source.encode()
        assert second_opinion(data) == rows(parse(data))

    def test_mistune_is_an_opinion_of_its_own(self) -> None:
        source = b"-  [ ] a\n  -  [ ] b\n"  # mistune takes the second for a child
        assert second_opinion(source) == ((1, " ", None), (2, " ", 1))
        assert rows(parse(source)) == ((1, " ", None), (2, " ", None))

    def test_mistune_is_asked_with_the_status_characters_of_the_configuration(self) -> None:
        assert second_opinion("- [✓] a\n- [ ] b".encode(), {"✓": Status.DONE}) == ((1, "✓", None),)

    def test_nesting_that_mistune_reads_is_compared(self) -> None:
        data = b"".join(b"  " * level + b"- [ ] a\n" for level in range(50))
        assert second_opinion(data) == rows(parse(data))

    @pytest.mark.parametrize("levels", [99, 100, 101, 1000])
    def test_mistune_has_no_opinion_on_nesting_that_it_does_not_read(self, levels: int) -> None:
        data = b"- " * levels + b"[ ] a\n"
        assert len(parse(data).items) == 1
        assert second_opinion(data) is None

    def test_mistune_has_no_opinion_where_the_stack_is_full(self) -> None:
        data = b"> " * 90 + b"- [ ] a\n"
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(len(inspect.stack(0)) + 60)
        try:
            assert second_opinion(data) is None
        finally:
            sys.setrecursionlimit(limit)
        assert second_opinion(data) == ((1, " ", None),)


def assert_places_hold(data: bytes) -> None:
    """What must be so for any bytes that are read at all."""
    document = parse(data)
    starts = [0, *[match.end() for match in re.finditer(rb"\r\n|\n|\r", data)]]
    for index, item in enumerate(document.items):
        char = item.char.encode()
        assert item.index == index
        assert data[item.box - 1 : item.box + len(char) + 1] == b"[" + char + b"]"
        assert starts[item.line - 1] < item.box < [*starts, len(data)][item.line] or item.line == len(starts)
        assert [data[piece.start : piece.end].decode() for piece in item.pieces] == item.text.split("\n")
        assert not re.search(rb"[\r\n]", b"".join(data[piece.start : piece.end] for piece in item.pieces))
        assert item.text.strip()
        assert item.status == STATUS_CHARS[item.char]
        assert item.pieces[-1].end <= item.end <= len(data)
        assert item.end in (*starts, len(data))
        assert all(
            item.pieces[-1].end < span.start <= span.end <= item.end for span in item.body + item.notes
        )
        assert item.parent is None or (item.parent < index and document.items[item.parent].end >= item.end)
        assert item.depth == (0 if item.parent is None else document.items[item.parent].depth + 1)
        levels = [document.headings[heading] for heading in item.headings]
        assert all(heading.line <= item.line for heading in levels)
    assert [item.box for item in document.items] == sorted(item.box for item in document.items)
    assert list(document.headings) == sorted(document.headings, key=lambda heading: heading.line)


_pieces = st.sampled_from(
    [piece.encode() for piece in [*documents._SOUP, *documents._TASKS, *documents._BOXES]]
)
_bytes = st.one_of(
    st.binary(max_size=60),
    st.text(max_size=60).map(str.encode),
    st.lists(st.one_of(_pieces, st.text(max_size=3).map(str.encode)), max_size=40).map(b"".join),
)


@given(_bytes)
@examples(400)
@example(b"- [ ] a")
@example("- [ ] \u2028\n- [ ] \ue000\x0b\x0c\x85".encode())
@example(b"\xef\xbb\xbf- [ ] a\r")
@example(b"\r- [ ] a\r\n\r  - [ ] b")
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        data.decode()
        readable = b"\0" not in data
    except UnicodeDecodeError:
        readable = False
    if readable and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        assert_places_hold(data)
    else:
        with pytest.raises(InputError):
            parse(data)


@given(st.randoms(use_true_random=False))
@examples(300)
def test_places_in_hard_documents_point_at_boxes_and_texts(random: Random) -> None:
    assert_places_hold(documents.document(random))


@given(st.integers(0, 2**32))
@examples(200)
def test_indent_leads_into_the_item(seed: int) -> None:
    """A list item below a blank line that has the item's indent is its child, whatever the item holds."""
    data = documents.document(Random(seed))
    if re.search(rb"(?i)```|~~~|<[!?pst]", data):
        return  # code or HTML that blank lines do not end would swallow it
    for item in parse(data).items:
        start = data[: item.end].rstrip(b"\r\n")
        grown = parse(start + b"\n" + item.indent.rstrip() + b"\n" + item.indent + b"- [-] added")
        assert (grown.items[-1].text, grown.items[-1].parent) == ("added", item.index)


def test_a_line_of_a_megabyte_is_read_in_time() -> None:
    data = b"- [ ] " + "é".encode() * 500_000
    assert_places_hold(data)
    assert_places_hold(data + b"\n  " + b"[ ] " * 250_000)
