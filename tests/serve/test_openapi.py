"""The description and the routes say the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from openapi_spec_validator import validate
from starlette.routing import Mount, Route

from mdtodo.serve.app import routes
from mdtodo.serve.openapi.document import document

if TYPE_CHECKING:
    from tests.serve.server import Server

#: What is no part of the API: the page and its files.
PAGE = {"/", "/page"}


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


def test_the_description_is_served(described: Server) -> None:
    assert described.get("/openapi.json") == json.loads(json.dumps(document()))


def test_the_page_of_the_api_is_current() -> None:
    script = Path(__file__).parents[2] / "docs" / "api.py"
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
