"""`expand` and `patterns`: real files, real git, real programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.command_line import at_once

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

TODO = """\
# Work

- [ ] Orders API expand:api est:8h !high
  - a note
- [ ] Large est:13h
- [ ] Small est:1h
- [x] Done est:40h expand:api
- [ ] Has some est:40h expand:api
  - [ ] inside
"""
THREE = '[patterns.three]\nmatch = ["small"]\nsteps = ["A", "B run:ok", "C of {task}"]\n[processors.ok]\nrun = "true"\n'


def test_expand_without_ids_breaks_down_the_large_tasks_in_their_place(
    inside: Callable[..., Said], repo: Checkout
) -> None:
    repo.commit(**{"TODO.md": TODO})
    said = inside("expand")
    lines = repo.read("TODO.md").decode().splitlines()
    assert lines[:4] == TODO.splitlines()[:4]
    assert lines[10:] == TODO.splitlines()[4:]
    assert [line[:7] for line in lines[4:10]] == [f"  {n}. [ ]"[:7] for n in range(1, 7)]
    assert lines[4].endswith("Requirements of Orders API: who calls it, with what, and how often est:48m")
    assert "  by api  Orders API  (1d)\n" in said.out
    assert "Documentation of Orders API: an example for each call and each error  (48m)\n" in said.out
    assert len(said.out.splitlines()) == 7
    again = inside("expand")
    assert (
        "no open task without subtasks has expand:NAME; to break down others, name their IDs or use --all"
        in again.err
    )
    assert repo.read("TODO.md").decode().splitlines() == lines
    assert repo.status() == [" M TODO.md"]
    inside("expand", "--all")
    assert "expand:NAME or is estimated at 12 hours or more" in inside("expand", "--all").err


def test_expand_all_takes_large_tasks_and_an_id_takes_any_open_one(
    inside: Callable[..., Said], repo: Checkout
) -> None:
    repo.commit(**{"TODO.md": TODO, ".mdtodo.toml": THREE})
    ids = {task["title"]: task["id"] for task in inside("list", "--json").json["tasks"]}
    found = inside("expand", "--all", "--json").json
    assert [one["title"] for one in found["expanded"]] == ["Orders API", "Large"]
    assert [one["pattern"] for one in found["expanded"]] == ["api", "implement"]
    assert found["expanded"][0]["subtasks"] == [task["id"] for task in found["tasks"][:6]]
    assert (found["already"], found["commits"], found["diff"]) == ([], [], None)
    small = inside("expand", ids["Small"], "--json").json
    assert [task["title"] for task in small["tasks"]] == ["A", "B", "C of Small"]
    assert [task["estimate_hours"] for task in small["tasks"]] == [1 / 3] * 3
    assert small["tasks"][1]["processor"] == "ok"
    after = {task["id"]: task["title"] for task in inside("list", "--json").json["tasks"]}
    assert {name: after[name] for name in ids.values()} == {name: title for title, name in ids.items()}


def test_a_task_that_cannot_be_broken_down_is_told_and_nothing_changes(
    inside: Callable[..., Said], repo: Checkout
) -> None:
    todo = TODO + "- [ ] Wrong expand:apo\n- [ ] None est:0h expand:api\n- [ ] Years est:3650d expand:api\n"
    repo.commit(**{"TODO.md": todo, "b/TODO.md": "- [ ] " + "long" * 2500 + " expand:api\n"})
    said = inside("expand", code=1)
    assert 'TODO.md:10: unknown pattern "apo" (did you mean "api"?)' in said.err
    assert "TODO.md:11: an estimate of 0 cannot be split up" in said.err
    assert "TODO.md:12: an estimate of more than 1000d is too long" in said.err
    assert "b/TODO.md:1: a title of 10000 characters is too long" in said.err
    assert "nothing was changed" in said.err
    assert said.out == ""
    assert repo.status() == []
    assert 'TODO.md:10: error: unknown-pattern: unknown pattern "apo"' in inside("check", code=1).out


def test_ids_that_expand_cannot_take_are_told(inside: Callable[..., Said], repo: Checkout) -> None:
    repo.commit(**{"TODO.md": "- [x] a id:done\n- [ ] b id:some\n  - [ ] c\n- [ ] d id:d\n"})
    assert "is done: there is nothing left" in inside("expand", "done", "d", code=2).err
    assert "no task has the id" in inside("expand", "nobody", code=2).err
    assert (
        "unknown pattern 'apii' (did you mean \"api\"?)"
        in inside("expand", "d", "--pattern", "apii", code=2).err
    )
    assert "some already has subtasks: b" in inside("expand", "some").err
    assert repo.status() == []


CYCLES = {
    "- [ ] a id:a expand:p\n- [ ] b id:b after:a\n": "after:b x",
    "- [ ] a id:a expand:p\n": "after:a x",
}


@pytest.mark.parametrize("todo", CYCLES)
def test_a_cycle_made_by_a_breakdown_is_refused(
    inside: Callable[..., Said], repo: Checkout, todo: str
) -> None:
    repo.commit(**{"TODO.md": todo, ".mdtodo.toml": f'patterns.p.steps = ["{CYCLES[todo]}", "y"]\n'})
    assert "TODO.md:1: its subtasks would wait for each other: " in inside("expand", code=1).err
    assert repo.status() == []


def test_an_id_in_a_step_is_good_for_one_task(inside: Callable[..., Said], repo: Checkout) -> None:
    repo.commit(
        **{
            "TODO.md": "- [ ] a expand:p id:a\n- [ ] b expand:p id:b\n",
            ".mdtodo.toml": 'patterns.p.steps = ["x id:x"]\n',
        }
    )
    assert 'TODO.md:2: the id "x" of a new subtask is already taken' in inside("expand", code=1).err
    assert repo.status() == []
    inside("expand", "a")
    assert 'TODO.md:3: the id "x" of a new subtask is already taken' in inside("expand", "b", code=1).err


def test_a_breakdown_that_would_change_the_id_of_another_task_is_refused(
    inside: Callable[..., Said], repo: Checkout
) -> None:
    repo.commit(**{"TODO.md": "- [ ] same\n- [ ] same id:second\n"})
    inside("expand", "second")
    first = inside("list", "--json").json["tasks"][0]["id"]
    before = repo.read("TODO.md")
    assert "TODO.md:3: the id " in inside("expand", first, code=1).err
    assert repo.read("TODO.md") == before


BAD_PATTERNS = {
    "patterns.p.match = ['a']": "`patterns.p`: must have either `steps` or `template`",
    "patterns.p.steps = []": "`patterns.p.steps`: must be a list of steps, and not empty",
    "patterns.p = { steps = ['a'], weights = ['1'] }": "`patterns.p.weights[0]`: must be a number",
    "patterns.p = { steps = ['a'], weights = [nan] }": "`patterns.p.weights[0]`: must be a number",
    "patterns.p = { steps = ['a'], weights = [-1] }": "`patterns.p.weights[0]`: must be a number",
    "patterns.p = { steps = ['a'], weights = [0] }": "`patterns.p.weights`: must be a list of numbers",
    "patterns.p = { steps = ['a'], weights = [1, 2] }": "`patterns.p.weights`: must be one per step",
    "patterns.p.steps = ['expand:p']": "lead back to itself: p -> p",
    "expand.timeout = '0s'": "`expand.timeout`: must be longer than 0",
}


@pytest.mark.parametrize("config", BAD_PATTERNS)
def test_a_broken_pattern_is_told_in_a_sentence(
    inside: Callable[..., Said], repo: Checkout, config: str
) -> None:
    repo.commit(**{"TODO.md": TODO, ".mdtodo.toml": config + "\n"})
    said = inside("expand", code=3)
    assert said.err.startswith("mdtodo: .mdtodo.toml:")
    assert BAD_PATTERNS[config] in said.err
    assert repo.status() == []


MANNERS = {
    "1) [ ] a expand:p\n": "   1) [ ] x\n   2) [ ] y\n",
    "1. [ ] a expand:p\n": "   1. [ ] x\n   2. [ ] y\n",
    "- [ ] a expand:p\n\n  1. plain\n  2. text\n": "  1) [ ] x\n  2) [ ] y\n",
    "- [ ] a expand:p [est:: 4m]\n": "  1. [ ] x [est:: 2m]\n  2. [ ] y [est:: 2m]\n",
}


@pytest.mark.parametrize("todo", MANNERS)
def test_steps_are_written_as_the_task_is(inside: Callable[..., Said], repo: Checkout, todo: str) -> None:
    repo.commit(**{"TODO.md": todo, ".mdtodo.toml": 'patterns.p.steps = ["x", "y"]\n'})
    inside("expand")
    assert repo.read("TODO.md").decode() == todo + MANNERS[todo]


def test_expand_commit_is_refused_during_a_merge_and_nothing_changes(
    inside: Callable[..., Said], repo: Checkout
) -> None:
    repo.commit(**{"TODO.md": TODO})
    repo.write(".git/MERGE_HEAD", repo.git("rev-parse", "HEAD") + "\n")
    said = inside("expand", "--commit", code=3).err
    assert "a merge is in progress" in said
    assert "hint: finish the merge, or leave --commit out\n" in said
    assert repo.read("TODO.md").decode() == TODO
    inside("expand")
    assert repo.read("TODO.md").decode() != TODO


# A program as author

PROGRAMS = {
    "echo": "`expand.command` printed no task",
    "echo Sure, here is the list": "`expand.command` printed line 1, which is not a task list item",
    "printf '\\377\\n'": "`expand.command` printed something other than text",
    "head -c 1048576 /dev/zero": "`expand.command` printed more than 64 KiB",
    "echo '- [ ] a'; exit 1": "`expand.command` exited 1",
    "sleep 60": "`expand.command` took longer than 300ms",
    "echo '- [ ] x id:taken'": 'the id "taken" of a new subtask is already taken',
    "echo '- [ ] x id:new'; echo '- [ ] y id:new'": 'the id "new" of a new subtask is already taken',
    "echo '- [ ] x after:taken'": "its subtasks would wait for each other",
    "echo '1. [ ] x after:y'; echo '2. [ ] y id:y'": "its subtasks would wait for each other",
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_that_is_of_no_use(inside: Callable[..., Said], repo: Checkout, program: str) -> None:
    soon = "timeout = '300ms'\n" if program == "sleep 60" else ""
    config = f"[expand]\n{soon}command = '''{program}'''\n"
    repo.commit(**{"TODO.md": "- [ ] Big id:big\n- [ ] t id:taken after:big\n", ".mdtodo.toml": config})
    said = inside("expand", "big", code=1)
    assert "TODO.md:1: " in said.err
    assert PROGRAMS[program] in said.err
    assert repo.status() == []


def test_a_program_that_knows_what_to_do(inside: Callable[..., Said], repo: Checkout) -> None:
    config = "expand.command = '''printf '* [ ] Do %s\\n  1. [ ] deep est:2h\\n' \"$MDTODO_TASK_TITLE\"'''\n"
    repo.commit(**{"TODO.md": "> + [ ] Big id:big\r\n> + [ ] x expand:fix\r\n", ".mdtodo.toml": config})
    inside("expand", "--all", "big")
    text = repo.read("TODO.md").decode()
    assert text.startswith(
        "> + [ ] Big id:big\r\n>   + [ ] Do Big\r\n>     1. [ ] deep est:2h\r\n> + [ ] x expand:fix\r\n"
    )
    assert text.endswith(
        " 6. [ ] Verification of x: where it was first seen, and a line in the changelog\r\n"
    )


# What is written, and how


def test_either_all_files_are_broken_down_or_none(
    inside: Callable[..., Said], repo: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mdtodo.errors import InputError
    from mdtodo.system import files

    repo.commit(**{f"{name}/TODO.md": "- [ ] a expand:api\n" for name in "abc"})
    real = files.replace

    def full(root: str, path: str, expected: bytes, new: bytes) -> None:
        if path.startswith("c/"):
            raise InputError("cannot be written: No space left on device", file=path)
        real(root, path, expected, new)

    monkeypatch.setattr(files, "replace", full)
    assert "No space left" in inside("expand", code=3).err
    assert repo.status() == []


NAMES = {
    "TODO.md": "- [ ] a expand:api\n- [ ] b\n",
    "a b/TODO.md": "- [ ] a expand:api\r\n- [ ] b\r\n",
    'quote"back\\slash/TODO.md': "- [ ] a expand:api",
    "tab\there/TODO.md": "\ufeff- [ ] a expand:api\r\n- [ ] b",
    "new\nline/TODO.md": "- [ ] a expand:api\r- [ ] b\r",
    "ünïcode/TODO.md": "> - [ ] a expand:api\n\n\n",
    "-dash/TODO.md": "- [ ] a\x0cb expand:api\n",
}


@pytest.mark.parametrize("setting", ["core.autocrlf=false", "core.autocrlf=true", "diff.noprefix=true"])
def test_the_diff_is_one_that_git_applies(inside: Callable[..., Said], repo: Checkout, setting: str) -> None:
    repo.git("config", "core.autocrlf", "false")
    repo.commit(**NAMES, **{".gitattributes": "*.md binary\n"})
    repo.git("config", *setting.split("="))
    said = inside("expand", "--dry-run")
    assert [repo.read(name) for name in NAMES] == [text.encode() for text in NAMES.values()]
    repo.git("config", "core.autocrlf", "false")
    repo.git("config", "diff.noprefix", "false")
    inside("expand")
    wanted = [repo.read(name) for name in NAMES]
    repo.git("checkout", "-q", "--", ".")
    repo.git("apply", "-", stdin=said.out)
    assert [repo.read(name) for name in NAMES] == wanted
    assert len(inside("list", "--json").json["tasks"]) == 6 * len(NAMES) + 11


def test_a_commit_of_expand_holds_its_steps_alone_and_undo_takes_it_back(
    inside: Callable[..., Said], repo: Checkout
) -> None:
    repo.commit(**{"TODO.md": TODO})
    repo.write("TODO.md", TODO.replace("# Work", "# My work"))
    repo.write("mine", "x")
    repo.git("add", "mine")
    found = inside("expand", "--commit", "--json").json
    assert found["commits"] == [repo.git("rev-parse", "HEAD")]
    assert sorted(repo.status()) == [" M TODO.md", "A  mine"]
    assert repo.head("TODO.md").startswith(b"# Work\n")
    assert repo.head("TODO.md").count(b"\n") == TODO.count("\n") + 6
    assert " expanded expand exit=0" in repo.git("log", "-1", "--format=%B")
    inside("undo")
    assert repo.head("TODO.md").decode() == TODO
    assert repo.read("TODO.md").decode() == TODO.replace("# Work", "# My work")


def test_head_is_not_given_steps_where_it_has_subtasks(inside: Callable[..., Said], repo: Checkout) -> None:
    repo.commit(**{"TODO.md": "- [ ] a expand:api\n  - [ ] by hand\n"})
    repo.write("TODO.md", "- [ ] a expand:api\n")
    assert inside("expand", "--commit", "--json").json["commits"] == []
    assert repo.head("TODO.md") == b"- [ ] a expand:api\n  - [ ] by hand\n"
    assert repo.read("TODO.md").count(b"\n") == 7


def test_patterns_are_listed(inside: Callable[..., Said], repo: Checkout) -> None:
    repo.commit(**{"TODO.md": TODO, ".mdtodo.toml": THREE})
    found = inside("patterns", "--json").json["patterns"]
    assert [one["name"] for one in found][:2] == ["three", "implement"]
    assert len(found) == 16
    assert found[0]["source"] == ".mdtodo.toml"
    assert found[0]["steps"][1] == {"text": "B run:ok", "weight": 1.0}
    lines = [line.split() for line in inside("patterns").out.splitlines()]
    assert lines[:3] == [["three", "small"], ["(3", "steps,", "from", ".mdtodo.toml)"], found_words(found[1])]
    one = inside("patterns", "three").out
    assert one.startswith("three  (.mdtodo.toml)\n  for titles with: small\n")
    assert "  3.  33 %  C of {task}" in one
    assert [p["name"] for p in inside("patterns", "api", "--json").json["patterns"]] == ["api"]
    assert 'did you mean "three"?' in inside("patterns", "thre", code=2).err


def found_words(pattern: dict[str, Any]) -> list[str]:
    return [pattern["name"], *", ".join(pattern["words"]).split()]


def test_no_title_steers_the_terminal(inside: Callable[..., Said], repo: Checkout) -> None:
    repo.commit(**{"TODO.md": "- [ ] a\x1b[2Jb expand:fix\n"})
    assert "\x1b" not in inside("expand").out
    assert repo.read("TODO.md").count(b"\x1b") == 1


@pytest.mark.parametrize("written", ["0", "10y", "-3h"])
@pytest.mark.parametrize("config", ["", "[expand]\ncommand = \"echo '- [ ] a step'\"\n"])
def test_an_estimate_that_is_none_keeps_a_task_from_being_broken_down(
    repo: Checkout, inside: Callable[..., Said], written: str, config: str
) -> None:
    before = f"- [ ] Implement it id:it est:{written}\n".encode()
    repo.commit("Base", **{"TODO.md": before, ".mdtodo.toml": config})
    said = inside("expand", "it", code=1)
    assert f"TODO.md:1: '{written}' is not a valid estimate" in said.err
    assert repo.read("TODO.md") == before


def test_breakdowns_that_are_asked_for_at_once_happen_once_each(
    repo: Checkout, mdtodo: Callable[..., Said]
) -> None:
    lines = [f"- [ ] Build thing {n} expand:api id:t{n}\n" for n in range(6)]
    repo.write("TODO.md", "".join(lines))
    said = at_once(repo, [["expand", f"t{n}"] for n in range(6)] + [["expand"]] * 3)
    assert [code for code, _, _ in said] == [0] * 9, said
    together = repo.read("TODO.md")
    repo.write("TODO.md", "".join(lines))
    mdtodo("expand")
    assert together == repo.read("TODO.md")
