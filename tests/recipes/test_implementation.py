"""The recipe `implementation`: mypy, pyright, tsc and cargo check on programs of one file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.tools import CALLER

if TYPE_CHECKING:
    from tests.recipes.conftest import Bench

GOOD, BAD = "x: int = 1\n", "x: int = 'one'\n"
CONFIGURED = {"pyproject.toml": "[tool.mypy]\nstrict = true\n"}


def test_mypy_checks_everything(bench: Bench) -> None:
    bench.write(**CONFIGURED, **{"src/a b.py": BAD})
    bench.pip("mypy")
    assert "Incompatible types" in bench.run("implementation", code=1).said


def test_mypy_checks_just_what_its_configuration_names(bench: Bench) -> None:
    bench.write(**{"setup.cfg": "[mypy]\nfiles = src\n", "src/a.py": GOOD, "old/b.py": BAD})
    bench.pip("mypy")
    assert "no issues found in 1 source file" in bench.run("implementation", code=0).said


def test_mypy_with_all_files_excluded_is_no_pass(bench: Bench) -> None:
    bench.write(**{"mypy.ini": "[mypy]\nexclude = old/\n", "old/b.py": BAD})
    bench.pip("mypy")
    assert "mypy found nothing to check" in bench.run("implementation", code=77).said


def test_mypy_that_is_configured_to_say_little_still_passes(bench: Bench) -> None:
    bench.write(**{"mypy.ini": "[mypy]\nerror_summary = False\n", "a.py": GOOD})
    bench.pip("mypy")
    bench.run("implementation", code=0)


def test_pyright_passes_fails_and_is_no_pass_where_it_looks_at_nothing(bench: Bench) -> None:
    bench.write(**{"pyrightconfig.json": '{"include": ["src"]}', "src/a.py": GOOD})
    bench.npm()
    bench.run("implementation", code=0)
    bench.repo.write("src/a.py", BAD)
    assert "reportAssignmentType" in bench.run("implementation", code=1).said
    bench.repo.write("pyrightconfig.json", '{"include": ["lib"]}')
    assert "pyright found nothing to check" in bench.run("implementation", code=77).said


def typescript(**options: object) -> str:
    """A tsconfig.json without the types of all packages around, which take tsc longer than all else."""
    return json.dumps({"compilerOptions": {"types": [], "lib": ["es5"], "skipLibCheck": True, **options}})


def test_tsc_passes_and_fails(bench: Bench) -> None:
    bench.write(**{"tsconfig.json": typescript(composite=True), "a b.ts": "const x: number = 1\n"})
    bench.npm()
    bench.run("implementation", code=0)
    bench.repo.write("a b.ts", "const x: number = 'one'\n")
    assert "TS2322" in bench.run("implementation", code=2).said


def test_projects_that_tsc_is_only_referred_to_are_checked(bench: Bench) -> None:
    """With such a file alone, `tsc --noEmit` passes whatever stands in the code."""
    bench.write(
        **{
            "tsconfig.json": '{"files": [], "references": [{"path": "./tsconfig.app.json"}]}',
            "tsconfig.app.json": typescript(strict=True),
            "src/a.ts": "const x: number = 'one'\n",
        }
    )
    bench.npm()
    bench.run("implementation", code=2)


@pytest.mark.parametrize("base", ['{"files": []}', '{"files": ["a.d.ts"]}'])
def test_a_project_that_inherits_that_it_has_no_files_is_no_pass(bench: Bench, base: str) -> None:
    bench.write(
        **{
            "tsconfig.json": '{"extends": "./lib/base.json", "compilerOptions": {"types": [], "lib": ["es5"]}}',
            "lib/base.json": base,
            "lib/a.d.ts": "declare const y: number\n",
            "src/a.ts": "const x: number = 'one'\n",
        }
    )
    bench.npm()
    assert "tsc found nothing to check" in bench.run("implementation", code=77).said


def test_cargo_check_passes_and_fails(bench: Bench) -> None:
    bench.toolchain("cargo", "rustc", "cc")
    bench.write(
        **{
            "Cargo.toml": '[package]\nname = "one"\nversion = "0.1.0"\nedition = "2021"\n',
            "Cargo.lock": 'version = 3\n\n[[package]]\nname = "one"\nversion = "0.1.0"\n',
            "src/lib.rs": "pub const X: i32 = 1;\n",
        }
    )
    environment = {"RUSTUP_HOME": CALLER.get("RUSTUP_HOME", str(Path(CALLER["HOME"]) / ".rustup"))}
    bench.run("implementation", code=0, **environment)
    bench.repo.write("src/lib.rs", 'pub const X: i32 = "one";\n')
    assert "E0308" in bench.run("implementation", code=101, **environment).said


def test_without_a_tool_the_recipe_says_how_to_get_one(bench: Bench) -> None:
    bench.write(**CONFIGURED, **{"a.py": BAD})
    assert "mypy is not installed: pip install mypy" in bench.run("implementation", code=77).said


def test_without_a_configuration_no_tool_is_used(bench: Bench) -> None:
    bench.write(**{"a.py": BAD})
    bench.pip("mypy")
    said = bench.run("implementation", code=77).said
    assert "mypy has no configuration here: mypy.ini or .mypy.ini" in said


def test_without_code_there_is_nothing_to_check(bench: Bench) -> None:
    bench.write(**CONFIGURED)
    bench.pip("mypy")
    bench.run("implementation", code=77)
