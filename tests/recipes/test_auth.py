"""The recipe `auth`: detect-secrets, with the project's baseline where there is one, else bandit's tests of passwords."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from tests.recipes.conftest import BIN

if TYPE_CHECKING:
    from tests.recipes.conftest import Bench

#: Of the form of a key of AWS's; in two parts, since what looks for keys looks here too.
KEY = "AKIA" + "Q3EG" * 4


def baseline(bench: Bench) -> None:
    """What is there now is known, and committed as such."""
    bench.pip("detect-secrets", "detect-secrets-hook")
    command = [BIN / "detect-secrets", "scan"]
    done = subprocess.run(command, cwd=bench.repo.root, capture_output=True, check=True, text=True)
    assert json.loads(done.stdout)["results"]
    bench.write(**{".secrets.baseline": done.stdout})


def test_files_without_secrets_pass(bench: Bench) -> None:
    bench.write(**{"a b.py": "x = 1\n", "-v": "--help\n"})
    bench.pip("detect-secrets-hook")
    bench.run("auth", code=0)


def test_a_key_fails_and_the_place_is_said(bench: Bench) -> None:
    bench.write(**{"ok.py": "x = 1\n", "-key.py": f"\nkey = '{KEY}'\n"})
    bench.pip("detect-secrets-hook", "bandit")
    said = bench.run("auth", code=1).said
    assert "--no-verify" in said.splitlines()[0], "what looks like a secret is sent nowhere"
    assert "-key.py:2" in said
    assert KEY not in said


def test_a_known_secret_passes_also_when_it_has_moved_and_the_baseline_stays_as_it_is(bench: Bench) -> None:
    bench.write(**{"sample.py": f"key = '{KEY}'\n"})
    baseline(bench)
    bench.run("auth", code=0)
    bench.repo.write("sample.py", f"\n\n\nkey = '{KEY}'\n")
    said = bench.run("auth", code=0).said
    assert "The baseline file was updated" in said, "the tool's own code for that is 3"


def test_a_new_secret_fails_beside_known_ones_also_with_an_unstaged_baseline(bench: Bench) -> None:
    bench.write(**{"sample.py": f"key = '{KEY}'\n"})
    baseline(bench)
    bench.repo.write(".secrets.baseline", bench.repo.read(".secrets.baseline") + b"\n")
    bench.repo.write("new.py", f"key = '{KEY[:-4]}0000'\n")
    said = bench.run("auth", code=1).said
    assert "new.py:1" in said
    assert "sample.py" not in said.partition("ERROR")[2]


def test_a_broken_baseline_fails(bench: Bench) -> None:
    bench.write(**{"a.py": "x = 1\n", ".secrets.baseline": "{"})
    bench.pip("detect-secrets-hook")
    assert "Unable to read baseline" in bench.run("auth", code=1).said


def test_bandit_finds_passwords_where_there_is_no_other_tool(bench: Bench) -> None:
    bench.write(**{"a.py": "password = input()\n"})
    bench.pip("bandit")
    bench.run("auth", code=0)
    bench.repo.write("b.py", "password = 'hunter2'\nassert password\n")
    said = bench.run("auth", code=1).said
    assert "B105" in said
    assert "B101" not in said


def test_a_file_that_bandit_cannot_parse_fails(bench: Bench) -> None:
    bench.write(**{"a.py": "x = 1\n", "b.py": "password = (\n"})
    bench.pip("bandit")
    assert "b.py (syntax error" in bench.run("auth", code=1).said


def test_without_a_tool_the_recipe_says_how_to_get_one(bench: Bench) -> None:
    bench.write(**{"a.py": "x = 1\n", ".secrets.baseline": "{}"})
    said = bench.run("auth", code=77).said
    assert "detect-secrets-hook is not installed: pip install detect-secrets" in said


def test_an_empty_repository_is_nothing_to_check(bench: Bench) -> None:
    bench.pip("detect-secrets-hook", "bandit")
    bench.run("auth", code=77)
