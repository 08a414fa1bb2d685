"""The fuzzer finds what is wrong, and makes it small."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from mdtodo.core.task import STATUS_CHARS
from tests.fuzz import properties
from tests.fuzz.__main__ import SHARES
from tests.fuzz.changes import changed, fresh
from tests.fuzz.minimize import minimized
from tests.fuzz.versions import MORE, MOST, Versions, written


def test_each_property_has_its_share_of_the_time() -> None:
    assert sorted(SHARES) == sorted(properties.__all__)


def test_versions_are_read_as_they_are_written() -> None:
    texts = (b"- [ ] a\n", b"", "- [x] é".encode())
    assert Versions.of(written(texts)) == Versions(texts, STATUS_CHARS)
    assert Versions.of(written(texts, more=True)).texts == texts
    assert "~" in Versions.of(MORE).statuses


def test_changes_are_some_versions_and_most_of_them_can_be_read() -> None:
    random = Random(0)
    made = [fresh(random) for _ in range(100)]
    made += [changed(random, random.choice(made), random.choice(made)) for _ in range(300)]
    found = [Versions.of(data) for data in made]
    assert all(1 <= len(one.texts) <= MOST for one in found)
    assert sum(len(one.documents()) > 1 for one in found) > 200


def test_what_makes_no_difference_is_left_out() -> None:
    data = written([b"# A\n\n- [ ] a\n", b"text\n- [ ] wrong, at length\n"], more=True)
    assert minimized(data, lambda one: b"wrong" in one) == b"wrong"
    assert minimized(data, lambda one: b"wrong" in one, 1) != b"wrong"


@pytest.mark.slow
@pytest.mark.parametrize("broken", [False, True])
def test_a_fault_is_found_and_written_down(tmp_path: Path, *, broken: bool) -> None:
    root = Path(__file__).parents[2]
    program = "import sys, runpy, mdtodo.fast_path.blocks as blocks\n"
    # each process starts with this file
    program += "blocks._level = lambda text: 0\n" if broken else ""
    (tmp_path / "sitecustomize.py").write_text(program)
    argv = [sys.executable, "-m", "tests.fuzz", "--only", "hooks", "--seconds", "4", "--seed", "1"]
    argv += ["--failures", str(tmp_path / "failures.json")]
    done = subprocess.run(
        argv, cwd=root, env={"PYTHONPATH": f"{tmp_path}:{root}"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == broken, done.stdout + done.stderr
    if broken:
        failures = json.loads((tmp_path / "failures.json").read_text())
        assert min(len(one["text"]) for one in failures) < 10
