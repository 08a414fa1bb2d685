"""`mdtodo check`: every code, at its file and line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]


@pytest.fixture
def mdtodo(inside: Callable[..., Said]) -> Callable[..., Said]:
    """In this process, which takes a third of the time; that a process of its own does the same, others test."""
    return inside


@pytest.mark.parametrize(
    ("todo", "line", "severity", "code", "words"),
    [
        ("- [ ] a id:x\n- [ ] b id:x\n", 2, "error", "duplicate-id", "x"),
        ("- [ ] a id:build\n- [ ] b after:biuld\n", 2, "error", "unknown-id", "build"),
        ("- [ ] a id:a after:b\n- [ ] b id:b after:a\n", 1, "error", "cycle", "a -> b -> a"),
        ("- [ ] a id:a after:b\n  - [ ] b id:b\n    - [ ] c after:a\n", 1, "error", "cycle", "a"),
        ("1. [ ] a id:a after:b\n2. [ ] b id:b\n", 1, "error", "cycle", "a -> b -> a"),
        ("- [ ] a run:tsets\n", 1, "error", "unknown-processor", "tests"),
        ("- [ ] a lane:hihg\n", 1, "error", "unknown-lane", "high"),
        ("- [ ] a priority:hgih\n", 1, "error", "unknown-priority", "high"),
        ("- [ ] a timeout:5m\n", 1, "warning", "suspected-key", "set `timeout` of its processor"),
        ("- [ ] a due:2026-02-30\n", 1, "error", "bad-date", "2026-02-30"),
        ("- [ ] a est:soon\n", 1, "error", "bad-estimate", "soon"),
        ("- [x] a\n  - [ ] b\n", 1, "warning", "ticked-parent", "b"),
        ("- [ ] a\n- [ ]\n", 2, "warning", "empty-box", "empty"),
        ("- [ ] a\n- [~] b\n", 2, "warning", "unknown-box", "`[~]` is not a box"),
        ("1. a\n2. [ ]b\n", 2, "warning", "unknown-box", "no blank"),
        ("- [ ] a\n- [ ] run:tests #ci !high\n", 2, "warning", "empty-title", "only keys"),
        ("1. [x] id:a ✅ 2026-11-21\n", 1, "warning", "empty-title", "only keys"),
        ("- [ ] a afer:build\n", 1, "warning", "suspected-key", "`after:`"),
        ("- [ ] a\n  run: tests\n", 2, "warning", "suspected-key", "`run:tests`, without a blank"),
        ("- [ ] a est:30h\n", 1, "warning", "epic-without-subtasks", "subtasks"),
        (
            "<<<<<<< ours\n- [ ] a\n=======\n- [x] a\n>>>>>>> theirs\n",
            1,
            "error",
            "conflict-marker",
            "conflict",
        ),
    ],
)
def test_every_finding_has_its_line_severity_and_code(
    repo: Checkout, mdtodo: Mdtodo, todo: str, line: int, severity: str, code: str, words: str
) -> None:
    repo.write("TODO.md", todo)
    repo.write(".mdtodo.toml", '[processors.tests]\nrun = "true"\n')
    exit_code = int(severity == "error")
    findings = json.loads(mdtodo("check", "--json", code=exit_code).out)["findings"]
    found = [finding for finding in findings if finding["code"] == code]
    assert found, findings
    assert (found[0]["file"], found[0]["line"], found[0]["severity"]) == ("TODO.md", line, severity)
    assert words in found[0]["message"]
    assert f"TODO.md:{line}: {severity}: {code}: " in mdtodo("check", code=exit_code).out


def test_a_file_without_mistakes_has_no_finding(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md", "- [ ] a id:a #123 C# @me ~8h word:value http://x/y#z\n- [ ] b after:a\n")
    said = mdtodo("check")
    assert said.out == ""
    assert mdtodo("check", "--json").json == {"version": 1, "findings": []}


EQUAL = [
    ("- [ ] a run:t\n- [ ] a run:t\n", [(2, "line 1:")]),
    ("- [ ] a run:t\n- [ ] a run:u\n- [ ] a\n", [(2, "line 1, and 1 more:")]),
    ("- [x] a\n- [ ] a run:t\n", [(2, "line 1:")]),
    ("- [ ] a after:b\n- [ ] b id:b\n- [ ] a\n", [(3, "line 1:")]),
    ("- [ ] a #scan\n- [ ] a\n", [(2, "line 1:")]),
    ("- [ ] p\n  - [ ] a run:t\n- [ ] p\n  - [ ] a run:t\n", [(4, "line 2:")]),
    ("- [ ] p after:b\n  - [ ] a\n  - [ ] a\n- [ ] b id:b\n", []),
    ("- [ ] a\n- [ ] a\n- [ ] a !high due:2026-12-01\n", []),
    ("1. [ ] a\n2. [ ] a\n", []),
    ("- [x] a run:t\n- [-] a run:t\n", []),
    ("- [ ] a run:t\n- [ ] a run:t id:a\n", []),
    ("# A\n- [ ] a run:t\n# B\n- [ ] a run:t\n", []),
    ("- [ ] p\n  - [ ] a run:t\n- [ ] q\n  - [ ] a run:t\n", []),
    ("- [ ] a run:t\n- [ ] A run:t\n", []),
]


@pytest.mark.parametrize(("todo", "expected"), EQUAL)
def test_equal_tasks_are_named_only_where_a_processor_or_a_wait_makes_it_matter(
    repo: Checkout, mdtodo: Mdtodo, todo: str, expected: list[tuple[int, str]]
) -> None:
    repo.write("TODO.md", todo)
    tables = ['t]\nrun = "true"', 'u]\nrun = "true"', 'scan]\nrun = "true"\nmatch = { tags = ["scan"] }']
    repo.write(".mdtodo.toml", "".join(f"[processors.{table}\n" for table in tables))
    found = mdtodo("check", "--json").json["findings"]
    findings = [one for one in found if one["code"] == "duplicate-title"]
    assert [(one["line"], one["severity"]) for one in findings] == [(line, "warning") for line, _ in expected]
    assert all(words in one["message"] for one, (_, words) in zip(findings, expected, strict=True))


def test_equal_tasks_of_several_files_are_told_apart_by_their_file(repo: Checkout, mdtodo: Mdtodo) -> None:
    for folder in "abc":
        repo.write(f"{folder}/TODO.md", "- [ ] a run:t\n")
    repo.write(".mdtodo.toml", '[processors.t]\nrun = "true"\n')
    assert mdtodo("check").out == ""


def test_named_files_are_reported_and_the_others_are_read(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md", "- [ ] a id:a\n- [ ] z after:nowhere\n")
    repo.write("docs/TODO.md", "- [ ] b after:a\n- [ ] c id:a\n")
    out = mdtodo("check", "docs/TODO.md", code=1).out
    assert out.splitlines() == [line for line in out.splitlines() if line.startswith("docs/TODO.md:2: ")]
    assert "nowhere" not in out
    repo.write("notes.md", "- [ ] d after:missing\n")
    assert "notes.md:1: error: unknown-id" in mdtodo("check", "notes.md", code=1).out
    below = mdtodo("check", "TODO.md", cwd=repo.root / "docs", code=1).out
    assert below == out, "a path as typed is relative to where the command was started"


def test_annotations_are_escaped(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("a,b:c%/TODO.md", "- [ ] a after:100%::set-output\n")
    lines = mdtodo("check", "--format", "github", code=1).out.splitlines()
    assert all(line.startswith("::error file=a%2Cb%3Ac%25/TODO.md,line=1,") for line in lines)
    assert any("100%25::set-output" in line for line in lines)


def test_warnings_may_be_left_out(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md", "- [ ] a\n- [ ]\n")
    assert mdtodo("check", "--errors-only").out == ""


ERROR, WARNING = "- [ ] a after:nowhere\n", "- [ ]\n"


@pytest.mark.parametrize(
    ("todo", "strict", "options", "code", "told"),
    [
        (WARNING, False, (), 0, None),
        (WARNING, False, ("--strict",), 1, "--strict"),
        (WARNING, True, (), 1, "warnings_as_errors = true"),
        (WARNING, True, ("--strict", "--json"), 1, "--strict"),
        (WARNING, True, ("--errors-only",), 0, None),
        (WARNING, True, ("--strict", "--errors-only"), 0, None),
        (ERROR, False, (), 1, None),
        (ERROR + WARNING, True, ("--strict",), 1, None),
        (ERROR + WARNING, True, ("--errors-only",), 1, None),
        ("- [ ] a\n", True, ("--strict",), 0, None),
    ],
)
@pytest.mark.parametrize("of", [(), ("--staged",), ("--changed", "TODO.md"), ("TODO.md",)])
def test_warnings_fail_only_where_they_count_as_errors(
    repo: Checkout,
    mdtodo: Mdtodo,
    of: tuple[str, ...],
    todo: str,
    strict: bool,
    options: tuple[str, ...],
    code: int,
    told: str | None,
) -> None:
    repo.write("TODO.md", todo)
    repo.write(".mdtodo.toml", "warnings_as_errors = true\n" if strict else "")
    repo.git("add", "-A")
    said = mdtodo("check", *of, *options, code=code)
    assert said.err == (f"mdtodo: warnings count as errors here: `{told}`\n" if told else "")


def test_the_staged_configuration_says_whether_staged_warnings_fail(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md", WARNING)
    repo.write(".mdtodo.toml", "warnings_as_errors = true\n")
    repo.git("add", "-A")
    repo.write(".mdtodo.toml", "")
    mdtodo("check", "--staged", code=1)
    mdtodo("check")


def test_a_file_that_cannot_be_read_weighs_more_than_what_is_found(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md", ERROR)
    repo.write("todo/a.md", b"- [ ] \xff\n")
    mdtodo("check", "--strict", code=3)


def test_check_writes_nothing(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md", "- [ ] a\n- [ ]\n")
    before = sorted(str(path) for path in repo.root.rglob("*"))
    mdtodo("check")
    assert sorted(str(path) for path in repo.root.rglob("*")) == before


MODULES = """\
[processors]
there.python = "tools.embed:main"
package.python = "tools:main"
deep.python = "tools.sub.deep:main"
standard.python = "os.path:exists"
builtin.python = "time:sleep"
installed.python = "click.testing:CliRunner"
folder = { python = "inner:main", cwd = "sub" }
point.python = "known"
gone.python = "tools.embde:main"
no-package.python = "tools.embed.more:main"
nowhere.python = "nowhere_at_all.x:main"
[processors.no-point]
python = "unknown"
"""


def test_modules_of_processors_are_looked_for_and_not_imported(repo: Checkout, mdtodo: Mdtodo) -> None:
    for path in (
        "tools/__init__.py",
        "tools/embed.py",
        "tools/sub/deep.py",
        "sub/inner.py",
        "nowhere_at_all/y.py",
    ):
        repo.write(path, "open('imported', 'w')\nraise SystemExit(9)\n")
    repo.write("plugin-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: plugin\nVersion: 1\n")
    repo.write("plugin-1.dist-info/entry_points.txt", "[mdtodo.processors]\nknown = tools.embed:main\n")
    repo.write("TODO.md", "- [ ] a run:there\n")
    repo.write(".mdtodo.toml", MODULES)
    found = mdtodo("check", "--json").json["findings"]
    assert [(one["line"], one["message"]) for one in found] == [
        (10, 'processor gone: no module "tools.embde" is found from here'),
        (
            11,
            'processor no-package: the module "tools.embed" is no package, so there is no "tools.embed.more"',
        ),
        (12, 'processor nowhere: no module "nowhere_at_all.x" is found from here'),
        (
            14,
            'processor no-point: no entry point "unknown" of the group mdtodo.processors is found from here',
        ),
    ]
    assert {(one["file"], one["severity"], one["code"]) for one in found} == {
        (".mdtodo.toml", "warning", "unknown-module")
    }
    assert not (repo.root / "imported").exists()
    assert mdtodo("check", "--errors-only").out == "", "a run may have another environment"


def test_a_missing_module_is_told_with_its_line_in_pyproject_toml(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md", "- [ ] a\n")
    repo.write(
        "pyproject.toml", "[project]\nname = 'x'\n\n[tool.mdtodo.processors.p]\npython = 'gone:main'\n"
    )
    assert mdtodo("check").out.startswith("pyproject.toml:5: warning: unknown-module: processor p: ")


def test_a_linked_folder_that_leads_back_to_the_checkout_is_told(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md", "- [ ] a\n")
    repo.write(".gitignore", "/.venv\n")
    repo.write(".venv/lib/python3.11/site-packages/pkg.pth", f"{repo.root}/src\n")
    repo.write(
        ".mdtodo.toml",
        'isolation = "clone"\n[processors.p]\nrun = "true"\nlink = ["node_modules", ".venv"]\n',
    )
    assert mdtodo("check").out.startswith(
        ".mdtodo.toml:4: warning: linked-checkout: processor p: link: .venv leads back to the checkout "
        "(.venv/lib/python3.11/site-packages/pkg.pth), so a clone would prove the files there, and not its own\n"
    )
    assert mdtodo("check", "TODO.md").out == ""
