"""A server of git repositories over HTTP, with a password."""

from __future__ import annotations

import base64
import os
import subprocess
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "ghs_0123456789abcdefTOKEN"


def basic(token: str) -> str:
    """A token as it is sent."""
    return base64.b64encode(f"x-access-token:{token}".encode()).decode()


class GitServer(BaseHTTPRequestHandler):
    """git's own http-backend, behind one password, or behind none."""

    root: Path
    token = TOKEN
    seen: list[list[str]]

    def log_message(self, *_: Any) -> None: ...

    def do_GET(self) -> None:
        self.answer()

    do_POST = do_GET

    def answer(self) -> None:
        given = self.headers.get_all("Authorization") or []
        type(self).seen.append(given)
        wanted = f"Basic {basic(self.token)}"
        body = self._body()
        if self.token and given != [wanted]:
            self.send_response(400 if len(given) > 1 else 401)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.give(*self.asked(body))

    def asked(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """What git answers: status, headers and content."""
        path, _, query = self.path.partition("?")
        env = os.environ | {
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "REMOTE_USER": "bot",
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "CONTENT_LENGTH": str(len(body)),
        }
        out = subprocess.run(
            ["git", "http-backend"], env=env, input=body, capture_output=True, check=True
        ).stdout
        head, _, content = out.partition(b"\r\n\r\n")
        lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        return int(lines.pop("Status", "200").split()[0]), lines, content

    def give(self, status: int, headers: dict[str, str], content: bytes) -> None:
        """Send it."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body
