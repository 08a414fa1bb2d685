"""docs/recipes.md, made of the data of the recipes: `python -m tests.recipes.table`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mdtodo.config.categories import CATEGORIES
from mdtodo.recipes.catalogue import recipes

if TYPE_CHECKING:
    from mdtodo.recipes.catalogue import Recipe, Way

PAGE = Path(__file__).parents[2] / "docs" / "recipes.md"
TEXT = Path(__file__).with_name("page.md")


def page() -> str:
    """The whole page."""
    rows = [_row(recipe, way) for recipe in recipes().values() for way in recipe.ways]
    head = [
        "| recipe | checks | tool | reads | needs | how to get the tool |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    return TEXT.read_text(encoding="utf-8").replace("TABLE\n", "\n".join([*head, *rows, ""]))


def _row(recipe: Recipe, way: Way) -> str:
    first = way is recipe.ways[0]
    cells = [
        f"`{recipe.name}`{_category(recipe.name)}" if first else "",
        recipe.checks if first else "",
        _code(way.tool),
        ", ".join(map(_code, way.reads))
        + (" with the content that the tool reads" if way.content_pattern else ""),
        " or ".join(map(_place, way.config)),
        _code(way.install) if _is_command(way.install) else way.install,
    ]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _category(kind: str) -> str:
    return next(
        (f" ({category})" for category, kinds in CATEGORIES.items() if kind in kinds and kind != category), ""
    )


def _place(config: str) -> str:
    file, _, key = config.partition(":")
    return f"`{key}` in `{file}`" if key else f"`{file}`"


def _is_command(text: str) -> bool:
    return text.split()[0] in ("apt-get", "cargo", "gem", "go", "npm", "pip", "pipx")


def _code(text: str) -> str:
    return f"`{text}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
