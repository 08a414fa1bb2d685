"""docs/recipes.md says what the data of the recipes say."""

from __future__ import annotations

import re

from mdtodo.config.load import load
from mdtodo.recipes import NAMES
from tests.recipes.table import PAGE, TEXT, page


def test_the_page_of_recipes_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.recipes.table writes it"


def test_every_recipe_has_a_row() -> None:
    assert re.findall(r"^\| `(\w+)`", page(), re.MULTILINE) == list(NAMES)


def test_the_examples_of_the_configuration_load() -> None:
    blocks = re.findall(r"```toml\n(.*?)```", TEXT.read_text(encoding="utf-8"), re.DOTALL)
    assert [list(load(block.encode(), None).processors) for block in blocks] == [
        [],
        ["training", "css"],
        ["api"],
    ]
