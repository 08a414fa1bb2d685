"""What `run` says of tasks that it does not start: those asked for by id, and those that have given up."""

from __future__ import annotations

import subprocess
import sys
import time
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


CONFIG = '[processors.ok]\nrun = "true"\n[processors.bad]\nrun = "exit 1"\n'
TODO = """\
- [ ] Fine id:fine run:ok
- [ ] First id:first run:bad
- [ ] Waits id:waits run:ok after:first,sign
- [ ] Sign off id:sign
- [ ] Misspelt id:misspelt run:okk
- [x] Done id:done run:ok
- [x] Said id:said
- [-] Cancelled id:cancelled run:ok
- [/] Doing id:doing run:ok
- [ ] Failed id:failed run:ok failed:3
- [ ] Hardware id:hardware run:ok needs:gpu
- [ ] Bob's id:bobs run:ok worker:bob
- [ ] Parent id:parent
  - [ ] Child id:child
- [ ] Ticked by its subtasks id:rolled
  - [x] Its subtask id:sub
"""


@pytest.fixture
def todo(repo: Checkout) -> Checkout:
    repo.commit("Base", **{"TODO.md": TODO, ".mdtodo.toml": CONFIG})
    return repo


@pytest.mark.parametrize(
    ("task", "code", "sentence"),
    [
        ("waits", 1, '"Waits" (waits) waits for "First" (first), "Sign off" (sign), which is manual'),
        (
            "sign",
            1,
            (
                '"Sign off" (sign) is manual: it has no processor; add run:NAME to its line, or mark it as done with '
                "`mdtodo done sign`"
            ),
        ),
        (
            "misspelt",
            1,
            '"Misspelt" (misspelt) has no processor: there is none named okk; `mdtodo config` and',
        ),
        ("done", 0, '"Done" (done) is already done; `mdtodo verify done` checks it again'),
        ("said", 0, '"Said" (said) is already done\n'),
        ("cancelled", 1, '"Cancelled" (cancelled) is cancelled; `mdtodo reopen cancelled` opens it again'),
        (
            "doing",
            1,
            '"Doing" (doing) is marked as in progress; `mdtodo reopen doing` puts it back in the queue',
        ),
        ("bobs", 1, '"Bob\'s" (bobs) was not started: it is reserved for the worker bob'),
        ("parent", 1, '"Parent" (parent) has an open subtask: "Child" (child), which is manual'),
    ],
)
@pytest.mark.sample(3)
def test_each_task_that_cannot_start_says_why_and_what_helps(
    todo: Checkout, mdtodo: Mdtodo, task: str, code: int, sentence: str
) -> None:
    before = todo.read("TODO.md")
    for more in ((), ("--json",), ("--dry-run",)):
        said = mdtodo("run", task, *more, code=code)
        assert f"mdtodo: {sentence}" in said.err, more
        assert said.err.count(f"({task})") == 1
        assert "[-]" not in said.err, "the reason would be there twice"
    assert todo.read("TODO.md") == before


@pytest.mark.parametrize("option", ["--no-commit", "--dry-run", "--json"])
def test_a_task_that_has_given_up_and_cannot_start_says_why(
    repo: Checkout, mdtodo: Mdtodo, option: str
) -> None:
    """By what it waits for, and by how a person ends it; not that it is tried again."""
    text = (
        "- [ ] Held id:held run:ok failed:3 after:sign\n- [ ] Sign id:sign\n- [ ] Nobody id:nobody failed:3\n"
    )
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": CONFIG})
    (said,) = (line for line in mdtodo("run", "held", option, code=1).err.splitlines() if "(held)" in line)
    assert "(sign)" in said
    assert "`mdtodo done nobody`" in mdtodo("run", "nobody", option, code=1).err


def test_beside_a_task_that_cannot_start_the_others_run_and_json_is_whole(
    todo: Checkout, mdtodo: Mdtodo
) -> None:
    said = mdtodo("run", "fine", "sign", "waits", "done", "--json", code=1)
    assert {task["title"]: task["outcome"] for task in said.json["tasks"]} == {
        "Fine": "done",
        "Waits": "blocked",
    }
    assert [line.split(") ")[0] for line in said.err.splitlines() if line.startswith('mdtodo: "')] == [
        'mdtodo: "Waits" (waits',
        'mdtodo: "Sign off" (sign',
        'mdtodo: "Done" (done',
    ]
    assert b"- [x] Fine" in todo.head("TODO.md")


def test_a_task_that_gets_free_during_the_run_is_not_told_as_unstarted(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    repo.commit(
        "Base", **{"TODO.md": "- [ ] b id:b run:ok after:a\n- [ ] a id:a run:ok\n", ".mdtodo.toml": CONFIG}
    )
    assert mdtodo("run", "a", "b").out.startswith("2 done\n")


def test_a_task_that_has_given_up_is_tried_again_where_it_is_asked_for(
    todo: Checkout, mdtodo: Mdtodo
) -> None:
    said = mdtodo("run", "failed")
    assert (
        'mdtodo: "Failed" (failed) has failed in 3 runs; it is tried again, since you named it\n' in said.err
    )
    assert b"- [x] Failed id:failed run:ok\n" in todo.head("TODO.md")


def test_a_parent_that_is_done_by_its_subtasks_is_ticked(todo: Checkout, mdtodo: Mdtodo) -> None:
    mdtodo("run", "rolled")
    assert b"- [x] Ticked by its subtasks" in todo.head("TODO.md")


def test_a_task_whose_needs_the_worker_lacks_says_so(todo: Checkout, mdtodo: Mdtodo) -> None:
    said = mdtodo("run", "hardware", "--can", "docker,cpu", code=1)
    assert '"Hardware" (hardware) was not started: it needs gpu, which this machine does not have' in said.err
    mdtodo("run", "hardware", "--can", "gpu")


def test_a_task_that_the_filters_leave_out_is_told(todo: Checkout, mdtodo: Mdtodo) -> None:
    said = mdtodo("run", "fine", "sign", "--text", "fine")
    assert 'mdtodo: "Sign off" (sign) does not match the filters, so it is left out\n' in said.err
    assert b"- [x] Fine" in todo.head("TODO.md")


def test_a_task_that_another_worker_has_is_told(repo: Checkout, mdtodo: Mdtodo) -> None:
    config = '[processors.slow]\nrun = "touch begun; until test -e go; do sleep 0.01; done"\n'
    repo.commit("Base", **{"TODO.md": "- [ ] Slow id:slow run:slow\n", ".mdtodo.toml": config})
    command = [sys.executable, "-m", "mdtodo", "run"]
    with subprocess.Popen(
        command, cwd=repo.root, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as other:
        end = time.monotonic() + 30
        while not (repo.root / "begun").exists():
            assert time.monotonic() < end
            time.sleep(0.01)
        said = mdtodo("run", "slow", code=1)
        repo.write("go", "")
        assert other.wait(30) == 0
    assert '"Slow" (slow) is already running: ' in said.err
    assert "has it; `mdtodo status` shows it" in said.err


def test_a_task_that_has_given_up_is_named_and_fails_the_run(repo: Checkout, mdtodo: Mdtodo) -> None:
    todo = (
        "- [ ] Nightly id:n run:ok failed:3 #ci\n- [ ] Fine id:f run:ok\n- [ ] Gone id:g failed:3\n"
        "- [ ] Bob's id:b run:ok failed:3 worker:bob\n"
    )
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": CONFIG})
    sentence = 'mdtodo: TODO.md:1: given up after 3 failed runs: "Nightly" (n); `mdtodo reopen n` puts it back in the queue\n'
    said = mdtodo("run", "--json", code=1)
    assert said.err.count("given up") == 1, "neither a manual task nor one of another worker"
    assert sentence in said.err
    assert [task["title"] for task in said.json["tasks"]] == ["Fine"]
    said = mdtodo("run", code=1)
    assert said.out == "nothing to run: 3 given up\n"
    assert sentence in said.err
    assert mdtodo("run", "--text", "fine").out == "nothing to run: everything that matches is done\n"
    assert sentence in mdtodo("run", "--tag", "ci", code=1).err
    assert sentence in mdtodo("run", "--dry-run").err, "nothing has failed yet"
    mdtodo("reopen", "n")
    assert mdtodo("run").out.startswith("1 done\n")


def test_ten_of_many_tasks_that_have_given_up_are_named(repo: Checkout, mdtodo: Mdtodo) -> None:
    todo = "".join(f"- [ ] Task {number} run:ok failed:3\n" for number in range(14))
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": CONFIG})
    said = mdtodo("run", code=1)
    assert said.err.count("given up after 3 failed runs") == 10
    assert "mdtodo: 4 more have given up; `mdtodo list --state failed` shows all of them\n" in said.err


@pytest.mark.parametrize(
    ("todo", "options", "why"),
    [
        ("# Nothing\n", (), ": there are no tasks"),
        ("- [ ] a run:ok\n", ("--tag", "x"), ": no task matches"),
        ("- [x] a run:ok\n- [-] b\n", (), ": everything is done"),
        (
            "- [ ] a\n- [ ] b\n- [ ] c id:c\n- [ ] d run:ok after:c\n- [ ] e after:c\n",
            (),
            ": 3 manual, 2 blocked",
        ),
        ("- [ ] a run:ok needs:gpu\n- [/] b\n", ("--can", "x"), ": 1 in progress, 1 for other workers"),
    ],
)
def test_a_run_that_starts_nothing_says_why(
    repo: Checkout, mdtodo: Mdtodo, todo: str, options: tuple[str, ...], why: str
) -> None:
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": CONFIG})
    assert mdtodo("run", *options).out == f"nothing to run{why}\n"
    assert f"mdtodo: nothing to run{why}\n" in mdtodo("run", "--dry-run", *options).err


@pytest.mark.parametrize(
    ("todo", "options", "hint"),
    [
        ("# Nothing\n", (), "`mdtodo add 'Tests pass run:NAME'` adds a task"),
        ("- [ ] a run:ok\n", ("--tag", "x"), ""),
        ("- [x] a run:ok\n", (), ""),
        ("- [ ] a\n", (), "a manual task gets a processor by `run:NAME` on its line"),
        ("- [x] a id:a run:ok\n- [ ] b\n", ("a",), ""),
    ],
)
def test_the_hint_of_a_run_that_starts_nothing_is_about_its_tasks(
    repo: Checkout, inside: Mdtodo, todo: str, options: tuple[str, ...], hint: str
) -> None:
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": CONFIG})
    said = inside("run", *options)
    assert [line for line in said.err.splitlines() if line.startswith("  ")] == [
        line for line in said.err.splitlines() if hint and line.startswith(f"  {hint}")
    ]
    assert said.err.count("\n  ") + said.err.startswith("  ") == bool(hint)


def test_one_task_that_is_done_does_not_mean_that_everything_is(todo: Checkout, mdtodo: Mdtodo) -> None:
    said = mdtodo("run", "done")
    assert said.out == "nothing to run\n"
    assert "mdtodo list" not in said.err


def test_status_shows_a_task_that_runs_elsewhere(repo: Checkout, mdtodo: Mdtodo) -> None:
    wait = 'run = "touch ../begun; while [ ! -e ../go ]; do sleep 0.05; done"'
    repo.commit(
        "Base", **{"TODO.md": "- [ ] Slow run:wait\n", ".mdtodo.toml": f"[processors.wait]\n{wait}\n"}
    )
    first = subprocess.Popen([sys.executable, "-m", "mdtodo", "-q", "run"], cwd=repo.root)
    try:
        deadline = time.monotonic() + 60
        while not (repo.root.parent / "begun").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        said = mdtodo("run")
        assert said.out == "nothing to run: 1 running elsewhere\n"
        assert "  `mdtodo status` shows what is running\n" in said.err
    finally:
        (repo.root.parent / "go").touch()
        assert first.wait(60) == 0


def test_a_hook_names_what_has_given_up_and_stops_no_commit(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] Nightly run:ok failed:3\n", ".mdtodo.toml": CONFIG})
    assert "given up after 3 failed runs" in mdtodo("hook", "run").err
    repo.write("TODO.md", "- [ ] Nightly run:ok failed:3\n- [ ] New run:bad failed:1\n")
    mdtodo("hook", "run", code=1)
    repo.write("TODO.md", "- [ ] Nightly run:ok failed:3\n- [x] Old run:ok\n")
    mdtodo("hook", "run")
    assert "is manual" not in mdtodo("hook", "run", "--tag", "none").err
