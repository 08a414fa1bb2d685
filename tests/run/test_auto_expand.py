"""`run` with `auto_expand`: large tasks are broken down first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout


THREE = '[patterns.three]\nmatch = ["small"]\nsteps = ["A", "B run:ok", "C of {task}"]\n[processors.ok]\nrun = "true"\n'


AUTO = "auto_expand = true\n" + THREE


RUN_TODO = "- [ ] small thing est:20h\n- [ ] proven est:40h run:ok\n- [ ] asked expand:three\n- [ ] Other small est:1h\n"


def titles(repo: Checkout, status: str) -> list[str]:
    return [line for line in repo.read("TODO.md").decode().splitlines() if f"[{status}]" in line]


def test_a_run_breaks_down_first_and_commits_once(inside: Callable[..., Said], repo: Checkout) -> None:
    repo.commit(
        **{
            "TODO.md": RUN_TODO,
            ".mdtodo.toml": AUTO.replace('"A"', '"A run:ok"').replace("{task}", "{task} run:ok"),
        }
    )
    dry: dict[str, Any] = inside("run", "--dry-run", "--json").json
    assert len(dry["tasks"]) == 7
    assert repo.status() == []
    report = inside("run", "--json").json
    assert report["summary"]["done"] == 9
    assert len(report["commits"]) == 1
    assert repo.status() == []
    assert repo.commits() == 2
    assert repo.read("TODO.md").decode() == (
        "- [x] small thing est:20h\n  1. [x] A run:ok est:6h40m\n  2. [x] B run:ok est:6h40m\n"
        "  3. [x] C of small thing run:ok est:6h40m\n- [x] proven est:40h run:ok\n- [x] asked expand:three\n"
        "  1. [x] A run:ok\n  2. [x] B run:ok\n  3. [x] C of asked run:ok\n- [ ] Other small est:1h\n"
    )
    inside("undo")
    assert repo.read("TODO.md").decode() == RUN_TODO


@pytest.mark.parametrize(("commit", "commits"), [("run", 2), ("task", 8), ("none", 1)])
def test_steps_of_a_run_that_are_not_done_stay_in_the_file(
    inside: Callable[..., Said], repo: Checkout, commit: str, commits: int
) -> None:
    repo.commit(
        **{"TODO.md": RUN_TODO, ".mdtodo.toml": f'commit = "{commit}"\n' + AUTO.replace('"A"', '"A run:ok"')}
    )
    inside("run")
    assert len(titles(repo, "x")) == 5
    assert len(titles(repo, " ")) == 5
    assert repo.commits() == commits
    assert repo.status() == ([] if commit != "none" else [" M TODO.md"])
    before = repo.read("TODO.md")
    inside("run")
    assert repo.read("TODO.md") == before


def test_a_chosen_task_is_broken_down_and_its_steps_run(inside: Callable[..., Said], repo: Checkout) -> None:
    repo.commit(
        **{
            "TODO.md": RUN_TODO.replace("asked", "asked id:asked run:ok"),
            ".mdtodo.toml": AUTO.replace('"A"', '"A run:ok"'),
        }
    )
    said = inside("run", "asked", "--json", code=1)
    assert [task["title"] for task in said.json["tasks"] if task["outcome"] == "done"] == ["A", "B"]
    assert '"asked" (asked) has an open subtask: "C of asked" (' in said.err
    assert len(titles(repo, " ")) == 5


def test_a_parent_with_a_processor_runs_it_after_its_steps(
    inside: Callable[..., Said], repo: Checkout
) -> None:
    config = 'auto_expand = true\nprocessors.ok.run = "true"\npatterns.p.steps = ["A run:ok"]\n'
    repo.commit(**{"TODO.md": "- [ ] a expand:p run:ok\n", ".mdtodo.toml": config})
    inside("run")
    assert repo.head("TODO.md") == b"- [x] a expand:p run:ok\n  1. [x] A run:ok\n"


def test_a_breakdown_is_no_result(inside: Callable[..., Said], repo: Checkout) -> None:
    config = 'processors.ok = { run = "true", inputs = ["src"] }\npatterns.p.steps = ["A"]\n'
    repo.commit(**{"TODO.md": "- [ ] a run:ok\n", ".mdtodo.toml": config, "src": "x"})
    inside("run")
    repo.commit(**{"TODO.md": "- [ ] a run:ok expand:p\n"})
    inside("expand", "--commit")
    step = inside("list", "--json").json["tasks"][1]["id"]
    inside("done", step)
    assert [task["outcome"] for task in inside("run", "--json").json["tasks"]] == ["cached"]


def test_a_run_goes_on_without_what_cannot_be_broken_down(
    inside: Callable[..., Said], repo: Checkout
) -> None:
    todo = "- [ ] a est:0h expand:three\n- [ ] b expand:nothing\n- [ ] c expand:three\n- [ ] d run:ok\n"
    repo.commit(**{"TODO.md": todo, ".mdtodo.toml": AUTO})
    said = inside("run")
    assert "TODO.md:1: an estimate of 0 cannot be split up" in said.err
    assert 'TODO.md:2: unknown pattern "nothing"' in said.err
    assert repo.read("TODO.md").decode() == todo.replace(
        "expand:three\n- [ ] d run",
        "expand:three\n  1. [ ] A\n  2. [ ] B run:ok\n  3. [ ] C of c\n- [x] d run",
    )


def test_without_auto_expand_a_run_breaks_nothing_down(inside: Callable[..., Said], repo: Checkout) -> None:
    repo.commit(**{"TODO.md": RUN_TODO, ".mdtodo.toml": THREE})
    inside("run")
    assert repo.read("TODO.md").decode() == RUN_TODO.replace("[ ] proven", "[x] proven")
