"""What `[tool.mdtodo.check]` makes of findings, what it cannot make of the gate's, and the baseline."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mdtodo.core.codes import CODES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

ROOT = Path(__file__).parents[3]
#: An epic (warning), an empty box (warning), an unknown id (error).
TODO = "- [ ] big est:30h\n- [ ]\n- [ ] a after:nowhere\n"
GATE = "[processors.t]\nrun = 'true'\n"


@pytest.fixture
def check(inside: Callable[..., Said]) -> Callable[..., list[str]]:
    """`check(*args)`: severity and code of each finding."""

    def call(*args: str, code: int | None = None) -> list[str]:
        said = inside("check", "--json", *args, code=code)
        return [f"{one['severity']}: {one['code']}" for one in said.json["findings"]]

    return call


def test_codes_are_errors_warnings_or_nothing(repo: Checkout, check: Callable[..., list[str]]) -> None:
    repo.commit("Base", **{"TODO.md": TODO})
    usual = ["warning: epic-without-subtasks", "warning: empty-box", "error: unknown-id"]
    assert check(code=1) == usual
    repo.write(".mdtodo.toml", "[check]\nwarning = ['unknown-id']\nignore = ['empty-box']\n")
    assert check(code=0) == ["warning: epic-without-subtasks", "warning: unknown-id"]
    assert check("--strict", code=1) == ["warning: epic-without-subtasks", "warning: unknown-id"]
    repo.write(".mdtodo.toml", "[check]\nerror = ['empty-box']\nignore = ['unknown-id']\n")
    assert check("--errors-only", code=1) == ["error: empty-box"]
    assert check("--staged", code=1) == ["warning: epic-without-subtasks", "error: empty-box"]
    assert check("--changed", "TODO.md", code=1) == ["warning: epic-without-subtasks", "error: empty-box"]


def test_patterns_ignore_in_their_files_alone_also_in_many(
    repo: Checkout, check: Callable[..., list[str]]
) -> None:
    files = {f"docs/{n}/TODO.md": TODO for n in range(40)}
    rules = "[check.per_file_ignores]\n'docs/**' = ['empty-box', 'unknown-id']\n'/docs/1/' = ['epic-without-subtasks']\n"
    repo.commit("Base", **files, **{"TODO.md": TODO, ".mdtodo.toml": rules})
    for _ in range(2):  # the second from what the first remembered
        found = check(code=1)
        assert found.count("warning: epic-without-subtasks") == 40
        assert found.count("warning: empty-box") == found.count("error: unknown-id") == 1
    repo.write(".mdtodo.toml", "")
    assert len(check(code=1)) == 3 * 41


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ("ignore = ['emty-box']", '`check.ignore[0]`: unknown code "emty-box" (did you mean "empty-box"?)'),
        ("ignore = 'empty-box'", "`check.ignore`: must be a list of codes of findings"),
        ("error = ['cycle']\nignore = ['cycle']", "`check.ignore`: cycle stands in `error` too"),
        ("require = {release = ['dew']}", '`check.require.release[0]`: must be "after"'),
        ("per_file_ignores = {'docs/**' = ['all']}", "unknown code"),
        ("ignored = []", "unknown key"),
    ],
)
def test_a_wrong_rule_is_named(
    repo: Checkout, inside: Callable[..., Said], rules: str, sentence: str
) -> None:
    repo.commit("Base", **{"TODO.md": TODO, ".mdtodo.toml": f"[check]\n{rules}\n"})
    assert sentence in inside("check", code=3).err


def test_tasks_of_a_tag_must_have_keys(repo: Checkout, inside: Callable[..., Said]) -> None:
    todo = (
        "- [ ] bare #release\n- [x] closed #release\n- [ ] whole #release due:2030-01-01 @ann !medium est:0m\n"
        "- [ ] half #Release due:2030-01-01 !high est:1h\n- [ ] other #docs\n\n"
        "# Sprint #release due:2030-01-01 !low est:1h\n\n- [ ] inherits @ann est:1h\n"
    )
    rules = "[check.require]\nrelease = ['due', 'assignee', 'priority', 'est']\n"
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": rules})
    lines = inside("check", code=1).out.splitlines()
    assert [line for line in lines if "missing-key" in line] == [
        "TODO.md:1: error: missing-key: tasks of #release must have `due` and `assignee` and `priority` and `est`",
        "TODO.md:4: error: missing-key: tasks of #Release must have `assignee`",
    ]


@pytest.mark.parametrize(
    "rule",
    [
        "ignore = ['unproven', 'gate-changed']",
        "warning = ['unproven', 'gate-changed']",
        "per_file_ignores = {'*' = ['unproven', 'gate-changed']}",
    ],
)
def test_no_change_lets_itself_pass_the_gate(
    repo: Checkout, check: Callable[..., list[str]], rule: str
) -> None:
    config = f"proof = 'strict'\n{GATE}"
    base = repo.commit("Base", **{"TODO.md": "- [ ] a run:t\n", ".mdtodo.toml": config})
    repo.write("TODO.md", "- [x] a run:t\n")
    repo.write(".mdtodo.toml", f"{config}[check]\n{rule}\n")
    repo.git("add", "-A")
    both = ["error: gate-changed", "error: unproven"]
    assert sorted(check(code=1)) == both
    assert sorted(check("--staged", code=1)) == both
    assert sorted(check("--changed", "TODO.md", ".mdtodo.toml", code=1)) == both
    repo.git("commit", "-qm", "Both")
    assert sorted(check("--proof", f"{base}..HEAD", code=1)) == both
    repo.commit("Later", **{"TODO.md": "- [x] a run:t\n- [x] b run:t\n"})
    assert [one for one in check("--proof", "HEAD~..HEAD") if one.startswith("error")] == []


def test_whoever_asks_for_proof_gets_it(repo: Checkout, inside: Callable[..., Said]) -> None:
    rule = f"{GATE}[check]\nignore = ['unproven']\n"
    repo.commit("Base", **{"TODO.md": "- [x] a run:t\n", ".mdtodo.toml": rule})
    assert "unproven" not in inside("check", code=0).out
    assert "error: unproven" in inside("check", code=1, MDTODO_PROOF="require").out


def test_what_is_ignored_beside_the_gate_does_not_alter_it(
    repo: Checkout, check: Callable[..., list[str]]
) -> None:
    before = f"{GATE}[check]\nignore = ['unproven']\n"
    repo.commit("Base", **{"TODO.md": TODO, ".mdtodo.toml": before})
    repo.write(
        ".mdtodo.toml", f"{GATE}[check]\nignore = ['empty-box', 'unproven']\nrequire = {{x = ['due']}}\n"
    )
    assert "warning: gate-changed" not in check()
    repo.write(".mdtodo.toml", f"{GATE}[check]\nignore = ['gate-changed', 'unproven']\n")
    assert "warning: gate-changed" in check()


def test_a_baseline_hides_what_was_there_until_its_line_changes(
    repo: Checkout, inside: Callable[..., Said], check: Callable[..., list[str]]
) -> None:
    repo.commit("Base", **{"TODO.md": TODO + TODO.replace("\n", "\r\n"), "sub/TODO.md": TODO})
    said = inside("check", "--write-baseline")
    assert said.out == ""
    assert said.err.startswith("mdtodo: 10 findings in .mdtodo-baseline.json: commit it")
    written = repo.read(".mdtodo-baseline.json")
    assert check(code=0) == []
    inside("check", "--write-baseline")
    assert repo.read(".mdtodo-baseline.json") == written
    repo.commit("Baseline", **{"TODO.md": "# Moved\n\n" + TODO + TODO, "sub/TODO.md": TODO + "- [ ]\n"})
    assert check(code=0) == ["warning: empty-box"], "one more of a line that is known"
    repo.write("sub/TODO.md", TODO.replace("a after", "a !high after"))
    assert check(code=1) == ["error: unknown-id"]
    repo.git("add", "-A")
    assert check("--staged", code=1) == check("--changed", "sub/TODO.md", code=1) == ["error: unknown-id"]


def test_a_change_is_judged_by_the_baseline_that_it_starts_from(
    repo: Checkout, inside: Callable[..., Said], check: Callable[..., list[str]]
) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] a\n"})
    repo.write("TODO.md", TODO)
    inside("check", "--write-baseline")
    repo.git("add", "-A")
    assert check(code=0) == []
    assert len(check("--staged", code=1)) == len(check("--changed", "TODO.md", code=1)) == 3
    repo.git("commit", "-qm", "Both")
    assert check("--staged", code=0) == check("--changed", "TODO.md", code=0) == []


def test_no_baseline_holds_a_tick_without_proof(
    repo: Checkout, inside: Callable[..., Said], check: Callable[..., list[str]]
) -> None:
    repo.commit("Base", **{"TODO.md": "- [x] a run:t\n", ".mdtodo.toml": f"proof = 'require'\n{GATE}"})
    inside("check", "--write-baseline")
    document = json.loads(repo.read(".mdtodo-baseline.json"))
    assert document == {"version": 1, "findings": []}
    digest = hashlib.sha1(b"- [x] a run:t", usedforsecurity=False).hexdigest()
    forged = {"code": "unproven", "file": "TODO.md", "digest": digest}
    repo.commit("Forged", **{".mdtodo-baseline.json": json.dumps(document | {"findings": [forged]})})
    assert check(code=1) == ["error: unproven"]


@pytest.mark.parametrize(
    "broken",
    [
        *(
            "",
            "[]",
            "null",
            "{}",
            '{"version": 2, "findings": []}',
            '{"version": 1, "findings": 3}',
            "[" * 100_000,
        ),
        *('{"version": 1, "findings": [{"code": 1, "file": "", "digest": ""}]}', b"\xff"),
    ],
)
def test_a_broken_baseline_is_a_sentence(
    repo: Checkout, inside: Callable[..., Said], broken: str | bytes
) -> None:
    repo.commit("Base", **{"TODO.md": TODO, ".mdtodo-baseline.json": broken})
    for args in ("check",), ("check", "--changed", "TODO.md"), ("check", "--staged"):
        assert ".mdtodo-baseline.json: is no baseline of mdtodo" in inside(*args, code=3).err
    inside("check", "--write-baseline")
    inside("check", code=0)


def test_a_baseline_takes_the_whole_work_tree(repo: Checkout, inside: Callable[..., Said]) -> None:
    repo.commit("Base", **{"TODO.md": TODO})
    for args in ("TODO.md",), ("--staged",), ("--changed",), ("--proof", "HEAD"):
        assert "takes the whole work tree" in inside("check", "--write-baseline", *args, code=2).err
    assert not (repo.root / ".mdtodo-baseline.json").exists()


def test_the_codes_are_those_of_the_reference() -> None:
    table = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8").split("| code | severity |")[1]
    assert sorted(re.findall(r"(?m)^\| `([a-z-]+)` \| (?:error|warning)", table)) == list(CODES)
