"""The recipe `testing`: pytest, npm test and cargo test on projects of one test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.tools import CALLER

if TYPE_CHECKING:
    from tests.recipes.conftest import Bench

#: The plugins of the tests' own environment take longer than the tests.
QUICK = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}

GOOD = "def test_sum():\n    assert 1 + 1 == 2\n"


def rust(bench: Bench) -> dict[str, str]:
    """cargo, the compiler and the linker on PATH; the variables that a toolchain of rustup's needs."""
    bench.toolchain("cargo", "rustc", "rustdoc", "cc")
    home = Path(CALLER["HOME"])
    return {"RUSTUP_HOME": CALLER.get("RUSTUP_HOME", str(home / ".rustup"))}


def crate(code: str) -> dict[str, str]:
    return {
        "Cargo.toml": '[package]\nname = "sum"\nversion = "0.1.0"\nedition = "2021"\n',
        "Cargo.lock": 'version = 3\n\n[[package]]\nname = "sum"\nversion = "0.1.0"\n',
        "src/lib.rs": code,
    }


def node(bench: Bench, script: str, **files: str) -> None:
    """npm and Node.js on PATH, and a package with this test script."""
    bench.toolchain("npm", "node")
    package = {"name": "a", "scripts": {"lint": 'echo "}"', "test": script}}
    bench.write(**{"package.json": json.dumps(package, indent=2), **files})


@pytest.mark.parametrize("options", ["-qq -p no:cacheprovider", "-v --color=yes"])
def test_tests_of_pytest_that_pass_are_a_pass(bench: Bench, options: str) -> None:
    bench.write(**{"pytest.ini": f"[pytest]\naddopts = {options}\n", "tests/test_a.py": GOOD})
    bench.pip("pytest")
    bench.run("testing", code=0, **QUICK)


def test_a_test_of_pytest_that_fails_is_a_failure(bench: Bench) -> None:
    bench.write(**{"test_a.py": GOOD, "test_b.py": GOOD.replace("== 2", "== 3")})
    bench.pip("pytest")
    assert "1 failed, 1 passed" in bench.run("testing", code=1, **QUICK).said


@pytest.mark.parametrize(
    "text",
    [
        "",
        "import pytest\n@pytest.mark.skip\n" + GOOD,
        "import pytest\n@pytest.mark.xfail\n" + GOOD[:-2] + "3\n",
    ],
    ids=["none", "skipped", "expected to fail"],
)
def test_tests_that_prove_nothing_are_no_pass(bench: Bench, text: str) -> None:
    bench.write(**{"test_a.py": text})
    bench.pip("pytest")
    assert "pytest found nothing to check" in bench.run("testing", code=77, **QUICK).said


def test_tests_that_cannot_be_collected_fail(bench: Bench) -> None:
    bench.write(**{"test_a.py": GOOD, "test_b.py": "import nowhere\n"})
    bench.pip("pytest")
    bench.run("testing", code=2, **QUICK)


def test_the_test_script_of_a_package_passes_and_fails(bench: Bench) -> None:
    node(bench, "node --test", **{"a.test.js": "require('node:test')('a', () => {})\n"})
    bench.run("testing", code=0)
    bench.repo.write("a.test.js", "require('node:test')('a', () => { throw Error('b') })\n")
    bench.run("testing", code=1)


def test_a_runner_of_node_that_finds_no_test_is_no_pass(bench: Bench) -> None:
    node(bench, "node --test", **{"a.js": "1\n"})
    assert "npm found nothing to check" in bench.run("testing", code=77).said
    bench.write(**{"a.test.js": "require('node:test')('a', {skip: true}, () => {})\n"})
    bench.run("testing", code=77)


@pytest.mark.parametrize(
    "says",
    [
        "No tests found, exiting with code 0",
        "No test files found, exiting with code 0",
        "  0 passing (2ms)",
        "  Total:     0",
        "No tasks were executed as part of this run.",
        "Tests:       2 skipped, 1 todo, 3 total",
        "\x1b[2m      Tests \x1b[22m \x1b[33m1 skipped\x1b[39m\x1b[90m (1)\x1b[39m",
    ],
    ids=["jest", "vitest", "mocha", "uvu", "turbo", "jest, skipped", "vitest, skipped"],
)
def test_a_runner_that_says_it_ran_no_test_is_no_pass(bench: Bench, says: str) -> None:
    """Unless another, as of another package in the same repository, ran some."""
    node(bench, "cat said.txt", **{"said.txt": f"{says}\n"})
    bench.run("testing", code=77)
    bench.repo.write("said.txt", f"{says}\n  3 passing (4ms)\n")
    bench.run("testing", code=0)


def test_a_script_that_says_nothing_known_is_believed(bench: Bench) -> None:
    node(bench, "cat a.txt", **{"a.txt": "all is well\n"})
    bench.run("testing", code=0)


def test_the_script_that_npm_writes_is_no_test(bench: Bench) -> None:
    node(bench, 'echo "Error: no test specified" && exit 1')
    said = bench.run("testing", code=77).said
    assert "npm: no file here matches /package.json with the content that it reads" in said


def test_tests_of_cargo_pass_and_fail(bench: Bench) -> None:
    environment = rust(bench)
    bench.write(**crate("#[test]\nfn sum() { assert_eq!(1 + 1, 2) }\n"))
    assert "1 passed" in bench.run("testing", code=0, **environment).said
    bench.repo.write("src/lib.rs", "#[test]\nfn sum() { assert_eq!(1 + 1, 3) }\n")
    bench.run("testing", code=101, **environment)


def test_without_a_tool_the_recipe_says_how_to_get_one(bench: Bench) -> None:
    bench.write(**{"test_a.py": GOOD})
    assert "pytest is not installed: pip install pytest" in bench.run("testing", code=77).said


def test_without_tests_there_is_nothing_to_check(bench: Bench) -> None:
    bench.write(**{"a.py": "x = 1\n"})
    bench.pip("pytest")
    bench.run("testing", code=77, **QUICK)
