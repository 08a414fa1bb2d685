"""`list`, `next`, `show`: what other programs read, and what a person sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from mdtodo.config import DEFAULT
from mdtodo.model import Status, Task
from mdtodo.planning.plan import plan
from mdtodo.reporting import table

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]
    Tasks = Callable[..., dict[str, dict[str, Any]]]


@pytest.fixture
def mdtodo(inside: Callable[..., Said]) -> Callable[..., Said]:
    """In this process, which takes a third of the time; that a process of its own does the same, others test."""
    return inside


KEYS = {
    *(
        "id",
        "explicit_id",
        "file",
        "line",
        "title",
        "status",
        "state",
        "priority",
        "lane",
        "category",
        "kind",
    ),
    *("tags", "needs", "worker", "after", "blocked_by", "estimate_hours", "complexity", "due", "processor"),
    *("failures", "parent", "children", "section", "depth"),
}


def test_a_task_with_everything(repo: Checkout, mdtodo: Mdtodo, tasks: Tasks) -> None:
    repo.write(
        "docs/TODO.md",
        "# Server #backend/api !high\n\n## Ports needs:net\n\n"
        "- [ ] Open it id:open after:plan est:1d4h due:2026-12-01 worker:w1 lane:general run:ok #ci\n"
        "  - [/] below it\n"
        "- [x] plan id:plan\n",
    )
    repo.write(".mdtodo.toml", '[processors.ok]\nrun = "true"\n')
    found = tasks()
    assert set(found["Open it"]) == KEYS
    assert found["Open it"] == {
        "id": "open",
        "explicit_id": "open",
        "file": "docs/TODO.md",
        "line": 5,
        "title": "Open it",
        "status": "todo",
        "state": "blocked",
        "priority": "high",
        "lane": "general",
        "category": "backend",
        "kind": "api",
        "tags": ["ci", "backend/api"],
        "needs": ["net"],
        "worker": "w1",
        "after": ["plan"],
        "blocked_by": [found["below it"]["id"]],
        "estimate_hours": 12.0,
        "complexity": "complex",
        "due": "2026-12-01",
        "processor": "ok",
        "failures": 0,
        "parent": None,
        "children": [found["below it"]["id"]],
        "section": ["Server", "Ports"],
        "depth": 0,
    }
    below = found["below it"]
    assert (below["status"], below["state"], below["depth"], below["parent"]) == ("doing", "doing", 1, "open")
    assert (below["explicit_id"], below["estimate_hours"], below["processor"]) == (None, None, None)


def test_ids_stay_when_tasks_move_are_ticked_and_change_their_keys(repo: Checkout, tasks: Tasks) -> None:
    repo.write("TODO.md", "- [ ] one\n- [ ] two\n- [ ] same\n- [ ] same\n")
    before = {title: task["id"] for title, task in tasks().items()}
    repo.write("TODO.md", "# New\n\n- [x] two !high #tag\n- [ ] same\n- [ ] one est:3h\n")
    after = {title: task["id"] for title, task in tasks().items()}
    assert after["one"] == before["one"]
    assert after["two"] == before["two"]
    assert after["same"] != before["same"], "`before` holds the second of the two"


def test_any_unique_beginning_of_an_id_will_do(repo: Checkout, mdtodo: Mdtodo, tasks: Tasks) -> None:
    repo.write("TODO.md", "".join(f"- [ ] task number {n}\n" for n in range(40)))
    ids = [task["id"] for task in tasks().values()]
    assert all(len(name) == 7 for name in ids)
    first = ids[0]
    assert mdtodo("show", first[:5], "--json").json["tasks"][0]["id"] == first
    said = mdtodo("show", first[0], code=2)
    same = [name for name in ids if name[0] == first[0]]
    assert f"matches {len(same)} tasks" in said.err if len(same) > 1 else True
    assert "no task has the id" in mdtodo("show", "zzz", code=2).err


@pytest.mark.parametrize(
    ("filters", "titles"),
    [
        (["--status", "done"], {"b"}),
        (["--state", "unrouted", "--priority", "high"], {"a"}),
        (["--category", "backend"], {"c"}),
        (["--tag", "ops"], {"d"}),
        (["--tag", "#ops/net"], {"d"}),
        (["--file", "docs"], {"d"}),
        (["--text", "A"], {"a"}),
        (["--status", "done", "--status", "cancelled"], {"b", "e"}),
    ],
)
def test_filters(repo: Checkout, tasks: Tasks, filters: list[str], titles: set[str]) -> None:
    repo.write("TODO.md", "- [ ] a !high\n- [x] b !high\n- [ ] c #backend\n- [-] e\n")
    repo.write("docs/TODO.md", "- [ ] d #ops/net\n")
    assert set(tasks(*filters)) == titles


def test_next_is_in_plan_order(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write(
        "TODO.md", "- [ ] low !low\n- [ ] waits after:x !critical\n- [ ] x id:x !high\n- [ ] soon !high\n"
    )
    titles = [task["title"] for task in mdtodo("next", "-n", "9", "--json").json["tasks"]]
    assert titles == ["x", "soon", "low"]
    assert "x" in mdtodo("next").out


def test_list_is_a_line_for_each_task_and_hostile_text_stays_text(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write(
        "TODO.md", "- [ ] \x1b[31mred\x1b]0;title\x07 [bold]x[/] \u202e\n- [ ] " + "long " * 200 + "\n"
    )
    said = mdtodo("list")
    assert len(said.out.splitlines()) == 2
    assert "\x1b" not in said.out
    assert "\\x1b[31mred" in said.out
    assert "[bold]x[/]" in said.out


def test_colour_only_where_asked(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md", "- [ ] a\n")
    assert "\x1b[" in mdtodo("--color", "always", "list").out
    assert "\x1b[" not in mdtodo("list").out
    assert "\x1b[" not in mdtodo("--color", "auto", "list", NO_COLOR="1").out


def test_from_a_folder_below_and_with_c(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md", "- [ ] a\n")
    (repo.root / "x" / "y").mkdir(parents=True)
    assert "a" in mdtodo("list", cwd=repo.root / "x" / "y").out
    assert "a" in mdtodo("-C", str(repo.root), "-C", "x", "list", cwd=repo.root.parent).out


def test_show(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md", "- [ ] a id:a after:b\n\n  Words below.\n\n- [ ] b id:b\n")
    out = mdtodo("show", "a").out
    assert "waits for" in out
    assert "Words below." in out


def test_an_empty_repository_says_what_to_do(repo: Checkout, mdtodo: Mdtodo) -> None:
    assert "mdtodo add" in mdtodo("list").err


def test_a_pipe_gets_the_table_that_rich_would_lay_out() -> None:
    titles = ["plain", "wide 漢字 and emoji 🔺 text", "e\u0301 combined", "tab\there", "x" * 300, "\x1b[31m"]
    tasks = [
        Task(f"id{n}", None, "a/TODO.md", n, title, status, depth=n % 3, after=("x",) * (n % 2))
        for n, title in enumerate(titles, 1)
        for status in (Status.TODO, Status.DONE)
    ]
    tasks = [task._replace(id=f"{task.id}{task.status}") for task in tasks]
    made = plan(tasks, DEFAULT)
    grids = []
    for show in (table._print_plainly, lambda *args, **kind: table.print_grid(table._table(*args), **kind)):
        with CliRunner().isolation() as (out, *_):
            show(made, tasks, colored=False)
            grids.append(out.getvalue().decode())
    assert grids[0] == grids[1]
    assert len(grids[0].splitlines()) == len(tasks)
