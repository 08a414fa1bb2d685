"""`run --report FILE`, as programs that know nothing of mdtodo read it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

CONFIG = """
max_cpu = 100
[processors]
ok.run = "true"
bad.run = "printf 'one <b>\\\\033[31m]]>\\\\000\\\\377\\\\n| x | `y` |'; exit 3"
slow = {run = "sleep 30", timeout = "0.2s"}
skip.run = "exit 77"
later.run = "exit 75"
"""
TODO = (
    "- [ ] Passes & <more> run:ok id:a\n- [ ] Fails\x1b]0;\x07 \"'| `x` run:bad id:b\n- [ ] Slow run:slow id:c\n"
    "- [ ] Skips run:skip id:d\n- [ ] Defers run:later id:e\n- [ ] Waits run:ok id:f after:b\n"
    "- [ ] Twice run:ok id:g\n- [ ] Twice run:ok id:h\n"
)


@pytest.fixture
def ready(repo: Checkout) -> Checkout:
    repo.commit("Base", **{"docs/TODO.md": TODO, ".mdtodo.toml": CONFIG, ".gitignore": "out/\n"})
    (repo.root / "out").mkdir()
    return repo


def test_junit_has_a_case_for_each_task(ready: Checkout, inside: Callable[..., Said]) -> None:
    inside("run", "--report", "out/junit.xml", code=1)
    top = ElementTree.parse(ready.root / "out" / "junit.xml").getroot()
    (suite,) = top
    assert (top.tag, suite.tag) == ("testsuites", "testsuite")
    for one in top, suite:
        assert [one.attrib[name] for name in ("tests", "failures", "errors", "skipped")] == [
            "8",
            "2",
            "0",
            "3",
        ]
    cases = {case.find("properties/property[@name='id']").attrib["value"]: case for case in suite}  # type: ignore[union-attr]
    assert sorted(cases) == list("abcdefgh")
    assert {case.attrib["classname"] for case in suite} == {"docs/TODO.md"}
    assert cases["a"].attrib["name"] == "Passes & <more>"
    assert [cases[one].attrib["name"] for one in "gh"] == ["Twice (g)", "Twice (h)"]
    assert [cases[one].attrib["line"] for one in "ah"] == ["1", "8"]
    kinds = {name: [child.tag for child in case if child.tag != "properties"] for name, case in cases.items()}
    assert sorted(name for name, tags in kinds.items() if tags == ["failure"]) == ["b", "c"]
    assert sorted(name for name, tags in kinds.items() if tags == ["skipped"]) == ["d", "e", "f"]
    failures = [case.find("failure") for case in (cases["b"], cases["c"])]
    assert [one.attrib["type"] for one in failures if one is not None] == ["exit", "timeout"]
    assert failures[0] is not None
    assert "one <b>" in (failures[0].text or "")
    assert "| x | `y` |" in (failures[0].text or "")
    assert float(suite.attrib["time"]) >= 0.2


def test_markdown_is_that_of_the_action(ready: Checkout, inside: Callable[..., Said]) -> None:
    inside("run", "--report", "out/report.MD", "--json", code=1)
    text = (ready.root / "out" / "report.MD").read_text(encoding="utf-8")
    assert text.startswith("### mdtodo run: 3 done, 2 failed")
    rows = [line for line in text.partition("####")[0].splitlines() if line.startswith("| ")]
    assert len(rows) == 2 + 8
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 6 for row in rows)
    assert "\x1b" not in text
    assert "one <b>" in text


@pytest.mark.parametrize(
    ("path", "code", "sentence"),
    [
        ("report.txt", 2, "must end in .md, for markdown, or .xml, for JUnit"),
        ("report", 2, "must end in .md"),
        ("nowhere/report.xml", 3, "nothing was run"),
        ("docs.xml", 3, "is a folder: nothing was run"),
        ("pipe.xml", 3, "is no file: nothing was run"),
        ("docs/TODO.md", 2, "is a list of tasks: name another file"),
        ("link.md", 2, "is a list of tasks: name another file"),
        ("docs/TODO.archive.md", 2, "is a list of tasks: name another file"),
    ],
)
def test_what_cannot_be_written_is_said_before_anything_runs(
    ready: Checkout, inside: Callable[..., Said], path: str, code: int, sentence: str
) -> None:
    (ready.root / "docs.xml").mkdir()
    os.mkfifo(ready.root / "pipe.xml")
    os.symlink("docs/TODO.md", ready.root / "link.md")
    head = ready.git("rev-parse", "HEAD")
    assert sentence in inside("run", "--report", path, code=code).err
    assert ready.git("rev-parse", "HEAD") == head
    assert "--dry-run is none" in inside("run", "--dry-run", "--report", "out/a.xml", code=2).err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_report_on_a_full_disk_loses_nothing_of_the_run(
    ready: Checkout, inside: Callable[..., Said]
) -> None:
    os.symlink("/dev/full", ready.root / "out" / f"report.xml.{os.getpid()}")
    said = inside("run", "a", "--report", "out/report.xml", code=3)
    assert "report.xml: the report cannot be written: No space left on device" in said.err
    assert "- [x] Passes" in ready.read("docs/TODO.md").decode()
    assert os.listdir(ready.root / "out") == []


def test_an_interrupted_run_has_a_report_too(repo: Checkout) -> None:
    config = "[processors]\nok.run = 'true'\nlong.run = 'touch began; sleep 60'\n"
    todo = "- [ ] a run:ok id:a !critical\n- [ ] b run:long id:b\n"
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": config, ".gitignore": "began\n*.xml\n"})
    command = [sys.executable, "-m", "mdtodo", "run", "-j", "1", "--report", "r.xml"]
    with subprocess.Popen(
        command, cwd=repo.root, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as run:
        while not (repo.root / "began").exists():
            assert run.poll() is None
        run.terminate()
        assert run.wait(60) == 130
    suite = ElementTree.parse(repo.root / "r.xml").getroot()[0]
    assert [[child.tag for child in case][1:] for case in suite] == [[], ["skipped"]]
