"""The line of each key, in texts that were put together from statements whose lines are known."""

from __future__ import annotations

import json
import time
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.config.toml_lines import key_lines, line_of
from tests.examples import examples

Path = tuple[str, ...]

TEXT = """\
# a string begins with ''' or \"\"\"

[tool . "mdtodo"] # [[[
files = [ # \"\"\"
    "jobs = -1", # ]
    '''
[tool.mdtodo.lanes]
low = 1''',
]
expand.command = \"\"\"
''' # \\\"\"\"
jobs = 2\"\"\" # '''
match = { title = "x, z = 1", tags = [
    "y",
], b = { "c d" = 3 } }
[[tool.mdtodo.extra]]
one = 1
[[tool.mdtodo.extra]]
one = 1
two = 2
  [tool.mdtodo.'a.b'."\\u00e9"]
  x = 1
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), None),
        (("project",), None),
        (("tool",), 3),
        (("tool", "mdtodo"), 3),
        (("tool", "mdtodo", "files"), 4),
        (("tool", "mdtodo", "files", "[1]"), 4),
        (("tool", "mdtodo", "lanes"), 3),
        (("tool", "mdtodo", "lanes", "low"), 3),
        (("tool", "mdtodo", "expand"), 10),
        (("tool", "mdtodo", "expand", "command"), 10),
        (("tool", "mdtodo", "expand", "timeout"), 10),
        (("tool", "mdtodo", "jobs"), 3),
        (("tool", "mdtodo", "match", "title"), 13),
        (("tool", "mdtodo", "match", "z"), 13),
        (("tool", "mdtodo", "match", "b", "c d"), 13),
        (("tool", "mdtodo", "extra"), 16),
        (("tool", "mdtodo", "extra", "one"), 17),
        (("tool", "mdtodo", "extra", "two"), 20),
        (("tool", "mdtodo", "a.b"), 21),
        (("tool", "mdtodo", "a.b", "\u00e9", "x"), 22),
    ],
)
def test_the_line_of_a_key_or_of_the_nearest_around_it(path: Path, line: int | None, end: str) -> None:
    tomllib.loads(TEXT)
    assert line_of(TEXT.replace("\n", end), path) == line


@pytest.mark.parametrize("separator", ["\x85", "\u2028", "\u2029", "\ufeff"])
def test_a_line_ends_where_toml_has_it_end(separator: str) -> None:
    assert line_of(f"a = '{separator}' # {separator}\nb = 1", ("b",)) == 2


@pytest.mark.parametrize(
    "text", ["a = 1\nb = [\nc = 1\n", "a = 1\n= 2\n[c]\n", "a = 1\nx = " + "[" * 9999 + "\nc = 1"]
)
def test_a_text_that_is_not_toml_is_read_to_its_first_mistake(text: str) -> None:
    assert (line_of(text, ("a",)), line_of(text, ("c",))) == (1, None)


def test_a_key_may_have_more_parts_than_there_are_frames() -> None:
    assert line_of("\n" + "a." * 2000 + "b = 1", ("a",) * 2000 + ("b",)) == 2


def test_long_values_are_not_parsed_again_for_each_of_their_lines() -> None:
    lines = "".join(f"    '{number}',\n" for number in range(4_000))
    started = time.process_time()
    assert line_of(f"a = [\n{lines}]\nb = '''\n{lines}'''\nc = 1", ("c",)) == 8_005
    assert time.process_time() - started < 3


#: What somebody who reads TOML by lines or by quotes takes for something else.
_TRAPS = ["", "'''", '"""', "[x]", "]", "}", "x = 1", "x = [", "x = { y = '''", '\\"', "é\u2028x = 1"]
_traps = st.sampled_from(_TRAPS)
_comments = st.just("") | _traps.map(lambda trap: f" # {trap}")
_between = st.lists(_comments, max_size=2).map(lambda comments: "".join(f"{one}\n" for one in comments))


@st.composite
def _long_strings(draw: st.DrawFn) -> str:
    quotes = draw(st.sampled_from(["'''", '"""']))
    lines = [line for line in draw(st.lists(_traps, max_size=4)) if quotes not in line]
    return "\n".join([quotes, *lines, quotes])


@st.composite
def _arrays(draw: st.DrawFn, items: st.SearchStrategy[str]) -> str:
    lines = [f"{draw(_between)}{item},{draw(_comments)}\n" for item in draw(st.lists(items, max_size=3))]
    return "[\n" + "".join(lines) + draw(_between) + "]"


_quoted = _traps.map(lambda trap: json.dumps(trap, ensure_ascii=False))
_short = _quoted | _long_strings() | st.sampled_from(['\'"""\'', "-1.5", "2026-01-02", "[]", "{}", "[{}]"])
_values = _short | _arrays(_short) | _arrays(_arrays(_short))


@st.composite
def _statements(draw: st.DrawFn, number: int) -> tuple[str, Path, list[Path]]:
    """Its text, the table that it opens, and the keys that it gives to the open one.

    The names are such that any statement may follow any other.
    """
    key, value, other = f"k{number}", draw(_values), draw(_values)
    name = draw(st.sampled_from([key, f'"{key}"', f"'{key}'", f'"\\u006b{number}"']))
    inline = f"{{ x = {value}, y.{name} = {{ {name} = {other} }} }}"
    inside = [(key,), (key, "x"), (key, "y"), (key, "y", key), (key, "y", key, key)]
    return draw(
        st.sampled_from(
            [
                ("", (), []),
                (f"[ {name}]", (key,), []),
                (f"[t . {name}]", ("t", key), []),
                ("[['l'\t.m ]]", ("l", "m"), []),
                (f"[a.b.{name}]", ("a", "b", key), []),
                (f"{name} = {value}", (), [(key,)]),
                (f"d\t. {name}={value}", (), [("d",), ("d", key)]),
                (f"{name} = {inline}", (), inside),
            ]
        )
    )


@examples(150)
@given(st.data(), st.booleans(), st.integers(0, 8), st.sampled_from(["\n", "\r\n"]))
def test_the_line_of_every_key_of_any_text(data: st.DataObject, array: bool, count: int, end: str) -> None:
    text = "[[a.b]]\n" if array else ""
    table: Path = ("a", "b") if array else ()
    lines: dict[Path, int] = {(): 1, ("a",): 1, ("a", "b"): 1} if array else {(): 1}
    for number in range(count):
        text += data.draw(_between)
        line = text.count("\n") + 1
        statement, opened, keys = data.draw(_statements(number))
        text += data.draw(st.sampled_from(["", " ", "\t"])) + statement + data.draw(_comments) + "\n"
        table = opened or table
        for path in [opened[:depth] for depth in range(1, len(opened) + 1)] + [
            (*table, *key) for key in keys
        ]:
            lines.setdefault(path, line)
    tomllib.loads(text)
    assert key_lines(text.replace("\n", end)) == lines
