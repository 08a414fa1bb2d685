"""Which ticks are named, in histories made by hand: one for each sentence that says what proves, and what ends a proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mdtodo.proof import ticks

if TYPE_CHECKING:
    from tests.command_line import Mdtodo
    from tests.conftest import Checkout

CONFIG = '[processors.a]\nrun = "true"\n[processors.b]\nrun = "true"\n[processors.bad]\nrun = "false"\n'
TODO = "# One\n\n- [ ] first of all the tasks run:a\n- [ ] second of all the tasks run:a\n"


@pytest.fixture
def mdtodo(inside: Mdtodo) -> Mdtodo:
    return inside


@pytest.fixture
def done(repo: Checkout, mdtodo: Mdtodo) -> Checkout:
    """Both tasks were proven."""
    repo.commit(**{"TODO.md": TODO, ".mdtodo.toml": CONFIG})
    mdtodo("run")
    return repo


def named(mdtodo: Mdtodo, *args: str) -> list[tuple[str, int]]:
    findings = mdtodo("check", "--json", *args).json["findings"]
    return [(one["file"], one["line"]) for one in findings if one["code"] == "unproven"]


def edit(repo: Checkout, old: str, new: str, message: str = "By hand") -> str:
    text = repo.read("TODO.md").decode()
    assert old in text
    repo.write("TODO.md", text.replace(old, new))
    return repo.commit(message)


def forget_journal(repo: Checkout) -> None:
    (repo.root / ".git/mdtodo/state.db").unlink()


KEPT = [
    pytest.param([("# One", "# Two\n\ntext")], id="heading"),
    pytest.param([("first of all the tasks", "first of all my tasks")], id="reworded"),
    pytest.param([("run:a\n- [x] second", "due:2027-01-01 run:a\n- [x] second")], id="a-key"),
    pytest.param([("- [x] first", "- [ ] new\n\n1. [x] first")], id="moved-into-another-list"),
    pytest.param([("\n", "\r\n")], id="line-ends"),
]


@pytest.mark.parametrize("edits", KEPT)
def test_a_proof_is_kept(done: Checkout, mdtodo: Mdtodo, edits: list[tuple[str, str]]) -> None:
    for old, new in edits:
        edit(done, old, new)
    forget_journal(done)
    assert named(mdtodo) == []


ENDED = [
    pytest.param([("[x] first", "[ ] first"), ("[ ] first", "[x] first")], 3, id="opened-and-ticked-by-hand"),
    pytest.param([("first of all the tasks", "something that is quite different")], 3, id="other-words"),
    pytest.param([("run:a\n- [x] second", "run:b\n- [x] second")], 3, id="another-processor"),
    pytest.param([("- [x] second", "- [x] third of them run:a\n- [x] second")], 4, id="a-tick-that-came-so"),
]


@pytest.mark.parametrize(("edits", "line"), ENDED)
def test_a_tick_without_a_proof_is_named(
    done: Checkout, mdtodo: Mdtodo, edits: list[tuple[str, str]], line: int
) -> None:
    for old, new in edits:
        edit(done, old, new)
    assert named(mdtodo) == [("TODO.md", line)]


def test_a_proof_follows_its_line_to_another_file(done: Checkout, mdtodo: Mdtodo) -> None:
    done.write("docs/TODO.md", "- [x] second of all the tasks run:a\n")
    edit(done, "- [x] second of all the tasks run:a\n", "")
    done.git("mv", "TODO.md", "sub.md")
    (done.root / "todo").mkdir()
    done.git("mv", "sub.md", "todo/x.md")
    done.commit("Moved")
    forget_journal(done)
    assert named(mdtodo) == []


def test_undo_of_a_reopening_gives_the_proof_back(done: Checkout, mdtodo: Mdtodo) -> None:
    task = mdtodo("list", "--all", "--json").json["tasks"][0]["id"]
    mdtodo("reopen", task, "--commit")
    mdtodo("undo")
    assert done.read("TODO.md").count(b"[x]") == 2
    forget_journal(done)
    assert named(mdtodo) == []


def test_undo_gives_back_nothing_that_somebody_else_has_ended_too(done: Checkout, mdtodo: Mdtodo) -> None:
    task = mdtodo("list", "--all", "--json").json["tasks"][0]["id"]
    mdtodo("reopen", task, "--commit")
    run = mdtodo("log", "--json").json["receipts"][0]["run"]
    edit(done, "[ ] first", "[x] first")
    edit(done, "[x] first", "[ ] first")
    mdtodo("undo", run, code=None)
    text = done.read("TODO.md").decode()
    if "[x] first" in text:
        assert named(mdtodo) == [("TODO.md", 3)]


def test_a_revert_of_a_revert_gives_the_proof_back(done: Checkout, mdtodo: Mdtodo) -> None:
    done.git("revert", "--no-edit", "HEAD")
    done.commit("Other content", **{"x.txt": "x"})
    done.git("revert", "--no-edit", "HEAD~1")
    assert done.read("TODO.md").count(b"[x]") == 2
    forget_journal(done)
    assert named(mdtodo) == []


def test_a_reverted_reopening_gives_nothing_back(done: Checkout, mdtodo: Mdtodo) -> None:
    task = mdtodo("list", "--all", "--json").json["tasks"][0]["id"]
    mdtodo("reopen", task, "--commit")
    done.git("revert", "--no-edit", "HEAD")
    assert named(mdtodo) == [("TODO.md", 3)]


def test_a_receipt_for_another_task_proves_nothing(done: Checkout, mdtodo: Mdtodo) -> None:
    trailers = done.git("log", "-1", "--format=%(trailers)").strip()
    edit(done, "- [x] second", "- [x] third of them run:a\n- [x] second", f"todo: 1 done\n\n{trailers}")
    assert named(mdtodo) == [("TODO.md", 4)]


def test_a_receipt_that_is_copied_into_another_tick_proves_nothing(done: Checkout, mdtodo: Mdtodo) -> None:
    trailers = done.git("log", "-1", "--format=%(trailers)").strip()
    edit(done, "[x] first", "[ ] first")
    edit(done, "- [x] second", "- [x] third of them run:a\n- [x] second", f"More\n\n{trailers}")
    edit(done, "[ ] first", "[x] first")
    assert named(mdtodo) == [("TODO.md", 3), ("TODO.md", 4)]


def test_a_squash_keeps_the_receipts_in_its_message(done: Checkout, mdtodo: Mdtodo) -> None:
    done.git("checkout", "-q", "-b", "side", "HEAD~1")
    mdtodo("run")
    done.git("checkout", "-q", "main")
    done.git("reset", "-q", "--hard", "HEAD~1")
    done.git("merge", "-q", "--squash", "side")
    done.git("commit", "-q", "--no-edit")
    forget_journal(done)
    assert "    Mdtodo-Run" in done.git("log", "-1", "--format=%B")
    assert named(mdtodo) == []


def test_what_a_shallow_clone_cannot_know_is_not_named(done: Checkout, mdtodo: Mdtodo) -> None:
    edit(done, "# One", "# Two")
    done.git("clone", "-q", "--depth", "1", f"file://{done.root}", "clone")
    said = mdtodo("check", cwd=done.root / "clone")
    assert said.out == ""
    assert "2 ticks are older" in said.err
    assert "fetch-depth: 0" in said.err


def test_staged_names_what_the_change_ticks(done: Checkout, mdtodo: Mdtodo) -> None:
    edit(done, "[x] first", "[ ] first")
    edit(done, "[ ] first", "[x] first")
    done.write("TODO.md", done.read("TODO.md") + b"- [x] third run:a\n")
    done.git("add", "-A")
    assert named(mdtodo, "--staged") == [("TODO.md", 5)]
    assert named(mdtodo) == [("TODO.md", 3), ("TODO.md", 5)]


def test_in_a_merge_it_names_what_no_parent_has(done: Checkout, mdtodo: Mdtodo) -> None:
    done.git("checkout", "-q", "-b", "side")
    edit(done, "# One\n", "# One\n\n- [x] at the side run:a\n")
    done.git("checkout", "-q", "main")
    done.write("TODO.md", done.read("TODO.md") + b"- [ ] third run:a\n")
    done.commit("Third")
    done.git("merge", "-q", "--no-commit", "--no-ff", "side")
    done.write("TODO.md", done.read("TODO.md").replace(b"[ ] third", b"[x] third"))
    done.git("add", "-A")
    lines = done.read("TODO.md").decode().splitlines()
    third = next(number for number, line in enumerate(lines, 1) if "third" in line)
    assert named(mdtodo, "--staged") == [("TODO.md", third)]


def test_the_change_cannot_lower_the_bar(done: Checkout, mdtodo: Mdtodo) -> None:
    done.write("TODO.md", done.read("TODO.md") + b"- [x] third run:a\n")
    done.write(".mdtodo.toml", f'proof = "off"\n{CONFIG}')
    done.git("add", "-A")
    assert named(mdtodo, "--staged") == [("TODO.md", 5)]


@pytest.mark.parametrize(("proof", "code", "severity"), [("warn", 0, "warning"), ("require", 1, "error")])
def test_proof_says_how_bad_it_is(
    done: Checkout, mdtodo: Mdtodo, proof: str, code: int, severity: str
) -> None:
    done.write(".mdtodo.toml", f'proof = "{proof}"\n{CONFIG}')
    edit(done, "- [x] second", "- [x] third run:a\n- [x] second")
    found = mdtodo("check", "--json", code=code).json["findings"]
    assert [(one["code"], one["severity"]) for one in found] == [("unproven", severity)]


def test_strict_takes_no_persons_word(done: Checkout, mdtodo: Mdtodo) -> None:
    done.write("TODO.md", done.read("TODO.md") + b"- [ ] third run:a\n")
    done.commit("Third")
    task = mdtodo("list", "--json").json["tasks"][-1]["id"]
    mdtodo("done", task, "--commit")
    assert named(mdtodo) == []
    done.write(".mdtodo.toml", f'proof = "strict"\n{CONFIG}')
    done.commit("Strict")
    found = mdtodo("check", code=1).out
    assert "TODO.md:5: error: unproven: ticked, but only the word of ada@example.com stands for it" in found


def test_what_was_found_before_is_found_again(done: Checkout, mdtodo: Mdtodo) -> None:
    edit(done, "- [x] second", "- [x] third of them run:a\n- [x] second")
    assert named(mdtodo) == named(mdtodo) == [("TODO.md", 4)]
    edit(done, "# One", "# Two")
    assert named(mdtodo) == [("TODO.md", 4)]
    edit(done, "[x] first", "[ ] first")
    edit(done, "[ ] first", "[x] first")
    assert named(mdtodo) == [("TODO.md", 3), ("TODO.md", 4)]
    edit(done, "- [x] third of them run:a\n", "")
    assert named(mdtodo) == [("TODO.md", 3)]


UNUSUAL = [
    pytest.param("\ufeff- [{}] one run:a\n", id="byte-order-mark"),
    pytest.param("-\n  [{}] one run:a\n", id="marker-on-a-line-of-its-own"),
    pytest.param("- [a]: /url\n  [{}] one run:a\n", id="after-a-definition"),
]


@pytest.mark.parametrize("text", UNUSUAL)
def test_a_box_in_an_unusual_place_is_judged(repo: Checkout, mdtodo: Mdtodo, text: str) -> None:
    base = repo.commit(**{"TODO.md": text.format(" "), ".mdtodo.toml": CONFIG})
    repo.write("TODO.md", text.format("x"))
    assert len(named(mdtodo)) == 1
    repo.commit("By hand")
    assert len(named(mdtodo)) == len(named(mdtodo, "--proof", f"{base}..HEAD")) == 1


def test_lines_after_the_first_one_of_a_task_are_of_its_words(repo: Checkout, mdtodo: Mdtodo) -> None:
    text = "- [{}] write the\n  {} run:a\n"
    base = repo.commit(**{"TODO.md": text.format(" ", "page of logins"), ".mdtodo.toml": CONFIG})
    mdtodo("run")
    assert named(mdtodo) == []
    repo.write("TODO.md", text.format("x", "poem on autumn leaves"))
    repo.git("add", "-A")
    assert len(named(mdtodo)) == len(named(mdtodo, "--staged")) == 1
    repo.commit("By hand")
    assert len(named(mdtodo)) == len(named(mdtodo, "--proof", f"{base}..HEAD")) == 1


def test_a_receipt_of_a_task_proves_no_equal_one_of_another_file(repo: Checkout, mdtodo: Mdtodo) -> None:
    """Which the commit of the receipt ticks by hand."""
    base = repo.commit(**{"TODO.md": "- [ ] one run:a\n", ".mdtodo.toml": CONFIG})
    mdtodo("run")
    repo.write("todo/more.md", "- [x] one run:a\n")
    repo.git("add", "-A")
    repo.git("commit", "-q", "--amend", "--no-edit")
    assert named(mdtodo) == named(mdtodo, "--proof", f"{base}..HEAD") == [("todo/more.md", 1)]


EQUAL = [
    pytest.param("TODO.md", "todo/more.md", "- [{}] one run:a\n", id="other-file"),
    pytest.param("TODO.md", "TODO.md", "# A\n- [ ] one run:a\n# B\n- [{}] one run:a\n", id="other-heading"),
    pytest.param("TODO.md", "TODO.md", "- A\n  - [ ] one run:a\n- B\n  - [{}] one run:a\n", id="other-list"),
]


@pytest.mark.parametrize(("file", "other", "text"), EQUAL)
def test_a_revert_gives_no_equal_task_a_proof(
    repo: Checkout, mdtodo: Mdtodo, file: str, other: str, text: str
) -> None:
    first = text.format(" ") if file == other else "- [ ] one run:a\n"
    repo.commit(**{file: first, ".mdtodo.toml": CONFIG})
    mdtodo("run", "--limit", "1")
    repo.write(file, first)
    opened = repo.commit("Open it")
    repo.write(other, text.format("x"))
    repo.commit(f"By hand\n\nThis reverts commit {opened}.")
    assert [one[0] for one in named(mdtodo)] == [other]


def test_a_processor_that_is_not_committed_yet_can_prove_it(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md", "- [x] first run:a\n")
    repo.write(".mdtodo.toml", CONFIG)
    assert "`mdtodo prove " in mdtodo("check").out


def test_a_file_that_had_no_tick_is_read_again_when_it_or_the_rules_have_changed(
    repo: Checkout, mdtodo: Mdtodo, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = {f"d{n}/TODO.md": f"- [ ] Open {n}\n- [v] Verified {n} run:a\n" for n in range(4)}
    repo.commit(**{"TODO.md": TODO, ".mdtodo.toml": CONFIG, **others})
    mdtodo("run")
    seen: list[str] = []
    parse = ticks.parse

    def noted(data: bytes, *given: object, file: str) -> object:
        seen.append(file)
        return parse(data, *given, file=file)  # type: ignore[arg-type]

    monkeypatch.setattr(ticks, "parse", noted)
    assert named(mdtodo) == []
    assert {*others, "TODO.md"} == set(seen)
    for n, (mark, expected) in enumerate([(" ", []), ("x", [("d1/TODO.md", 3)])]):
        seen.clear()
        repo.write(f"d{n}/TODO.md", f"{others[f'd{n}/TODO.md']}- [{mark}] New task run:a\n")
        assert named(mdtodo) == expected
        assert {"TODO.md", f"d{n}/TODO.md"} == set(seen)
    seen.clear()
    repo.write(".mdtodo.toml", CONFIG + '[status]\n"v" = "done"\n')
    repo.commit("Other rules")
    assert set(named(mdtodo)) == {("d1/TODO.md", 3), *[(file, 2) for file in others]}
    assert {*others, "TODO.md"} == set(seen)


def test_a_tick_that_had_no_processor_is_judged_once_it_has_one(repo: Checkout, mdtodo: Mdtodo) -> None:
    config = '[processors.a]\nrun = "true"\nmatch = {{ tags = ["{}"] }}\n'
    repo.commit(**{"TODO.md": "- [ ] Old\n", ".mdtodo.toml": config.format("code")})
    repo.write("TODO.md", "- [ ] Old\n- [x] New #docs\n")
    assert named(mdtodo, "--changed", "TODO.md") == []
    repo.write(".mdtodo.toml", config.format("docs"))
    repo.git("commit", "-qm", "Other rules", "--", ".mdtodo.toml")
    assert named(mdtodo, "--changed", "TODO.md") == [("TODO.md", 2)]


NAMES = ["tasks.txt", "tasks", "todo/[a]*.list", "Tasks.MD"]


@pytest.mark.parametrize("name", NAMES)
def test_a_todo_file_of_any_name_is_judged(repo: Checkout, mdtodo: Mdtodo, name: str) -> None:
    pattern = name.replace("[", r"\\[").replace("*", r"\\*")
    base = repo.commit(**{name: TODO, ".mdtodo.toml": f'files = ["{pattern}", "new/**"]\n{CONFIG}'})
    repo.write(name, TODO.replace("[ ] second", "[x] second"))
    repo.commit("By hand")
    assert named(mdtodo) == named(mdtodo, "--proof", f"{base}..HEAD") == [(name, 4)]
    mdtodo("run")
    folder = repo.root / "new"
    folder.mkdir()
    (repo.root / name).rename(folder / name.rpartition("/")[2])
    repo.commit("Rename")
    moved = f"new/{name.rpartition('/')[2]}"
    assert named(mdtodo) == named(mdtodo, "--proof", f"{base}..HEAD") == [(moved, 4)]


@pytest.mark.parametrize("name", ["tasks.txt", "tasks"])
def test_an_open_task_that_goes_is_named_in_a_file_of_any_name(
    repo: Checkout, mdtodo: Mdtodo, name: str
) -> None:
    base = repo.commit(**{name: TODO, ".mdtodo.toml": f'files = ["{name}"]\n{CONFIG}'})
    repo.write(name, TODO.partition("- [ ] second")[0])
    repo.git("add", "-A")
    assert "open-task-removed" in mdtodo("check", "--staged").out
    (repo.root / name).unlink()
    repo.git("add", "-A")
    assert "2 open tasks are gone" in mdtodo("check", "--staged").out or "second" in mdtodo("check").out
    repo.commit("Gone")
    assert "open-task-removed" in mdtodo("check", "--proof", f"{base}..HEAD").out


@pytest.mark.parametrize("mode", ["120000", "160000"])
def test_a_tick_that_stood_in_no_file_is_made_by_the_commit_that_makes_a_file_of_it(
    repo: Checkout, mdtodo: Mdtodo, mode: str
) -> None:
    """A link that leads to the text of a task has the very content of a file that has it."""
    base = repo.commit(**{"TODO.md": TODO, ".mdtodo.toml": CONFIG})
    oid = repo.git("hash-object", "-w", "--stdin", stdin="- [x] more of it run:a\n")
    repo.git("update-index", "--add", "--cacheinfo", f"{mode},{oid},todo/more.md")
    repo.git("commit", "-qm", "Link")
    repo.git("update-index", "--cacheinfo", f"100644,{oid},todo/more.md")
    assert named(mdtodo, "--staged") == [("todo/more.md", 1)]
    repo.git("commit", "-qm", "File")
    repo.git("checkout", "-q", "--", "todo")
    assert named(mdtodo) == named(mdtodo, "--proof", f"{base}..HEAD") == [("todo/more.md", 1)]


def merged_by_hand(repo: Checkout, *parents: str, tree: str) -> None:
    repo.git(
        "reset",
        "-q",
        "--hard",
        repo.git("commit-tree", f"{tree}^{{tree}}", "-m", "M", "-p", parents[0], "-p", parents[1]),
    )


@pytest.mark.parametrize("opened_by", ["hand", "reopen"])
@pytest.mark.parametrize("further", [False, True])
@pytest.mark.parametrize("swapped", [False, True])
def test_a_merge_brings_no_proof_back_that_its_other_side_has_ended(
    done: Checkout, mdtodo: Mdtodo, opened_by: str, further: bool, swapped: bool
) -> None:
    old = done.git("rev-parse", "HEAD")
    if opened_by == "hand":
        edit(done, "[x] first", "[ ] first")
    else:
        mdtodo("reopen", "049f8d2")
    base = done.commit("More", other="text\n")
    if further:
        done.git("checkout", "-q", "--detach", old)
        old = done.commit("At the side", side="text\n")
    parents = (old, base) if swapped else (base, old)
    merged_by_hand(done, *parents, tree=old)
    assert named(mdtodo) == named(mdtodo, "--proof", f"{base}..HEAD") == [("TODO.md", 3)]


def test_a_merge_keeps_a_proof_of_its_side_that_is_newer(done: Checkout, mdtodo: Mdtodo) -> None:
    mdtodo("reopen", "049f8d2")
    base = done.git("rev-parse", "HEAD")
    mdtodo("run")
    side = done.git("rev-parse", "HEAD")
    done.git("checkout", "-q", "--detach", base)
    merged_by_hand(done, done.commit("More", other="text\n"), side, tree=side)
    assert named(mdtodo) == named(mdtodo, "--proof", f"{base}..HEAD") == []
