"""What the routes that change nothing answer: the JSON of the commands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout
    from tests.serve.server import Server

    Mdtodo = Callable[..., Said]

#: A route, the command whose JSON it has, and the key of what it lists, "" for a document of one.
SAME = [
    ("tasks", "list", "tasks"),
    ("tasks?state=ready&sort=priority", "list --state ready --sort priority", "tasks"),
    ("tasks?tag=backend", "list --tag backend", "tasks"),
    ("tasks?overdue", "list --overdue", "tasks"),
    ("tasks?section=later&text=o", "list --section later --text o", "tasks"),
    (
        "tasks?state=manual,blocked&assignee=ann",
        "list --state manual --state blocked --assignee ann",
        "tasks",
    ),
    ("tasks/tests", "show tests", "tasks"),
    ("next?n=3", "next -n 3", "tasks"),
    ("next?for=tell", "next tell", "tasks"),
    ("plan", "plan", ""),
    ("plan?priority=high", "plan --priority high", ""),
    ("status", "status", ""),
    ("status?by=section", "status --by section", ""),
    ("stats", "stats", ""),
    ("stats?by=lane", "stats --by lane", ""),
    ("receipts", "log", "receipts"),
    ("runs", "log --runs", "runs"),
    ("findings", "check", "findings"),
]
#: What only HTTP tells of a task, and what is another figure each time.
ONLY_HERE = ("project", "claim", "etag", "body", "waits", "command")
VOLATILE = ("timestamp", "cpu_percent", "memory_percent")


@pytest.mark.parametrize(("route", "command", "key"), SAME, ids=[one[0] for one in SAME])
def test_a_route_has_the_json_of_its_command(
    server: Server, shared: Checkout, inside: Mdtodo, route: str, command: str, key: str
) -> None:
    told, printed = (
        server.get(route),
        json.loads(inside("-C", str(shared.root), *command.split(), "--json").out),
    )
    if key:
        assert {one["project"] for one in told[key]} <= {"shop"}
        assert _without(told[key], ONLY_HERE) == _without(printed[key], ())
        assert told["version"] == printed["version"]
    else:
        assert told.pop("project") == "shop"
        if "tasks" in told:
            told["tasks"] = _without(told["tasks"], ONLY_HERE)
        assert _without([told], VOLATILE) == _without([printed], VOLATILE)


def _without(those: list[dict[str, object]], names: tuple[str, ...]) -> list[dict[str, object]]:
    return [{key: value for key, value in one.items() if key not in names} for one in those]


def test_a_task_has_its_text_and_what_it_waits_for(server: Server) -> None:
    answer = server.ask("GET", "tasks/tell")
    (task,) = answer.json["tasks"]
    assert task["body"] == "What is new in it, and\nwhat is not."
    assert task["waits"] == 'waits for "Tests pass" (tests)'
    assert server.get("tasks/tests")["tasks"][0]["command"] == "echo it is good"
    assert answer.headers["etag"] == task["etag"]
    listed = next(one for one in server.get("tasks")["tasks"] if one["id"] == "tell")
    assert listed["etag"] == task["etag"], "so that who has the list can change it at once"
    assert "body" not in listed


@pytest.mark.parametrize(
    "route",
    ["tasks", "tasks/tests", "next", "plan", "status", "stats", "receipts", "runs", "findings", "projects"],
)
def test_what_a_client_has_it_is_not_sent_again(server: Server, route: str) -> None:
    first = server.ask("GET", route)
    again = server.ask("GET", route, If_None_Match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert server.ask("GET", route, If_None_Match='"other", W/"more"').status == 200
    assert server.ask("GET", route, If_None_Match=f'"other", {first.headers["etag"]}').status == 304


def test_pages_of_a_list_together_are_the_list(server: Server) -> None:
    whole, found, cursor = server.get("tasks"), [], ""
    while True:
        page = server.get(f"tasks?limit=4{cursor}")
        found += page["tasks"]
        assert len(page["tasks"]) <= 4
        assert page["total"] == len(whole["tasks"])
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == whole["tasks"]


@pytest.mark.parametrize(
    ("route", "status", "sentence"),
    [
        ("tasks/nothing", 404, "no task has the id 'nothing'"),
        ("tasks/test", 404, "no task has the id 'test'; did you mean 'tests'?"),
        ("nothing", 404, "there is nothing here"),
        ("tasks/", 404, "there is nothing here"),
        ("tasks?stat=ready", 422, "no parameter 'stat' here (did you mean \"state\"?)"),
        ("tasks?state=redy", 422, "state 'redy' is none: done, cancelled"),
        ("tasks?sort=size", 422, "sort 'size' is none: file"),
        ("tasks?state=", 422, "state is empty: it is one of done, cancelled"),
        ("stats?by=", 422, "by '' is none: "),
        ("tasks?limit=", 422, "limit is a number from 1 to 1000"),
        ("tasks?limit=0", 422, "limit is a number from 1 to 1000"),
        ("tasks?limit=9999999999999", 422, "limit is a number from 1 to 1000"),
        ("tasks?limit=%D9%A1", 422, "limit is a number from 1 to 1000"),
        ("tasks?limit=1&limit=2", 422, "limit can be given once"),
        ("tasks?cursor=x", 422, "the cursor names nothing here"),
        ("tasks?due_before=12/11", 422, "'12/11' is not a valid date"),
        ("tasks?text=%00", 422, "text has a character that no text has"),
        ("tasks?project=other", 404, "no project is called 'other'"),
        ("next?for=nothing", 422, "for: no task has the id 'nothing'"),
        ("stats?since=soon", 422, "since 'soon' is no date"),
        ("stats?since=99999999999999d", 422, "since"),
        ("receipts?task=nothing", 422, "task: no task has the id 'nothing'"),
        ("status?by=size", 422, "by 'size' is none"),
        ("runs/nothing", 404, "no run is called 'nothing'"),
        ("tasks/tests/output", 404, "tests has no captured output in this clone"),
        ("logs?after=x", 422, "after is a number"),
    ],
)
def test_what_is_not_there_or_not_valid_gets_a_sentence(
    server: Server, route: str, status: int, sentence: str
) -> None:
    answer = server.ask("GET", route)
    assert answer.status == status
    assert sentence in answer.detail


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/v1/tasks", {"GET", "HEAD", "POST"}),
        ("POST", "/api/v1/status", {"GET", "HEAD"}),
        ("GET", "/api/v1/tasks/tests/note", {"POST"}),
        ("TRACE", "/api/v1/tasks", {"GET", "HEAD", "POST"}),
    ],
)
def test_a_method_that_is_not_for_a_route_is_told_which_are(
    server: Server, method: str, path: str, allowed: set[str]
) -> None:
    answer = server.ask(method, path, token=True)
    assert answer.status == 405
    assert set(answer.headers["allow"].split(", ")) == allowed
    assert answer.detail == f"{method} is not for this"


def test_the_projects(server: Server, shared: Checkout) -> None:
    (one,) = server.get("projects")["projects"]
    assert (one["name"], one["root"], one["branch"]) == ("shop", str(shared.root), "main")
    assert one["head"] == shared.git("rev-parse", "HEAD")
    assert one["tasks"] == sum(one["by_state"].values()) == len(server.get("tasks")["tasks"])


@pytest.mark.parametrize("route", ["tasks", "events", "tasks/tests", "status", "/session", "/openapi.json"])
def test_a_head_is_the_same_without_a_body(server: Server, route: str) -> None:
    answer = server.ask("HEAD", route)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-type"]


def test_health_is_told_without_a_token(server: Server) -> None:
    server.get("tasks")  # it is ready once it has read the repository
    assert server.get("/health") == {"live": True, "ready": True}
    assert server.get("/health?ready")["ready"] is True
    assert server.ask("HEAD", "/health").body == b""
