"""What is a list item, and whose child it is: GFM's block structure, rule by rule.

Each row is a document and its tasks as (line, status character, line of the parent task). The rows are also
judged by cmark-gfm, so a wrong expectation does not survive.
"""

from __future__ import annotations

import pytest

from mdtodo.markdown.blocks import scanner
from mdtodo.markdown.document import parse
from tests.markdown import gfm_oracle
from tests.timing import cpu_seconds

Row = tuple[int, str, "int | None"]


def tasks(source: str | bytes) -> list[Row]:
    document = parse(source.encode() if isinstance(source, str) else source)
    items = document.items
    return [
        (item.line, item.char, None if item.parent is None else items[item.parent].line) for item in items
    ]


MARKERS = {
    "each bullet": ("- [ ] a\n\n* [x] b\n\n+ [X] c\n", [(1, " ", None), (3, "x", None), (5, "X", None)]),
    "both ordered": ("1. [ ] a\n2) [x] b\n", [(1, " ", None), (2, "x", None)]),
    "all statuses": ("- [/] a\n- [-] b\n", [(1, "/", None), (2, "-", None)]),
    "nine digits": ("123456789. [ ] a\n", [(1, " ", None)]),
    "ten digits": ("1234567890. [ ] a\n", []),
    "no marker": ("[ ] a\n", []),
    "no space after the marker": ("-[ ] a\n", []),
    "form feed after the marker": ("-\x0c[ ] a\n", []),
    "tab after the marker": ("-\t[ ] a\n", [(1, " ", None)]),
    "four spaces after the marker": ("-    [ ] a\n", [(1, " ", None)]),
    "five are code": ("-     [ ] a\n", []),
    "two tabs are code": ("-\t\t[ ] a\n", []),
    "three spaces before": ("   - [ ] a\n", [(1, " ", None)]),
    "four are code": ("    - [ ] a\n", []),
    "a tab is code": ("\t- [ ] a\n", []),
    "markers in a row": ("- 1. * [ ] a\n", [(1, " ", None)]),
    "non-task items between": ("- a\n  - [ ] b\n    - c\n      - [ ] d\n", [(2, " ", None), (4, " ", 2)]),
}

BOXES = {
    "tab after the box": ("- [ ]\ta\n", [(1, " ", None)]),
    "no white space after it": ("- [ ]a\n- [x](u)\n- [x]: u\n", []),
    "no text": ("- [ ]\n- [x] \n- [ ]", []),
    "text on the next line only": ("- [ ]\n  a\n", []),
    "too long": ("- [  ] a\n- [xx] b\n- [] c\n", []),
    "unknown character": ("- [y] a\n- [>] b\n", []),
    "escaped": ("- \\[ ] a\n", []),
    "not first": ("- a [ ] b\n", []),
    "in a heading": ("- # [ ] a\n", []),
    "no-break space after it": ("- [ ]\u00a0a\n", []),
    "a setext heading": ("- [ ] a\n  ===\n", [(1, " ", None)]),
    "a definition fits it": ("- [x] a\n\n[x]: /u\n", [(1, "x", None)]),
}

NESTING = {
    "child": ("- [ ] a\n  - [ ] b\n", [(1, " ", None), (2, " ", 1)]),
    "one column is too little": ("- [ ] a\n - [ ] b\n", [(1, " ", None), (2, " ", None)]),
    "ordered wants three": (
        "1. [ ] a\n  - [ ] b\n   - [ ] c\n",
        [(1, " ", None), (2, " ", None), (3, " ", None)],
    ),
    "ordered, three": ("1. [ ] a\n   - [ ] b\n", [(1, " ", None), (2, " ", 1)]),
    "ten wants four": ("10. [ ] a\n   - [ ] b\n", [(1, " ", None), (2, " ", None)]),
    "wide marker, sibling": ("-  [ ] a\n  -  [ ] b\n", [(1, " ", None), (2, " ", None)]),
    "wide marker, child": ("-  [ ] a\n   - [ ] b\n", [(1, " ", None), (2, " ", 1)]),
    "up to five too far is still a child": ("- [ ] a\n     - [ ] b\n", [(1, " ", None), (2, " ", 1)]),
    "six is text of the paragraph": ("- [ ] a\n      - [ ] b\n", [(1, " ", None)]),
    "six after a blank line is code": ("- [ ] a\n\n      - [ ] b\n", [(1, " ", None)]),
    "tab": ("- [ ] a\n\t- [ ] b\n\t\t- [ ] c\n", [(1, " ", None), (2, " ", 1), (3, " ", 2)]),
    "space and tab": ("1. [ ] a\n \t- [ ] b\n", [(1, " ", None), (2, " ", 1)]),
    "tab in a quote": (">\t- [ ] a\n>\t\t- [ ] b\n", [(1, " ", None), (2, " ", 1)]),
    "back two levels": (
        "- [ ] a\n  - [ ] b\n    - [ ] c\n- [ ] d\n",
        [(1, " ", None), (2, " ", 1), (3, " ", 2), (4, " ", None)],
    ),
    "after a blank line": (
        "- [ ] a\n\n  - [ ] b\n\n- [ ] c\n",
        [(1, " ", None), (3, " ", 1), (5, " ", None)],
    ),
    "after two": ("- [ ] a\n\n\n  - [ ] b\n", [(1, " ", None), (4, " ", 1)]),
    "in its second paragraph": ("- [ ] a\n\n  text\n\n  - [ ] b\n", [(1, " ", None), (5, " ", 1)]),
    "a new list of another kind": (
        "- [ ] a\n* [ ] b\n  1. [ ] c\n",
        [(1, " ", None), (2, " ", None), (3, " ", 2)],
    ),
}

STARTS = {
    "item that begins with a blank line": ("-\n  [ ] a\n", [(2, " ", None)]),
    "and a blank line more": ("-\n\n  [ ] a\n", []),
    "of enough blanks": ("-\n  \n  [ ] a\n", [(3, " ", None)]),
    "of too few": ("1.\n  \n   [ ] a\n", []),
    "of too few, one level deeper": ("1. -\n    \n     [ ] a\n", []),
    "of enough, one level deeper": ("1. -\n     \n     [ ] a\n", [(3, " ", None)]),
    "the line end of a blank line is no column": ("1.\r\n  \r\n   [ ] a\r\n", []),
    "interrupts a paragraph": ("text\n- [ ] a\n", [(2, " ", None)]),
    "so does 1": ("text\n1. [ ] a\n", [(2, " ", None)]),
    "2 does not": ("text\n2. [ ] a\n", []),
    "2 interrupts a lazy line": ("> text\n2. [ ] a\n", [(2, " ", None)]),
    "an empty item does not": ("text\n*\n  [ ] a\n", []),
    "after a definition": ("- [a]: /u\n  [ ] b\n", [(2, " ", None)]),
    "a definition over lines": ("- [a]:\n  /u\n  'title\n  on'\n  [ ] b\n", [(5, " ", None)]),
    "no definition": ("- [a]: /u 'title' x\n  [ ] b\n", []),
    "a definition is no lazy line that is indented": ("- [a]: /u\n [b]: /v\n\n  [ ] c\n", []),
    "a label of 1,000 bytes": (f"- [{'a' * 1000}]: /u\n  [ ] b\n", [(2, " ", None)]),
    "but not of one more": (f"- [{'a' * 1001}]: /u\n  [ ] b\n", []),
    "32 parentheses": (f"- [a]: {'(' * 32}\n  [ ] b\n", [(2, " ", None)]),
    "but not 33": (f"- [a]: {'(' * 33}\n  [ ] b\n", []),
    "an underline of nothing but definitions": ("- [a]: /u\n  ===\n  [ ] b\n", []),
    "only definitions, then a paragraph": ("- [a]: /u\n\n  [ ] b\n", [(3, " ", None)]),
    "a second paragraph": ("- a\n\n  [ ] b\n", []),
    "code first": ("- ```\n  [ ] a\n  ```\n  [ ] b\n", []),
}

LAZY = {
    "text goes on": ("- [ ] a\nb\n- [ ] c\n", [(1, " ", None), (3, " ", None)]),
    "in a quote": ("> - [ ] a\nb\n> - [ ] c\n", [(1, " ", None), (3, " ", None)]),
    "an item ends the quote": ("> - [ ] a\n- [ ] b\n", [(1, " ", None), (2, " ", None)]),
    "no lazy line after a blank one": ("> - [ ] a\n>\n  - [ ] b\n", [(1, " ", None), (3, " ", None)]),
    "an indented item in a lazy line is text": ("> a\n      - [ ] b\n", []),
    "nothing lazy in code": ("> ```\n- [ ] a\n", [(2, " ", None)]),
    "setext is not lazy": ("- [ ] a\n===\n- [ ] b\n", [(1, " ", None), (3, " ", None)]),
    "a break ends the list": ("- [ ] a\n---\n  - [ ] b\n", [(1, " ", None), (3, " ", None)]),
}

NOT_TEXT = {
    "fenced code": ("```\n- [ ] a\n```\n~~~ md\n- [ ] b\n~~~\n- [ ] c\n", [(7, " ", None)]),
    "a longer fence": ("````\n```\n- [ ] a\n````\n- [ ] b\n", [(5, " ", None)]),
    "a tick in the info string": ("``` a`b\n- [ ] a\n", [(2, " ", None)]),
    "an open fence": ("~~~\n- [ ] a\n", []),
    "a fence ends with its item": ("- ```\n  - [ ] a\n- [ ] b\n", [(3, " ", None)]),
    "indented code": ("a\n\n    - [ ] b\n", []),
    "comment": ("<!--\n- [ ] a\n\n- [ ] b\n-->\n- [ ] c\n", [(6, " ", None)]),
    "comment on one line": ("<!-- x -->\n- [ ] a\n", [(2, " ", None)]),
    "script": ("<script>\n- [ ] a\n\n- [ ] b\n</script>\n- [ ] c\n", [(6, " ", None)]),
    "textarea": ("<textarea>\n- [ ] a\n\n- [ ] b\n</textarea>\n- [ ] c\n", [(6, " ", None)]),
    "textarea right after a paragraph": (
        "x\n<TEXTAREA rows='2'>\n\n- [ ] a\n</TextArea>\n- [ ] b\n",
        [(6, " ", None)],
    ),
    "textarea up to another end tag": ("<textarea>\n\n</pre>\n- [ ] a\n", [(4, " ", None)]),
    "an end tag with a blank ends no textarea": ("<textarea>\n\n</textarea >\n- [ ] a\n", []),
    "an empty textarea": ("<textarea/>\n- [ ] a\n\n- [ ] b\n", [(4, " ", None)]),
    "an end tag opens no textarea": ("</textarea>\n- [ ] a\n\n- [ ] b\n", [(4, " ", None)]),
    "a textarea within a line": ("x <textarea>\n- [ ] a\n", [(2, " ", None)]),
    "instruction": ("<?php\n- [ ] a\n?>\n- [ ] b\n", [(4, " ", None)]),
    "declaration": ("<!DOCTYPE\n- [ ] a\n>\n- [ ] b\n", [(4, " ", None)]),
    "cdata": ("<![CDATA[\n- [ ] a\n]]>\n- [ ] b\n", [(4, " ", None)]),
    "block tag up to a blank line": ("<details>\n- [ ] a\n\n- [ ] b\n</details>\n", [(4, " ", None)]),
    "closing tag right after an item": ("- [ ] a\n</div>\n- [ ] b\n", [(1, " ", None)]),
    "a whole tag": ("<a b='c' d>\n- [ ] a\n\n- [ ] b\n", [(4, " ", None)]),
    "a whole tag is text in a paragraph": ("x\n<a>\n- [ ] a\n", [(3, " ", None)]),
    "a tag with more behind it": ("<a>x\n- [ ] a\n", [(2, " ", None)]),
    "table": ("| a |\n|---|\n| - [ ] b |\n\n- [ ] c | d\n  --|--\n", []),
    "any item ends a table": ("| a |\n|---|\n| b |\n2. [ ] c\n", [(4, " ", None)]),
    "so does a lone pipe": ("| a |\n|---|\n|\n2. [ ] b\n", []),
    "no second try for a table": ("x\n|-|-|\ny\n|-|\n2. [ ] a\n", []),
    "the indent of a lazy line is a cell": ("> - a\n   | b | c\n>   --|--\n>   2. [ ] d\n", []),
    "an item ends a table": ("| a |\n|---|\n- [ ] b\n", [(3, " ", None)]),
    "no table, too few cells": ("- [ ] a | b\n  |---|\n", [(1, " ", None)]),
    "a table below the first paragraph": ("- [ ] a\n  b | c\n  --|--\n", [(1, " ", None)]),
    "break or bullet": ("- - -\n* * [ ] a\n_ _ _\n", [(2, " ", None)]),
    "setext or bullet": ("a\n-\n- [ ] b\n", [(3, " ", None)]),
    "definition over an item": ("[a]:\n- [ ] b\n", [(2, " ", None)]),
}

TABLES = {
    f"{name}: {title}": row
    for name, rows in (
        ("markers", MARKERS), ("boxes", BOXES), ("nesting", NESTING), ("starts", STARTS), ("lazy", LAZY),
        ("not text", NOT_TEXT),
    )
    for title, row in rows.items()
}  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), TABLES.values(), ids=TABLES.keys())
def test_each_rule_of_blocks_finds_its_tasks(source: str, expected: list[Row]) -> None:
    assert tasks(source) == expected


@pytest.mark.parametrize("source", [source for source, _ in TABLES.values()], ids=TABLES.keys())
def test_each_rule_of_blocks_is_that_of_cmark_gfm(source: str) -> None:
    known = [
        (line, char, parent) for line, _, char, parent in gfm_oracle.tasks(source.encode()) if char in " xX/-"
    ]
    assert tasks(source) == known


def test_line_ends_do_not_matter() -> None:
    for source, expected in TABLES.values():
        if "\r" not in source:
            assert tasks(source.replace("\n", "\r\n")) == expected
            assert tasks(source.replace("\n", "\r")) == expected
            assert tasks(source.rstrip("\n")) == expected or source.endswith("\n\n")


def test_nesting_has_no_limit() -> None:
    deep = "- " * 1000 + "[ ] a\n"
    assert tasks(deep) == [(1, " ", None)]
    stairs = "".join("  " * level + "- [ ] a\n" for level in range(1000))
    assert tasks(stairs) == [(1, " ", None)] + [(line + 1, " ", line) for line in range(1, 1000)]
    assert tasks(">" * 100_000 + "- [ ] a\n" + "\n" * 10) == [(1, " ", None)]


def test_deep_quotes_and_items_may_be_mixed() -> None:
    assert tasks("> - " * 50 + "[x] a\n" + ">   " * 50 + "- [ ] b\n") == [(1, "x", None), (2, " ", 1)]


HOSTILE = {
    "quote marks": b">" * 50_000,
    "markers": b"- " * 50_000 + b"x",
    "breaks that are none": b"* - " * 25_000,
    "deep list, then blank lines": b"- " * 25_000 + b"a\n" + b"\n" * 50_000,
    "deep list in a quote, then blank lines": b"> " + b"- " * 25_000 + b"a\n" + b">\n" * 25_000,
    "deep quotes, then lazy lines": b">" * 50_000 + b"a\n" + b"b\n" * 25_000,
    "blanks": b" " * 100_000 + b"\n" + b"\t" * 100_000,
    "open brackets": b"[" * 100_000,
    "brackets and backslashes": b"[a]: " + b"(\\(" * 30_000,
    "titles that do not end": b"[a]: /u\n'\n" * 10_000,
    "a title of escapes": b'[a]: /u\n"' + b'\\"' * 50_000,
    "ticks": b"`" * 100_000,
    "attributes": b"<a " + b"b " * 50_000,
    "unclosed comments": b"<!--\n" * 20_000,
    "delimiter rows": b"a\n|-|-|\n" * 12_000,
    "pipes": b"a\n" + b"|" * 50_000 + b"\n" + b"|-" * 50_000,
    "underlines of nothing": b"[a]: /u\n===\n" * 8_000,
    "empty items": b"-\n" * 25_000,
    "one line": "é".encode() * 500_000,
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_input_takes_linear_time(data: bytes) -> None:
    assert cpu_seconds(lambda: parse(data)) < 60e-6 * len(
        data
    )  # ten times what it takes; quadratic ways take minutes


def test_plain_items_exclude_all_starts() -> None:
    assert set(b" \t\r\n") | set(scanner._STARTERS) == set(scanner._SPECIAL)
