"""Ways to the same bare repository: a path, git's daemon, and HTTP on a bad line."""

from __future__ import annotations

import random
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING

from tests.action.git_server import GitServer
from tests.processes import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.landing.push.remotes import Remote


class BadLine(GitServer):
    """A server that drops, delays and repeats: of what is asked, and of what is answered."""

    token = ""
    seen: list[list[str]] = []  # noqa: RUF012
    chance = random.Random(1)
    #: What happened to requests, counted.
    happened: dict[str, int]

    def answer(self) -> None:
        what = self.chance.choices(["pass", "refuse", "lose", "repeat", "delay"], [70, 6, 10, 8, 6])[0]
        self.happened[what] = self.happened.get(what, 0) + 1
        body = self._body()
        if what == "refuse":  # it never arrives
            self.close_connection = True
            return
        if what == "delay":
            time.sleep(self.chance.uniform(0.2, 1.0))
        found = self.asked(body)
        if what == "repeat":
            found = self.asked(body)
        if what == "lose":  # it has arrived, and nobody hears of it
            self.close_connection = True
            return
        self.give(*found)


@contextmanager
def served(remote: Remote, way: str) -> Iterator[str]:
    """The address of the repository, by `file`, `daemon` or `http`."""
    remote.bare.git("config", "http.receivepack", "true")
    if way == "daemon":
        with daemon(remote.path) as url:
            yield url
    elif way == "http":
        with http(remote.path) as url:
            yield url
    else:
        yield str(remote.path)


@contextmanager
def http(path: Path, kind: type[GitServer] = BadLine) -> Iterator[str]:
    """A server of that kind."""
    handler = type("Handler", (kind,), {"root": path.parent, "happened": {}, "seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/{path.name}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def daemon(path: Path, address: str = "127.0.0.1") -> Iterator[str]:
    """git's own daemon, on a port of this address."""
    with socket.socket() as free:
        free.bind((address, 0))
        port = free.getsockname()[1]
    args = ["--reuseaddr", "--export-all", "--enable=receive-pack", f"--listen={address}", f"--port={port}"]
    server = subprocess.Popen(["git", "daemon", *args, f"--base-path={path.parent}"], start_new_session=True)
    try:
        eventually(lambda: _listens(address, port))
        yield f"git://{address}:{port}/{path.name}"
    finally:
        server.terminate()
        server.wait()


def _listens(address: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0
