"""`mdtodo config`, the reference, durations and names."""

from __future__ import annotations

import json
import tomllib
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.config import (
    DEFAULT,
    Config,
    Match,
    Pattern,
    Processor,
    describe,
    format_duration,
    load,
    nearest,
    parse_duration,
    reference,
    suggestion,
)
from mdtodo.reporting.configuration import print_configuration
from tests.examples import examples

DURATIONS = [
    ("90s", 90),
    ("5m", 300),
    ("1h30m", 5400),
    ("2d", 172800),
    ("250ms", 0.25),
    ("1.5h", 5400),
    ("1d2h3m4s5ms", 93784.005),
    (" 5m ", 300),
    ("0s", 0),
    ("366d", 31622400),
]


@pytest.mark.parametrize(("text", "seconds"), DURATIONS)
def test_a_duration_is_read_in_all_its_units(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "5",
        "m",
        "5x",
        "5m5h",
        "5m 5s",
        "-5m",
        "5m5m",
        "٥m",
        "1e3s",
        "inf",
        "367d",
        "1.s",
        "9999999999s",
    ],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        parse_duration(text)


@examples(80)
@given(st.integers(0, 366 * 86_400_000))
def test_a_duration_is_shown_as_it_is_read(milliseconds: int) -> None:
    assert parse_duration(format_duration(milliseconds / 1000)) == pytest.approx(milliseconds / 1000)


def test_names_are_suggested() -> None:
    assert nearest("tets", ["lint", "tests"]) == "tests"
    assert nearest("LINT", ["lint", "tests"]) == "lint"
    assert nearest("zzz", ["lint"]) is None
    assert nearest("task-1999", [f"task-{number}" for number in range(2000)]) == "task-1999"
    assert nearest("tusk-777", [f"task-{number}" for number in range(2000)]) == "task-777"
    assert suggestion("tets", ["lint", "tests"]) == ' (did you mean "tests"?)'
    assert suggestion("tetsing", ["schema", "training"], ["testing"]) == ' (did you mean "testing"?)'
    assert suggestion("testnig", ["schema", "tests"], ["testing"]) == ' (did you mean "tests"?)'
    assert suggestion("zzz", ["lint", "tests"]) == " (known: lint, tests)"
    assert suggestion("zzz", []) == ""
    assert suggestion("zzz", [f"a{number}" for number in range(99)]) == ""


FULL = b"""
status.">" = "doing"
expand.command = "split \\" it"
categories.infra = ["cluster"]
[processors."a.b"]
run = ["make", "-s"]
timeout = "90s"
env = { CI = "1", DEL = "\\u007f" }
cwd = "a/b"
match = { tags = ["ci"], title = '\\d+' }
[processors.c]
python = "a:b"
[defaults]
timeout = "1h"
env = { SHARED = "1" }
[patterns.p]
steps = ["One", "Two"]
"""


def test_a_shown_value_is_read_as_the_same_value() -> None:
    config = load(None, FULL)
    rows = describe(config)
    text = "".join(f"{row.key} = {row.value}\n" for row in rows if row.value)
    again = load(None, text.encode())
    assert again == config
    assert len({row.key for row in rows}) == len(rows)
    assert all(row.doc for row in rows)


_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\x7f"), min_size=1)
_LINES = st.text(st.sampled_from("aZ \t\"'\\#=[]{}.$é🚀\x85\x9b\u2028\u202e"), min_size=1).filter(str.strip)
_NAMES = st.sampled_from(["a", "t.1", "A-b", "9", "9.z", "_", "in.line"]).filter(lambda name: name[0] != "_")
_DURATIONS = st.sampled_from(["90s", "1h30m", "250ms", "0.5s", "1m0.0004s", "1.2345678s", "2d"])
_ENVIRONMENTS = st.dictionaries(st.sampled_from("AB"), _TEXTS)
_DEFAULTS = {
    "timeout": _DURATIONS,
    "retries": st.integers(0, 9),
    "env": _ENVIRONMENTS,
    "backoff": st.floats(1, 100),
}
_PROCESSORS = st.fixed_dictionaries(
    {
        "run": st.one_of(
            _TEXTS.filter(str.strip), st.lists(_TEXTS, min_size=1).map(lambda words: ["x", *words])
        )
    },
    optional=_DEFAULTS
    | {
        "cwd": st.sampled_from([".", "./a", "a//b", "é x"]),
        "inputs": st.lists(_LINES.map(lambda line: f"a{line}")),
        "match": st.fixed_dictionaries(
            {"tags": st.just(["#x"])}, optional={"title": st.sampled_from(["\\d", '"'])}
        ),
    },
)
_KINDS = st.one_of(st.lists(_LINES), st.dictionaries(_LINES, st.lists(_LINES)))
_TABLES = st.fixed_dictionaries(
    {},
    optional={
        "defaults": st.fixed_dictionaries({}, optional=_DEFAULTS),
        "lanes": st.dictionaries(_NAMES, st.integers(1, 9)),
        "categories": st.dictionaries(_NAMES, _KINDS),
        "processors": st.dictionaries(_NAMES, _PROCESSORS),
        "expand": st.fixed_dictionaries(
            {}, optional={"command": _TEXTS.filter(str.strip), "timeout": _DURATIONS}
        ),
    },
)


def _toml(value: object) -> str:
    """A table as an inline one, all others as in JSON."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(key)} = {_toml(inner)}" for key, inner in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


@examples(60)
@given(_TABLES)
def test_a_printed_configuration_is_read_as_the_same_configuration(
    capsys: pytest.CaptureFixture[str], tables: dict[str, dict[str, object]]
) -> None:
    config = load(None, "".join(f"{key} = {_toml(table)}\n" for key, table in tables.items()).encode())
    for everything in (True, False):
        print_configuration([row for row in describe(config) if everything or row.given], color=False)
        assert load(None, capsys.readouterr().out.encode()) == config


def test_each_value_says_which_file_it_comes_from() -> None:
    config = load(b"[tool.mdtodo]\njobs = 2\n", b'[lanes]\nlow = 3\n[processors."a.b"]\nrun = "x"\n')
    sources = {row.key: (row.value, row.source) for row in describe(config)}
    assert sources["jobs"] == ("2", "pyproject.toml")
    assert sources["lanes.low"] == ("3", ".mdtodo.toml")
    assert sources["lanes.high"] == ("10", "default")
    assert sources['processors."a.b".run'] == ('"x"', ".mdtodo.toml")
    assert sources['processors."a.b".retries'] == ("0", "default")
    assert sources["lease"] == ('"5m"', "default")
    assert sources["expand.command"] == ("", "default")
    assert sources['processors."a.b".timeout'] == ("", "default")


def test_what_a_processor_has_from_the_defaults_says_so() -> None:
    config = load(
        b"[tool.mdtodo.defaults]\ntimeout = '1h'\nenv.CI = '1'\n",
        b"[processors.a]\nrun = 'x'\nretries = 1\n[defaults]\nretries = 2\n",
    )
    sources = {row.key: (row.value, row.source, row.given) for row in describe(config)}
    assert sources["processors.a.timeout"] == ('"1h"', "[defaults] of pyproject.toml", True)
    assert sources["processors.a.env.CI"] == ('"1"', "[defaults] of pyproject.toml", True)
    assert sources["processors.a.retries"] == ("1", ".mdtodo.toml", True)
    assert sources["defaults.retries"] == ("2", ".mdtodo.toml", True)
    assert sources["processors.a.backoff"] == ("2.0", "default", False)


def test_the_defaults_are_valid_toml_with_documentation() -> None:
    rows = describe(DEFAULT)
    assert {row.source for row in rows} == {"default"}
    assert tomllib.loads("".join(f"{row.key} = {row.value}\n" for row in rows if row.value))


def test_every_field_has_a_shape_and_documentation_and_stands_in_the_reference() -> None:
    text = reference()
    for cls, prefix in ((Config, ""), (Processor, "processors.NAME."), (Match, "processors.NAME.match."),
                        (Pattern, "patterns.NAME.")):  # fmt: skip
        for field in fields(cls):
            if field.name in ("name", "sources"):
                continue
            assert field.metadata["doc"].endswith(".")
            assert f"`{prefix}{field.name}" in text
    rows = text.splitlines()
    assert {row.count(" | ") for row in rows} == {3}
    assert '| `lease` | a duration such as "90s", "5m" or "1h30m" | `"5m"` |' in text
    assert "| `lanes.NAME` | a whole number, 1 or more |  |" in text
