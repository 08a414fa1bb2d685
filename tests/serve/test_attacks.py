"""What a stranger may try: bodies without an end, requests that are none, names that lead elsewhere, hostile titles."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.serve.conftest import made_repository
from tests.serve.server import PATIENCE, Server, serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Checkout

GIGABYTE = 1 << 30


def reply(connection: socket.socket) -> bytes:
    """All that comes back until the server closes."""
    found = b""
    try:
        while part := connection.recv(1 << 16):
            found += part
    except OSError:
        pass
    connection.close()
    return found


def memory(server: Server) -> int:
    return int(psutil.Process(server.process.pid).memory_info().rss)


class TestBodies:
    @pytest.mark.parametrize("path", ["/api/v1/tasks", "/session", "/api/v1/runs", "/api/v1/tasks/one/note"])
    @pytest.mark.parametrize("chunked", [False, True], ids=["told", "chunked"])
    def test_one_of_a_gigabyte_is_refused_before_it_has_come(
        self, server: Server, path: str, chunked: bool
    ) -> None:
        before, sent = memory(server), 0
        how = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {GIGABYTE}"
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {server.token}\r\n"
            f"Content-Type: application/json\r\n{how}\r\n\r\n"
        )
        connection = server.raw(head.encode())
        block = b"x" * 65536
        part = b"10000\r\n" + block + b"\r\n" if chunked else block
        try:
            while sent < GIGABYTE:
                connection.sendall(part)
                sent += len(block)
        except OSError:
            pass  # it was closed
        answer = reply(connection)
        assert sent < 64 << 20, "it was read on"
        assert (
            not answer or b" 413 " in answer.splitlines()[0]
        )  # where it was closed with much unread, it is lost
        assert memory(server) - before < 20 << 20
        assert server.get("/health")["live"]

    def test_a_large_one_is_told_why(self, server: Server) -> None:
        for path in ("tasks", "/session", "tasks/one/note"):
            answer = server.ask("POST", path, b"x" * 300_000, token=True)
            assert (answer.status, answer.detail) == (413, "a body has at most 262144 bytes")

    @pytest.mark.parametrize(
        "told",
        ["Content-Length: -1", "Content-Length: x", "Content-Length: 9" + "9" * 30, "Transfer-Encoding: x"],
    )
    def test_a_length_that_is_none(self, server: Server, told: str) -> None:
        sent = f"POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {server.token}\r\n{told}\r\n\r\n"
        line = reply(server.raw(sent.encode())).split(b"\r\n")[0]
        assert re.match(rb"HTTP/1.1 (400|413|501) ", line), line

    def test_a_request_that_is_cut_off_changes_nothing(self, server: Server, shared: Checkout) -> None:
        before = shared.git("rev-parse", "HEAD"), shared.read("TODO.md")
        body = json.dumps({"text": "Cut off"}).encode()
        head = (
            f"POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {server.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode()
        for cut in (10, len(head) - 2, len(head), len(head) + len(body) - 1):
            connection = server.raw((head + body)[:cut])
            connection.shutdown(socket.SHUT_WR)
            reply(connection)
        assert server.get("/health")["live"]
        assert (shared.git("rev-parse", "HEAD"), shared.read("TODO.md")) == before

    def test_who_leaves_before_the_answer_is_out_has_changed_it_all_the_same(
        self, server: Server, shared: Checkout
    ) -> None:
        body = b'{"status": "done"}'
        head = (
            f"PATCH /api/v1/tasks/two HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {server.token}\r\nIf-Match: *\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode()
        server.raw(head + body).close()
        end = time.monotonic() + PATIENCE
        while b"- [x] Two" not in shared.head("TODO.md"):
            assert time.monotonic() < end
            time.sleep(0.05)
        assert shared.git("fsck", "--no-progress") == ""

    def test_one_that_does_not_come(self, tmp_path: Path) -> None:
        repo = made_repository(tmp_path / "r")
        with serving(
            repo.root, before="import mdtodo.serve.http.bodies as one; one.PATIENCE = 0.5"
        ) as server:
            connection = server.raw(
                f"POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {server.token}\r\n"
                "Content-Type: application/json\r\nContent-Length: 10\r\n\r\n{".encode()
            )
            assert reply(connection).startswith(b"HTTP/1.1 408 ")


class TestRequests:
    @pytest.mark.parametrize(
        "sent",
        [
            b"\r\n\r\n",
            b"GET\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"GET /api/v1/tasks HTTP/1.1\r\n\r\n",
            b"GET /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
            b"GET /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
            b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nX:\x00y\r\n\r\n",
            b"GET /api/v1/tasks HTTP/1.1\r\nHost : localhost\r\n\r\n",
            b"GET http://evil.example/api/v1/tasks HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        ],
        ids=range(11),
    )
    def test_what_is_none_is_refused(self, server: Server, sent: bytes) -> None:
        connection = server.raw(sent)
        connection.shutdown(socket.SHUT_WR)
        answer = reply(connection)
        assert not answer or re.match(rb"HTTP/1.1 (400|404|421|431) ", answer), answer[:200]
        assert b'"tasks":[' not in answer
        assert server.get("/health")["live"]

    def test_a_second_request_hidden_in_the_first_is_not_one(self, server: Server) -> None:
        """Two lengths, of which a proxy may believe the other one."""
        hidden = b"GET /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\n\r\n"
        sent = (
            b"POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"0\r\n\r\n" + hidden
        )
        connection = server.raw(sent)
        connection.shutdown(socket.SHUT_WR)
        assert b'"tasks":[' not in reply(connection)

    def test_connections_that_say_nothing_are_not_kept_for_ever(self, tmp_path: Path) -> None:
        repo = made_repository(tmp_path / "r")
        with serving(repo.root, before="import mdtodo.serve.connection as one; one.HEAD = 1.0") as server:
            silent, half = server.raw(b""), server.raw(b"GET /health HTTP/1.1\r\nHo")
            began = time.monotonic()
            assert reply(silent) == reply(half) == b""
            assert time.monotonic() - began < 20
            assert server.get("/health")["live"]

    def test_a_client_that_does_not_read_its_answer_is_left(self, tmp_path: Path) -> None:
        tasks = "".join(f"- [ ] Task {number} {'x' * 4000} id:t{number}\n" for number in range(2000))
        repo = made_repository(tmp_path / "r", **{"TODO.md": tasks})
        with serving(repo.root, before="import mdtodo.serve.connection as one; one.READ = 1.0") as server:
            deaf = server.raw(b"GET /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\n\r\n")
            process, end = psutil.Process(server.process.pid), time.monotonic() + PATIENCE
            assert deaf.recv(12) == b"HTTP/1.1 200"
            while any(one.status == "ESTABLISHED" for one in process.net_connections()):
                assert time.monotonic() < end
                time.sleep(0.2)
            assert len(reply(deaf)) < 8_000_000, "it had more to send"

    @pytest.mark.parametrize(
        "header",
        [
            "Authorization: Bearer ",
            "Authorization: Basic YTpi",
            "Authorization: Bearer \xff",
            "Cookie: =;;=",
            "Cookie: x",
        ],
    )
    def test_credentials_that_are_none(self, server: Server, header: str) -> None:
        sent = (
            f"DELETE /api/v1/tasks/one HTTP/1.1\r\nHost: localhost\r\n{header}\r\nConnection: close\r\n\r\n"
        )
        assert reply(server.raw(sent.encode("latin-1"))).startswith(b"HTTP/1.1 401 ")


class TestNames:
    @pytest.mark.parametrize(
        "path",
        [
            "/page/../../../../etc/passwd",
            "/page/..%2f..%2f..%2fserver.py",
            "/page/%2e%2e/server.py",
            "/page//etc/passwd",
            "/page/..\\..\\server.py",
            "/page/%00",
            "/../.git/config",
            "//etc/passwd",
            "/api/v1/tasks/..%2f..%2f.git%2fconfig/output",
            "/api/v1/tasks/%2e%2e/output",
            "/api/v1/tasks/*/output",
            "/api/v1/tasks/one/output?run=../../../../etc",
            "/api/v1/tasks/one/output?run=%00",
            "/api/v1/runs/..%2f..",
        ],
    )
    def test_what_leads_elsewhere_leads_nowhere(self, server: Server, path: str) -> None:
        connection = server.raw(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode("latin-1")
        )
        answer = reply(connection)
        assert re.match(rb"HTTP/1.1 (400|404|422) ", answer), answer[:300]
        assert b"root:" not in answer
        assert b"import" not in answer
        assert b"[core]" not in answer

    def test_no_answer_takes_a_line_break_into_its_headers(self, server: Server) -> None:
        split = "%0d%0aSet-Cookie:%20x=y"
        for path in (
            f"/?token={split}",
            f"/api/v1/tasks/{split}",
            f"/api/v1/tasks?sort={split}",
            f"/{split}",
        ):
            assert server.ask("GET", path).headers.get("set-cookie", "").startswith(("", "mdtodo"))
            assert "x=y" not in server.ask("GET", path).headers.get("set-cookie", "")
        made = server.ask("POST", "tasks", {"text": "Split id:a\u2028b%0d%0a"}, token=True)
        assert made.status in (201, 422)
        assert server.ask("POST", "/session", {"token": "x\r\nSet-Cookie: a=b"}).status == 401


HOSTILE = [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1) [link](javascript:alert(1))",
    "\x1b[31mred \x9b31m",
    "right\u202eleft \u2066 \ufeff",
    "data: x event: tasks id: 1 retry: 1",
    "😀 \U0001f9d1\u200d\U0001f4bb ﷽ Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞",
    "x" * 20_000,
]


def test_hostile_titles_stay_text(tmp_path: Path) -> None:
    tasks = "".join(f"- [ ] {title} id:h{number}\n" for number, title in enumerate(HOSTILE))
    repo = made_repository(tmp_path / "<b>shop<b>", **{"TODO.md": tasks})
    repo.write("t\udcffodo\n/TODO.md", "- [ ] odd\n")
    with serving(repo.root) as server:
        with server.events() as events:
            events.next("hello")
            repo.write("TODO.md", tasks.replace("- [ ]", "- [x]"))
            told = {one["id"]: one for one in events.next("tasks").data["changed"]}
        answer = server.ask("GET", "tasks")
        assert answer.headers["content-type"] == "application/json"
        listed = {one["id"]: one for one in answer.json["tasks"]}
        for number, title in enumerate(HOSTILE):
            assert listed[f"h{number}"]["title"] == title
            assert told[f"h{number}"]["title"] == title
        (odd,) = [one for one in answer.json["tasks"] if one["title"] == "odd"]
        assert odd["file"].endswith("odo\n/TODO.md")
        for number in range(len(HOSTILE)):
            word = server.word(f"h{number}", "todo")
            assert word.status == 200, word
            noted = server.ask("POST", f"tasks/h{number}/note", {"text": HOSTILE[number]}, token=True)
            assert noted.status == 200, noted
        assert server.get("receipts?limit=1000")["receipts"]


def test_one_repository_in_hand_by_many_at_once(server: Server, shared: Checkout) -> None:
    """Readers, writers, and a person with an editor: each answer is one of the described, and nothing is lost."""
    answers: list[int] = []

    def write(number: int) -> None:
        made = server.ask("POST", "tasks", {"text": f"Many {number}", "section": "Later"}, token=True)
        answers.append(made.status)

    def read(_: int) -> None:
        answers.append(server.ask("GET", "tasks").status)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8) for work in (write, read)]
    for one in threads:
        one.start()
    for turn in range(5):
        shared.write("notes.txt", str(turn))
        time.sleep(0.05)
    for one in threads:
        one.join()
    assert sorted(answers) == [200] * 8 + [201] * 8
    titles = [one["title"] for one in server.get("tasks")["tasks"]]
    assert {f"Many {number}" for number in range(8)} <= set(titles)
    assert all(shared.head("TODO.md").count(b"Many %d\n" % number) == 1 for number in range(8))
    assert shared.git("fsck", "--no-progress") == ""
