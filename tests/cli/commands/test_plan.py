"""`mdtodo plan`: order, lanes, what waits, the critical path, and why."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Call = Callable[..., Said]

TODO = """\
# Tasks
- [ ] Build the packages id:build est:2h !high run:ok
- [ ] Upload them id:up after:build est:1h run:ok
- [ ] Announce it id:ann after:up,docs est:30m
- [ ] Docs id:docs est:4h #documentation
- [ ] Mow the lawn id:lawn lane:general
- [x] Closed id:closed
- [ ] After what is closed id:free after:closed due:2026-12-01
"""
CONFIG = '[processors.ok]\nrun = "true"\n'
ORDER = ["build", "docs", "up", "ann", "free", "lawn"]


@pytest.fixture
def todo(repo: Checkout) -> Checkout:
    repo.commit("Base", **{"TODO.md": TODO, ".mdtodo.toml": CONFIG})
    return repo


def test_the_json_of_the_plan_has_tasks_edges_and_the_critical_path(todo: Checkout, inside: Call) -> None:
    said = inside("plan", "--format", "json").json
    assert said["version"] == 1
    listed = {task["id"]: task for task in inside("list", "--json").json["tasks"]}
    order = [task["id"] for task in said["tasks"]]
    assert order == ORDER
    assert said["tasks"] == [listed[name] for name in order]
    assert said["critical_path"] == ["docs", "ann"]
    assert sorted(said["edges"]) == [["ann", "docs"], ["ann", "up"], ["up", "build"]]
    assert said["lanes"]["high"] == {"capacity": 10, "tasks": ["build"]}
    assert said["lanes"]["general"] == {"capacity": 1, "tasks": ["lawn"]}
    assert inside("plan", "--json").json == said


def test_next_is_the_plan_without_tasks_that_wait(todo: Checkout, inside: Call) -> None:
    planned = [t["id"] for t in inside("plan", "--json").json["tasks"] if t["state"] in ("ready", "manual")]
    assert [task["id"] for task in inside("next", "-n", "9", "--json").json["tasks"]] == planned
    assert [task["id"] for task in inside("next", "-n", "2", "--json").json["tasks"]] == planned[:2]


def test_filters_choose_tasks_of_the_plan_and_leave_the_critical_path(todo: Checkout, inside: Call) -> None:
    said = inside("plan", "--json", "--priority", "medium", "--state", "blocked").json
    assert [task["id"] for task in said["tasks"]] == ["up", "ann"]
    assert said["edges"] == [["ann", "up"]]
    assert said["critical_path"] == ["docs", "ann"]
    empty = inside("plan", "--tag", "nothing")
    assert (empty.out, empty.err) == ("", "mdtodo: no open task matches\n")


def test_text_is_a_tree_with_bars(todo: Checkout, mdtodo: Call) -> None:
    said = mdtodo("plan")
    rows = said.out.split("\n\n")[0].splitlines()
    assert [row[rows[0].index("build") :] for row in rows] == [
        "build  Build the packages",
        "└─ up  Upload them",
        "   └─ ann  Announce it  (also waits for docs)",
        "docs  Docs",
        "free  After what is closed",
        "lawn  Mow the lawn",
    ]
    assert [row.split()[0] for row in rows] == ["1", "3", "4*", "2*", "5", "6"]
    drawn = [re.search("[█·]{24}", row) for row in rows]
    bars = [(bar.group().index("█"), bar.group().count("█")) for bar in drawn if bar]
    assert bars == [(0, 11), (10, 6), (21, 3), (0, 21), (0, 1), (0, 1)]
    assert "* critical path: 2 tasks, 4h30m: docs -> ann" in said.out
    assert "general 1 (1 at once)" in said.out
    assert "\x1b" not in said.out
    assert "\x1b[" in mdtodo("--color", "always", "plan").out
    assert "█" not in mdtodo("plan", PYTHONIOENCODING="ascii:replace").out


def test_mermaid_says_how_many_arrows_it_leaves_out(repo: Checkout, inside: Call) -> None:
    """All but those of the critical path may go."""
    early = "".join(f"- [ ] task {n} id:t{n}\n" for n in range(30))
    late = "".join(
        f"- [ ] last {n} after:{','.join(f't{one}' for one in range(30))}{' est:8h id:end' if n == 19 else ''}\n"
        for n in range(20)
    )
    repo.commit("Base", **{"TODO.md": early.replace("task 29", "task 29 est:4h") + late})
    lines = inside("plan", "--format", "mermaid").out.splitlines()
    arrows = [line for line in lines if "-->" in line or "==>" in line]
    assert len(arrows) == 400
    assert '  arrows["and 200 more arrows"]' in lines
    assert len([line for line in arrows if "==>" in line]) == 1


def test_mermaid_marks_the_critical_path(todo: Checkout, inside: Call) -> None:
    lines = inside("plan", "--format", "mermaid").out.splitlines()
    assert lines[0] == "flowchart LR"
    assert sum(" ==> " in line for line in lines) == 1
    assert sum(" --> " in line for line in lines) == 2


def test_a_manual_task_is_as_long_as_its_estimate(repo: Checkout, inside: Call) -> None:
    """Not as long as machines take, in any format."""
    todo = "- [ ] Tag it id:tag\n- [ ] Read it id:read est:90m\n- [ ] Test it id:test run:ok\n"
    repo.commit("Base", **{"TODO.md": "- [ ] Before run:ok\n" + todo, ".mdtodo.toml": CONFIG})
    inside("run", "--no-commit")
    inside("reopen", "test")
    rows = {row.split()[5]: row.split()[2] for row in inside("plan").out.splitlines()[:3]}
    assert rows["tag"] == "-"
    assert rows["read"] == "1h30m"
    assert re.fullmatch(r"\d\.\ds|<0.1s", rows["test"])
    for form in ("mermaid", "dot"):
        tag, read, test = (
            next(line for line in inside("plan", "--format", form).out.splitlines() if title in line)
            for title in ("Tag it", "Read it", "Test it")
        )
        assert ("1h30m" in read, "s" in test.split("Test it")[1].split('"')[0]) == (True, True)
        assert not re.search(r"\d[smh]\b", tag.split("Tag it")[1])
    assert "so its duration is unknown" in inside("plan", "--explain", "tag").out
    assert "past runs suggest" in inside("plan", "--explain", "test").out


def test_a_cycle_is_told_and_the_rest_planned(repo: Checkout, inside: Call) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] a id:a after:b\n- [ ] b id:b after:a\n- [ ] c id:c\n"})
    said = inside("plan", "--json", code=1)
    assert [task["id"] for task in said.json["tasks"]] == ["c", "a", "b"]
    assert said.json["cycles"] == [["a", "b", "a"]]
    assert said.json["critical_path"] == ["c"]
    assert "a -> b -> a" in said.err
    assert "waits for itself: a -> b -> a" in inside("plan", "--explain", "a").out


EXPLAINED = [
    pytest.param(
        "build",
        "build is high, docs is medium|The longest chain that begins with it has 3 tasks, 3h30m of work: "
        "build -> up -> ann.",
    ),
    pytest.param("docs", "on the critical path|build is high, docs is medium|estimated at 4h"),
    pytest.param("ann", "It waits for up, docs.|Nothing waits for it."),
    pytest.param("up", "docs begins a longer chain of work (4h30m; up 1h30m)|ann waits for up"),
    pytest.param(
        "lawn", "Its lane, general, runs at most 1 task at a time; no task of that lane is ahead of it."
    ),
    pytest.param("lawn", "It is manual and has no estimate, so its duration is unknown."),
    pytest.param(
        "free",
        "It waits for nothing.|It is due 2026-12-01.|free is due 2026-12-01, lawn has no due date|"
        "ann begins a longer chain of work (30m; free none)",
    ),
    pytest.param("closed", "It is done, so it has no place in the plan."),
]


@pytest.mark.parametrize(("name", "words"), EXPLAINED)
def test_explain_says_why_a_task_stands_where_it_does(
    todo: Checkout, inside: Call, name: str, words: str
) -> None:
    said = inside("plan", "--explain", name).out
    assert [part for part in words.split("|") if part not in said] == [], said


def test_explain_says_that_a_lane_is_full(repo: Checkout, inside: Call) -> None:
    repo.commit("Base", **{"TODO.md": "- [/] a id:a lane:general\n- [ ] b id:b lane:general\n"})
    assert (
        "runs at most 1 task at a time (full now); 1 task of that lane is ahead of it."
        in inside("plan", "--explain", "b").out
    )


def test_explain_has_a_json_document(todo: Checkout, inside: Call) -> None:
    said = inside("plan", "--explain", "build", "--json").json
    assert (said["id"], said["place"], said["open"], said["chain"]) == ("build", 1, 6, ["build", "up", "ann"])
    assert said["chain_minutes"] == 210


def test_explain_of_an_unknown_task_is_told(todo: Checkout, inside: Call) -> None:
    assert "no task has the id 'nope'" in inside("plan", "--explain", "nope", code=2).err


def test_a_plan_in_which_everything_is_critical_says_so(repo: Checkout, inside: Call) -> None:
    lines = [f"- [ ] task {n} !critical id:t{n}" + (" after:t7" if n == 3 else "") for n in range(9)]
    repo.commit("Base", **{"TODO.md": "\n".join(lines)})
    said = inside("plan").out
    assert "Everything is critical" in said
    assert said.index("t7") < said.index("t0")


def test_the_plan_shows_a_long_chain_and_a_long_title(repo: Checkout, inside: Call) -> None:
    chain = "".join(f"{n}. [ ] step {n}\n" for n in range(1, 400))
    repo.commit("Base", **{"TODO.md": chain + "\n- [ ] " + "x" * 10_000 + "\n"})
    lines = inside("plan").out.splitlines()
    assert max(len(line) for line in lines if "xxx" not in line) < 400
    assert len([line for line in lines if "step " in line]) == 399


@pytest.fixture
def estimated(repo: Checkout, inside: Call) -> Checkout:
    """Five tasks of an hour each that took half a second, and two that are open."""
    config = "[processors.t]\nrun = 'test -e gone || sleep 0.4'\n[processors.u]\nrun = 'true'\n"
    done = "".join(f"- [ ] task {n} id:t{n} run:t est:1h\n" for n in range(5))
    other = "- [ ] more id:more run:t est:3h !low\n- [ ] other id:other run:u est:2h !low\n"
    repo.commit("Base", **{"TODO.md": done + other, ".mdtodo.toml": config})
    inside("run", *(f"t{n}" for n in range(5)), "-j", "5")
    return repo


def test_estimates_are_corrected_by_what_was_measured_and_the_plan_says_so(
    estimated: Checkout, inside: Call, mdtodo: Call, make_repo: Callable[..., Checkout]
) -> None:
    clone = make_repo("clone")
    clone.git("pull", "-q", str(estimated.root), "main")
    for where in (estimated, clone):
        document = inside("plan", "--json", cwd=where.root).json
        (found,) = document["corrections"]
        assert (found["processor"], found["tasks"]) == ("t", 5)
        assert 0.3 / 3600 <= found["factor"] < 5 / 3600
        assert {one["id"]: one["estimate_hours"] for one in document["tasks"]} == {"other": 2, "more": 3}
        assert document["critical_path"] == ["other"], "three hours come to a few seconds"
        out = inside("plan", cwd=where.root).out
        assert re.search(r"^estimates of `t` × 0\.\d+, measured over 5 tasks$", out, re.MULTILINE)
        assert "estimates of `t` x 0" in mdtodo("plan", cwd=where.root, PYTHONIOENCODING="ascii:replace").out
        why = inside("plan", "--explain", "more", cwd=where.root).out
        assert re.search(
            r"Its estimate is 3h, but t took 0\.\d+ times as long as estimated, as measured over 5 tasks, so",
            why,
        )
        assert inside("next", cwd=where.root).out.split()[0] == inside("next", "-n", "9").out.split()[0]
    assert not (clone.root / ".git" / "mdtodo").exists()
    assert "estimates of" not in inside("plan", "--text", "other").out


def test_nothing_is_corrected_where_too_little_is_measured(estimated: Checkout, inside: Call) -> None:
    text = estimated.read("TODO.md").replace(b"- [x] task 4 id:t4 run:t est:1h\n", b"")
    estimated.write("TODO.md", text)
    assert inside("plan", "--json").json["corrections"] == []
    assert "estimates of" not in inside("plan").out
