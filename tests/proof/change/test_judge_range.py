"""`check --proof RANGE`: the ticks that commits make, and what else they do, beside their merge base."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]
    Judge = Callable[..., list[str]]

CONFIG = '[processors.t]\nrun = "true"\ntimeout = "5m"\n'
TODO = "- [ ] a id:a run:t\n- [ ] b id:b run:t\n- [ ] c\n"


def receipt(*ids: str, outcome: str = "done", processor: str = "t", subject: str = "Run") -> str:
    """A message with a receipt of each of these tasks."""
    tasks = [f"Mdtodo-Task: {one} {outcome} {processor} exit=0 time=0.100 attempt=1" for one in ids]
    return "\n".join([subject, "", "Mdtodo-Run: 20261121T101500-3f2a", *tasks])


@pytest.fixture
def judge(inside: Mdtodo, repo: Checkout) -> Judge:
    """`file:line code` of what is found; the base, a tag, is there before."""
    repo.commit("Base", **{".mdtodo.toml": CONFIG, "TODO.md": TODO})
    repo.git("tag", "base")

    def call(text: str = "base..HEAD", *args: str, code: int | None = 0) -> list[str]:
        found = inside("check", "--proof", text, "--json", *args, code=code).json["findings"]
        return [f"{one['file']}:{one['line']} {one['code']}" for one in found]

    return call


def ticked(text: str = TODO, *names: str) -> str:
    for name in names:
        text = text.replace(f"- [ ] {name} ", f"- [x] {name} ")
    return text


def test_a_tick_names_the_commit_that_made_it(judge: Judge, inside: Mdtodo, repo: Checkout) -> None:
    made = repo.commit("by hand", **{"TODO.md": ticked(TODO, "a")})
    repo.commit("more", **{"TODO.md": f"# Above\n\n{ticked(TODO, 'a')}"})
    (one,) = inside("check", "--proof", "base..HEAD", "--json").json["findings"]
    assert (one["file"], one["line"], one["code"], one["commit"]) == ("TODO.md", 3, "unproven", made)
    assert f"ticked in {made[:10]}, but" in inside("check", "--proof", "base").out


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([("by hand", ["a"])], ["TODO.md:1 unproven"]),
        ([(receipt("a"), ["a"])], []),
        ([(receipt("b"), ["a"])], ["TODO.md:1 unproven"]),
        ([("by hand", ["a"]), (receipt("a"), ["a"])], []),
        ([("by hand", ["a"]), ("Mdtodo-Accept: 1 by=a@example.com", ["a"])], ["TODO.md:1 unproven"]),
        ([("by hand", ["a", "b"]), (receipt("a"), ["a", "b"])], ["TODO.md:2 unproven"]),
        ([("by hand", ["a"]), ("open", [])], []),
        ([(receipt("a"), ["a"]), (receipt("a", outcome="failed"), ["a"])], ["TODO.md:1 unproven"]),
        ([(receipt("a", processor="person"), ["a"])], []),
    ],
)
def test_receipts_in_the_range(
    judge: Judge, repo: Checkout, messages: list[tuple[str, list[str]]], expected: list[str]
) -> None:
    for message, names in messages:
        subject = message if "\n" in message or ":" not in message else f"Take\n\n{message}"
        repo.commit(subject, **{"TODO.md": ticked(TODO, *names)})
    assert judge() == expected


def test_what_the_base_has_is_not_judged_and_what_the_end_has_not_neither(
    judge: Judge, repo: Checkout
) -> None:
    repo.commit("by hand", **{"TODO.md": ticked(TODO, "a")})
    repo.git("tag", "-f", "base")
    repo.commit("by hand", **{"TODO.md": ticked(TODO, "a", "b")})
    assert judge() == ["TODO.md:2 unproven"]
    assert judge("base~..HEAD") == ["TODO.md:1 unproven", "TODO.md:2 unproven"]
    assert judge("HEAD..base") == judge("HEAD..HEAD") == judge("HEAD") == judge("..") == []
    assert judge("base...") == judge("base") == ["TODO.md:2 unproven"]


def test_a_word_for_all_before_the_range_counts(judge: Judge, repo: Checkout) -> None:
    """A revert of a revert gives it back."""
    made = repo.commit("by hand", **{"TODO.md": ticked(TODO, "a")})
    repo.commit("Take\n\nMdtodo-Accept: 1 by=a@example.com")
    repo.git("revert", "--no-edit", made)
    repo.git("tag", "-f", "base")
    repo.git("revert", "--no-edit", "HEAD")
    assert judge() == []


@pytest.mark.parametrize("text", ["nowhere..HEAD", "HEAD..nowhere", "nowhere", "--all", "HEAD:TODO.md"])
def test_a_revision_that_is_not_here(judge: Judge, inside: Mdtodo, text: str) -> None:
    assert "fetch-depth: 0" in inside("check", f"--proof={text}", code=3).err


def test_an_unborn_head(inside: Mdtodo) -> None:
    assert "'HEAD' is no commit" in inside("check", "--proof", "HEAD", code=3).err
    inside("check")


def test_histories_with_nothing_in_common(judge: Judge, inside: Mdtodo, repo: Checkout) -> None:
    repo.git("checkout", "-q", "--orphan", "other")
    repo.commit("Other")
    assert "fetch-depth: 0" in inside("check", "--proof", "base..HEAD", code=3).err


def test_a_shallow_clone_without_the_base(judge: Judge, inside: Mdtodo, repo: Checkout) -> None:
    base = repo.git("rev-parse", "base")
    for number in range(3):
        repo.commit(str(number), **{"TODO.md": ticked(TODO, "a")})
    shallow = repo.root.parent / "shallow"
    repo.git("clone", "-q", "--no-tags", "--depth", "2", f"file://{repo.root}", str(shallow))
    assert "fetch-depth: 0" in inside("check", "--proof", f"{base}..HEAD", code=3, cwd=shallow).err
    repo.git("-C", str(shallow), "fetch", "-q", "--depth", "1", "origin", base)
    assert "fetch-depth: 0" in inside("check", "--proof", f"{base}..HEAD", code=3, cwd=shallow).err


def test_only_what_is_committed_counts(judge: Judge, repo: Checkout) -> None:
    repo.commit("by hand", **{"TODO.md": ticked(TODO, "a")})
    repo.write("TODO.md", ticked(TODO, "b"))
    repo.write(".mdtodo.toml", "broken = [")
    repo.git("add", ".mdtodo.toml")
    repo.write("pyproject.toml", '[tool.mdtodo]\nproof = "off"\n')
    assert judge() == ["TODO.md:1 unproven"]


@pytest.mark.parametrize(
    ("proof", "code", "severity"), [("off", 0, None), ("warn", 0, "warning"), ("require", 1, "error")]
)
def test_the_base_says_how_strict(
    judge: Judge, inside: Mdtodo, repo: Checkout, proof: str, code: int, severity: str | None
) -> None:
    repo.commit("Base", **{".mdtodo.toml": f'proof = "{proof}"\n{CONFIG}'})
    repo.git("tag", "-f", "base")
    repo.commit("by hand", **{"TODO.md": ticked(TODO, "a"), ".mdtodo.toml": f'proof = "strict"\n{CONFIG}'})
    found = inside("check", "--proof", "base..HEAD", "--json", code=code).json["findings"]
    assert {one["code"]: one["severity"] for one in found} == (
        {} if severity is None else {"unproven": severity, "gate-changed": "warning"}
    )


def test_warnings_are_errors_where_the_base_says_so(judge: Judge, repo: Checkout) -> None:
    repo.commit("Base", **{".mdtodo.toml": f"warnings_as_errors = true\n{CONFIG}"})
    repo.git("tag", "-f", "base")
    repo.commit("by hand", **{"TODO.md": ticked(TODO, "a"), ".mdtodo.toml": CONFIG})
    assert judge(code=1) == ["TODO.md:1 unproven"]


def test_paths_and_options(judge: Judge, inside: Mdtodo, repo: Checkout) -> None:
    repo.commit("by hand", **{"TODO.md": ticked(TODO, "a"), "docs/TODO.md": "- [x] d run:t\n"})
    assert judge("base", "docs") == ["docs/TODO.md:1 unproven"]
    assert judge("base", "--strict", code=1) == ["TODO.md:1 unproven", "docs/TODO.md:1 unproven"]
    assert judge("base", "--errors-only") == []
    for other in ("--staged", "--changed"):
        assert "only one" in inside("check", "--proof", "base", other, code=2).err


# Merges


def test_a_tick_made_in_a_merge(judge: Judge, inside: Mdtodo, repo: Checkout) -> None:
    repo.git("checkout", "-q", "-b", "side")
    repo.commit("side", other="x")
    repo.git("checkout", "-q", "-b", "work", "base")
    repo.commit("work", more="x")
    repo.git("merge", "-q", "--no-ff", "--no-commit", "side")
    made = repo.commit("Merge", **{"TODO.md": ticked(TODO, "a")})
    (one,) = inside("check", "--proof", "base..HEAD", "--json").json["findings"]
    assert (one["code"], one["commit"]) == ("unproven", made)


def test_a_branch_that_is_merged_with_ours(judge: Judge, repo: Checkout) -> None:
    """The merge takes nothing of the side, so its ticks are none of the end's, and its receipts prove nothing here."""
    repo.git("checkout", "-q", "-b", "side")
    repo.commit(receipt("a", "b"), **{"TODO.md": ticked(TODO, "a", "b")})
    repo.git("checkout", "-q", "-b", "work", "base")
    repo.commit("by hand", **{"TODO.md": ticked(TODO, "a")})
    repo.git("merge", "-q", "-s", "ours", "-m", "Merge", "side")
    found = judge()
    # the side has the same tick, and proves it
    assert found == []
    repo.git("reset", "-q", "--hard", "HEAD~")
    repo.git("checkout", "-q", "-B", "side", "base")
    repo.commit(receipt("a"), other="x")
    repo.git("checkout", "-q", "work")
    repo.git("merge", "-q", "-s", "ours", "-m", "Merge", "side")
    assert judge() == ["TODO.md:1 unproven"]


def test_ticks_that_the_other_side_has_are_not_the_ranges(judge: Judge, repo: Checkout) -> None:
    repo.git("checkout", "-q", "-b", "work")
    repo.commit("by hand", **{"TODO.md": ticked(TODO, "b")})
    repo.git("checkout", "-q", "-b", "trunk", "base")
    repo.commit("by hand", **{"TODO.md": ticked(TODO, "a")})
    repo.git("checkout", "-q", "work")
    repo.git("merge", "-q", "-s", "ours", "--no-commit", "trunk")
    repo.commit("Merge", **{"TODO.md": ticked(TODO, "a", "b")})
    assert judge("trunk..HEAD") == judge("trunk...HEAD") == ["TODO.md:2 unproven"]
    # what a merge does not take, and a later commit ticks, the range has made
    repo.git("checkout", "-q", "-B", "work", "HEAD^1")
    repo.git("merge", "-q", "-s", "ours", "-m", "Merge", "trunk")
    repo.commit("all", **{"TODO.md": ticked(TODO, "a", "b")})
    assert judge("trunk..HEAD") == ["TODO.md:1 unproven", "TODO.md:2 unproven"]


# A change does not lower the bar that it is judged by


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (CONFIG, CONFIG.replace("true", "false"), [".mdtodo.toml:2 gate-changed"]),
        (CONFIG, CONFIG.replace("5m", "9m"), [".mdtodo.toml:3 gate-changed"]),
        (CONFIG, CONFIG.replace('timeout = "5m"\n', ""), [".mdtodo.toml:1 gate-changed"]),
        (CONFIG, "", [".mdtodo.toml:1 gate-changed"]),
        (CONFIG, CONFIG + 'inputs = ["a"]\n', [".mdtodo.toml:4 gate-changed"]),
        (CONFIG, CONFIG + 'env = { A = "b" }\n', [".mdtodo.toml:4 gate-changed"]),
        (CONFIG, CONFIG + 'match = { tags = ["x"] }\n', [".mdtodo.toml:4 gate-changed"]),
        (CONFIG, CONFIG + 'cwd = "docs"\n', [".mdtodo.toml:4 gate-changed"]),
        (CONFIG, '[defaults]\nenv = { A = "b" }\n' + CONFIG, [".mdtodo.toml:2 gate-changed"]),
        (CONFIG, 'proof = "off"\n' + CONFIG, [".mdtodo.toml:1 gate-changed"]),
        (CONFIG, 'signers = "keys"\n' + CONFIG, [".mdtodo.toml:1 gate-changed"]),
        (CONFIG, 'files = ["other.md"]\n' + CONFIG, [".mdtodo.toml:1 gate-changed"]),
        (CONFIG, CONFIG + '[status]\n"?" = "done"\n', [".mdtodo.toml:5 gate-changed"]),
        (CONFIG, CONFIG + '[processors.u]\nrun = "true"\n', []),
        (CONFIG, CONFIG + '[processors.testing]\nrun = "true"\n', [".mdtodo.toml:4 gate-changed"]),
        (CONFIG, "# new\n\n" + CONFIG, []),
        (CONFIG, "jobs = 2\nstamp = true\n" + CONFIG, []),
        (
            'proof = "strict"\nsigners = "keys"\nfiles = ["TODO.md"]\n[status]\n"?" = "done"\n' + CONFIG,
            CONFIG,
            [".mdtodo.toml:1 gate-changed"] * 4,
        ),
    ],
)
@pytest.mark.sample(6)
def test_a_change_of_the_settings(
    judge: Judge, inside: Mdtodo, repo: Checkout, before: str, after: str, found: list[str]
) -> None:
    repo.commit("Base", **{".mdtodo.toml": before, "TODO.md": TODO})
    repo.git("tag", "-f", "base")
    repo.commit("work", **{".mdtodo.toml": after})
    assert judge("base", code=int("strict" in before)) == found
    # the same, while it is neither committed nor staged, and while it is staged
    repo.git("reset", "-q", "--mixed", "base")
    for args in (("check",), ("check", "--changed", ".mdtodo.toml"), ("check", "--staged")):
        if args[-1] == "--staged":
            repo.git("add", "-A")
        said = inside(*args, "--json", code=None).json["findings"]
        assert [
            f"{one['file']}:{one['line']} {one['code']}" for one in said if one["code"] == "gate-changed"
        ] == found


def test_what_was_and_what_is(judge: Judge, inside: Mdtodo, repo: Checkout) -> None:
    repo.commit("work", **{".mdtodo.toml": 'proof = "off"\n' + CONFIG.replace("5m", "9m")})
    out = inside("check", "--proof", "base").out
    assert ".mdtodo.toml:1: warning: gate-changed: " in out
    assert '`proof` was "warn" and is "off" now' in out
    assert '`processors.t.timeout` was "5m" and is "9m" now' in out


@pytest.mark.parametrize(
    "weaker",
    [
        {".mdtodo.toml": 'proof = "off"\n' + CONFIG},
        {".mdtodo.toml": ""},
        {".mdtodo.toml": 'files = ["none.md"]\n' + CONFIG},
        {".mdtodo.toml": CONFIG + '[status]\n"?" = "done"\n'},
        {".mdtodo.toml": "", "pyproject.toml": '[tool.mdtodo]\nproof = "off"\n'},
        {"pyproject.toml": '[tool.mdtodo]\nproof = "off"\n'},
    ],
)
@pytest.mark.parametrize("early", [True, False])
@pytest.mark.sample(4)
def test_a_weaker_configuration_hides_no_tick(
    judge: Judge, repo: Checkout, weaker: dict[str, str], early: bool
) -> None:
    changes = [weaker, {"TODO.md": ticked(TODO, "a")}]
    for change in changes if early else reversed(changes):
        repo.commit("work", **change)
    found = judge()
    assert "TODO.md:1 unproven" in found
    assert any("gate-changed" in one for one in found)


def test_a_configuration_that_both_files_dispute(judge: Judge, inside: Mdtodo, repo: Checkout) -> None:
    repo.commit("Base", **{".mdtodo.toml": 'proof = "require"\n' + CONFIG})
    repo.git("tag", "-f", "base")
    repo.commit("work", **{"pyproject.toml": '[tool.mdtodo]\nproof = "off"\n', "TODO.md": ticked(TODO, "a")})
    assert "disagree" in inside("check", "--proof", "base", code=3).err


def test_another_file_of_signers(judge: Judge, inside: Mdtodo, repo: Checkout) -> None:
    key = "a@example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJNsPqvKs0dHKcpzvYOUgQ5LZrYw1bOiEQD1Rzp3Jp3k\n"
    repo.commit("Base", **{".mdtodo.toml": 'signers = "keys/allowed"\n' + CONFIG, "keys/allowed": key})
    repo.git("tag", "-f", "base")
    repo.commit(receipt("a"), **{"TODO.md": ticked(TODO, "a"), "keys/allowed": key.replace("a@", "b@")})
    assert judge() == ["TODO.md:1 unproven", "keys/allowed:1 gate-changed"]
    repo.git("reset", "-q", "--soft", "base")
    for option in ((), ("--staged",)):
        assert "keys/allowed:1: warning: gate-changed" in inside("check", *option).out


def test_a_tick_that_takes_its_processor_away(judge: Judge, repo: Checkout) -> None:
    repo.commit("by hand", **{"TODO.md": TODO.replace("- [ ] a id:a run:t", "- [x] a id:a")})
    assert judge() == ["TODO.md:1 gate-changed", "TODO.md:1 unproven"]


@pytest.mark.parametrize(
    "steps",
    [
        [
            "- [ ] Fix the parser for tables run:t\n",
            "- [ ] Fix the parser for tables\n",
            "- [x] Fix the parser for tables\n",
        ],
        ["- [ ] Fix it run:t\n", "# New\n\n- [ ] Fix it\n", "# New\n\n- [ ] Other\n- [x] Fix it #tag\n"],
        [
            "- [ ] Fix the parser for tables run:t\n",
            "- [ ] Fix the parser for all tables run:t\n",
            "- [x] Fix the parser for all tables\n",
        ],
        ["# Checks run:t\n\n- [ ] Fix it\n", "# Checks\n\n- [x] Fix it\n"],
        ["# Checks run:t\n\n- [ ] Fix it\n", "# Checks run:t\n\n# Other\n\n- [x] Fix it\n"],
    ],
)
def test_a_processor_that_went_in_steps(judge: Judge, repo: Checkout, steps: list[str]) -> None:
    repo.commit("Base", **{"TODO.md": steps[0]})
    repo.git("tag", "-f", "base")
    for number, text in enumerate(steps[1:]):
        repo.commit(f"work {number}", **{"TODO.md": text})
    codes = {one.partition(" ")[2] for one in judge()}
    assert codes == {"gate-changed", "unproven"}


def test_a_processor_that_a_task_had_within_the_range_only(judge: Judge, repo: Checkout) -> None:
    repo.commit("add", **{"TODO.md": f"{TODO}- [ ] new run:t\n"})
    repo.commit("by hand", **{"TODO.md": f"{TODO}- [x] new\n"})
    assert judge() == ["TODO.md:4 unproven"]


@pytest.mark.parametrize(
    ("processor", "found"),
    [("u", ["TODO.md:1 unproven"]), ("person", []), ("rollup", ["TODO.md:1 unproven"])],
)
def test_a_tick_is_judged_by_what_its_line_named_before(
    judge: Judge, repo: Checkout, processor: str, found: list[str]
) -> None:
    repo.commit("Base", **{".mdtodo.toml": CONFIG + '[processors.u]\nrun = "true"\n'})
    repo.git("tag", "-f", "base")
    text = TODO.replace("- [ ] a id:a run:t", "- [ ] a id:a run:u")
    repo.commit("work", **{"TODO.md": text})
    repo.commit(receipt("a", processor=processor), **{"TODO.md": ticked(text, "a")})
    assert judge() == ["TODO.md:1 gate-changed", *found]


def test_a_processor_that_the_range_adds_does_not_prove_what_another_one_proved(
    judge: Judge, repo: Checkout
) -> None:
    old = '[processors.old]\nrun = "make"\nmatch = { tags = ["x"] }\n'
    repo.commit("Base", **{".mdtodo.toml": old, "TODO.md": "- [ ] a id:a #x\n- [ ] b id:b run:new\n"})
    repo.git("tag", "-f", "base")
    new = '[processors.new]\nrun = "true"\nmatch = { tags = ["x"] }\n'
    repo.commit(
        receipt("a", "b", processor="new"),
        **{".mdtodo.toml": new + old, "TODO.md": "- [x] a id:a #x\n- [x] b id:b run:new\n"},
    )
    assert judge() == ["TODO.md:1 unproven"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (TODO.replace("b id:b run:t", "b id:b run:u"), ["TODO.md:2 gate-changed"]),
        (TODO.replace("b id:b run:t", "b id:b"), ["TODO.md:2 gate-changed"]),
        (TODO.replace("- [ ] c", "- [ ] c run:t"), []),
        (TODO + "- [ ] d run:u\n", []),
        ("# Above\n\n" + TODO, []),
    ],
)
def test_another_processor_of_a_task(judge: Judge, repo: Checkout, text: str, found: list[str]) -> None:
    repo.commit("work", **{"TODO.md": text, ".mdtodo.toml": CONFIG + '[processors.u]\nrun = "true"\n'})
    assert judge() == found


def test_another_block_of_a_task(judge: Judge, inside: Mdtodo, repo: Checkout) -> None:
    block = "- [ ] a run:inline\n\n  ```sh\n  make\n  ```\n"
    repo.commit("Base", **{".mdtodo.toml": "inline = true\n", "TODO.md": block})
    repo.git("tag", "-f", "base")
    repo.commit("work", **{"TODO.md": block.replace("make", "true")})
    assert judge() == ["TODO.md:1 gate-changed"]


def test_strict_mode_makes_it_an_error(judge: Judge, inside: Mdtodo, repo: Checkout) -> None:
    repo.commit("Base", **{".mdtodo.toml": f'proof = "strict"\n{CONFIG}'})
    repo.git("tag", "-f", "base")
    repo.commit("work", **{".mdtodo.toml": CONFIG})
    assert "error: gate-changed" in inside("check", "--proof", "base", code=1).out
    assert judge("base..base") == []


# What a clone says beside its objects


def test_replacements_and_grafts_show_nothing_else(judge: Judge, repo: Checkout) -> None:
    repo.commit("Base", **{".mdtodo.toml": f'proof = "require"\n{CONFIG}'})
    repo.git("tag", "-f", "base")
    repo.commit("by hand", **{"TODO.md": ticked(TODO, "a")})
    made = repo.git("rev-parse", "HEAD")
    good = repo.git("commit-tree", "HEAD^{tree}", "-p", "base", stdin=receipt("a"))
    repo.git("replace", made, good)
    assert judge(code=1) == ["TODO.md:1 unproven"]
    repo.git("replace", "-d", made)
    soft = repo.git("hash-object", "-w", "--stdin", stdin='proof = "off"\n')
    repo.git("replace", repo.git("rev-parse", "base:.mdtodo.toml"), soft)
    assert judge(code=1) == ["TODO.md:1 unproven"]
    repo.git("replace", "-d", repo.git("rev-parse", "base:.mdtodo.toml"))
    # a graft that makes the range empty, and one that gives it another base
    base, root = repo.git("rev-parse", "base", "base~").split()
    for line in (f"{base} {made}\n", f"{made} {root}\n"):
        repo.write(".git/info/grafts", line)
        assert judge(code=1) == ["TODO.md:1 unproven"]


@pytest.mark.parametrize("name", ["docs/TODO.md", "todo/new.md"])
def test_a_file_that_is_renamed(judge: Judge, repo: Checkout, name: str) -> None:
    repo.commit(receipt("a"), **{"TODO.md": ticked(TODO, "a")})
    (repo.root / name).parent.mkdir()
    repo.git("mv", "TODO.md", name)
    repo.commit("move", **{name: ticked(TODO, "a", "b")})
    assert judge() == [f"{name}:2 unproven"]


# What a person, a program and GitHub see of many


@pytest.mark.parametrize(
    ("message", "line", "expected"),
    [
        ("By hand", "- [x] a id:a run:t\n", ["TODO.archive.md:1 unproven"]),
        (receipt("a"), "- [x] a id:a run:t\n", []),
        ("By hand", "- [-] a id:a run:t\n", []),
        ("By hand", "- [x] c\n", []),
        ("By hand", "- [ ] a id:a run:t\n", ["TODO.md:1 open-task-removed"]),
        ("By hand", "- [ ] c\n", ["TODO.md:3 open-task-removed"]),
    ],
)
def test_a_task_on_the_way_into_the_archive(
    judge: Judge, repo: Checkout, message: str, line: str, expected: list[str]
) -> None:
    left = TODO.replace(line.replace("[x]", "[ ]").replace("[-]", "[ ]"), "")
    repo.commit(message, **{"TODO.md": left, "TODO.archive.md": line})
    assert judge() == expected


@pytest.mark.parametrize("file", ["TODO.md", "TODO.archive.md"])
def test_a_file_that_a_range_makes_unreadable_is_an_error(
    judge: Judge, inside: Mdtodo, repo: Checkout, file: str
) -> None:
    repo.commit("Hide", **{file: b"- [x] a id:a run:t\n\0\n"})
    judge(code=3)
    assert f"{file}:2: contains a NUL byte" in inside("check", "--proof", "base", code=3).err
    repo.git("tag", "-f", "base")
    repo.commit("Later", x="x")
    assert judge() == []


HIDDEN = [
    pytest.param({"TODO.md": TODO + "\n<!--\n- [x] new one run:t\n-->\n"}, id="comment"),
    pytest.param({"TODO.md": TODO + "\n```\n- [x] new one run:t\n```\n"}, id="fence"),
    pytest.param({"notes.md": "- [x] new one run:t\n"}, id="other-file"),
]


@pytest.mark.parametrize("files", HIDDEN)
@pytest.mark.parametrize(
    ("message", "expected"), [("By hand", ["TODO.md:4 unproven"]), ("Take\n\nMdtodo-Accept: 1 by=a@b", [])]
)
@pytest.mark.sample(2)
def test_a_tick_that_was_no_task_before(
    judge: Judge, repo: Checkout, files: dict[str, str], message: str, expected: list[str]
) -> None:
    """It is judged where it becomes one."""
    repo.commit("Hidden", **files)
    repo.git("commit", "-q", "--allow-empty", "-m", message)
    repo.git("tag", "-f", "base")
    repo.write("notes.md", "")
    repo.commit("Shown", **{"TODO.md": TODO + "- [x] new one run:t\n"})
    assert judge() == expected
    repo.git("commit", "-q", "--allow-empty", "-m", "Take\n\nMdtodo-Accept: 1 by=a@b")
    assert judge() == expected


def test_more_than_ten_of_a_file_are_one_line_of_text(judge: Judge, inside: Mdtodo, repo: Checkout) -> None:
    lines = [f"- [x] number {number} run:t\n" for number in range(12)]
    repo.commit("by hand", **{"docs/TODO.md": "".join(lines), "TODO.md": TODO + "".join(lines[:10])})
    for args in (("--proof", "base"), ()):
        said = inside("check", *args)
        here = [line for line in said.out.splitlines() if line.startswith("docs/")]
        assert here == [
            "docs/TODO.md:1: warning: unproven: 12 ticks that nothing proves, this one first: --json lists them all"
        ]
        assert said.out.count("\nTODO.md:") + said.out.startswith("TODO.md:") == 10
        assert len(inside("check", *args, "--json").json["findings"]) == 22


def test_annotations_of_ticks_leave_room_for_others(judge: Judge, inside: Mdtodo, repo: Checkout) -> None:
    lines = [f"- [x] number {number} run:t\n" for number in range(12)]
    todo = "".join(lines) + TODO.replace("- [ ] c\n", "")
    repo.commit("by hand", **{"TODO.md": todo, ".mdtodo.toml": CONFIG.replace("5m", "9m")})
    out = inside("check", "--proof", "base", "--format", "github").out.splitlines()
    assert len(out) == 10
    assert sum("title=mdtodo gate-changed" in line for line in out) == 1
    assert sum("title=mdtodo open-task-removed" in line for line in out) == 1
    assert "and 4 more ticks that nothing proves" in out[-2]
    repo.commit("fewer", **{"TODO.md": "".join(lines[:3]) + TODO, ".mdtodo.toml": CONFIG})
    assert "more ticks" not in inside("check", "--proof", "base", "--format", "github").out


WEAKER = [
    {".mdtodo.toml": CONFIG.replace('"true"', '"exit 0"')},
    {".mdtodo.toml": CONFIG.replace("[processors.t]", '[processors.t]\nenv = { A = "b" }')},
    {".mdtodo.toml": None, "pyproject.toml": '[tool.mdtodo.processors.t]\nrun = "exit 0"\n'},
]


def put(repo: Checkout, files: dict[str, str | None], message: str = "work") -> str:
    for name, text in files.items():
        if text is None:
            (repo.root / name).unlink(missing_ok=True)
        else:
            repo.write(name, text)
    return repo.commit(message)


@pytest.mark.parametrize("weaker", WEAKER)
@pytest.mark.parametrize("squashed", [False, True])
def test_a_processor_that_was_another_one_when_it_proved(
    judge: Judge, inside: Mdtodo, repo: Checkout, weaker: dict[str, str | None], squashed: bool
) -> None:
    made = put(repo, weaker)
    message = receipt("a").replace("\n\n", "\n\n* Run\n\n") + "\n\nmore" if squashed else receipt("a")
    repo.commit(message, **{"TODO.md": ticked(TODO, "a")})
    put(repo, {".mdtodo.toml": CONFIG, "pyproject.toml": None})
    assert {one.partition(" ")[2] for one in judge()} == {"gate-changed"}
    assert f" in {made[:10]}, which a later commit takes back" in inside("check", "--proof", "base").out
    # by whom nothing of the range was proven
    repo.git("reset", "-q", "--hard", made)
    put(repo, {".mdtodo.toml": CONFIG, "pyproject.toml": None})
    assert judge() == []


def test_a_change_of_a_processor_that_a_merge_makes_and_a_later_commit_takes_back(
    judge: Judge, repo: Checkout
) -> None:
    repo.git("checkout", "-q", "-b", "side")
    repo.commit("side", a="a\n")
    repo.git("checkout", "-q", "-B", "work", "base")
    repo.commit("work", b="b\n")
    repo.git("merge", "-q", "--no-commit", "--no-ff", "side")
    repo.commit("Merge", **WEAKER[0])
    repo.commit(receipt("a"), **{"TODO.md": ticked(TODO, "a")})
    repo.commit("back", **{".mdtodo.toml": CONFIG})
    assert judge() == [".mdtodo.toml:2 gate-changed"]


def test_a_processor_that_the_base_has_changed_meanwhile_is_no_change_of_a_branch(
    judge: Judge, repo: Checkout
) -> None:
    """Which was made before, has receipts of the processor as it was, and was merged with the base since."""
    repo.git("checkout", "-q", "-b", "work")
    repo.commit(receipt("a"), **{"TODO.md": ticked(TODO, "a")})
    repo.commit("add", **{".mdtodo.toml": '[processors.u]\nrun = "true"\n' + CONFIG})
    repo.git("checkout", "-q", "-b", "trunk", "base")
    repo.commit("other", **{".mdtodo.toml": CONFIG.replace("5m", "9m")})
    repo.git("checkout", "-q", "work")
    repo.git("merge", "-q", "--no-edit", "trunk")
    assert judge("trunk...HEAD") == []


def test_a_processor_that_a_range_has_on_its_way_alone_proves_nothing_of_others(
    judge: Judge, repo: Checkout
) -> None:
    text = TODO.replace("a id:a run:t", "a id:a run:u")
    repo.commit("work", **{".mdtodo.toml": CONFIG + '[processors.u]\nrun = "true"\n', "TODO.md": text})
    repo.commit(receipt("a", processor="u"), **{"TODO.md": ticked(text, "a")})
    repo.commit("back", **{".mdtodo.toml": CONFIG, "TODO.md": ticked(TODO, "a")})
    assert judge() == ["TODO.md:1 unproven"]


@pytest.mark.parametrize(
    ("match", "found"), [('category = "testing"', [".mdtodo.toml:1 gate-changed"]), ('tags = ["x"]', [])]
)
def test_what_says_the_category_of_a_task_is_of_the_gate_where_a_processor_goes_by_it(
    judge: Judge, repo: Checkout, match: str, found: list[str]
) -> None:
    config = CONFIG + f"match = {{ {match} }}\n"
    repo.commit("Base", **{".mdtodo.toml": 'classify = "words"\n' + config})
    repo.git("tag", "-f", "base")
    repo.commit("work", **{".mdtodo.toml": 'classify = "tags"\n' + config})
    assert judge() == found


ROLLED_UP = [
    pytest.param("- [ ] a id:a run:t\n  - [x] below\n", "- [ ] a id:a\n  - [x] below\n", id="line"),
    pytest.param("# H run:t\n\n- [ ] a id:a\n", "# H\n\n- [ ] a id:a\n", id="heading"),
]


@pytest.mark.parametrize(("text", "bare"), ROLLED_UP)
def test_a_task_that_lost_its_processor_meanwhile_is_not_done_with_its_subtasks(
    judge: Judge, repo: Checkout, text: str, bare: str
) -> None:
    repo.commit("Base", **{"TODO.md": text})
    repo.git("tag", "-f", "base")
    repo.commit("work", **{"TODO.md": bare})
    repo.commit(receipt("a", processor="rollup"), **{"TODO.md": ticked(bare, "a")})
    repo.commit("back", **{"TODO.md": ticked(text, "a")})
    assert [one.partition(" ")[2] for one in judge()] == ["unproven"]


def test_a_parent_that_never_had_a_processor_is_done_with_its_subtasks(judge: Judge, repo: Checkout) -> None:
    text = "- [ ] a id:a\n  - [x] below\n"
    repo.commit("Base", **{"TODO.md": text})
    repo.git("tag", "-f", "base")
    repo.commit(receipt("a", processor="rollup"), **{"TODO.md": ticked(text, "a")})
    repo.commit("by name", **{"TODO.md": ticked(text, "a").replace("id:a", "id:a run:t")})
    assert [one.partition(" ")[2] for one in judge()] == []


def test_a_receipt_that_is_picked_from_another_branch_proves_its_task(judge: Judge, repo: Checkout) -> None:
    done = repo.commit(receipt("a"), **{"TODO.md": ticked(TODO, "a")})
    repo.git("checkout", "-q", "-B", "work", "base")
    repo.commit("other", other="text\n")
    repo.git("cherry-pick", done)
    assert judge() == judge(f"{done}..HEAD") == []


def test_a_processor_that_a_range_adds_and_renames_proves_the_tasks_that_it_adds(
    judge: Judge, repo: Checkout
) -> None:
    config = CONFIG + '[processors.u]\nrun = "true"\n'
    repo.commit("add", **{".mdtodo.toml": config, "TODO.md": TODO + "- [ ] more id:more run:u\n"})
    text = TODO + "- [x] more id:more run:u\n"
    repo.commit(receipt("more", processor="u"), **{"TODO.md": text})
    new = {".mdtodo.toml": config.replace("processors.u", "processors.v")}
    repo.commit("rename", **new, **{"TODO.md": text.replace("run:u", "run:v")})
    assert judge() == []
