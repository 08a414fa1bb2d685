"""`mdtodo config` and the reference."""

from __future__ import annotations

import tomllib
from dataclasses import fields

from mdtodo.config.load import load
from mdtodo.config.processor_settings import Match, Processor
from mdtodo.config.settings import DEFAULT, Config, Pattern
from mdtodo.config.show import describe, reference

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
