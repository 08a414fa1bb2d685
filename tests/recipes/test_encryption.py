"""The recipe `encryption`: bandit, with its tests of cryptography alone."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from mdtodo.recipes.catalogue import recipe
from tests.recipes.conftest import BIN

if TYPE_CHECKING:
    from tests.recipes.conftest import Bench

WEAK = """\
import hashlib, pickle, ssl
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import algorithms, modes

hashlib.md5(b"")
algorithms.ARC4(b"key")
modes.ECB()
ssl._create_unverified_context()
ssl.wrap_socket(ssl_version=ssl.PROTOCOL_SSLv3)
rsa.generate_private_key(65537, 512)
requests.get("https://example.com", verify=False, timeout=1)
pickle.loads(b"")
assert True
"""

STRONG = """\
import hashlib, pickle, ssl

hashlib.sha256(b"")
ssl.create_default_context()
pickle.loads(b"")
hashlib.md5(b"", usedforsecurity=False)
hashlib.md5(b"")  # nosec B324
"""


def test_strong_cryptography_passes(bench: Bench) -> None:
    bench.write(**{"a b.py": STRONG, "old.py": "", "notes.md": "md5"})
    bench.pip("bandit")
    assert "'a b.py'" in bench.run("encryption", code=0).said.splitlines()[0]


def test_weak_cryptography_fails_and_nothing_else_is_said(bench: Bench) -> None:
    bench.write(**{"-weak.py": WEAK, "strong.py": STRONG})
    bench.pip("bandit")
    said = bench.run("encryption", code=1).said
    found = set(re.findall(r"Issue: \[(B\d+)", said))
    assert found == {"B324", "B304", "B305", "B323", "B502", "B505", "B501"}


def test_files_that_the_configuration_excludes_are_not_checked(bench: Bench) -> None:
    config = "[tool.bandit]\nexclude_dirs = ['tests']\n"
    bench.write(**{"pyproject.toml": config, "src/a.py": STRONG, "tests/a.py": WEAK})
    bench.pip("bandit")
    bench.run("encryption", code=0)
    bench.repo.write("src/b.py", WEAK)
    bench.run("encryption", code=1)


@pytest.mark.parametrize("files", [{"tests/a.py": STRONG}, {"__init__.py": ""}], ids=["excluded", "empty"])
def test_nothing_that_bandit_looks_at_is_no_pass(bench: Bench, files: dict[str, str]) -> None:
    bench.write(**{"pyproject.toml": "[tool.bandit]\nexclude_dirs = ['tests']\n", **files})
    bench.pip("bandit")
    assert "bandit found nothing to check" in bench.run("encryption", code=77).said


def test_a_file_that_cannot_be_parsed_fails(bench: Bench) -> None:
    bench.write(**{"a.py": STRONG, "b.py": "hashlib.md5(\n"})
    bench.pip("bandit")
    assert "b.py (syntax error" in bench.run("encryption", code=1).said


def test_without_bandit_the_recipe_says_how_to_get_it(bench: Bench) -> None:
    bench.write(**{"a.py": WEAK})
    assert "bandit is not installed: pip install bandit" in bench.run("encryption", code=77).said


def test_without_python_there_is_nothing_to_check(bench: Bench) -> None:
    bench.write(**{"a.c": "MD5_Init"})
    bench.pip("bandit")
    bench.run("encryption", code=77)


def test_bandit_knows_each_test_that_is_named(bench: Bench) -> None:
    bench.pip("bandit")
    said = subprocess.run([BIN / "bandit", "--help"], capture_output=True, text=True, check=True).stdout
    for way in recipe("encryption").ways + recipe("auth").ways:
        if way.tool == "bandit":
            for test in way.run[way.run.index("--tests") + 1].split(","):
                assert f"{test}\t" in said


def test_a_configuration_that_skips_one_of_the_tests_is_no_failure_of_the_code(bench: Bench) -> None:
    bench.write(**{"pyproject.toml": '[tool.bandit]\nskips = ["B324"]\n', "a.py": "x = 1\n"})
    bench.pip("bandit")
    said = bench.run("encryption", code=77).said
    assert "Non-exclusive include/exclude test sets: {'B324'}" in said
