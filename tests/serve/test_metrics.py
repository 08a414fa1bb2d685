"""`GET /metrics`: the figures of each repository, for who may read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("prometheus_client", reason="the package prometheus-client is not installed")

from prometheus_client.parser import text_string_to_metric_families

from tests.serve.conftest import made_repository
from tests.serve.server import serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Checkout
    from tests.serve.server import Server


def test_the_figures_are_those_of_the_moment(server: Server, shared: Checkout) -> None:
    def ready() -> dict[tuple[str, str], float]:
        answer = server.ask("GET", "/metrics")
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("text/plain")
        assert answer.headers["cache-control"] == "no-store"
        families = text_string_to_metric_families(answer.body.decode())
        tasks = next(one for one in families if one.name == "mdtodo_tasks")
        return {
            (s.labels["project"], s.labels["state"]): s.value
            for s in tasks.samples
            if s.labels["priority"] == "medium"
        }

    before = ready()
    assert before["shop", "manual"] > 0
    shared.write("TODO.md", shared.read("TODO.md") + b"- [ ] One more id:more\n")
    assert ready()["shop", "manual"] == before["shop", "manual"] + 1


def test_each_repository_has_its_own_and_one_that_cannot_be_read_none(tmp_path: Path) -> None:
    one, two = made_repository(tmp_path / "one"), made_repository(tmp_path / "two")
    with serving(one.root, "--repo", str(one.root), "--repo", str(two.root)) as server:

        def projects(path: str = "/metrics") -> set[str]:
            found = text_string_to_metric_families(server.ask("GET", path).body.decode())
            return {s.labels["project"] for f in found for s in f.samples if "project" in s.labels}

        assert projects() == {"one", "two"}
        assert projects("/metrics?project=two") == {"two"}
        two.write(".mdtodo.toml", "jobs = -1\n")
        assert projects() == {"one"}


def test_where_a_token_is_needed_it_is_needed_here(tmp_path: Path) -> None:
    repo = made_repository(tmp_path / "shop")
    with serving(repo.root, "--host", "0.0.0.0") as server:
        assert server.ask("GET", "/metrics").status == 401
        assert server.ask("GET", "/metrics", token=True).status == 200


def test_a_query_that_means_nothing_is_refused(server: Server) -> None:
    assert server.ask("GET", "/metrics?id=tests").status == 422
    assert server.ask("POST", "/metrics", token=True).status == 405
