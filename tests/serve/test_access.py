"""Who may ask, and for what: tokens, the page's cookie, Host and Origin."""

from __future__ import annotations

import http.client
import re
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.serve.conftest import made_repository
from tests.serve.server import Answer, Server, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]

CHANGES = [
    ("POST", "tasks"),
    ("PATCH", "tasks/one"),
    ("DELETE", "tasks/one"),
    *(("POST", f"tasks/one/{what}") for what in ("claim", "release", "note", "expand")),
    ("POST", "runs"),
    ("DELETE", "runs/x"),
]
READS = [
    "tasks",
    "tasks/one",
    "next",
    "plan",
    "status",
    "stats",
    "receipts",
    "runs",
    "findings",
    "projects",
    "events",
]


def cookie_of(answer: Answer) -> str:
    return answer.headers["set-cookie"].partition(";")[0]


def own_token(inside: Mdtodo, file: Path, *options: str) -> str:
    return inside("serve", "token", "add", "ann@example.org", "--tokens", str(file), *options).out.strip()


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that others could reach."""
    repo = made_repository(tmp_path_factory.mktemp("served") / "shop")
    with serving(repo.root, "--host", "0.0.0.0", "--allow-runs") as begun:
        yield begun


class TestTokens:
    @pytest.mark.parametrize(("method", "path"), CHANGES)
    def test_a_change_needs_a_token(self, server: Server, method: str, path: str) -> None:
        answer = server.ask(method, path, {}, If_Match="*")
        assert (answer.status, answer.detail) == (401, "this needs a token")
        assert answer.headers["www-authenticate"].startswith("Bearer")

    @pytest.mark.parametrize(
        "path",
        [
            *(f"/api/v1/{one}" for one in READS),
            "/",
            "/?xtoken=1",
            "/page/x",
            "/session",
            "/healthy",
            "/nothing",
        ],
    )
    def test_on_an_address_that_others_reach_everything_does(self, everywhere: Server, path: str) -> None:
        assert everywhere.ask("GET", path).status == 401

    def test_being_alive_needs_no_token(self, everywhere: Server) -> None:
        assert everywhere.get("/health")["live"] is True

    def test_with_it_everything_is_there(self, everywhere: Server) -> None:
        assert everywhere.get("tasks", token=True)["tasks"]
        assert everywhere.word("one", "done").status == 200

    def test_the_person_who_opens_the_page_without_it_can_sign_in(self, everywhere: Server) -> None:
        answer = everywhere.ask("GET", "/")
        assert answer.headers["content-type"].startswith("text/html")
        assert b'<form method="post" action="/session">' in answer.body
        assert b"<script" not in answer.body
        form = f"token={everywhere.token}".encode()
        signed = everywhere.ask("POST", "/session", form, Content_Type="application/x-www-form-urlencoded")
        assert (signed.status, signed.headers["location"]) == (303, "/")
        assert everywhere.get("tasks", Cookie=cookie_of(signed))["tasks"]

    def test_a_token_of_the_environment(self, tmp_path: Path) -> None:
        repo = made_repository(tmp_path / "shop", **{".mdtodo.toml": '[processors.p]\nrun = "env"\n'})
        repo.commit("Told", **{"TODO.md": "- [ ] One id:one run:p\n"})
        with serving(repo.root, "--allow-runs", env={"MDTODO_SERVE_TOKEN": "a-long-word-of-mine"}) as server:
            assert server.token == "", "it is not printed"
            assert server.get("/session", token="a-long-word-of-mine")["token"] == "MDTODO_SERVE_TOKEN"
            run = server.ask("POST", "runs", {}, token="a-long-word-of-mine").json["run"]
            while server.get(f"runs/{run}")["state"] == "running":
                time.sleep(0.05)
            assert b"a-long-word" not in server.ask("GET", "tasks/one/output").body, "no processor finds it"

    def test_too_many_wrong_ones_are_answered_no_more(self, tmp_path: Path) -> None:
        repo = made_repository(tmp_path / "shop")
        with serving(repo.root) as server:
            answers = [server.ask("GET", "tasks", token=f"guess-{number}") for number in range(12)]
            assert [one.status for one in answers] == [401] * 10 + [429] * 2
            assert 0 < int(answers[-1].headers["retry-after"]) < 60
            assert server.word("one", "done").status == 429, "nobody learns whether it was right"
            assert server.get("tasks")["tasks"], "without a token nothing is guessed"
            stale = server.ask("GET", "tasks", Cookie=f"mdtodo_{server.port}=old")
            assert stale.status == 200


class TestTokenFile:
    def test_what_a_token_may_and_for_whom_it_speaks(self, tmp_path: Path, inside: Mdtodo) -> None:
        repo, file = made_repository(tmp_path / "shop"), tmp_path / "t" / "tokens.toml"
        reads = own_token(inside, file, "--may", "read", "--name", "reads")
        words = own_token(inside, file, "--may", "word", "--name", "words")
        runs = own_token(inside, file, "--may", "run,read", "--name", "runs", "--expires", "1h")
        text = file.read_text()
        assert not any(one in text or one[7:] in text for one in (reads, words, runs))
        assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
        with serving(repo.root, "--tokens", str(file), "--allow-runs", "--host", "0.0.0.0") as server:
            assert server.token == ""
            assert server.get("/session", token=reads) == {
                "token": "reads",
                "email": "ann@example.org",
                "may": ["read"],
                "runs_allowed": True,
            }
            for token, path, missing in ((reads, "one/note", "word"), (runs, "one/note", "word")):
                answer = server.ask("POST", f"tasks/{path}", {"text": "x"}, token=token)
                assert (answer.status, answer.json["missing"]) == (403, missing)
                assert "may not 'word'" in answer.detail
            assert server.ask("GET", "tasks", token=words).json["missing"] == "read"
            assert server.ask("POST", "runs", {"ids": ["one"]}, token=reads).json["missing"] == "run"
            assert server.ask("POST", "runs", {"ids": ["one"]}, token=runs).status == 202
            repo.git("config", "user.email", "server@example.org")
        with serving(repo.root, "--tokens", str(file)) as server:
            assert server.word("two", "done", token=words).status == 200, "here anybody may read"
        log = repo.git("log", "-1", "--format=%ce%n%B")
        assert log.startswith("server@example.org\n")
        assert "Mdtodo-Task: two done person" in log
        assert "by=ann@example.org" in log

    def test_one_is_revoked_added_and_ends_without_a_restart(self, tmp_path: Path, inside: Mdtodo) -> None:
        repo, file = made_repository(tmp_path / "shop"), tmp_path / "tokens.toml"
        first = own_token(inside, file)
        with serving(repo.root, "--tokens", str(file)) as server:
            assert server.get("/session", token=first)["token"] == "ann"
            end = time.monotonic() + 5
            short = own_token(inside, file, "--expires", "5s", "--name", "short")
            status = server.ask("GET", "/session", token=short).status
            assert status == 200 or time.monotonic() > end
            second = own_token(inside, file)
            assert server.get("/session", token=second)["token"] == "ann-2"
            assert inside("serve", "token", "revoke", "ann", "--tokens", str(file)).out == "ann  revoked\n"
            assert server.ask("GET", "/session", token=first).status == 401
            assert server.ask("GET", "/session", token=second).status == 200
            time.sleep(max(end + 1 - time.monotonic(), 0))
            gone = server.ask("GET", "/session", token=short)
            assert (gone.status, gone.detail) == (401, "this token is not known, or has ended")
            listed = inside("serve", "token", "list", "--tokens", str(file)).out
            assert re.search(r"^ann-2 +ann@example.org +read,word +never$", listed, re.M)
            assert re.search(r"^short +ann@example.org +read,word +ended$", listed, re.M)
            file.chmod(0o644)
            assert server.ask("GET", "/session", token=second).status == 401, "others can read it now"
            file.chmod(0o600)
            assert server.ask("GET", "/session", token=second).status == 200
            file.unlink()
            assert server.ask("GET", "/session", token=second).status == 401

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("[", "the tokens cannot be read"),
            ("[tool.mdtodo.serve]\ntokens = 1\n", "must be a table for each token"),
            ("[tool.mdtodo.serve.tokens]\na = 1\n", "tool.mdtodo.serve.tokens.a must be a table"),
            ("[tool.mdtodo.serve.tokens.a]\nhas = 1\n", "unknown key 'has' (did you mean \"hash\"?)"),
            (
                '[tool.mdtodo.serve.tokens.a]\nhash = "plain"\n',
                "hash must be as `mdtodo serve token add` writes it",
            ),
            (
                f'[tool.mdtodo.serve.tokens.a]\nhash = "sha256:{"0" * 64}"\nemail = "a b@c"\nmay = []\n',
                "email must be the e-mail address",
            ),
            (
                f'[tool.mdtodo.serve.tokens.a]\nhash = "sha256:{"0" * 64}"\nemail = "a@b"\nmay = ["all"]\n',
                "may must be a list of read, word, run",
            ),
            (
                f'[tool.mdtodo.serve.tokens.a]\nhash = "sha256:{"0" * 64}"\nemail = "a@b"\nmay = []\nexpires = "x"\n',
                "expires must be a date with a time",
            ),
        ],
    )
    def test_a_file_that_is_none_stops_the_start(
        self, tmp_path: Path, repo: Checkout, inside: Mdtodo, text: str, sentence: str
    ) -> None:
        file = tmp_path / "tokens.toml"
        file.write_text(text)
        file.chmod(0o600)
        said = inside("-C", str(repo.root), "serve", "--tokens", str(file), code=3)
        assert sentence in said.err

    def test_one_that_others_can_read_or_that_is_in_a_repository(
        self, tmp_path: Path, repo: Checkout, inside: Mdtodo
    ) -> None:
        file = tmp_path / "tokens.toml"
        own_token(inside, file)
        file.chmod(0o640)
        for command in (["serve"], ["serve", "token", "add", "a@b.c"], ["serve", "token", "list"]):
            said = inside("-C", str(repo.root), *command, "--tokens", str(file), code=3)
            assert "the file's mode is 0640" in said.err
            assert f"chmod 600 {file}" in said.err
        within = repo.root / "tokens.toml"
        said = inside("serve", "token", "add", "a@b.c", "--tokens", str(within), code=2)
        assert "keep tokens outside of repositories" in said.err
        file.chmod(0o600)
        file.rename(within)
        said = inside("-C", str(repo.root), "serve", "--tokens", str(within), code=2)
        assert "keep tokens outside of repositories" in said.err

    @pytest.mark.parametrize(
        ("args", "sentence"),
        [
            (["add", "nobody"], "'nobody' is no e-mail address"),
            (["add", "a@b c"], "is no e-mail address"),
            (["add", "a@b.c", "--may", "all"], "--may 'all' is none of read, word, run"),
            (["add", "a@b.c", "--expires", "soon"], "--expires 'soon' is no date"),
            (["add", "a@b.c", "--expires", "2001-01-01"], "is over already"),
            (["add", "a@b.c", "--expires", "9999-06-01"], "too far away"),
            (["add", "a@b.c", "--name", "../x"], "'../x' is no name"),
            (["add", "a@b.c", "--name", "ann"], "there is a token 'ann' already"),
            (["revoke", "an"], "there is no token 'an' (did you mean \"ann\"?)"),
        ],
    )
    def test_what_is_no_token(self, tmp_path: Path, inside: Mdtodo, args: list[str], sentence: str) -> None:
        file = tmp_path / "tokens.toml"
        own_token(inside, file)
        before = file.read_bytes()
        said = inside("serve", "token", *args, "--tokens", str(file), code=2)
        assert sentence in said.err
        assert file.read_bytes() == before


class TestPage:
    def test_the_link_gives_a_cookie_that_scripts_and_other_sites_do_not_get(self, server: Server) -> None:
        answer = server.ask("GET", f"/?token={server.token}")
        assert (answer.status, answer.headers["location"], answer.headers["cache-control"]) == (
            303,
            "/",
            "no-store",
        )
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith(f"mdtodo_{server.port}=")
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
        told = server.get("/session", Cookie=cookie_of(answer))
        assert told == {"token": "link", "email": None, "may": ["read", "word", "run"], "runs_allowed": True}
        assert server.get("/session")["may"] == ["read"]
        wrong = server.ask("GET", "/?token=%3Cscript%3E")
        assert (wrong.status, b"<script>" in wrong.body, "set-cookie" in wrong.headers) == (401, False, False)

    def test_a_page_signs_in_and_out(self, server: Server) -> None:
        answer = server.ask("POST", "/session", {"token": server.token})
        assert (answer.status, answer.body) == (204, b"")
        out = server.ask("DELETE", "/session")
        assert out.status == 204
        assert "Max-Age=0" in out.headers["set-cookie"]
        assert server.ask("POST", "/session", {"token": "wrong"}).status == 401
        assert server.ask("POST", "/session", {}).status == 422

    def test_with_the_cookie_its_own_page_changes_something_and_no_other_one(self, server: Server) -> None:
        cookie = f"mdtodo_{server.port}={server.token}"
        told = {"Cookie": cookie, "If_Match": "*", "token": False}
        refused = server.word("two", "done", **told)
        assert (refused.status, "Origin" in refused.detail) == (403, True)
        assert server.word("two", "done", **told, Origin="https://evil.example").status == 403
        assert server.word("two", "done", **told, Origin="null").status == 403
        assert server.word("two", "done", **told, Sec_Fetch_Site="cross-site").status == 403
        assert server.word("two", "done", **told, Origin=server.origin).status == 200
        assert server.word("two", "todo", **told, Sec_Fetch_Site="same-origin").status == 200

    def test_a_cookie_of_what_has_ended_is_taken_away(self, server: Server) -> None:
        answer = server.word(
            "one", "done", token=False, Cookie=f"mdtodo_{server.port}=old", Origin=server.origin
        )
        assert (answer.status, "Max-Age=0" in answer.headers["set-cookie"]) == (401, True)

    @pytest.mark.parametrize("path", ["/", "/page/app.js", "tasks", "/nothing", "/health"])
    def test_every_answer_forbids_inline_scripts_and_other_hosts(self, server: Server, path: str) -> None:
        headers = server.ask("GET", path).headers
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers
        assert "server" not in headers


class TestHosts:
    @pytest.mark.parametrize(
        "host",
        [
            "evil.example",
            "127.0.0.1.evil.example",
            "evil.example:80",
            "localhost.evil.example",
            "a@b",
            "",
            "[::1",
            "x y",
        ],
    )
    def test_a_name_that_is_not_its_own_is_refused(self, server: Server, host: str) -> None:
        answer = server.ask("GET", "tasks", Host=host)
        assert answer.status in (400, 421), answer
        assert b"tasks" not in answer.body

    @pytest.mark.parametrize(
        "host", ["localhost", "127.0.0.1", "[::1]:8765", "LOCALHOST:1", "192.0.2.1", "localhost."]
    )
    def test_addresses_and_this_machine_are(self, server: Server, host: str) -> None:
        assert server.ask("GET", "tasks", Host=host).status == 200

    def test_names_that_are_told_it(self, tmp_path: Path) -> None:
        repo = made_repository(tmp_path / "shop")
        with serving(repo.root, "--allowed-host", "todo.example.org") as server:
            assert server.ask("GET", "tasks", Host="todo.example.org").status == 200
            assert (
                server.ask("GET", "tasks", Host="todo.example.org", Origin="https://todo.example.org").status
                == 200
            )
            assert server.ask("GET", "tasks", Host="example.org").status == 421

    @pytest.mark.parametrize(
        "origin",
        ["http://evil.example", "null", "http://127.0.0.1:1", "file://", "http://127.0.0.1.evil.example"],
    )
    def test_a_page_of_another_host_or_port_is_refused(self, server: Server, origin: str) -> None:
        for method, path in (("GET", "tasks"), ("GET", "events"), ("POST", "tasks"), ("OPTIONS", "tasks")):
            answer = server.ask(method, path, token=True, Origin=origin)
            assert (answer.status, "may not ask" in answer.detail) == (403, True)


class TestStart:
    def test_a_port_in_use(self, repo: Checkout, inside: Mdtodo) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            said = inside("-C", str(repo.root), "serve", "--port", str(taken.getsockname()[1]), code=3)
        assert "is in use by another program" in said.err
        assert "--port" in said.err

    @pytest.mark.parametrize(
        ("args", "code", "sentence"),
        [
            (["--repo", "nowhere"], 2, "nowhere: no such folder"),
            (["--repo", ".", "--repo", "."], 2, "named twice"),
            (["--host", "999.1.1.1"], 2, "is no address"),
            (["--host", "192.0.2.1"], 3, "cannot listen on 192.0.2.1"),
            (["--keyfile", "x"], 2, "--keyfile needs --certfile"),
            (["--certfile", "nowhere.pem", "--port", "0"], 2, "--certfile"),
            (["--certfile", "TODO.md", "--port", "0"], 2, "--certfile"),
            (["--tokens", "nowhere.toml"], 2, "keep tokens outside"),
            (["--projects"], 2, "has no [projects]"),
        ],
    )
    def test_what_cannot_be_served(
        self, repo: Checkout, inside: Mdtodo, args: list[str], code: int, sentence: str
    ) -> None:
        repo.commit("Base", **{"TODO.md": "- [ ] One\n"})
        said = inside("-C", str(repo.root), "serve", *args, code=code)
        assert sentence in said.err

    def test_without_its_packages(self, repo: Checkout) -> None:
        code = "import sys; sys.modules['starlette'] = None\nfrom mdtodo.cli import main\nmain({})"
        done = subprocess.run(
            [sys.executable, "-c", code.format("['serve']")],
            cwd=repo.root,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 3
        assert "pip install 'git-mdtodo[serve]'" in done.stderr
        listed = [sys.executable, "-c", code.format("['serve', 'token', 'list']")]
        assert subprocess.run(listed, cwd=repo.root, capture_output=True, check=False).returncode == 0

    def test_outside_of_a_repository(self, tmp_path: Path, inside: Mdtodo) -> None:
        said = inside("serve", cwd=tmp_path, code=3)
        assert "repository" in said.err

    @pytest.mark.parametrize("token", ["short", "a blank is in this one", 'quoted"quoted"quoted'])
    def test_a_word_that_is_no_token(
        self, repo: Checkout, inside: Mdtodo, monkeypatch: pytest.MonkeyPatch, token: str
    ) -> None:
        monkeypatch.setenv("MDTODO_SERVE_TOKEN", token)
        assert "MDTODO_SERVE_TOKEN" in inside("-C", str(repo.root), "serve", code=2).err

    def test_https(self, tmp_path: Path) -> None:
        import trustme

        repo = made_repository(tmp_path / "shop")
        made = trustme.CA().issue_cert("localhost")
        made.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "both.pem"))
        with serving(repo.root, "--certfile", str(tmp_path / "both.pem")) as server:
            assert server.scheme == "https"
            answer = server.ask("GET", f"/?token={server.token}")
            assert "; Secure" in answer.headers["set-cookie"]
            assert server.word("one", "done").status == 200
            plain = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
            plain.request("GET", "/health")
            with pytest.raises((http.client.HTTPException, OSError)):
                plain.getresponse()
            plain.close()
            assert server.get("/health")["live"] is True
