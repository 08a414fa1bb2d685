"""The recipe `audit`: pip-audit and npm audit, against a small service on this machine that answers as the real ones.

It speaks as OSV does (https://google.github.io/osv.dev/post-v1-query/), as npm's bulk advisories do, and as an index
of Python packages (PEP 503). One package has a known vulnerability: `bad-pkg`.
"""

from __future__ import annotations

import ensurepip
import gzip
import io
import json
import re
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from mdtodo.recipes.catalogue import recipe
from tests.recipes.conftest import NOWHERE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.recipes.conftest import Bench

OSV = {"id": "PYSEC-1", "details": "bad", "affected": [{"package": {"name": "bad-pkg", "ecosystem": "PyPI"}}]}
NPM = {
    "id": 1,
    "url": "https://example.com/1",
    "title": "bad",
    "severity": "high",
    "vulnerable_versions": "*",
}


class Service(BaseHTTPRequestHandler):
    """`/query`, `/-/npm/...` and `/simple/NAME/`; below `/broken/` nothing but errors."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        asked = json.loads(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
        answers: dict[str, object] = {
            "/query": {"vulns": [OSV]} if asked.get("package") == OSV["affected"][0]["package"] else {},
            "/-/npm/v1/security/advisories/bulk": {"bad-pkg": [NPM]} if "bad-pkg" in asked else {},
        }
        self._answer(json.dumps(answers[self.path]).encode() if self.path in answers else None)

    def do_GET(self) -> None:
        _, folder, name, *_ = [*self.path.split("/"), ""]
        if folder == "simple":
            file = f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
            self._answer(f'<a href="/files/{file}">{file}</a>'.encode() if name != "pip" else b"")
        else:
            self._answer(wheel(name.partition("-")[0].replace("_", "-")) if folder == "files" else None)

    def _answer(self, body: bytes | None) -> None:
        self.send_response(200 if body is not None else 503 if self.command == "POST" else 404)
        self.send_header("Content-Type", "application/json" if self.command == "POST" else "text/html")
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_: object) -> None:
        pass


def wheel(name: str) -> bytes:
    """An empty package; `middle-pkg` depends on the bad one."""
    needs = "Requires-Dist: bad-pkg\n" if name == "middle-pkg" else ""
    info = f"{name.replace('-', '_')}-1.0.dist-info"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needs}")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return file.getvalue()


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def osv(service: str, path: str = "/query") -> dict[str, str]:
    """The environment in which pip-audit asks this service."""
    return {
        "PIP_AUDIT_VULNERABILITY_SERVICE": "osv",
        "PIP_AUDIT_OSV_URL": service + path,
        "PIP_INDEX_URL": service + "/simple",
        "PIP_CONFIG_FILE": "/dev/null",
        "no_proxy": "127.0.0.1",
    }


def pylock(*names: str) -> dict[str, str]:
    packages = "".join(f'[[packages]]\nname = "{name}"\nversion = "1.0"\n' for name in names)
    return {"pylock.toml": f'lock-version = "1.0"\ncreated-by = "a test"\n{packages}'}


def package(bench: Bench, name: str, registry: str) -> None:
    """npm on PATH, and a package that depends on one of this name."""
    bench.toolchain("npm", "node")
    root = {"name": "a", "version": "1.0.0", "dependencies": {name: "1.0.0"}}
    packages = {"": root, f"node_modules/{name}": {"version": "1.0.0"}}
    lock = {"name": "a", "version": "1.0.0", "lockfileVersion": 3, "packages": packages}
    config = f"registry={registry}/\nfetch-retries=0\n"
    bench.write(**{".npmrc": config, "package.json": json.dumps(root), "package-lock.json": json.dumps(lock)})


def test_locked_packages_without_known_vulnerabilities_pass(bench: Bench, service: str) -> None:
    bench.write(**pylock("good-pkg"))
    bench.pip("pip-audit")
    assert "No known vulnerabilities found" in bench.run("audit", code=0, **osv(service)).said


def test_a_locked_package_with_a_known_vulnerability_fails(bench: Bench, service: str) -> None:
    bench.write(**pylock("good-pkg", "bad-pkg"))
    bench.pip("pip-audit")
    assert "PYSEC-1" in bench.run("audit", code=1, **osv(service)).said


@pytest.mark.skipif(
    tuple(map(int, ensurepip.version().split(".")[:2])) < (23, 1),
    reason="pip-audit needs a later pip than Python brings here, and would get it from the index, which is a small one",
)
def test_a_package_that_depends_on_a_bad_one_fails(bench: Bench, service: str) -> None:
    bench.write(**{"requirements.txt": "middle-pkg\n"})
    bench.pip("pip-audit")
    said = bench.run("audit", code=1, **osv(service)).said
    assert "PYSEC-1" in said
    assert "bad-pkg" in said


@pytest.mark.parametrize("path", ["nobody listens", "/broken/"])
def test_without_the_service_pip_audit_waits_for_another_time(bench: Bench, service: str, path: str) -> None:
    bench.write(**pylock("good-pkg"))
    bench.pip("pip-audit")
    environment = osv(service, path) if path.startswith("/") else osv(NOWHERE)
    said = bench.run("audit", code=75, **environment).said
    assert "pip-audit could not work now" in said


def test_without_an_index_pip_audit_waits_for_another_time() -> None:
    said = "ERROR:pip_audit._cli:Failed to upgrade `pip`: ['/tmp/a/bin/python3', '-m', 'pip', 'install']"
    ways = [way for way in recipe("audit").ways if way.tool == "pip-audit"]
    assert all(re.search(way.retry_pattern or "$.", said) for way in ways)


def test_npm_passes_and_fails(bench: Bench, service: str) -> None:
    package(bench, "good-pkg", service)
    assert "found 0 vulnerabilities" in bench.run("audit", code=0, no_proxy="127.0.0.1").said
    package(bench, "bad-pkg", service)
    assert "1 high severity" in bench.run("audit", code=1, no_proxy="127.0.0.1").said


def test_npm_that_is_configured_to_be_offline_is_no_pass(bench: Bench, service: str) -> None:
    package(bench, "bad-pkg", service)
    bench.repo.write(".npmrc", bench.repo.read(".npmrc") + b"offline=true\n")
    bench.run("audit", code=1, no_proxy="127.0.0.1")


@pytest.mark.parametrize("registry", [NOWHERE, None])
def test_without_the_registry_npm_waits_for_another_time(
    bench: Bench, service: str, registry: str | None
) -> None:
    package(bench, "good-pkg", registry or f"{service}/broken")
    said = bench.run("audit", code=75, no_proxy="127.0.0.1").said
    assert "npm could not work now" in said


def test_files_that_ask_for_nothing_are_no_pass(bench: Bench) -> None:
    bench.write(**{"requirements.txt": "# none\n", "pyproject.toml": '[project]\nname = "a"\n'})
    bench.pip("pip-audit")
    bench.run("audit", code=77)


def test_without_a_tool_the_recipe_says_how_to_get_one(bench: Bench) -> None:
    bench.write(**pylock("good-pkg"))
    assert "pip-audit is not installed: pip install pip-audit" in bench.run("audit", code=77).said
