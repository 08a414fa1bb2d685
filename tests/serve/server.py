"""A real `mdtodo serve` in a process of its own, and a client that may send what no library would."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

#: Seconds that a server may take to begin, and an answer to come, on a busy machine.
PATIENCE = 60.0


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, which has to be JSON."""
        return json.loads(self.body)

    @property
    def detail(self) -> str:
        """The sentence of a refusal, which has to be one."""
        assert self.headers["content-type"] == "application/problem+json", self
        told = self.json
        assert told["status"] == self.status
        assert told["title"]
        return str(told["detail"])


class Server:
    """One that has begun: `link` is the line that it printed, `token` what stands in it."""

    def __init__(self, process: subprocess.Popen[str], link: str) -> None:
        self.process = process
        self.link = link
        found = re.fullmatch(r"(https?)://([^/]+):(\d+)(?:/\?token=(.+))?", link)
        assert found, link
        self.scheme, self.host, self.port, self.token = found[1], found[2], int(found[3]), found[4] or ""

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"

    def connect(self) -> http.client.HTTPConnection:
        host = self.host.strip("[]")
        if self.scheme == "https":
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            return http.client.HTTPSConnection(host, self.port, timeout=PATIENCE, context=context)
        return http.client.HTTPConnection(host, self.port, timeout=PATIENCE)

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | bool = False,
        **headers: str,
    ) -> Answer:
        """One request; `token`: with the server's own, or with this one. Headers by names with `_` in place of `-`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["Authorization"] = f"Bearer {self.token if token is True else token}"
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        connection = self.connect()
        try:
            connection.request(method, path if path.startswith("/") else f"/api/v1/{path}", data, sent)
            return _answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path: str, **more: Any) -> Any:
        """The JSON that is there."""
        answer = self.ask("GET", path, **more)
        assert answer.status == 200, answer
        return answer.json

    def etag(self, task: str) -> str:
        """The version of a task."""
        return str(self.get(f"tasks/{task}")["tasks"][0]["etag"])

    def word(self, task: str, status: str, **more: Any) -> Answer:
        """A person's word, on the task as it is now."""
        more.setdefault("If_Match", "*")
        more.setdefault("token", True)
        return self.ask("PATCH", f"tasks/{task}", {"status": status}, **more)

    def raw(self, sent: bytes) -> socket.socket:
        """A connection on which just that was sent."""
        made = socket.create_connection((self.host, self.port), timeout=PATIENCE)
        made.sendall(sent)
        return made

    @contextmanager
    def events(self, *, last: str | None = None) -> Iterator[Events]:
        """What the server tells while this goes on."""
        connection = self.connect()
        headers = {"Last-Event-ID": last} if last else {}
        connection.request("GET", "/api/v1/events", headers=headers)
        response = connection.getresponse()
        assert response.status == 200, response.read()
        try:
            yield Events(response)
        finally:
            connection.close()


class Event(NamedTuple):
    """One that came, and when."""

    name: str
    data: Any
    id: str | None
    at: float


class Events:
    """A stream of them."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.response = response

    def next(self, *names: str) -> Event:
        """The next one, or the next one that is called so."""
        while True:
            found = self._next()
            if not names or found.name in names:
                return found

    def _next(self) -> Event:
        lines: dict[str, str] = {}
        while True:
            line = self.response.readline()
            assert line, "the stream ended"
            if line == b"\n":
                if "event" in lines:
                    break
                continue
            key, _, value = line.decode().rstrip("\n").partition(": ")
            lines[key] = value
        return Event(lines["event"], json.loads(lines["data"]), lines.get("id"), time.monotonic())


def _answer(response: http.client.HTTPResponse) -> Answer:
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, response.read())


@contextmanager
def serving(
    root: Path | str,
    *options: str,
    env: Mapping[str, str] | None = None,
    expect: int | None = 0,
    before: str = "",
) -> Iterator[Server]:
    """A server of this repository, ended by TERM; it has to exit with `expect`. `before`: what it does first."""
    process = start(root, *options, env=env, before=before)
    try:
        assert process.stdout is not None
        link = process.stdout.readline().strip()
        if not link:
            raise AssertionError(process.communicate(timeout=PATIENCE))
        yield Server(process, link)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert expect is None or process.returncode == expect, (process.returncode, out, err)


def start(
    root: Path | str, *options: str, env: Mapping[str, str] | None = None, before: str = ""
) -> subprocess.Popen[str]:
    """The process."""
    options = options if "--port" in options else ("--port", "0", *options)
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"{before}\nfrom mdtodo.cli import main\nmain()",
            "-C",
            str(root),
            "serve",
            *options,
        ],
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
