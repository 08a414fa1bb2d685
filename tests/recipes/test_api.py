"""The recipe `api`: the real spectral and openapi-spec-validator."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.recipes.conftest import Bench

GOOD = """\
# A small shop.
openapi: 3.0.3
info: {title: Shop, version: 1.0.0}
paths:
  /items:
    get:
      operationId: listItems
      responses: {"200": {description: All items}}
"""
BAD = GOOD.replace("{description: All items}", "{}")
NO_API = "api:\n  openapi: yes\nversion: 3.0.3\n"
DEPENDENCY = '{"dependencies": {"swagger": "0.7.5", "openapi": "^1.0.0"}}'
OWN_RULES = """\
rules:
  operation-ids-are-lower-case:
    given: $.paths.*.*
    severity: error
    then: {field: operationId, function: casing, functionOptions: {type: flat}}
"""


def test_valid_descriptions_pass(bench: Bench) -> None:
    one_line = json.dumps({"info": {"title": "Shop", "version": "1"}, "swagger": "2.0", "paths": {}})
    bench.write(**{"-shop [1].yaml": GOOD, "old/shop.json": one_line, "config.yml": NO_API})
    bench.pip("openapi-spec-validator")
    assert bench.run("api", code=0).said.count(": OK") == 2


def test_a_description_that_is_not_valid_fails(bench: Bench) -> None:
    bench.write(**{"a.yaml": GOOD, "b.yaml": BAD, "c.json": json.dumps({"openapi": "3.1.0"}, indent=4)})
    bench.pip("openapi-spec-validator")
    said = bench.run("api", code=1).said
    # in the words of jsonschema, or of jsonschema-rs where that is there
    assert re.search(r"'description' is a required property|b\.yaml: Validation Error", said)
    assert re.search("""['"]info['"] is a required property""", said)


def test_a_description_that_states_its_version_late_is_checked(bench: Bench) -> None:
    """As programs write them that sort their keys."""
    schemas = {f"S{number}": {"description": "x" * 100} for number in range(1000)}
    text = {"components": {"schemas": schemas}, "info": {}, "openapi": "3.1.0"}
    bench.write(**{"a.yaml": GOOD, "b.json": json.dumps(text)})
    bench.pip("openapi-spec-validator")
    assert re.search("""['"]title['"] is a required property""", bench.run("api", code=1).said)


def test_descriptions_that_keep_the_rules_pass(bench: Bench) -> None:
    bench.write(
        **{".spectral.yaml": "extends: [spectral:oas]\n", "shop [1].yaml": GOOD, "config.yml": NO_API}
    )
    bench.npm()
    assert "(0 errors, " in bench.run("api", code=0).said
    bench.write(**{".spectral.yaml": OWN_RULES.replace("flat", "camel")})
    assert "No results" in bench.run("api", code=0).said


def test_a_description_that_breaks_a_rule_fails(bench: Bench) -> None:
    bench.write(**{"spectral.yml": OWN_RULES, "api/shop.yaml": GOOD})
    bench.npm()
    assert "operation-ids-are-lower-case" in bench.run("api", code=1).said


def test_nothing_was_checked_where_the_rules_are_for_another_format(bench: Bench) -> None:
    bench.write(**{".spectral.yaml": "extends: [spectral:asyncapi]\n", "shop.yaml": BAD})
    bench.npm()
    assert "spectral found nothing to check" in bench.run("api", code=77).said


@pytest.mark.parametrize(
    "files",
    [{"config.yml": NO_API}, {"bower.json": DEPENDENCY}, {"openapi.md": GOOD}],
    ids=["content", "package", "name"],
)
def test_without_a_description_nothing_is_checked(bench: Bench, files: dict[str, str]) -> None:
    bench.write(**files)
    bench.pip("openapi-spec-validator")
    assert "no file here matches *.yaml, *.yml, *.json with the content" in bench.run("api", code=77).said


def test_the_recipe_says_what_it_lacks(bench: Bench) -> None:
    bench.write(**{"shop.yaml": GOOD})
    said = bench.run("api", code=77).said
    assert "spectral is not installed: npm install --save-dev @stoplight/spectral-cli" in said
    assert "spectral has no configuration here: .spectral.yaml or" in said
    assert "openapi-spec-validator is not installed: pip install openapi-spec-validator" in said
