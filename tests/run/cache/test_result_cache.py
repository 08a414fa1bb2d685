"""Inputs that are unchanged: the last result stands, and nothing is run."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]


@pytest.fixture
def mdtodo(inside: Mdtodo) -> Mdtodo:
    return inside


CONFIG = """
[processors.t]
run = "echo $MDTODO_TASK_TITLE >> .git/ran; ! grep -q bad src/a"
inputs = ["src/**"]
"""


def start(repo: Checkout, todo: str = "- [ ] a run:t\n", config: str = CONFIG, **files: str) -> None:
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": config, "src/a": "good\n", **files})


def outcomes(said: Said) -> dict[str, str]:
    return {task["title"]: task["outcome"] for task in said.json["tasks"]}


def ran(repo: Checkout) -> int:
    path = repo.root / ".git" / "ran"
    return len(path.read_text().splitlines()) if path.exists() else 0


def reopen(repo: Checkout) -> None:
    """By hand, as an editor does it."""
    repo.write("TODO.md", repo.read("TODO.md").replace(b"[x]", b"[ ]"))


def test_an_input_that_changed_is_seen_where_its_folder_has_a_newline_in_its_name(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    start(
        repo, config=CONFIG.replace("src/**", "src/**/x.py"), **{"src/one\ntwo/x.py": "1\n", "src/x.py": ""}
    )
    mdtodo("run")
    reopen(repo)
    assert outcomes(mdtodo("run", "--json")) == {"a": "cached"}
    reopen(repo)
    repo.write("src/one\ntwo/x.py", "2\n")
    assert outcomes(mdtodo("run", "--json")) == {"a": "done"}


@pytest.mark.parametrize("forget", [False, True])
def test_a_result_stands_until_the_inputs_change(repo: Checkout, mdtodo: Mdtodo, forget: bool) -> None:
    start(repo, "- [ ] p\n  - [ ] a run:t\n- [ ] z run:t after:gone\n")
    mdtodo("run")
    assert "Mdtodo-Inputs: " in repo.git("log", "-1", "--format=%B")
    reopen(repo)
    repo.git("commit", "-qam", "Open")
    if forget:
        shutil.rmtree(repo.root / ".git" / "mdtodo")
    said = mdtodo("run", "--json")
    assert outcomes(said) == {"a": "cached", "p": "done", "z": "blocked"}
    assert mdtodo("verify", "--dry-run", "--json").json["tasks"] == []
    task = next(task for task in said.json["tasks"] if task["title"] == "a")
    assert (task["attempts"], task["exit_code"], task["log"]) == (0, 0, None)
    assert ran(repo) == 1
    assert repo.head("TODO.md").startswith(b"- [x] p\n  - [x] a run:t\n")
    message = repo.git("log", "-1", "--format=%B")
    words = r" cached t exit=0 time=0.000 attempt=0 at=[0-9a-f]{12} tree=[0-9a-f]{12}\nMdtodo-Inputs: "
    assert re.search(words, message)
    repo.write("src/a", "changed\n")
    reopen(repo)
    assert [task["title"] for task in mdtodo("run", "--dry-run", "--json").json["tasks"]] == ["a"]
    assert outcomes(mdtodo("run", "--json"))["a"] == "done"
    assert ran(repo) == 2


def test_a_fresh_clone_knows_the_results_that_stand(
    repo: Checkout, make_repo: Callable[..., Checkout], mdtodo: Mdtodo
) -> None:
    start(repo)
    mdtodo("run")
    clone = make_repo("clone")
    clone.git("pull", "-q", str(repo.root), "main")
    reopen(clone)
    assert outcomes(mdtodo("run", "--json", cwd=clone.root)) == {"a": "cached"}
    assert ran(clone) == 0
    assert outcomes(mdtodo("verify", "--json", cwd=clone.root)) == {"a": "cached"}


def test_a_failure_stands_as_a_success_does_and_is_not_counted_again(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] a run:t\n- [ ] b id:b\n")
    repo.write("src/a", "bad\n")
    mdtodo("run", code=1)
    before = repo.commits()
    said = mdtodo("run", "--json", code=1)
    assert outcomes(said) == {"a": "cached"}
    assert said.json["tasks"][0]["exit_code"] == 1
    assert repo.head("TODO.md").startswith(b"- [ ] a run:t failed:1\n")
    assert (ran(repo), repo.commits()) == (1, before)
    said = mdtodo("run", code=1)
    assert "✗ cached" in said.err
    assert "mdtodo run --fresh" in said.err
    assert outcomes(mdtodo("run", "--fresh", "--json", code=1)) == {"a": "failed"}
    assert (ran(repo), repo.head("TODO.md")[:22]) == (2, b"- [ ] a run:t failed:2")
    repo.write("src/a", "good\n")
    assert outcomes(mdtodo("run", "--json")) == {"a": "done"}


def test_a_cached_failure_holds_up_what_waits_for_it(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "1. [ ] a run:t\n2. [ ] b run:t\n", **{"src/a": "bad\n"})
    mdtodo("run", code=1)
    assert outcomes(mdtodo("run", "--json", code=1)) == {"a": "cached", "b": "blocked"}


@pytest.mark.parametrize(
    "change",
    [
        lambda repo: repo.write(".mdtodo.toml", CONFIG.replace("run = ", 'env = { X = "1" }\nrun = ')),
        lambda repo: repo.write(".mdtodo.toml", CONFIG.replace("grep -q", "grep -qs")),
        lambda repo: repo.write("TODO.md", "- [ ] a run:t\n\n  More to do.\n"),
        lambda repo: repo.write("TODO.md", "- [ ] a run:t #slow\n"),
        lambda repo: repo.write("TODO.md", "# Now\n\n- [ ] a run:t\n"),
        lambda repo: repo.git("mv", "TODO.md", "src/TODO.md"),
        lambda repo: (repo.root / "src/a").chmod(0o755),
        lambda repo: repo.write("src/b", "new\n"),
    ],
)
@pytest.mark.sample(3)
def test_whatever_the_result_depends_on_makes_a_task_run_again(
    repo: Checkout, mdtodo: Mdtodo, change: Callable[[Checkout], object]
) -> None:
    start(repo)
    mdtodo("run")
    reopen(repo)
    change(repo)
    assert outcomes(mdtodo("run", "--json")) == {"a": "done"}
    assert ran(repo) == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda repo: repo.write("other", "x\n"),
        lambda repo: repo.write(".mdtodo.toml", CONFIG + 'timeout = "5m"\nretries = 1\n'),
        lambda repo: repo.write("TODO.md", "Now:\n\n- [ ] new\n* [ ] a !high run:t est:2h\n"),
    ],
)
def test_what_the_result_does_not_depend_on_makes_no_task_run_again(
    repo: Checkout, mdtodo: Mdtodo, change: Callable[[Checkout], object]
) -> None:
    start(repo, **{"docs/x": "x\n"})
    mdtodo("run")
    reopen(repo)
    change(repo)
    assert outcomes(mdtodo("run", "--json")) == {"a": "cached"}


def test_todo_files_do_not_count(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] a run:t\n- [ ] b\n", CONFIG.replace("src/**", "**"))
    mdtodo("run")
    repo.write("TODO.md", "- [ ] a run:t\n- [x] b, reworded\n")
    assert outcomes(mdtodo("run", "--json")) == {"a": "cached"}


@pytest.mark.parametrize("commit", [True, False])
def test_a_persons_word_ends_a_result(repo: Checkout, mdtodo: Mdtodo, commit: bool) -> None:
    start(repo)
    mdtodo("run")
    name = mdtodo("list", "--json").json["tasks"][0]["id"]
    shutil.rmtree(repo.root / ".git" / "mdtodo")
    mdtodo("reopen", name, *["--commit"] * commit)
    assert outcomes(mdtodo("run", "--json")) == {"a": "done"}
    assert ran(repo) == 2


def test_a_task_whose_inputs_match_no_file_runs_every_time(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, config=CONFIG.replace("src/**", "none/**"))
    said = mdtodo("run")
    assert "no file that can be read matches its inputs" in said.err
    assert "Mdtodo-Inputs" not in repo.git("log", "-1", "--format=%B")
    reopen(repo)
    assert outcomes(mdtodo("run", "--json")) == {"a": "done"}


def test_inputs_that_change_while_a_task_runs_prove_nothing(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, config=CONFIG.replace("! grep", "echo x >> src/b; ! grep"))
    said = mdtodo("run")
    assert "inputs were changed while it ran" in said.err
    assert "this result: src/b (ignored files and `outputs` do not count)\n" in said.err
    reopen(repo)
    assert outcomes(mdtodo("run", "--json")) == {"a": "done"}
    assert ran(repo) == 2


def test_three_of_many_inputs_that_change_during_a_task_are_named(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, config=CONFIG.replace("! grep", "touch src/1 src/2 src/3 src/4 src/5; rm src/a; ! grep"))
    assert "this result: src/1, src/2, src/3 and 3 more (" in mdtodo("run").err


def test_a_processor_may_change_its_own_outputs_among_its_inputs(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, config=CONFIG.replace("! grep", "echo x > src/b; ! grep") + 'outputs = ["src/b"]\n')
    mdtodo("run")
    reopen(repo)
    assert outcomes(mdtodo("run", "--json")) == {"a": "done"}
    reopen(repo)
    assert outcomes(mdtodo("run", "--json")) == {"a": "cached"}
    reopen(repo)
    (repo.root / "src/b").unlink()
    assert outcomes(mdtodo("run", "--json")) == {"a": "done"}


def test_an_output_that_is_gone_is_made_again(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, config=CONFIG.replace("! grep", "echo x > out; ! grep") + 'outputs = ["out"]\n')
    mdtodo("run")
    reopen(repo)
    (repo.root / "out").unlink()
    assert outcomes(mdtodo("run", "--json")) == {"a": "done"}


@pytest.mark.parametrize("forget", [False, True])
def test_results_of_an_undone_run_do_not_stand(repo: Checkout, mdtodo: Mdtodo, forget: bool) -> None:
    """Also where the undo took the task itself away."""
    repo.write("say.sh", 'echo \'{"subtask": "- [ ] a run:t"}\' >> $MDTODO_OUTPUT\n')
    say = '[processors.say]\nrun = ["sh", "say.sh"]\n'
    start(repo, "- [ ] p run:say\n", 'subtask_keys = ["run"]\n' + CONFIG + say)
    mdtodo("run")
    assert ran(repo) == 1
    mdtodo("undo")
    if forget:
        shutil.rmtree(repo.root / ".git" / "mdtodo")
    assert outcomes(mdtodo("run", "--json")) == {"p": "done", "a": "done"}
    assert ran(repo) == 2


@pytest.mark.parametrize("code", ["exit 75", "exit 77", "kill -9 $$", "no-such-command"])
def test_a_result_that_does_not_follow_from_the_inputs_does_not_stand(
    repo: Checkout, mdtodo: Mdtodo, code: str
) -> None:
    start(repo, config=CONFIG.replace("! grep", f"{code}; ! grep").replace("; ! grep -q bad src/a", ""))
    mdtodo("run", code=None)
    mdtodo("run", code=None)
    assert ran(repo) == 2


def test_verify_takes_a_result_that_stands(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo)
    mdtodo("run")
    assert outcomes(mdtodo("verify", "--json")) == {"a": "cached"}
    assert outcomes(mdtodo("verify", "--fresh", "--json")) == {"a": "done"}
    repo.commit("Bad", **{"src/a": "bad\n"})
    assert outcomes(mdtodo("verify", "--json", code=1)) == {"a": "failed"}
    assert repo.head("TODO.md") == b"- [ ] a run:t\n"
    assert outcomes(mdtodo("run", "--json", code=1)) == {"a": "cached"}
    repo.write("TODO.md", "- [x] a run:t\n")
    assert outcomes(mdtodo("verify", "--json", code=1)) == {"a": "failed"}


def test_no_git_is_asked_where_no_processor_declares_inputs(
    repo: Checkout, mdtodo: Mdtodo, tmp_path: object
) -> None:
    trace = repo.root / ".git" / "trace"
    start(repo, config=CONFIG.replace('inputs = ["src/**"]', ""))
    mdtodo("run", GIT_TRACE2_EVENT=str(trace))
    assert "diff-files" not in trace.read_text()
    assert "hash-object" not in trace.read_text()


def test_a_result_that_stands_counts_in_no_limit_and_the_counts_say_so(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    """Neither does what waits for a person count as expected."""
    config = '[processors.ok]\nrun = "true"\ninputs = ["in"]\n[processors.go]\nrun = "true"\n'
    text = (
        "- [ ] a run:ok id:a !high\n- [ ] b run:ok id:b !high\n- [ ] c run:go id:c est:2h\n- [ ] d run:go id:d est:1h\n"
        "- [ ] e run:go !low\n- [ ] sign id:sign\n- [ ] f run:go after:sign !critical\n"
    )
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": config, "in": ""})
    mdtodo("run", "a", "b")
    reopen(repo)
    said = mdtodo("run", "--dry-run", "--limit", "2", "--json")
    assert [task["id"] for task in said.json["tasks"]] == ["c", "d"]
    said = mdtodo("run", "--limit", "2", "-j", "1", "--no-commit")
    told = re.findall(r"^\[(\d+)/(\d+)\] . (\w+)", said.err, re.MULTILINE)
    assert [outcome for *_, outcome in told] == ["cached", "cached", "done", "done"]
    assert [int(number) for number, *_ in told] == [1, 2, 3, 4]
    assert told[-1][1] == "4"
    told = re.findall(r"^\[(\d+)/(\d+)\]", mdtodo("run", "--no-commit").err, re.MULTILINE)
    assert told == [("1", "1")]


@pytest.mark.parametrize(
    ("note", "outcome"), [("  - [x] b\n  - a note\n", "cached"), ("  - a note\n", "done")]
)
def test_notes_among_subtasks_are_no_part_of_what_a_result_was_made_of(
    repo: Checkout, mdtodo: Mdtodo, note: str, outcome: str
) -> None:
    """As mdtodo writes them there itself; a receipt from before they counted as text of the task holds."""
    below = "  - [x] b\n" if "[x]" in note else ""
    start(repo, f"- [ ] a run:t\n{below}")
    mdtodo("run")
    repo.write("TODO.md", f"- [ ] a run:t\n{note}")
    assert outcomes(mdtodo("run", "--json")) == {"a": outcome}
