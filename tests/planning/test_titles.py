"""Titles labelled by hand: what is said of them in docs/categories.md is what the rules make of them."""

from __future__ import annotations

from pathlib import Path

from benchmarks.classify import Labelled, Told, halves, table, tell
from mdtodo.config.categories import CATEGORIES

PAGE = Path(__file__).parent.parent.parent / "docs" / "categories.md"


def test_the_table_is_the_one_that_is_measured() -> None:
    measured = table(tell(halves()[1]))
    assert f"<!-- made by: python -m benchmarks.classify -->\n{measured}<!-- end -->\n" in PAGE.read_text(
        "utf-8"
    )


def test_the_titles_are_two_halves_of_two_hundred_with_known_labels() -> None:
    tuning, aside = halves()
    assert (len(tuning), len(aside)) == (100, 100)
    assert len({one.title for one in tuning + aside}) == 200
    for one in tuning + aside:
        assert one.category is None or one.category in CATEGORIES
        assert one.kind is None or one.kind in CATEGORIES[one.category or ""]


def test_precision_and_recall_are_those_worked_by_hand() -> None:
    """Of three tests two are found, and one thing too many is taken for a test: 2/3 and 2/3."""
    told = [
        Told(Labelled("a", "testing", None), "testing", None, ""),
        Told(Labelled("b", "testing", None), "testing", "unit", ""),
        Told(Labelled("c", "testing", None), None, None, ""),
        Told(Labelled("d", "backend", "api"), "testing", None, ""),
    ]
    assert table(told).splitlines()[2:] == [
        "| backend | 1 | 0 | 0 | – | 0.00 | 0 of 0 |",
        "| testing | 3 | 3 | 2 | 0.67 | 0.67 | 1 of 2 |",
        "| **all** | 4 | 4 | 2 | 0.50 | 0.50 | 1 of 2 |",
    ]
