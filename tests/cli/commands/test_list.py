"""`list`, `next`, `show`: what other programs read, and what a person sees."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
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
    *(
        "tags",
        "needs",
        "worker",
        "after",
        "blocked_by",
        "blocks",
        "estimate_hours",
        "complexity",
        "due",
        "from",
        "every",
        "processor",
    ),
    *("failures", "parent", "children", "section", "depth"),
}


def test_the_json_of_a_task_has_all_that_its_line_says(repo: Checkout, mdtodo: Mdtodo, tasks: Tasks) -> None:
    repo.write(
        "docs/TODO.md",
        "# Server #backend/api !high\n\n## Ports needs:net\n\n"
        "- [ ] Open it id:open after:plan est:1d4h due:2026-12-01 from:2026-11-01 worker:w1 lane:general run:ok #ci\n"
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
        "blocks": [],
        "blocked_by": [found["below it"]["id"]],
        "estimate_hours": 12.0,
        "complexity": "complex",
        "due": "2026-12-01",
        "from": "2026-11-01",
        "every": None,
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


def test_four_characters_that_one_id_begins_with_will_do(
    repo: Checkout, mdtodo: Mdtodo, tasks: Tasks
) -> None:
    repo.write("TODO.md", "".join(f"- [ ] task number {n}\n" for n in range(40)) + "- [ ] short id:o\n")
    ids = [task["id"] for task in tasks().values() if task["id"] != "o"]
    assert all(len(name) == 7 for name in ids)
    (first,) = (name for name in ids if name.startswith(ids[0][:4]))
    assert mdtodo("show", first[:4], "--json").json["tasks"][0]["id"] == first
    assert mdtodo("show", "o", "--json").json["tasks"][0]["title"] == "short"
    assert "no task has the id" in mdtodo("show", "zzzz", code=2).err


@pytest.mark.parametrize(
    "command", ["done", "reopen", "cancel", "show", "next", "run", "expand", "log", "logs", "verify"]
)
def test_fewer_characters_never_mean_a_task(repo: Checkout, inside: Mdtodo, command: str) -> None:
    text = "- [ ] short run:ok\n"
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": '[processors.ok]\nrun = "true"\n'})
    name = inside("list", "--json").json["tasks"][0]["id"]
    for length in (1, 3):
        inside(command, name[:length], code=2)
    assert "too short" in inside("add", "more", "--under", name[:3], code=2).err
    assert repo.read("TODO.md") == text.encode()


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("changelog", "Write the changelog"),
        ("RELEASE notes", "Release notes for v2.1"),
        ("notes release", "Release notes for v2.1"),
        ("v2.1", "Release notes for v2.1"),
        ("change", "News"),
        ("fix it", "Fix it"),
        ("tout de\u0301ployer", "Tout d\u00e9ployer"),
        ("chang", "News"),
        ("hangelog", None),
        ("write", None),
        ("it", None),
        ("past", None),
        ("[.*]", None),
        ("it  ", None),
        ("   i", None),
        (
            "\u0926\u0941\u0928\u093f\u092f\u093e",
            "\u0928\u092e\u0938\u094d\u0924\u0947 \u0926\u0941\u0928\u093f\u092f\u093e",
        ),
        ("\u0928\u092e\u0938\u094d\u0924", None),
        ("a-b-a", "x-a-b-a-b-a"),
    ],
)
def test_words_of_one_open_title_will_do(
    repo: Checkout, inside: Mdtodo, words: str, title: str | None
) -> None:
    repo.write(
        "TODO.md",
        "- [ ] Write the changelog\n- [ ] Write this down\n- [ ] Release notes for v2.1\n- [ ] Fix it\n"
        "- [ ] News id:changes\n- [ ] Tout d\u00e9ployer\n- [x] Past\n- [ ] x-a-b-a-b-a\n"
        "- [ ] \u0928\u092e\u0938\u094d\u0924\u0947 \u0926\u0941\u0928\u093f\u092f\u093e\n",
    )
    said = inside("show", words, "--json", code=None)
    assert said.code == (0 if title else 2), said
    assert not title or [task["title"] for task in said.json["tasks"]] == [title]


def test_words_that_mean_several_tasks_are_refused_with_their_ids(repo: Checkout, inside: Mdtodo) -> None:
    text = "- [ ] Build one\n- [ ] Build two\n- [ ] Deploy id:build-all\n- [x] Gone\n"
    repo.write("TODO.md", text)
    ids = [task["id"] for task in inside("list", "--json").json["tasks"]]
    said = inside("done", "build", code=2).err
    assert "'build' matches 3 tasks" in said
    assert all(f"{name} (TODO.md:" in said for name in ids[:3])
    assert "closed: " + ids[3] in inside("done", "gone", code=2).err
    assert "in quotes: 'build two'" in inside("done", "build", "two", code=2).err
    assert repo.read("TODO.md") == text.encode()
    inside("done", "build two")
    assert repo.read("TODO.md") == text.replace("[ ] Build two", "[x] Build two").encode()


@pytest.mark.parametrize("command", ["run", "reopen", "cancel", "expand", "log", "verify"])
def test_words_of_titles_are_no_ids_elsewhere(repo: Checkout, inside: Mdtodo, command: str) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] Write the changelog\n"})
    said = inside(command, "changelog", code=None)
    assert said.code == 2 or command == "log"
    assert repo.read("TODO.md") == b"- [ ] Write the changelog\n"


@pytest.mark.parametrize(
    ("filters", "titles"),
    [
        (["--status", "done"], {"b"}),
        (["--state", "manual", "--priority", "high"], {"a"}),
        (["--category", "backend"], {"c"}),
        (["--tag", "ops"], {"d"}),
        (["--tag", "#ops/net"], {"d"}),
        (["--file", "docs"], {"d"}),
        (["--text", "A"], {"a"}),
        (["--status", "done", "--status", "cancelled"], {"b", "e"}),
        (["--state", "unrouted", "--tag", "ops"], {"d"}),
        (["--state", "leased"], set()),
        (["--state", "todo", "--state", "done"], {"a", "b", "c", "d"}),
        (["--status", "manual"], {"a", "c", "d"}),
        (["--status", "todo", "--state", "cancelled"], set()),
    ],
)
def test_list_filters_by_state_tag_priority_and_text(
    repo: Checkout, tasks: Tasks, filters: list[str], titles: set[str]
) -> None:
    repo.write("TODO.md", "- [ ] a !high\n- [x] b !high\n- [ ] c #backend\n- [-] e\n")
    repo.write("docs/TODO.md", "- [ ] d #ops/net\n")
    assert set(tasks(*filters)) == titles


@pytest.mark.parametrize(
    ("folder", "path", "titles"),
    [
        (".", "./TODO.md", {"root"}),
        (".", ".", {"root", "api", "web"}),
        (".", "packages/*/TODO.md", {"api", "web"}),
        ("packages", "./web/", {"web"}),
        ("packages", "../TODO.md", {"root"}),
        ("packages", "*.md", {"api", "web"}),
        ("packages/web", "TODO.md", {"web"}),
        ("packages/web", ".", {"web"}),
        ("packages/web", "packages/api", {"api"}),
    ],
)
def test_a_file_is_named_as_from_here(
    repo: Checkout, inside: Mdtodo, folder: str, path: str, titles: set[str]
) -> None:
    files = {"TODO.md": "root", "packages/api/TODO.md": "api", "packages/web/TODO.md": "web"}
    repo.commit("Base", **{file: f"- [ ] {title}\n" for file, title in files.items()})
    for here in (path, str(repo.root / folder / path)):
        said = inside("list", "--json", "--file", here, cwd=repo.root / folder, code=None)
        if here == path or not path.startswith("packages/api"):
            assert {task["title"] for task in said.json["tasks"]} == titles


def test_a_file_that_is_not_there_is_told(repo: Checkout, inside: Mdtodo) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] a\n"})
    for command in ("list", "next", "plan", "run", "verify"):
        assert "--file TODOO.md: no such file or folder" in inside(command, "--file", "TODOO.md", code=2).err
        both = inside(command, "--file", "TODOO.md", "--file", "TODO.md")
        assert "--file TODOO.md: no such file or folder" in both.err
        assert "is outside the work tree" in inside(command, "--file", "..", code=2).err


def test_show_does_not_take_a_misspelt_processor_for_none(repo: Checkout, inside: Mdtodo) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] a id:a run:tset\n- [ ] b id:b\n"})
    assert "none: run:tset names no processor; `mdtodo config` shows" in inside("show", "a").out
    assert "none: done by hand" in inside("show", "b").out


def test_show_says_what_would_run(repo: Checkout, inside: Mdtodo) -> None:
    todo = "- [ ] a id:a run:test\n- [ ] b id:b run:words\n- [ ] c id:c\n"
    config = '[processors.test]\nrun = "pytest -q | tail"\n[processors.words]\nrun = ["echo", "a b"]\n'
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": config})
    assert "\ncommand    pytest -q | tail\n" in inside("show", "a").out
    assert "\ncommand    echo 'a b'\n" in inside("show", "b").out
    assert "command" not in inside("show", "c").out


def test_list_shows_a_misspelt_processor(repo: Checkout, inside: Mdtodo) -> None:
    todo = "- [ ] a run:tset\n- [ ] b\n- [ ] c run:tset after:x\n- [x] d run:tset\n- [ ] e run:test\n"
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": '[processors.test]\nrun = "true"\n'})
    a, b, c, d, e = inside("list", "--all").out.splitlines()
    assert a.endswith("  a  TODO.md:1  no processor is called tset")
    assert c.endswith("  waits for x (unknown id)")
    assert [line.split("TODO.md:")[1] for line in (b, d, e)] == ["2", "4", "5"]


def test_next_says_why_there_is_none(repo: Checkout, inside: Mdtodo) -> None:
    says = {"# A\n": "no tasks yet", "- [x] a\n": "everything is done", "- [/] a\n": "nothing is ready"}
    for todo, why in says.items():
        repo.write("TODO.md", todo)
        assert why in inside("next").err


SECTIONS = (
    "# Release 2.0 !high\n\n## Docs #docs\n\n- [ ] a @ann due:2020-01-01 est:2h\n- [x] b @Bob. due:2020-01-01\n\n"
    "## Code\n\n- [ ] c (@ann, @bob) due:2999-01-01 est:30h lane:slow\n- [ ] d ann@bob, see @org/team @ann-b\n"
)


@pytest.mark.parametrize(
    ("filters", "titles"),
    [
        (["--section", "docs"], "ab"),
        (["--section", "release 2"], "abcd"),
        (["--section", "## Docs"], "ab"),
        (["--section", "high"], ""),
        (["--section", "docs", "--section", "code"], "abcd"),
        (["--assignee", "ann"], "ac"),
        (["--assignee", "@BOB"], "bc"),
        (["--assignee", "org/team"], "d"),
        (["--assignee", "an"], ""),
        (["--overdue"], "a"),
        (["--due-before", "2020-01-01"], ""),
        (["--due-before", "tomorrow"], "ab"),
        (["--due-before", "+1000y"], "abc"),
        (["--lane", "slow"], "c"),
        (["--complexity", "epic"], "c"),
        (["--complexity", "simple", "--assignee", "ann"], "a"),
    ],
)
def test_list_filters_by_place_person_and_date(
    repo: Checkout, inside: Mdtodo, filters: list[str], titles: str
) -> None:
    repo.write("TODO.md", SECTIONS)
    found = inside("list", "--json", *filters).json["tasks"]
    assert "".join(task["title"][0] for task in found) == titles
    planned = inside("plan", "--json", *filters).json["tasks"]
    assert {task["title"][0] for task in planned} == set(titles) - {"b"}


def test_a_date_that_cannot_be_read_is_wrong_usage(repo: Checkout, inside: Mdtodo) -> None:
    repo.write("TODO.md", SECTIONS)
    assert "'12/11' is not a valid date" in inside("run", "--due-before", "12/11", code=2).err


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


def test_show_has_what_a_task_waits_for_and_the_text_below_it(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md", "- [ ] a id:a after:b\n\n  Words below.\n\n- [ ] b id:b\n")
    out = mdtodo("show", "a").out
    assert "waits for" in out
    assert "Words below." in out


def test_an_empty_repository_says_what_to_do(repo: Checkout, mdtodo: Mdtodo) -> None:
    assert "mdtodo add" in mdtodo("list").err


MANY_KINDS = (
    "# Release 3.0 #docs\n\n"
    "1. [ ] Freeze the branch and tell everybody who has work in flight id:freeze est:30m\n"
    "2. [ ] Run the benchmarks est:1h30m !high due:2020-01-02\n"
    "3. [ ] \u767a\u884c\u30ce\u30fc\u30c8 est:2d\n\n## After\n\n"
    "- [ ] Parent due:2999-01-02\n  - [ ] Child one\n  - [ ] Child two\n- [x] Closed !critical\n- [-] Dropped\n"
    "- [ ] Last after:freeze,nobody\n"
)


def test_a_pipe_gets_every_column_and_no_cut_whatever_the_width(repo: Checkout, inside: Mdtodo) -> None:
    repo.write("TODO.md", MANY_KINDS + f"- [ ] {'long ' * 200}\n")
    said = inside("list", COLUMNS="40").out
    assert said == inside("list", COLUMNS="200").out
    rows = [re.split(r" {2,}", line) for line in said.splitlines()]
    assert rows[0][1:] == [
        *("[ ]", "medium", "manual", "-", "30m"),
        *("Freeze the branch and tell everybody who has work in flight", "TODO.md:3"),
    ]
    assert rows[1][2:] == [
        *("high", "blocked", "2020-01-02 overdue", "1h30m", "Run the benchmarks", "TODO.md:4"),
        "waits for Freeze the branch and tell\u2026",
    ]
    assert rows[2][5:] == [
        "2d",
        "\u767a\u884c\u30ce\u30fc\u30c8",
        "TODO.md:5",
        "waits for Run the benchmarks",
    ]
    assert rows[3][4:] == ["2999-01-02", "-", "Parent", "TODO.md:9", "waits for 2 subtasks"]
    assert rows[6][-1] == "waits for Freeze the branch and tell\u2026, nobody (unknown id)"
    assert [" ".join(["long"] * 200) in line for line in said.splitlines()] == [False] * 7 + [True]
    starts = {len(line[: line.index("TODO.md:")].encode("utf-16-le")) // 2 for line in said.splitlines()[:2]}
    assert len(starts) == 1


def test_open_tasks_alone_and_a_word_of_the_others(repo: Checkout, inside: Mdtodo) -> None:
    repo.write("TODO.md", MANY_KINDS)
    said = inside("list")
    assert not re.search("Closed|Dropped", said.out)
    assert said.err == "mdtodo: 2 closed tasks not shown; --all shows them\n"
    for options in (["--all"], ["--state", "done", "--state", "cancelled"], ["--status", "done"]):
        said = inside("list", *options)
        assert "Closed" in said.out
        assert said.err == ""
    assert {task["title"] for task in inside("list", "--json").json["tasks"]} > {
        "Closed",
        "Dropped",
        "Parent",
    }
    said = inside("list", "--priority", "critical")
    assert (said.out, said.err) == (
        "",
        "mdtodo: no open task matches; 1 closed task not shown; --all shows it\n",
    )
    assert inside("list", "--tag", "none").err == "mdtodo: no task matches\n"


@pytest.mark.parametrize(
    ("key", "order"),
    [
        ("file", "dabc"),
        ("plan", "cbad"),
        ("priority", "cabd"),
        ("due", "bdac"),
        ("estimate", "adbc"),
        ("state", "bacd"),
        ("title", "abcd"),
    ],
)
def test_list_sorts_by_each_key(repo: Checkout, inside: Mdtodo, key: str, order: str) -> None:
    repo.write(
        "TODO.md",
        "- [ ] d !low after:c est:1h due:2026-02-01\n- [ ] A est:5m\n- [/] B est:2h due:2026-01-01\n- [ ] c id:c !high\n",
    )
    found = inside("list", "--json", "--sort", key).json["tasks"]
    assert "".join(task["title"] for task in found).lower() == order
    assert "".join(re.findall(r"  ([A-Za-z])  +TODO", inside("list", "--sort", key).out)).lower() == order


def test_subtasks_stand_below_the_parents_that_are_shown(repo: Checkout, inside: Mdtodo) -> None:
    repo.write("TODO.md", "- [ ] p\n  - [ ] a !high\n    - [ ] b !high\n- [x] q\n  - [ ] c !high\n")
    titles = [re.search(r"-  -(  +\w)", line)[1] for line in inside("list").out.splitlines()]  # type: ignore[index]
    assert titles == ["  p", "    a", "      b", "  c"]
    high = inside("list", "--priority", "high").out.splitlines()
    assert [re.search(r"-  -(  +\w)", line)[1] for line in high] == ["  a", "    b", "  c"]  # type: ignore[index]


def test_next_for_a_task_is_what_leads_to_it(repo: Checkout, inside: Mdtodo) -> None:
    repo.write("TODO.md", MANY_KINDS + "- [ ] Urgent !critical\n")

    def titles(*args: str) -> list[str]:
        return [task["title"].split()[0] for task in inside("next", "--json", *args).json["tasks"]]

    assert titles() == ["Urgent"]
    assert titles("benchmarks") == titles("freeze") == titles("last", "-n", "9") == ["Freeze"]
    assert titles("\u767a\u884c\u30ce\u30fc\u30c8") == ["Freeze"], "by way of another"
    assert titles("parent", "-n", "9") == ["Child", "Child"]
    assert titles("parent", "last", "-n", "9") == ["Freeze", "Child", "Child"]
    assert titles("parent", "--text", "two") == ["Child"]
    inside("done", "freeze")
    assert titles("last") == []
    assert "`mdtodo plan --explain" in inside("next", "last").err
    assert "freeze is done: Freeze" in inside("next", "freeze").err


def test_show_says_estimates_dates_and_waits_as_people_do(repo: Checkout, inside: Mdtodo) -> None:
    repo.write("TODO.md", MANY_KINDS)
    out = inside("show", "benchmarks").out
    assert re.search(r"^estimate +1h30m \(simple\)$", out, re.MULTILINE)
    assert re.search(r"^due +2020-01-02 \(overdue\)$", out, re.MULTILINE)
    assert re.search(r'^waits for +"Freeze the branch and tell everybody', out, re.MULTILINE)
    assert re.search(r"^waits for +its subtasks$", inside("show", "parent").out, re.MULTILINE)
    assert "due        2999-01-02\n" in inside("show", "parent").out


@pytest.mark.parametrize(
    "part",
    [
        *(
            "Release 2.0: the _new API \U0001f680",
            "[2.0](https://a.b/c)",
            "# release",
            "run `fast_path`",
            "RUN fast_path",
        ),
        *("**not** _now_", "not now", "stra\xdfe", "STRASSE", "a * b"),
    ],
)
def test_a_section_is_found_as_it_is_written_and_as_it_is_shown(
    repo: Checkout, inside: Mdtodo, part: str
) -> None:
    heading = "# Release [2.0](https://a.b/c): the \\_new API \U0001f680, **not** _now_, run `fast_path`, Stra\xdfe, a \\* b !high\n"
    repo.write("TODO.md", f"{heading}\n- [ ] a\n\n# Other\n\n- [ ] b\n")
    assert [task["title"] for task in inside("list", "--json", "--section", part).json["tasks"]] == ["a"]


@pytest.mark.parametrize("files", [1, 120])
def test_conflict_markers_are_named_once(repo: Checkout, inside: Callable[..., Said], files: int) -> None:
    text = "- [ ] a\n<<<<<<< HEAD\n- [ ] b\n=======\n- [x] b\n>>>>>>> other\n"
    repo.write("TODO.md", text)
    for number in range(1, files):
        repo.write(f"{number}/TODO.md", "- [ ] c\n")
    for command in ("list", "next"):
        assert inside(command).err.count("TODO.md:2: conflict markers; ") == 1
        assert inside("-q", command).err == ""
    repo.write("TODO.md", f"```\n{text}```\n")
    assert "conflict" not in inside("list").err


def test_show_says_what_needs_the_task(repo: Checkout, inside: Callable[..., Said]) -> None:
    text = (
        "- [ ] Base id:a\n- [ ] Upper after:a id:b\n- [ ] Whole id:c\n  - [ ] Part id:d\n- [x] Old after:a\n"
    )
    repo.commit("Base", **{"TODO.md": text})
    assert 'needed by  "Upper" (b)\n' in inside("show", "a").out
    assert 'needed by  "Whole" (c)\n' in inside("show", "Part").out
    assert "needed by" not in inside("show", "b").out
    blocks = {one["id"]: one["blocks"] for one in inside("list", "--json").json["tasks"]}
    assert {name: found for name, found in blocks.items() if found} == {"a": ["b"], "d": ["c"]}


HOSTILE = (
    '- [ ] =HYPERLINK("http://x";"a") id:formula\n- [ ] @ann | pipe `code` <b> \\| id:marks #x #y\n'
    '- [x] closed, with "quotes" id:closed est:90m\n  - [ ] été 日本 id:wide\n'
)


def test_a_table_of_markdown_shows_what_the_titles_say(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md", "# A | B\n\n" + HOSTILE)
    out = mdtodo("list", "--format", "markdown").out
    lines = out.splitlines()
    assert lines[0] == "| state | priority | task | due | estimate | id | place |"
    assert len(lines) == 2 + 3, "open ones"
    from markdown_it import MarkdownIt

    html = MarkdownIt("gfm-like", {"linkify": False}).render(out)
    cells = re.findall(r"<td[^>]*>(.*?)</td>", html)
    assert len(cells) == 3 * 7
    assert cells[9] == "@ann | pipe `code` &lt;b&gt; \\|"
    assert mdtodo("list", "--format", "markdown", "--tag", "none").out == ""


def test_csv_has_every_field_of_every_task(repo: Checkout, mdtodo: Mdtodo) -> None:
    import csv

    repo.write("TODO.md", "# A\n\n## B\n\n" + HOSTILE)
    rows = list(csv.DictReader(mdtodo("list", "--format", "csv").out.splitlines()))
    records = mdtodo("list", "--format", "json").json["tasks"]
    assert [row["id"] for row in rows] == [one["id"] for one in records]
    assert set(rows[0]) == KEYS
    assert [row["title"] for row in rows] == [
        *('\'=HYPERLINK("http://x";"a")', "'@ann | pipe `code` <b> \\|", 'closed, with "quotes"', "été 日本")
    ]
    assert (rows[1]["tags"], rows[1]["section"], rows[1]["due"]) == ("x y", "A > B", "")
    assert (rows[2]["children"], rows[2]["estimate_hours"], rows[3]["depth"]) == ("wide", "1.5", "1")
    assert mdtodo("list", "--format", "csv", "--tag", "none").out == ""


def test_csv_on_a_terminal_is_not_obeyed_by_it(repo: Checkout) -> None:
    repo.write("TODO.md", "- [ ] a \x1b]0;title\x07 b\n")
    with Terminal(["list", "--format", "csv"], repo.root, 200, 20) as terminal:
        terminal.end()
        assert b"\x1b]" not in terminal.raw
        assert b"\\x1b]0;title" in terminal.raw
