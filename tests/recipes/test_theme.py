"""The recipe `theme`: the real Style Dictionary and Sass."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.recipes.conftest import Bench

FILES = [{"destination": "variables.css", "format": "css/variables"}]
PLATFORM = {"transformGroup": "css", "buildPath": "build/", "files": FILES}
CONFIG = json.dumps({"source": ["tokens/**/*.json"], "platforms": {"css": PLATFORM}})
SCSS = "@use 'colors';\na { color: colors.$link; }\n"


def tokens(link: str) -> str:
    return json.dumps({"color": {"base": {"value": "#123456"}, "link": {"value": link}}})


@pytest.mark.parametrize("config", ["config.json", "sd.config.mjs"])
def test_tokens_that_build_pass_and_nothing_is_written(bench: Bench, config: str) -> None:
    text = CONFIG if config.endswith("json") else f"export default {CONFIG};\n"
    bench.write(**{config: text, "tokens/a b.json": tokens("{color.base}"), "build/kept.txt": "as it was\n"})
    bench.npm()
    assert "build/variables.css" in bench.run("theme", code=0).said


def test_a_token_that_refers_to_none_fails(bench: Bench) -> None:
    bench.write(**{"config.json": CONFIG, "tokens/a.json": tokens("{color.bass}")})
    bench.npm()
    assert "tries to reference color.bass, which is not defined" in bench.run("theme", code=1).said


def test_a_broken_reference_fails_where_the_configuration_only_notes_it(bench: Bench) -> None:
    log = {"log": {"errors": {"brokenReferences": "console"}}}
    bench.write(
        **{"config.json": json.dumps(json.loads(CONFIG) | log), "tokens/a.json": tokens("{color.bass}")}
    )
    bench.npm()
    assert "style-dictionary exited 0, but" in bench.run("theme", code=1).said


def test_nothing_was_checked_where_no_platform_has_a_token(bench: Bench) -> None:
    bench.write(
        **{"config.json": CONFIG.replace("tokens/**", "none"), "tokens/a.json": tokens("{color.bass}")}
    )
    bench.npm()
    assert "style-dictionary found nothing to check" in bench.run("theme", code=77).said


def test_theme_style_sheets_compile_or_fail(bench: Bench) -> None:
    bench.write(
        **{
            "styles/_colors.scss": "$link: #123456;\n",
            "styles/-dark theme.scss": SCSS,
            "styles/_theme.scss": "a {",
        }
    )
    bench.npm()
    said = bench.run("theme", code=0).said
    assert said.count("sass") == 1
    assert "#123456" not in said
    bench.write(**{"themes/a.scss": "$a: 1;\nb { c: $d; }\n"})
    assert "Undefined variable" in bench.run("theme", code=65).said


def test_the_recipe_says_what_it_lacks(bench: Bench) -> None:
    bench.write(**{"main.scss": "a {", "config.json": '{"platform": 1}'})
    assert "sass: no file here matches *theme*.scss" in bench.run("theme", code=77).said
    bench.write(**{"tokens/a.json": tokens("1"), "theme.scss": SCSS})
    said = bench.run("theme", code=77).said
    assert "style-dictionary is not installed: npm install --save-dev style-dictionary" in said
    assert "style-dictionary has no configuration here: style-dictionary.config.*" in said
    assert "sass is not installed: npm install --save-dev sass" in said
