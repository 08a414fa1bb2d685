"""The recipe `css`: the real stylelint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.recipes.conftest import Bench

CONFIG = '{"rules": {"color-no-invalid-hex": true}, "ignoreFiles": ["vendor/**"]}'
GOOD, BAD = "a { color: #123456; }\n", "a { color: #12345x; }\n"


def test_style_sheets_that_keep_the_rules_pass(bench: Bench) -> None:
    bench.write(**{".stylelintrc.json": CONFIG, "a b/-c [x].css": GOOD, "-d.css": GOOD, "e.min.css": BAD})
    bench.npm()
    assert "2 sources checked" in bench.run("css", code=0).said


def test_a_style_sheet_that_breaks_a_rule_fails(bench: Bench) -> None:
    bench.write(**{"stylelint.config.mjs": f"export default {CONFIG};", "a.css": GOOD, "b.scss": BAD})
    bench.npm()
    assert "color-no-invalid-hex" in bench.run("css", code=2).said


@pytest.mark.parametrize(
    "ignored", [{".stylelintignore": "*.css\n"}, {}], ids=[".stylelintignore", "ignoreFiles"]
)
def test_nothing_was_checked_where_stylelint_passes_over_all(bench: Bench, ignored: dict[str, str]) -> None:
    bench.write(
        **{"package.json": f'{{"stylelint": {CONFIG}}}', "vendor/1 source checked.css": BAD, **ignored}
    )
    bench.npm()
    assert "stylelint found nothing to check" in bench.run("css", code=77).said


def test_what_stylelint_only_claims_to_have_mended_is_no_pass(bench: Bench) -> None:
    bench.write(**{".stylelintrc.json": '{"fix": true, "rules": {"color-hex-length": "short"}}'})
    bench.write(**{"a.css": "a { color: #ffffff; }\n"})
    bench.npm()
    assert "1 problem fixed" in bench.run("css", code=1).said


def test_the_recipe_says_what_it_lacks(bench: Bench) -> None:
    bench.write(**{"package.json": "{}"})
    assert "no file here matches *.css" in bench.run("css", code=77).said
    bench.write(**{"a.css": GOOD})
    said = bench.run("css", code=77).said
    assert "stylelint is not installed: npm install --save-dev stylelint" in said
    assert "stylelint has no configuration here: .stylelintrc*" in said
