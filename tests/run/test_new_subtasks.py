"""Subtasks that processors add: what they may say, and that they come first."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from mdtodo.config.settings import SUBTASK_KEYS
from mdtodo.markdown.keys.dialects import PLAIN
from mdtodo.receipts.trailers import parse as parse_message
from mdtodo.run.new_subtasks import DEEPEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]


@pytest.fixture
def mdtodo(inside: Mdtodo) -> Mdtodo:
    return inside


#: `adds` writes the lines of `lines` where its task has no subtask yet, and counts its calls; `repeats` always does.
CONFIG = """
[processors.ok]
run = "echo $MDTODO_TASK_TITLE >> .git/ran"
[processors.bad]
run = "exit 1"
[processors.adds]
run = '''echo $MDTODO_TASK_TITLE >> .git/ran; if grep -q '"children": \\[\\]'; then cat lines >> $MDTODO_OUTPUT; fi'''
[processors.repeats]
run = "echo $MDTODO_TASK_TITLE >> .git/ran; cat lines >> $MDTODO_OUTPUT"
"""
ALL = f"subtask_keys = {json.dumps([*SUBTASK_KEYS])}\n"
AS_TASK = 'commit = "task"\n'


def start(
    repo: Checkout, *lines: str, todo: str = "- [ ] a run:adds\n", config: str = "", **files: str
) -> None:
    text = "".join(json.dumps({"subtask": line}) + "\n" for line in lines)
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": config + CONFIG, "lines": text, **files})


def outcomes(said: Said) -> dict[str, str]:
    return {task["title"]: task["outcome"] for task in said.json["tasks"]}


def ran(repo: Checkout) -> list[str]:
    path = repo.root / ".git/ran"
    return path.read_text().splitlines() if path.exists() else []


def receipts(repo: Checkout) -> list[tuple[str, int]]:
    """Outcomes and attempts, oldest first."""
    texts = repo.git("log", "--reverse", "--format=%B%x00").split("\0")
    return [(one.outcome, one.attempt) for text in texts for one in parse_message(text.strip("\n"))[1]]


@pytest.mark.parametrize("commit", ["", AS_TASK, 'commit = "none"\n'])
def test_a_processor_runs_once_more_when_its_new_subtasks_are_done(
    repo: Checkout, mdtodo: Mdtodo, commit: str
) -> None:
    start(repo, "- [ ] b run:ok", todo="1. [ ] a run:adds\n2. [ ] next run:ok\n", config=ALL + commit)
    said = mdtodo("run", "--json")
    assert outcomes(said) == {"a": "done", "b": "done", "next": "done"}
    assert ran(repo) == ["a", "b", "a", "next"]
    ticked = b"1. [x] a run:adds\n   - [x] b run:ok\n2. [x] next run:ok\n"
    assert repo.read("TODO.md") == ticked
    (first, *_) = (task for task in said.json["tasks"] if task["title"] == "a")
    assert (first["attempts"], first["exit_code"]) == (2, 0)
    known = {
        "": [("done", 2), ("done", 1), ("done", 1)],
        AS_TASK: [("blocked", 1), ("done", 1), ("done", 2), ("done", 1)],
    }
    assert receipts(repo) == known.get(commit, [])
    assert repo.head("TODO.md") == (ticked if commit in known else b"1. [ ] a run:adds\n2. [ ] next run:ok\n")


def test_a_person_does_the_new_subtask_and_the_next_run_goes_on(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] by hand", todo="- [ ] a run:adds failed:1\n- [ ] other run:ok\n")
    said = mdtodo("run", "-j", "1")
    assert said.out.startswith("1 done, 1 blocked\n")
    assert "[-] · blocked" in said.err
    assert "new subtasks come first: by hand" in said.err
    assert "[1/1] ✓ done" in said.err
    assert repo.head("TODO.md") == b"- [ ] a run:adds failed:1\n  - [ ] by hand\n- [x] other run:ok\n"
    assert ("blocked", 1) in receipts(repo)
    (name,) = re.findall(r"blocked +(\w+) +a ", said.err)
    again = mdtodo("run", name, code=1)
    assert re.search(r'has an open subtask: "by hand" \(\w+\), which is manual', again.err)
    repo.write("TODO.md", repo.read("TODO.md").replace(b"[ ] by", b"[x] by"))
    assert outcomes(mdtodo("run", "--json")) == {"a": "done"}
    assert repo.read("TODO.md").startswith(b"- [x] a run:adds\n  - [x] by hand\n")
    assert ran(repo) == ["a", "other", "a"]


def test_a_task_that_is_asked_for_takes_its_new_subtasks_along(repo: Checkout, mdtodo: Mdtodo) -> None:
    """And a run that leaves it blocked has done what it was asked for."""
    start(
        repo, "- [ ] b run:ok", "- [ ] by hand", todo="- [ ] a run:adds id:top\n- [ ] x run:ok\n", config=ALL
    )
    said = mdtodo("run", "--json", "top")
    assert outcomes(said) == {"a": "blocked", "b": "done"}
    assert mdtodo("run", "top", code=1).err.count("has an open subtask") == 1


@pytest.mark.parametrize(
    ("heading", "config"),
    [("## Work run:ok\n\n", ""), ("", '[processors.matching]\nrun = "true"\nmatch = { title = "^b$" }\n')],
)
def test_new_subtasks_have_what_their_section_and_the_configuration_give_them(
    repo: Checkout, mdtodo: Mdtodo, heading: str, config: str
) -> None:
    start(repo, "- [ ] b", todo=f"{heading}- [ ] a run:adds\n")
    repo.commit("More", **{".mdtodo.toml": CONFIG + config})
    assert outcomes(mdtodo("run", "--json")) == {"a": "done", "b": "done"}


def test_subtasks_that_are_there_are_no_new_ones(repo: Checkout, mdtodo: Mdtodo) -> None:
    """So a processor that always says the same is done after its second call."""
    start(repo, "- [ ] b id:b run:ok", todo="- [ ] a run:repeats\n", config=ALL)
    assert outcomes(mdtodo("run", "--json")) == {"a": "done", "b": "done"}
    assert ran(repo) == ["a", "b", "a"]


def test_a_processor_that_adds_subtasks_without_end_runs_twice(repo: Checkout, mdtodo: Mdtodo) -> None:
    config = """
[processors.more]
run = '''echo "$MDTODO_TASK_ID" >> .git/ran
echo "{\\"subtask\\": \\"- [ ] step $MDTODO_ATTEMPT run:ok\\"}" >> $MDTODO_OUTPUT'''
"""
    start(repo, todo="- [ ] a run:more\n", config=ALL)
    repo.commit("More", **{".mdtodo.toml": ALL + CONFIG + config})
    assert outcomes(mdtodo("run", "--json")) == {"a": "blocked", "step 1": "done", "step 2": "done"}
    assert len(ran(repo)) == 4
    assert repo.head("TODO.md") == b"- [ ] a run:more\n  - [x] step 1 run:ok\n  - [x] step 2 run:ok\n"


def test_subtasks_of_new_subtasks_have_an_end(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] below", todo="# Work run:repeats\n\n- [ ] top\n")
    said = mdtodo("run", code=1)
    assert said.out.startswith(f"1 failed, {DEEPEST} blocked\n")
    assert f"{DEEPEST} levels deep in new subtasks of this run" in said.err
    assert repo.head("TODO.md").count(b"below") == DEEPEST


@pytest.mark.parametrize("code", [1, 75, 77])
def test_a_second_run_that_comes_to_something_else(repo: Checkout, mdtodo: Mdtodo, code: int) -> None:
    """Its retries are counted anew, and what the first one has added stays."""
    config = f"""
[processors.then]
run = '''echo x >> .git/ran; if grep -q '"children": \\[\\]'; then cat lines >> $MDTODO_OUTPUT; else exit {code}; fi'''
retries = 1
retry_delay = "1ms"
"""
    start(repo, "- [ ] b run:ok", todo="- [ ] a run:then\n")
    repo.commit("More", **{".mdtodo.toml": ALL + CONFIG + config})
    said = mdtodo("run", "--json", code=None)
    outcome = {1: "failed", 75: "deferred", 77: "skipped"}[code]
    assert outcomes(said) == {"a": outcome, "b": "done"}
    failed = b" failed:1" if code == 1 else b""
    assert repo.head("TODO.md") == b"- [ ] a run:then" + failed + b"\n  - [x] b run:ok\n"
    assert ran(repo).count("x") == (3 if code == 1 else 2)


def test_the_limit_counts_new_subtasks(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] b run:ok", config=ALL)
    assert outcomes(mdtodo("run", "--json", "--limit", "1")) == {"a": "blocked"}
    assert outcomes(mdtodo("run", "--json", "--limit", "2")) == {"a": "done", "b": "done"}


def test_the_first_result_is_not_cached(repo: Checkout, mdtodo: Mdtodo) -> None:
    """Nor does an older one stand, from before there were subtasks to add."""
    config = CONFIG.replace("[processors.repeats]\n", '[processors.repeats]\ninputs = ["in"]\n')
    start(repo, todo="- [ ] a run:repeats\n", **{"in": "x\n"})
    repo.commit("Inputs", **{".mdtodo.toml": config})
    mdtodo("run")
    repo.write("TODO.md", repo.read("TODO.md").replace(b"[x]", b"[ ]"))
    repo.write("lines", '{"subtask": "- [ ] by hand"}\n')
    assert outcomes(mdtodo("run", "--json", "--fresh")) == {"a": "blocked"}
    repo.write("TODO.md", repo.read("TODO.md").replace(b"[ ] by", b"[x] by"))
    assert outcomes(mdtodo("run", "--json")) == {"a": "done"}
    assert ran(repo) == ["a"] * 3


@pytest.mark.parametrize("commit", ["", AS_TASK])
def test_outputs_go_with_the_tick(repo: Checkout, mdtodo: Mdtodo, commit: str) -> None:
    config = CONFIG.replace("cat lines >>", "echo made > out; cat lines >>")
    config = config.replace("[processors.adds]\n", '[processors.adds]\noutputs = ["out"]\n')
    start(repo, "- [ ] by hand")
    repo.commit("Outputs", **{".mdtodo.toml": commit + config})
    assert outcomes(mdtodo("run", "--json")) == {"a": "blocked"}
    assert repo.git("ls-tree", "--name-only", "HEAD", "out") == ""
    repo.write("TODO.md", repo.read("TODO.md").replace(b"[ ] by", b"[x] by"))
    assert outcomes(mdtodo("run", "--json")) == {"a": "done"}
    assert repo.git("ls-tree", "--name-only", "HEAD", "out") == "out"


@pytest.mark.parametrize("commit", ["", AS_TASK])
def test_such_a_run_is_undone_as_a_whole(repo: Checkout, mdtodo: Mdtodo, commit: str) -> None:
    start(repo, "- [ ] b run:ok", "- [ ] c", config=ALL + commit)
    mdtodo("run")
    mdtodo("undo")
    assert repo.head("TODO.md") == repo.read("TODO.md") == b"- [ ] a run:adds\n"


def test_a_verification_adds_none(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] b", todo="- [x] a run:repeats\n")
    assert outcomes(mdtodo("verify", "--json")) == {"a": "done"}
    assert repo.status() == []


# What new subtasks may say


REFUSED = [
    ("- [ ] b run:ok", "run"),
    ("- [ ] b [run:: ok]", "run"),
    ("- [ ] b (run:: ok)", "run"),
    ("- [ ] b after:x", "after"),
    ("- [ ] b ⛔ x", "after"),
    ("- [ ] b [dependsOn:: x]", "after"),
    ("- [ ] b id:new", "id"),
    ("- [ ] b 🆔 new", "id"),
    ("- [ ] b [id:: new]", "id"),
    ("- [ ] b ^new", "id"),
    ("- [ ] b expand:fix", "expand"),
    ("- [ ] b worker:me", "worker"),
    ("- [ ] b needs:gpu", "needs"),
    ("- [ ] b lane:general", "lane"),
    ("* [ ] b lane:general", "lane"),
    ("1. [ ] b lane:general", "lane"),
    ("    - [ ] nested lane:general", "lane"),
]
FREE = [
    "b !high",
    "b ⏫",
    "b (priority:: high)",
    "(A) b",
    "b due:2026-12-01",
    "b 📅 2026-12-01",
    "b est:2h",
    "b #tag",
]


@pytest.mark.parametrize(("line", "key"), REFUSED)
@pytest.mark.sample(5)
def test_a_key_that_is_not_allowed_is_refused(repo: Checkout, mdtodo: Mdtodo, line: str, key: str) -> None:
    start(repo, "- [ ] fine", line)
    said = mdtodo("run", code=1)
    assert said.out.startswith("1 failed\n")
    assert (
        f"was refused: it has {key}:, which processors may write only with '{key}' in `subtask_keys`"
        in said.err
    )
    assert repo.head("TODO.md") == b"- [ ] a run:adds failed:1\n"


@pytest.mark.parametrize(("line", "key"), REFUSED)
@pytest.mark.sample(5)
def test_a_key_of_a_new_subtask_may_be_allowed_by_the_configuration(
    repo: Checkout, mdtodo: Mdtodo, line: str, key: str
) -> None:
    start(repo, line, config=f'subtask_keys = ["{key}"]\n')
    assert outcomes(mdtodo("run", "--json"))["a"] != "failed"
    assert line.split("] ", 1)[1].encode() in repo.head("TODO.md")


@pytest.mark.parametrize("text", FREE)
@pytest.mark.sample(3)
def test_some_keys_are_always_free(repo: Checkout, mdtodo: Mdtodo, text: str) -> None:
    start(repo, f"- [ ] {text}")
    assert outcomes(mdtodo("run", "--json")) == {"a": "blocked"}
    assert repo.head("TODO.md") == f"- [ ] a run:adds\n  - [ ] {text}\n".encode()


@pytest.mark.parametrize("key", ["failed:2", "done:2026-01-01", "✅ 2026-01-01"])
def test_what_mdtodo_alone_writes_is_never_allowed(repo: Checkout, mdtodo: Mdtodo, key: str) -> None:
    start(repo, f"- [ ] b {key}", config=ALL)
    assert "only mdtodo itself writes" in mdtodo("run", code=1).err


def test_every_key_is_free_or_can_be_allowed_or_is_ours() -> None:
    assert {*SUBTASK_KEYS, "failed", "done"} == {*PLAIN}


@pytest.mark.parametrize("where", ["TODO.md", "docs/TODO.md"])
@pytest.mark.parametrize("box", [" ", "x"])
def test_an_id_that_is_there_is_refused(repo: Checkout, mdtodo: Mdtodo, where: str, box: str) -> None:
    """Else a person's `after:review` would wait for what a processor wrote."""
    start(repo, "- [ ] fake id:review run:ok", config=ALL)
    repo.commit(
        "More",
        **{
            where: (repo.read(where) if where == "TODO.md" else b"").decode()
            + f"- [{box}] Review id:review\n"
        },
    )
    said = mdtodo("run", code=1)
    assert said.out.startswith("1 failed\n")
    assert f"the id 'review' is taken by {where}:" in said.err
    assert b"fake" not in repo.head("TODO.md")


def test_a_derived_id_is_taken_too(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, todo="- [ ] a run:adds\n- [ ] person's\n", config=ALL)
    (name,) = (one["id"] for one in mdtodo("list", "--json").json["tasks"] if one["title"] == "person's")
    repo.commit("Lines", lines=json.dumps({"subtask": f"- [ ] b id:{name}"}))
    assert f"the id '{name}' is taken by TODO.md:2" in mdtodo("run", code=1).err


@pytest.mark.parametrize("todo", ["- [ ] a run:adds\n", "- [ ] a run:adds\n- [ ] a2 run:adds\n"])
def test_two_new_subtasks_have_no_id_in_common(repo: Checkout, mdtodo: Mdtodo, todo: str) -> None:
    lines = ["- [ ] b id:new"] + ["- [ ] c id:new"] * (todo.count("\n") == 1)
    start(repo, *lines, todo=todo, config=ALL)
    assert (
        "another new subtask has the id 'new'" in mdtodo("run", code=1).err
        or "the id 'new' is taken" in mdtodo("run", code=1).err
    )
    assert repo.head("TODO.md").count(b"id:new") == todo.count("\n") - 1


def test_too_many_are_refused_instead_of_forgotten(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, *(f"- [ ] b{number}" for number in range(501)))
    assert "it wrote more than 500 subtasks" in mdtodo("run", code=1).err
    assert repo.head("TODO.md") == b"- [ ] a run:adds failed:1\n"


def test_a_failed_processor_whose_subtasks_are_refused_keeps_its_own_reason(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    config = CONFIG.replace("fi'''", "fi; exit 3'''")
    start(repo, "- [ ] b run:ok")
    repo.commit("Fails", **{".mdtodo.toml": config})
    said = mdtodo("run", code=1)
    assert 'its new subtask "b" was refused' in said.err
    assert "exit 3" in said.err
    assert repo.head("TODO.md") == b"- [ ] a run:adds failed:1\n"


@pytest.mark.parametrize("commit", ["", AS_TASK, 'commit = "none"\n'])
@pytest.mark.parametrize("committed", [False, True])
def test_an_id_that_comes_to_be_taken_during_the_run(
    repo: Checkout, mdtodo: Mdtodo, commit: str, committed: bool
) -> None:
    """By another worker, say. What it was to be the id of is not added, and its parent stays open."""
    other = (
        "printf -- '- [ ] Review id:review\\n' > docs/TODO.md; git add docs; "
        + "git commit -qm x; " * committed
    )
    config = CONFIG.replace("cat lines >>", f"mkdir docs; {other.replace(chr(92), chr(92) * 1)}cat lines >>")
    start(repo, "- [ ] b id:review")
    repo.commit("Config", **{".mdtodo.toml": commit + ALL + config})
    said = mdtodo("run", code=1)
    assert said.out.startswith("1 failed\n")
    assert "its id is that of docs/TODO.md:1 now" in said.err
    assert repo.read("TODO.md") == repo.head("TODO.md") == b"- [ ] a run:adds\n"


def test_an_id_that_only_head_has_is_taken(repo: Checkout, mdtodo: Mdtodo) -> None:
    """The line is deleted, but not yet in a commit: HEAD would have the id twice."""
    start(repo, "- [ ] b id:review", todo="- [ ] a run:adds\n- [ ] Review id:review\n", config=ALL)
    repo.write("TODO.md", "- [ ] a run:adds\n")
    assert "its id is that of TODO.md:2 now" in mdtodo("run", code=1).err
    assert repo.head("TODO.md").count(b"id:review") == 1


def test_a_python_processor_is_held_to_the_same(repo: Checkout, mdtodo: Mdtodo) -> None:
    code = "from mdtodo.results import Result\n\ndef main(task):\n    return Result(subtasks=() if task.children else SUBTASKS)\n"
    start(repo, todo="- [ ] a run:py\n")
    files: dict[str, Any] = {".mdtodo.toml": '[processors.py]\npython = "p:main"\n'}
    repo.commit("Python", **files, **{"p.py": code + "SUBTASKS = ('- [ ] b', '- [ ] c id:c')\n"})
    assert "it has id:" in mdtodo("run", code=1).err
    repo.commit("Python", **{"p.py": code + "SUBTASKS = ('- [ ] b', '- [ ] c')\n"})
    assert outcomes(mdtodo("run", "--json")) == {"a": "blocked"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('["deadline"]', "did you mean"),
        ('["done"]', "must be"),
        ('"run"', "must be a list of keys"),
        ("[1]", "must be"),
    ],
)
def test_subtask_keys_are_names_of_keys(repo: Checkout, mdtodo: Mdtodo, text: str, sentence: str) -> None:
    start(repo, config=f"subtask_keys = {text}\n")
    said = mdtodo("list", code=3)
    assert "subtask_keys" in said.err
    assert sentence in said.err
