"""The data of the recipes: whole, known, and safe to use on any file."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import partial

import pytest

from mdtodo.config.categories import CATEGORIES
from mdtodo.config.load import load
from mdtodo.config.settings import DEFAULT
from mdtodo.recipes import NAMES, processor
from mdtodo.recipes.catalogue import Way, recipe, recipes
from mdtodo.recipes.verdict import output_patterns
from tests.timing import TRIES, cpu_seconds

WAYS = [pytest.param(way, id=f"{one.name}-{way.tool}") for one in recipes().values() for way in one.ways]
PLACEHOLDERS = {"{files}", "{file}", "{folder}", "{config}", "{copy}", "{tmp}"}


def test_there_is_a_recipe_for_each_kind() -> None:
    kinds = {
        kind for category, kinds in CATEGORIES.items() for kind in (set(kinds) - {category} or {category})
    }
    assert set(NAMES) == kinds
    assert list(recipes()) == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_recipe_checks_finishes_a_sentence(name: str) -> None:
    one = recipe(name)
    assert one.name == name
    assert one.ways
    assert re.fullmatch(r"\w[^\n]*[^.\s]", one.checks)


@pytest.mark.parametrize("way", WAYS)
def test_each_way_of_a_recipe_is_whole(way: Way) -> None:
    assert set(way._fields) == set(Way._fields)
    assert way.run
    assert way.reads
    assert not all(pattern.startswith("!") for pattern in way.reads)
    assert way.install
    assert not way.install.endswith(".")
    assert not {"npx", "pipx run", "uvx"} & set(way.run)
    used = set(re.findall(r"\{\w+\}", " ".join([*way.run, *way.env.values(), way.record or ""])))
    assert way.record is None or way.record.startswith("{tmp}/")
    assert used <= PLACEHOLDERS
    assert "{config}" not in used or way.config
    assert all(isinstance(code, int) for code in (*way.nothing_codes, *way.success_codes))
    assert 0 not in way.nothing_codes


@pytest.mark.parametrize("way", WAYS)
def test_patterns_of_a_way_take_linear_time_on_hostile_text(way: Way) -> None:
    """A megabyte of output, or the head of any file, is looked at within the blink of an eye: nothing quadratic."""
    units = [
        "\n",
        " ",
        "\t",
        "\r\n",
        "\n ",
        "a",
        '"',
        "{",
        "[",
        "- ",
        "a:",
        '"a":',
        "\x1b[1m",
        "1",
        "11 ",
        "a\n",
        "=",
        "'",
        "/",
    ]
    patterns = ([way.content_pattern] if way.content_pattern else []) + output_patterns(way)
    for pattern in patterns:
        compiled = re.compile(pattern.encode())
        for unit in units:
            text = unit.encode() * (32 * 1024 // len(unit))
            look = partial(compiled.search, text)
            assert any(cpu_seconds(look) < 0.3 for _ in range(TRIES)), (pattern, unit)


def test_a_field_that_is_misspelt_is_an_error() -> None:
    with pytest.raises(TypeError):
        Way(tool="t", read=(), run=(), install="")  # type: ignore[call-arg]


@pytest.mark.parametrize("name", ["", "nope", "../data/css", "CSS"])
def test_a_name_that_is_no_recipe_is_refused(name: str) -> None:
    assert processor(name) is None
    with pytest.raises(KeyError):
        recipe(name)


def test_a_processor_can_be_configured_under_each_name() -> None:
    text = "".join(f'[processors.{name}]\nrun = "true"\n' for name in NAMES)
    assert list(load(None, text.encode()).processors) == list(NAMES)
    assert DEFAULT.recipes == "explicit"


def test_knowing_the_names_reads_no_data_and_no_disk() -> None:
    """Routing is on the way of every command."""
    code = (
        "import sys; from mdtodo.planning.routing import Router; from mdtodo.recipes import processor;"
        "processor('css'); bad = {'tomllib', 'pathspec', 'subprocess', 'mdtodo.recipes.detect', 'mdtodo.recipes.catalogue'} & set(sys.modules);"
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
