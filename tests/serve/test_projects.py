"""Several repositories: served together, and shown by `status`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.serve.conftest import made_repository
from tests.serve.server import Server, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Checkout, Checkout]:
    folder = tmp_path_factory.mktemp("both")
    tasks = "- [ ] One id:one\n- [ ] Elsewhere id:elsewhere\n"
    return made_repository(folder / "shop"), made_repository(folder / "x" / "shop", **{"TODO.md": tasks})


@pytest.fixture(scope="module")
def together(both: tuple[Checkout, Checkout]) -> Iterator[Server]:
    with serving(both[0].root, "--repo", ".", "--repo", str(both[1].root)) as begun:
        yield begun


def test_each_object_says_of_which_repository_it_is(together: Server) -> None:
    assert [one["name"] for one in together.get("projects")["projects"]] == ["shop", "shop-2"]
    found = together.get("tasks")["tasks"]
    assert [one["id"] for one in found if one["project"] == "shop-2"] == ["one", "elsewhere"]
    assert {one["project"] for one in found} == {"shop", "shop-2"}
    assert {one["project"] for one in together.get("tasks?project=shop-2")["tasks"]} == {"shop-2"}
    assert {one["project"] for one in together.get("next?n=1")["tasks"]} == {"shop", "shop-2"}
    for report in ("plan", "status", "stats"):
        assert [one["project"] for one in together.get(report)["projects"]] == ["shop", "shop-2"]
        assert together.get(f"{report}?project=shop-2")["project"] == "shop-2"


def test_pages_go_over_all_of_them(together: Server) -> None:
    first = together.get("tasks?limit=15&state=todo")
    second = together.get(f"tasks?limit=15&state=todo&cursor={first['next_cursor']}")
    found = [*first["tasks"], *second["tasks"]]
    assert len(found) == first["total"] == len(together.get("tasks?state=todo")["tasks"])


def test_an_id_that_both_have_needs_a_name(together: Server, both: tuple[Checkout, Checkout]) -> None:
    refused = together.ask("GET", "tasks/one")
    assert (refused.status, refused.json["projects"]) == (422, ["shop", "shop-2"])
    assert "say which by ?project=" in refused.detail
    assert together.get("tasks/elsewhere")["tasks"][0]["project"] == "shop-2"
    assert together.word("one", "done").status == 422
    assert together.word("one?project=shop-2", "done").status == 200
    assert b"[x] One" in both[1].head("TODO.md")
    assert b"[ ] One" in both[0].head("TODO.md")


def test_a_new_task_and_a_run_need_a_name(together: Server) -> None:
    assert together.ask("POST", "tasks", {"text": "New"}, token=True).status == 422
    made = together.ask("POST", "tasks?project=shop-2", {"text": "New"}, token=True)
    assert (made.status, made.json["tasks"][0]["project"]) == (201, "shop-2")


@pytest.fixture
def configured(both: tuple[Checkout, Checkout], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Both in the user's own configuration."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    file = tmp_path / "mdtodo" / "config.toml"
    file.parent.mkdir()
    file.write_text(f'[projects]\nfirst = "{both[0].root}"\nsecond = "{both[1].root}"\n')
    return file


def test_status_of_several(both: tuple[Checkout, Checkout], inside: Mdtodo, configured: Path) -> None:
    one, other = (str(repo.root) for repo in both)
    told = json.loads(inside("status", "--repo", one, "--repo", other, "--json").out)
    assert [each["project"] for each in told["projects"]] == ["shop", "shop-2"]
    assert told["projects"][0]["tasks_total"] == 17
    shown = inside("status", "--projects").out
    assert f"first  {one}" in shown
    assert f"second  {other}" in shown
    named = json.loads(inside("status", "--repo", "second", "--by", "section", "--json").out)
    assert [(each["project"], each["by"]) for each in named["projects"]] == [("second", "section")]


def test_projects_of_the_users_configuration_are_served(configured: Path, tmp_path: Path) -> None:
    with serving(tmp_path, "--projects") as server:
        assert [one["name"] for one in server.get("projects")["projects"]] == ["first", "second"]
    with serving(tmp_path, "--repo", "second") as server:
        assert [one["name"] for one in server.get("projects")["projects"]] == ["second"]


@pytest.mark.parametrize(
    ("text", "code", "sentence"),
    [
        ("[", 3, "cannot be read"),
        ("projects = 1\n", 3, "[projects] must be a table"),
        ("[projects]\na = 1\n", 3, "projects.a must be the whole path of a folder"),
        ('[projects]\na = "relative"\n', 3, "projects.a must be the whole path of a folder"),
        ('[projects]\na = "/nowhere"\n', 2, "/nowhere: no such folder"),
        ("", 2, "has no [projects]"),
    ],
)
@pytest.mark.parametrize("command", ["status", "serve"])
def test_a_configuration_that_names_none(
    configured: Path, inside: Mdtodo, command: str, text: str, code: int, sentence: str
) -> None:
    configured.write_text(text)
    assert sentence in inside(command, "--projects", code=code).err


def test_several_are_not_watched_by_status(inside: Mdtodo) -> None:
    assert "--watch shows one repository" in inside("status", "--repo", ".", "--watch", code=2).err
