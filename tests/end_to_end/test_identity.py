"""A proof never passes to another task: equal tasks, through the real program, while the files change under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mdtodo.run.loop import RunLoop
from tests.conftest import Checkout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.command_line import Said

    Mdtodo = Callable[..., Said]


def ids(inside: Mdtodo) -> dict[tuple[str, int], str]:
    """The ids of all tasks, by file and line."""
    return {(task["file"], task["line"]): task["id"] for task in inside("list", "--json").json["tasks"]}


def processors(**commands: str) -> str:
    return "".join(f"[processors.{name}]\nrun = '''{command}'''\n" for name, command in commands.items())


def test_a_cached_result_does_not_stand_for_the_equal_task_of_another_file(
    repo: Checkout, inside: Mdtodo
) -> None:
    task = "# P\n\n- [ ] Tests pass run:t\n"
    config = '[processors.t]\nrun = "test $(dirname $MDTODO_TASK_FILE) = a"\ninputs = ["*.py"]\n'
    repo.commit(**{"a/TODO.md": task, "b/TODO.md": task, "x.py": "1\n", ".mdtodo.toml": config})
    inside("run", ids(inside)["a/TODO.md", 3])
    repo.git("rm", "-q", "a/TODO.md")
    repo.commit("Remove a")
    said = inside("run", "--json", code=1)
    assert [one["outcome"] for one in said.json["tasks"]] == ["failed"]
    assert repo.head("b/TODO.md") == b"# P\n\n- [ ] Tests pass run:t failed:1\n"


EQUAL = "- [ ] Check run:a\n- [ ] Check run:b\n- [ ] Check run:c\n"


@pytest.mark.parametrize(
    ("text", "number", "edit", "after"),
    [
        pytest.param(EQUAL, 1, "1d", "- [ ] Check run:b\n- [ ] Check run:c\n", id="one before it goes"),
        pytest.param(EQUAL, 0, "1i - [ ] Check run:c\n", "- [ ] Check run:c\n" + EQUAL, id="one before it comes"),
        pytest.param("- [ ] Check run:e\n" * 3, 0, "1d", "- [ ] Check run:e\n" * 2, id="of equal ones it goes"),
        pytest.param(
            "# A\n- [ ] Check run:e\n# B\n- [ ] Check run:e\n",
            0,
            "1,2d;s/B/A/",
            "# A\n- [ ] Check run:e\n",
            id="another takes its heading",
        ),
        pytest.param(
            "- [ ] Check run:e id:x\n", 0, "1p", "- [ ] Check run:e id:x\n" * 2, id="copied with its id"
        ),
        pytest.param(
            "- [ ] Check run:e id:x\n- [ ] Other run:c id:x\n",
            0,
            "2d",
            "- [ ] Check run:e id:x\n",
            id="two of one id, then one",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("commits", [True, False], ids=["committed", "in the work tree"])
@pytest.mark.sample(4)
def test_what_cannot_be_told_from_an_equal_task_is_not_ticked(
    repo: Checkout, inside: Mdtodo, text: str, number: int, edit: str, after: str, commits: bool
) -> None:
    change = f"sed -i '{edit}' TODO.md" + (" && git commit -qam changed" if commits else "")
    config = processors(a=change, b=change, c="false", e=change)
    repo.commit(**{"TODO.md": text, ".mdtodo.toml": config})
    task = list(ids(inside).values())[number]
    before = text.encode() if not commits else after.encode()
    inside("run", task, code=None)
    assert repo.read("TODO.md") == after.encode()
    assert repo.head("TODO.md") == before
    assert "Mdtodo-Task" not in repo.git("log", "--format=%B")


def test_a_task_of_the_same_title_with_another_processor_is_another_one(
    repo: Checkout, inside: Mdtodo
) -> None:
    change = "printf '%s\\n' '- [ ] Other' '- [ ] Check run:c' > TODO.md && git commit -qam changed"
    config = processors(a=change, c="false")
    repo.commit(**{"TODO.md": "- [ ] Check run:a\n- [ ] Other\n", ".mdtodo.toml": config})
    said = inside("run", code=None)
    assert repo.read("TODO.md") == b"- [ ] Other\n- [ ] Check run:c\n" == repo.head("TODO.md")
    assert "it has run:c now, and what was run is a" in said.err


def test_a_result_that_waits_is_told_of_and_lands_when_it_can_be_told(repo: Checkout, inside: Mdtodo) -> None:
    copy = "sed -i 1p TODO.md && git commit -qam copied"
    repo.commit(**{"TODO.md": "- [ ] Check run:a id:x\n", ".mdtodo.toml": processors(a=copy)})
    said = inside("run", "-q", code=1)
    assert "2 tasks have the id 'x': TODO.md:1, TODO.md:2; give each its own id" in said.out + said.err
    repo.commit("Another id", **{"TODO.md": "- [ ] Check run:a id:x\n- [ ] Check id:y\n"})
    inside("run", "-q")
    assert repo.head("TODO.md") == b"- [x] Check run:a id:x\n- [ ] Check id:y\n" == repo.read("TODO.md")
    assert "done a exit=0" in repo.git("log", "-1", "--format=%B")


def test_a_result_waits_where_the_file_of_a_task_that_has_equals_was_renamed(
    repo: Checkout, inside: Mdtodo
) -> None:
    task = "- [ ] Check run:a\n"
    rename = processors(a="git mv one two && git commit -qm renamed")
    repo.commit(**{"one/TODO.md": task, "other/TODO.md": task, ".mdtodo.toml": rename})
    said = inside("run", ids(inside)["one/TODO.md", 1], code=1)
    assert (
        "not ticked, and its result is kept for the next `mdtodo run`: several tasks had that title"
        in said.err
    )
    assert "Mdtodo-Task" not in repo.git("log", "--format=%B")
    said = inside("run", "--text", "nothing")
    assert "is not ticked: several tasks had that title" in said.err
    repo.git("mv", "two", "one")
    repo.git("commit", "-qm", "Renamed back")
    inside("run", "--text", "nothing")
    assert repo.head("one/TODO.md").decode() == task.replace("[ ]", "[x]")
    assert repo.head("other/TODO.md").decode() == task


def test_a_result_that_waits_is_over_when_its_task_was_proven_again(repo: Checkout, inside: Mdtodo) -> None:
    task = "- [ ] Check run:a\n"
    rename = processors(a="[ -d two ] || { git mv one two && git commit -qm renamed; }")
    repo.commit(**{"one/TODO.md": task, "other/TODO.md": task, ".mdtodo.toml": rename})
    inside("run", ids(inside)["one/TODO.md", 1], code=1)
    inside("run")
    assert repo.head("two/TODO.md").decode() == task.replace("[ ]", "[x]")
    inside("run")
    assert inside("run").err == ""


def test_a_task_with_an_id_that_is_reworded_while_it_runs_is_not_ticked(
    repo: Checkout, inside: Mdtodo
) -> None:
    reword = "sed -i s/Check/Deploy/ TODO.md && git commit -qam reworded"
    repo.commit(**{"TODO.md": "- [ ] Check run:a id:x\n", ".mdtodo.toml": processors(a=reword)})
    said = inside("run", code=None)
    assert repo.read("TODO.md") == b"- [ ] Deploy run:a id:x\n" == repo.head("TODO.md")
    assert "the task with the id 'x' says something else now: 'Deploy'" in said.err


@pytest.mark.parametrize("own", [True, False], ids=["own processors", "one processor"])
def test_a_push_onto_an_equal_task_under_another_heading(
    repo: Checkout, inside: Mdtodo, tmp_path: Path, own: bool
) -> None:
    backend, frontend = ("run:backend", "run:frontend") if own else ("run:frontend", "run:frontend")
    ours = f"## Frontend\n\n- [ ] Tests pass {frontend}\n"
    config = processors(frontend="true", backend="false")
    repo.commit(**{"TODO.md": ours, ".mdtodo.toml": config})
    Checkout(tmp_path).git("clone", "-q", "--bare", str(repo.root), "remote.git")
    repo.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    repo.git("push", "-q", "-u", "origin", "main")
    Checkout(tmp_path).git("clone", "-q", "remote.git", "theirs")
    theirs = Checkout(tmp_path / "theirs")
    added = f"## Backend\n\n- [ ] Tests pass {backend}\n\n"
    theirs.commit("Backend", **{"TODO.md": added + ours})
    theirs.git("push", "-q")
    inside("run", "--push")
    assert Checkout(tmp_path / "remote.git").head("TODO.md", "main").decode() == added + ours.replace(
        "[ ]", "[x]"
    )
    assert repo.read("TODO.md").decode() == added + ours.replace("[ ]", "[x]")


def test_what_runs_is_not_started_again_as_its_id_changes(
    repo: Checkout, inside: Mdtodo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second parent makes a task that is equal to the one which the first has made, while that runs."""
    # as on a machine so fast that there is no pause between two plans
    plan_again = RunLoop._replan_if_stale
    monkeypatch.setattr(
        RunLoop, "_replan_if_stale", lambda self: (setattr(self, "_replan_not_before", 0.0), plan_again(self))
    )
    until = "for i in $(seq 600); do [ -e .git/{} ] && break; sleep 0.05; done"
    first = "[ $MDTODO_TASK_LINE = 2 ] || " + until.format("begun")
    once = "[ -e .git/$MDTODO_TASK_ID ] && exit; touch .git/$MDTODO_TASK_ID"
    split = f'{once}; {first}; echo \'{{"subtask": "- [ ] s"}}\' > $MDTODO_OUTPUT; [ $MDTODO_TASK_LINE = 2 ] || touch .git/made'
    step = f"echo x >> .git/ran; touch .git/begun; {until.format('made')}; sleep 1"
    config = f'[processors.split]\nrun = """\n{split}"""\n[processors.step]\nrun = """\n{step}"""\n'
    text = "# A\n- [ ] p run:split\n\n# B\n- [ ] p run:split\n"
    repo.commit(**{"TODO.md": text, ".mdtodo.toml": config + 'match = { title = "^s$" }\n'})
    inside("run", "-j4")
    assert repo.read("TODO.md").count(b"[x]") == 4 == repo.head("TODO.md").count(b"[x]")
    assert repo.read(".git/ran") == b"x\n" * 2


def test_the_log_of_a_task_has_no_receipts_of_an_equal_one_that_had_its_id(
    repo: Checkout, inside: Mdtodo
) -> None:
    text = "- [ ] Check run:a\n- [ ] Check run:b\n- [ ] Check run:c\n"
    repo.commit(**{"TODO.md": text, ".mdtodo.toml": processors(a="true", b="true", c="true")})
    first, second, _ = ids(inside).values()
    inside("run", first, second)
    repo.commit("Remove the first", **{"TODO.md": repo.read("TODO.md").split(b"\n", 1)[1]})
    assert next(iter(ids(inside).values())) == first
    assert inside("log", first, "--json").json["receipts"] == []
    assert len(inside("log", "--json").json["receipts"]) == 2
