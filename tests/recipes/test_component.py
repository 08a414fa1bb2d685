"""The recipe `component`: the real vue-tsc, tsc and eslint."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.recipes.conftest import Bench

OPTIONS = {
    "jsx": "preserve",
    "strict": True,
    "types": [],
    "lib": ["es5"],
    "skipLibCheck": True,
    "incremental": True,
}
PROJECT = json.dumps({"compilerOptions": OPTIONS, "include": ["src"]})
JSX = "export interface JSXElement {}\ndeclare global { namespace JSX { interface IntrinsicElements { p: object } } }\n"
GOOD = "export const Title = (size: number) => <p />;\nexport const one = Title(1);\n"
BAD = "export const Title = (size: number) => <p />;\nexport const one = Title('1');\n"

FLAT = """\
export default [
    {ignores: ["old/**"]},
    {files: ["**/*.jsx"], languageOptions: {parserOptions: {ecmaFeatures: {jsx: true}}}, rules: {"no-undef": 2}},
];
"""
RC = """\
root: true
ignorePatterns: [old]
parserOptions: {ecmaVersion: 2022, sourceType: module, ecmaFeatures: {jsx: true}}
rules: {no-undef: 2}
"""
RULES = pytest.mark.parametrize(
    "config", [{"eslint.config.mjs": FLAT}, {".eslintrc.yaml": RC}], ids=["flat", "eslintrc"]
)
DEFINED, UNDEFINED = "export const A = () => <p>{1}</p>;\n", "export const B = () => <p>{b}</p>;\n"


def test_typed_components_pass(bench: Bench) -> None:
    bench.write(**{"tsconfig.json": PROJECT, "src/jsx.d.ts": JSX, "src/Title.tsx": GOOD})
    bench.npm()
    bench.run("component", code=0)


def test_a_component_used_with_the_wrong_type_fails(bench: Bench) -> None:
    references = json.dumps({"files": [], "references": [{"path": "./tsconfig.app.json"}]})
    bench.write(**{"tsconfig.json": references, "tsconfig.app.json": PROJECT})
    bench.write(**{"src/jsx.d.ts": JSX, "src/Title.tsx": BAD})
    bench.npm()
    assert "src/Title.tsx(2,26): error TS2345" in bench.run("component", code=2).said


@pytest.mark.parametrize(
    "project",
    [
        '{"files": [], "references": [{"path": "./lib"}]}',
        '{"files": []}',
        '{"include": ["nothing"]}',
        '{"include": ["scripts"], "compilerOptions": {"types": [], "lib": ["es5"]}}',
    ],
    ids=["references alone", "no files", "nothing matched", "no component"],
)
def test_nothing_was_checked_where_the_project_has_no_files(bench: Bench, project: str) -> None:
    library = json.dumps({"compilerOptions": {**OPTIONS, "composite": True}, "include": ["."]})
    bench.write(
        **{
            "tsconfig.json": project,
            "lib/tsconfig.json": library,
            "lib/Title.tsx": BAD,
            "scripts/a.ts": "1;\n",
        }
    )
    bench.npm()
    assert (
        "\ntsc found nothing to check; does tsconfig.json point it to other files?\n"
        in bench.run("component", code=77).said
    )


def test_vue_components_are_checked_with_their_templates(bench: Bench) -> None:
    options = {**OPTIONS, "module": "esnext", "moduleResolution": "bundler", "lib": ["es2020"]}
    good = '<script setup lang="ts">\nconst size: number = 1\n</script>\n<template><p>{{ size }}</p></template>\n'
    bench.write(**{"tsconfig.json": json.dumps({"compilerOptions": options}), "A.vue": good})
    bench.npm()
    bench.run("component", code=0)
    bench.write(
        **{"tsconfig.json": json.dumps({"compilerOptions": options, "include": ["*.ts"]}), "a.ts": "1\n"}
    )
    assert "vue-tsc found nothing to check" in bench.run("component", code=77).said
    bench.write(**{"tsconfig.json": json.dumps({"compilerOptions": options})})
    bench.write(**{"B.vue": good.replace("{{ size }}", "{{ sized }}")})
    assert "B.vue(4,17): error TS2" in bench.run("component", code=2).said


@RULES
def test_components_that_keep_the_rules_pass_and_others_fail(bench: Bench, config: dict[str, str]) -> None:
    bench.write(**{"-A [x].jsx": DEFINED, "old/B.jsx": UNDEFINED, "b.js": "undefined_here();\n", **config})
    bench.npm()
    bench.run("component", code=0)
    bench.write(**{"B.jsx": UNDEFINED})
    assert "'b' is not defined" in bench.run("component", code=1).said


@RULES
def test_nothing_was_checked_where_eslint_passes_over_all(bench: Bench, config: dict[str, str]) -> None:
    bench.write(**{"old/B.jsx": UNDEFINED, **config})
    bench.npm()
    assert "eslint found nothing to check" in bench.run("component", code=77).said


def test_a_component_that_no_configuration_is_for_is_not_passed_over(bench: Bench) -> None:
    bench.write(**{"eslint.config.mjs": FLAT, "A.jsx": DEFINED, "B.svelte": UNDEFINED})
    bench.npm()
    assert "eslint exited 0, but" in bench.run("component", code=1).said


def test_the_recipe_says_what_it_lacks(bench: Bench) -> None:
    bench.write(**{"a.js": "1;\n"})
    assert "eslint: no file here matches *.jsx" in bench.run("component", code=77).said
    bench.write(**{"A.tsx": GOOD, "B.vue": "<template />\n"})
    said = bench.run("component", code=77).said
    assert "vue-tsc is not installed: npm install --save-dev vue-tsc typescript" in said
    assert "tsc has no configuration here: tsconfig.app.json or tsconfig.json" in said
    assert "eslint has no configuration here: eslint.config.js" in said
