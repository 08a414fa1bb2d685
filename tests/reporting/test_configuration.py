"""What is printed of a configuration can be read again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from mdtodo.config.load import load
from mdtodo.config.show import describe
from mdtodo.reporting.configuration import print_configuration
from tests.examples import examples

if TYPE_CHECKING:
    import pytest


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
