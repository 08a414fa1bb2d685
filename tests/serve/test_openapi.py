"""The description and the routes say the same: schemathesis asks all that the one allows, and judges the answers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("schemathesis", reason="the package schemathesis is not installed")

import schemathesis
from hypothesis import HealthCheck, settings
from openapi_spec_validator import validate
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance
from starlette.routing import Mount, Route

from mdtodo.serve.app import routes
from mdtodo.serve.openapi.document import document
from tests.examples import TIMES
from tests.serve.conftest import TODO, made_repository
from tests.serve.server import Server, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What is no part of the API: the page and its files.
PAGE = {"/", "/page"}
#: Asked in tests of their own: an answer without an end.
ENDLESS = ["/api/v1/events"]
#: Wrong tokens are counted, so that after some of them nothing else would be answered; and what no schema can say (a
#: date, a name that is there) is refused with a sentence.
_NOT_HERE = [ignored_auth, positive_data_acceptance]


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two repositories, one of them with receipts, of a server that starts no runs."""
    folder = tmp_path_factory.mktemp("described")
    config = '[processors.good]\nrun = "true"\n'
    shop = made_repository(
        folder / "shop", **{".mdtodo.toml": config, "TODO.md": TODO.replace("run:bad", "")}
    )
    other = made_repository(folder / "other", **{"TODO.md": "- [ ] Alone\n", ".mdtodo.toml": ""})
    with serving(shop.root, "--repo", ".", "--repo", str(other.root)) as begun:
        begun.word("one", "done")
        begun.ask("POST", "tasks/two/claim", {"name": "bot"}, token=True)
        yield begun


schema = schemathesis.openapi.from_dict(json.loads(json.dumps(document()))).exclude(path=ENDLESS)


@schema.parametrize()
@settings(
    max_examples=4 * TIMES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=TIMES == 1
)
def test_every_answer_is_as_described(case: Any, described: Server) -> None:
    case.call_and_validate(
        base_url=described.origin,
        headers={"Authorization": f"Bearer {described.token}"},
        excluded_checks=_NOT_HERE,
    )


def test_the_description_is_one() -> None:
    validate(json.loads(json.dumps(document())))


def test_the_description_has_every_route_and_every_method() -> None:
    there = {
        (one.path, method)
        for one in routes()
        if isinstance(one, Route) and one.path not in PAGE
        for method in one.methods or ()
        if method != "HEAD"
    }
    assert {one.path for one in routes() if isinstance(one, Mount)} <= PAGE
    told = {
        (path, method.upper())
        for path, methods in document()["paths"].items()
        for method in methods
        if method != "parameters"
    }
    assert told == there


def test_it_is_served(described: Server) -> None:
    assert described.get("/openapi.json") == json.loads(json.dumps(document()))


def test_the_page_of_the_api_is_current() -> None:
    script = Path(__file__).parents[2] / "docs" / "api.py"
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
