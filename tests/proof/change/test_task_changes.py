"""`open-task-removed`: open tasks that a change takes away, and what is none of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]

TODO = (
    "# Now\n\n- [ ] Fix the parser of tables\n- [ ] Write the docs\n- [x] done\n\n# Later\n\n- [ ] Ship it\n"
)
FIX, DOCS, SHIP = "- [ ] Fix the parser of tables\n", "- [ ] Write the docs\n", "- [ ] Ship it\n"


def without(*lines: str, text: str = TODO) -> str:
    for line in lines:
        text = text.replace(line, "")
    return text


def removed(said: Said) -> list[str]:
    found = said.json["findings"]
    assert {one["severity"] for one in found if one["code"] == "open-task-removed"} <= {"warning"}
    return [f"{one['file']}:{one['line']}" for one in found if one["code"] == "open-task-removed"]


CHANGES: list[tuple[dict[str, str], list[str]]] = [
    # taken away
    ({"TODO.md": without(FIX)}, ["TODO.md:3"]),
    ({"TODO.md": without(FIX, SHIP)}, ["TODO.md:3", "TODO.md:9"]),
    ({"TODO.md": TODO.replace(FIX, "- Fix the parser of tables\n")}, ["TODO.md:3"]),
    ({"TODO.md": TODO.replace(FIX, "- [x] Make coffee\n")}, ["TODO.md:3"]),
    ({"TODO.md": TODO.replace(FIX, f"```\n{FIX}```\n")}, ["TODO.md:3"]),
    ({"TODO.md": TODO.replace(FIX, f"<!--\n{FIX}-->\n")}, ["TODO.md:3"]),
    ({"TODO.md": ""}, ["TODO.md:3", "TODO.md:4", "TODO.md:9"]),
    ({"TODO.md": without(FIX), "old.md": FIX}, ["TODO.md:3"]),
    # not taken away
    ({"TODO.md": TODO.replace("[ ] Fix", "[x] Fix")}, []),
    ({"TODO.md": TODO.replace("[ ] Fix", "[-] Fix")}, []),
    ({"TODO.md": TODO.replace("[ ] Fix", "[/] Fix")}, []),
    ({"TODO.md": without("- [x] done\n")}, []),
    ({"TODO.md": without(FIX) + FIX}, []),
    ({"TODO.md": without(FIX).replace(DOCS, DOCS + "  " + FIX)}, []),
    ({"TODO.md": TODO.replace("Fix the parser of tables", "Fix the parser of all tables")}, []),
    ({"TODO.md": TODO.replace("Fix the parser of tables", "Fix the parser of tables !high run:x #tag")}, []),
    ({"TODO.md": TODO.replace("Now", "Soon")}, []),
    ({"TODO.md": TODO.replace("\n", "\r\n")}, []),
    ({"TODO.md": without(FIX), "docs/TODO.md": FIX}, []),
    ({"TODO.md": without(FIX), "docs/TODO.md": FIX.replace("[ ]", "[x]")}, []),
    ({"TODO.md": without(FIX), "archive.md": FIX.replace("[ ]", "[x]")}, []),
    ({"TODO.md": without(FIX), "archive.md": FIX.replace("[ ]", "[-]")}, []),
    ({"TODO.md": "\n".join(reversed(TODO.split("\n")))}, []),
]


@pytest.mark.parametrize(("files", "expected"), CHANGES)
@pytest.mark.parametrize("how", ["range", "staged", "changed", "work tree"])
@pytest.mark.sample(31)
def test_what_a_change_takes_away(
    inside: Mdtodo, repo: Checkout, files: dict[str, str], expected: list[str], how: str
) -> None:
    repo.commit("Base", **{"TODO.md": TODO, "README.md": "# Read me\n"})
    for path, text in files.items():
        repo.write(path, text)
    args = {
        "range": ("check", "--proof", "HEAD~"),
        "staged": ("check", "--staged"),
        "changed": ("check", "--changed", *files),
        "work tree": ("check",),
    }
    if how == "range":
        repo.commit("work")
    elif how == "staged":
        repo.git("add", "-A")
        repo.write("TODO.md", TODO)
    assert removed(inside(*args[how], "--json", code=None)) == expected


def test_a_file_that_goes(inside: Mdtodo, repo: Checkout) -> None:
    repo.commit("Base", **{"TODO.md": "- [x] a\n", "docs/TODO.md": TODO})
    (repo.root / "docs/TODO.md").unlink()
    gone = ["docs/TODO.md:3", "docs/TODO.md:4", "docs/TODO.md:9"]
    assert removed(inside("check", "--json")) == gone
    assert removed(inside("check", "--staged", "--json")) == []
    repo.git("add", "-A")
    assert removed(inside("check", "--staged", "--json")) == gone
    repo.commit("gone")
    assert removed(inside("check", "--proof", "HEAD~", "--json")) == gone
    repo.git("revert", "--no-edit", "HEAD")
    repo.git("mv", "docs/TODO.md", "docs/plan.md")
    assert removed(inside("check", "--staged", "--json")) == gone, "where nobody reads it any more"
    repo.git("mv", "docs/plan.md", "todo.md")
    repo.write(".mdtodo.toml", 'files = ["*.md", "TODO.md", "**/TODO.md"]\n')
    repo.git("add", "-A")
    repo.commit("Read it", **{".mdtodo.toml": 'files = ["*.md", "TODO.md", "**/TODO.md"]\n'})
    assert removed(inside("check", "--proof", "HEAD~", "--json")) == gone, "by the patterns of the base"


def test_a_file_that_is_renamed(inside: Mdtodo, repo: Checkout) -> None:
    repo.commit("Base", **{"docs/TODO.md": TODO})
    repo.git("mv", "docs/TODO.md", "TODO.md")
    repo.write("TODO.md", without(SHIP))
    repo.git("add", "-A")
    for args in (("--staged",), ()):
        assert removed(inside("check", *args, "--json")) == ["docs/TODO.md:9"]
    repo.commit("move")
    assert removed(inside("check", "--proof", "HEAD~", "--json")) == ["docs/TODO.md:9"]


def test_many_of_one_file_are_one_finding(inside: Mdtodo, repo: Checkout) -> None:
    lines = [f"- [ ] task number {number}\n" for number in range(8)]
    repo.commit("Base", **{"TODO.md": "".join(lines)})
    repo.write("TODO.md", "".join(lines[5:]))
    assert removed(inside("check", "--json")) == [f"TODO.md:{number}" for number in range(1, 6)]
    repo.write("TODO.md", "".join(lines[6:]))
    said = inside("check")
    assert said.out.count("open-task-removed") == 1
    assert "TODO.md:1: warning: open-task-removed: 6 open tasks are gone" in said.out


def test_one_of_two_equal_ones_that_goes_is_one(inside: Mdtodo, repo: Checkout) -> None:
    repo.commit("Base", **{"TODO.md": "# A\n\n- [ ] a\n\n# B\n\n- [ ] a\n- [ ] b\n"})
    repo.write("TODO.md", "# A\n\n# B\n\n- [ ] a\n- [ ] b\n")
    assert len(removed(inside("check", "--json"))) == 1
    repo.write("TODO.md", "# B\n\n- [ ] a\n- [ ] b\n\n# C\n\n- [ ] a\n")
    assert removed(inside("check", "--json")) == []


# Commit by commit


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        # done or cancelled first
        ([TODO.replace("[ ] Fix", "[x] Fix"), without(FIX)], []),
        ([TODO.replace("[ ] Fix", "[-] Fix"), without(FIX)], []),
        ([TODO.replace("[ ] Fix", "[x] Fix"), TODO, without(FIX)], ["TODO.md:3"]),
        # there and back
        ([without(FIX), TODO], []),
        # reworded step by step
        (
            [
                TODO.replace("of tables", "of big tables"),
                TODO.replace("of tables", "of big wide tables"),
                TODO.replace("Fix the parser of tables", "Fix the parser of big wide"),
            ],
            [],
        ),
        # what the range itself added
        ([TODO + "- [ ] more\n", TODO], []),
    ],
)
def test_step_by_step(inside: Mdtodo, repo: Checkout, steps: list[str], expected: list[str]) -> None:
    base = repo.commit("Base", **{"TODO.md": TODO})
    for number, text in enumerate(steps):
        repo.commit(f"work {number}", **{"TODO.md": text})
    assert removed(inside("check", "--proof", base, "--json")) == expected


def test_a_receipt_in_the_commit_that_removes_it(inside: Mdtodo, repo: Checkout) -> None:
    """As a squash has it."""
    text = "- [ ] a id:a\n- [ ] b id:b\n"
    base = repo.commit("Base", **{"TODO.md": text})
    message = "Run\n\nMdtodo-Run: 20261121T101500-3f2a\nMdtodo-Task: a done t exit=0 time=0.100 attempt=1"
    repo.commit(message, **{"TODO.md": ""})
    assert removed(inside("check", "--proof", base, "--json")) == ["TODO.md:2"]


def test_merges(inside: Mdtodo, repo: Checkout) -> None:
    """What one side does first, and what a merge takes away itself."""
    base = repo.commit("Base", **{"TODO.md": TODO, "other": ""})
    repo.git("checkout", "-q", "-b", "side")
    repo.commit("done", **{"TODO.md": TODO.replace("[ ] Fix", "[x] Fix")})
    repo.commit("tidy", **{"TODO.md": without(FIX)})
    repo.git("checkout", "-q", "-b", "work", base)
    repo.commit("work", other="x")
    repo.git("merge", "-q", "--no-ff", "-m", "Merge", "side")
    assert removed(inside("check", "--proof", base, "--json")) == []
    repo.git("reset", "-q", "--hard", "HEAD^")
    repo.git("merge", "-q", "--no-ff", "--no-commit", "side")
    repo.write("TODO.md", without(FIX, SHIP))
    repo.git("add", "-A")
    for args in (("--staged",), ()):
        assert removed(inside("check", *args, "--json")) == ["TODO.md:9"]
    repo.commit("Merge")
    assert removed(inside("check", "--proof", base, "--json")) == ["TODO.md:9"]
    # the trunk has taken it away itself
    assert removed(inside("check", "--proof", "side..HEAD", "--json")) == ["TODO.md:8"]


def test_nothing_is_said_where_the_gate_is_off_or_the_configuration_was_broken(
    inside: Mdtodo, repo: Checkout
) -> None:
    repo.commit("Base", **{"TODO.md": TODO, ".mdtodo.toml": 'proof = "off"\n'})
    repo.write("TODO.md", without(FIX))
    assert inside("check").out == ""
    repo.commit("Base", **{"TODO.md": TODO, ".mdtodo.toml": "broken ["})
    repo.write("TODO.md", TODO.replace("[ ]", "[x]"))
    repo.write(".mdtodo.toml", "")
    repo.git("add", "-A")
    for args in ((), ("--staged",)):
        assert inside("check", *args).out == "", "so that it can be mended"


@pytest.mark.parametrize("file", ["TODO.md", "other/TODO.md", "notes.md"])
@pytest.mark.parametrize(("line", "count"), [("- [x] a", 2), ("- [ ] a", 0), ("- [-] a", 0)])
def test_equal_tasks_that_went_are_not_those_that_came_ticked_and_without_a_processor(
    inside: Mdtodo, repo: Checkout, file: str, line: str, count: int
) -> None:
    text = "# A\n\n- [ ] a run:t\n\n# B\n\n- [ ] a run:t\n\n# C\n\n- [ ] c\n"
    repo.commit("Base", **{".mdtodo.toml": '[processors.t]\nrun = "true"\n', "TODO.md": text})
    rest = "# A\n\n# B\n\n# C\n\n- [ ] c\n"
    repo.write("TODO.md", rest)
    repo.write(file, f"{rest if file == 'TODO.md' else ''}{line}\n{line}\n")
    repo.git("add", "-A")
    assert len(removed(inside("check", "--staged", "--json", code=None))) == (
        2 if file == "notes.md" and "[ ]" in line else count
    )
