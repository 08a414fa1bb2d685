"""A server on this machine that answers as it is told, and remembers what it was sent."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class Receiver:
    """`answers` are given in turn, the last one again and again: a status; `hang`; `drop` (the connection); `drip` (a
    header a byte at a time, without end); a status with headers; or seconds (a float), and then 200."""

    def __init__(self, *answers: Any) -> None:
        self.answers: list[Any] = list(answers) or [200]
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.released = threading.Event()
        self.url = ""

    @property
    def messages(self) -> list[Any]:
        """What arrived, whatever was answered."""
        return [json.loads(body) for _, body in self.requests]

    def types(self) -> list[str]:
        return [one["type"] for one in self.messages]

    def next_answer(self) -> Any:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    @contextmanager
    def listening(self) -> Iterator[Receiver]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.requests.append(({k.lower(): v for k, v in self.headers.items()}, body))
                answer = receiver.next_answer()
                if answer == "hang":
                    receiver.released.wait(60)
                elif answer == "drip":
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nx: ")
                    while not receiver.released.wait(0.05):
                        self.wfile.write(b"x")
                        self.wfile.flush()
                elif answer != "drop":
                    if isinstance(answer, float):
                        receiver.released.wait(answer)
                        answer = 200
                    status, headers = answer if isinstance(answer, tuple) else (answer, {})
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.end_headers()

            do_GET = do_POST

            def log_message(self, *args: Any) -> None: ...

            def handle(self) -> None:
                with suppress(OSError):
                    super().handle()

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}/hook"
        try:
            yield self
        finally:
            self.released.set()
            server.shutdown()
            server.server_close()
            thread.join()
