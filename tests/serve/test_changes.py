"""A person's word over HTTP: the same as the command's, a commit with a receipt by whom the token speaks for."""

from __future__ import annotations

import json
import re
import threading
from typing import TYPE_CHECKING

import pytest

from tests.serve.conftest import made_repository
from tests.serve.server import serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.command_line import Said
    from tests.conftest import Checkout
    from tests.serve.server import Server

    Mdtodo = Callable[..., Said]


def trailer(repo: Checkout, task: str) -> str:
    """The receipt of the task in the newest commit."""
    found = [
        line for line in repo.git("log", "-1", "--format=%B").splitlines() if f"Mdtodo-Task: {task} " in line
    ]
    assert len(found) == 1, found
    return found[0]


class TestStatus:
    def test_a_box_is_ticked_opened_and_cancelled(self, server: Server, shared: Checkout) -> None:
        answer = server.word("one", "done", If_Match=server.etag("one"))
        assert answer.status == 200, answer
        (task,) = answer.json["tasks"]
        assert (task["status"], task["etag"]) == ("done", answer.headers["etag"])
        assert answer.json["commits"] == [shared.git("rev-parse", "HEAD")]
        assert " done person " in trailer(shared, "one")
        assert "by=ada@example.com" in trailer(shared, "one"), "the server's own token speaks for git's user"
        assert server.word("one", "todo", If_Match=task["etag"]).json["tasks"][0]["state"] == "manual"
        assert shared.git("log", "-1", "--format=%s") == "todo: reopened: One"
        gone = server.ask("DELETE", "tasks/one", If_Match=server.etag("one"), token=True)
        assert gone.json["tasks"][0]["status"] == "cancelled"
        assert b"- [-] One id:one" in shared.read("TODO.md") == shared.head("TODO.md")

    def test_what_a_person_has_changed_meanwhile_stays_theirs(self, server: Server, shared: Checkout) -> None:
        text = shared.read("TODO.md")
        shared.write("TODO.md", text + b"\nmine, and not committed\n")
        try:
            assert server.word("two", "done").status == 200
            assert shared.read("TODO.md").endswith(b"\nmine, and not committed\n")
            assert b"mine" not in shared.head("TODO.md")
        finally:
            shared.write("TODO.md", shared.head("TODO.md"))

    def test_a_change_is_of_the_version_that_was_seen(self, server: Server, shared: Checkout) -> None:
        seen, before = server.etag("three"), shared.git("rev-parse", "HEAD")
        lacking = server.ask("PATCH", "tasks/three", {"status": "done"}, token=True)
        assert (lacking.status, shared.git("rev-parse", "HEAD")) == (428, before)
        assert "If-Match" in lacking.detail
        assert server.ask("DELETE", "tasks/three", token=True).status == 428
        assert server.word("three", "done", If_Match='"another"').status == 412
        assert server.word("three", "done", If_Match=f"W/{seen}").status == 412, "a weak tag fits no change"
        assert shared.git("rev-parse", "HEAD") == before
        assert server.word("three", "done", If_Match=f'"another", {seen}').status == 200
        stale = server.word("three", "todo", If_Match=seen)
        assert (stale.status, stale.json["etag"]) == (412, server.etag("three"))
        assert "has changed since" in stale.detail

    def test_of_two_writers_with_the_same_version_one_wins(self, server: Server, shared: Checkout) -> None:
        seen, answers = server.etag("four"), []
        before = shared.commits()
        words = ["done", "cancelled"] * 4
        threads = [
            threading.Thread(
                target=lambda word=word: answers.append(server.word("four", word, If_Match=seen))
            )
            for word in words
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert sorted(one.status for one in answers) == [200] + [412] * 7
        assert shared.commits() == before + 1

    @pytest.mark.parametrize(
        ("task", "body", "status", "sentence"),
        [
            ("tell", {"status": "done"}, 409, "waits for"),
            ("nothing", {"status": "done"}, 404, "no task has the id 'nothing'"),
            ("five", {"status": "finished"}, 422, "status 'finished' is none: done, todo, cancelled"),
            ("five", {"status": "doing"}, 422, "status 'doing' is none"),
            ("five", {}, 422, "the field 'status' is needed"),
            ("five", {"status": 1}, 422, "status is a text"),
            ("five", {"status": "done", "token": "1"}, 422, "token is a whole number"),
            ("five", {"status": "done", "token": True}, 422, "token is a whole number"),
            ("five", {"status": "done", "token": 10**30}, 422, "token is too large"),
            ("five", {"status": "done", "token": 5}, 409, "is not claimed with the token 5"),
            ("five", {"staus": "done"}, 422, "unknown field 'staus' (did you mean \"status\"?)"),
            ("five", [], 422, "the body must be a JSON object"),
            ("five", b"{", 400, "the body is no JSON"),
            ("five", b"\xff\xfe", 400, "the body is no JSON"),
            ("five", b"[" * 100_000, 400, "the body is no JSON"),
        ],
    )
    def test_what_is_refused_changes_nothing(
        self, server: Server, shared: Checkout, task: str, body: object, status: int, sentence: str
    ) -> None:
        before = shared.git("rev-parse", "HEAD"), shared.read("TODO.md")
        answer = server.ask("PATCH", f"tasks/{task}", body, token=True, If_Match="*")
        assert answer.status == status, answer
        assert sentence in answer.detail
        assert (shared.git("rev-parse", "HEAD"), shared.read("TODO.md")) == before

    def test_a_body_of_another_type_is_refused(self, server: Server) -> None:
        answer = server.ask(
            "PATCH", "tasks/five", b"status=done", token=True, If_Match="*", Content_Type="text/plain"
        )
        assert (answer.status, answer.detail) == (415, "the body must be application/json")


class TestAdd:
    def test_a_task_is_added_and_committed_alone(self, server: Server, shared: Checkout) -> None:
        shared.write("TODO.md", shared.read("TODO.md").replace(b"# Release", b"# Release 2"))
        try:
            answer = server.ask("POST", "tasks", {"text": "Sell it !high", "section": "Later"}, token=True)
            assert answer.status == 201, answer
            (task,) = answer.json["tasks"]
            assert (task["title"], task["priority"], task["section"][-1]) == ("Sell it", "high", "Later")
            assert answer.headers["location"] == f"/api/v1/tasks/{task['id']}"
            assert server.get(answer.headers["location"])["tasks"] == [task]
            assert shared.git("show", "--format=%s", "-U0").splitlines()[0] == "todo: added: Sell it"
            assert "by=ada@example.com" in trailer(shared, task["id"])
            assert b"Release 2" in shared.read("TODO.md")
            assert b"Release 2" not in shared.head("TODO.md")
        finally:
            shared.write("TODO.md", shared.head("TODO.md"))

    def test_below_a_task_and_twice_the_same(self, server: Server, shared: Checkout) -> None:
        first, second = (
            server.ask("POST", "tasks", {"text": "Ask them", "under": "eight"}, token=True) for _ in range(2)
        )
        assert first.json["tasks"][0]["parent"] == "eight"
        ids = server.get("tasks/eight")["tasks"][0]["children"]
        assert len(ids) == 2
        assert ids[1] == second.json["tasks"][0]["id"]
        assert len(first.json["commits"]) == 1
        assert second.json["commits"] == [], "where a commit could not tell it from the other one"
        assert second.json["messages"]
        assert shared.read("TODO.md").count(b"  - [ ] Ask them\n") == 2

    def test_in_a_new_file(self, server: Server, shared: Checkout) -> None:
        answer = server.ask("POST", "tasks", {"text": "Pack", "file": "todo/packing.md"}, token=True)
        assert (answer.status, answer.json["commits"]) == (201, [])
        assert shared.read("todo/packing.md") == b"# TODO\n\n- [ ] Pack\n"

    @pytest.mark.parametrize(
        ("body", "sentence"),
        [
            ({}, "the field 'text' is needed"),
            ({"text": "   "}, "a task needs some text"),
            ({"text": "one\n- [x] two"}, "a task is one line"),
            ({"text": "one\r- [x] two"}, "a task is one line"),
            ({"text": "nul \0"}, "text has a character that no text has"),
            ({"text": "half \ud800"}, "text has a character that no text has"),
            ({"text": "x", "under": "nothing"}, "under: no task has the id 'nothing'"),
            ({"text": "x", "section": "Nowhere"}, "Nowhere"),
            ({"text": "x id:one"}, "the id 'one' is taken"),
            ({"text": "x due:someday"}, "someday"),
            ({"text": "x", "file": "../out.md"}, "outside the work tree"),
            ({"text": "x", "file": "/etc/passwd"}, "outside the work tree"),
            ({"text": "x", "file": ".git/hooks/TODO.md"}, "outside the work tree"),
        ],
    )
    def test_what_is_no_task_is_refused(
        self, server: Server, shared: Checkout, body: object, sentence: str
    ) -> None:
        before = shared.git("rev-parse", "HEAD"), shared.read("TODO.md")
        answer = server.ask("POST", "tasks", body, token=True)
        assert answer.status == 422, answer
        assert sentence in answer.detail
        assert (shared.git("rev-parse", "HEAD"), shared.read("TODO.md")) == before


class TestClaims:
    def test_a_claim_is_renewed_finished_and_given_back(self, server: Server, shared: Checkout) -> None:
        held = server.ask("POST", "tasks/six/claim", {"name": "bot"}, token=True).json
        assert held["id"] == "six"
        assert "worker=bot" in trailer(shared, "six")
        (task,) = server.get("tasks/six")["tasks"]
        assert (task["status"], task["claim"]["worker"]) == ("doing", "bot")
        refused = server.ask("POST", "tasks/six/claim", {"name": "other"}, token=True)
        assert refused.status == 409
        assert "bot has it" in refused.detail
        assert "claimed by bot" in server.word("six", "cancelled").detail
        renewed = server.ask("POST", "tasks/six/claim", {"token": held["token"]}, token=True).json
        assert (renewed["token"], renewed["expires"] >= held["expires"]) == (held["token"], True)
        assert server.ask("POST", "tasks/six/release", {"token": held["token"] + 1}, token=True).status == 409
        assert server.ask("POST", "tasks/six/release", {}, token=True).status == 422
        given = server.ask("POST", "tasks/six/release", {"token": held["token"]}, token=True).json
        assert given["released"] is True
        assert server.get("tasks/six")["tasks"][0]["status"] == "todo"

    def test_who_has_claimed_it_finishes_it(self, server: Server) -> None:
        token = server.ask("POST", "tasks/seven/claim", {"name": "bot"}, token=True).json["token"]
        body = {"status": "done", "token": token}
        assert server.ask("PATCH", "tasks/seven", body, token=True, If_Match="*").status == 200
        assert server.get("tasks/seven")["tasks"][0]["claim"] is None

    @pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "a b"}, {"name": "x" * 1000 + "\n"}])
    def test_a_claim_needs_a_name(self, server: Server, body: object) -> None:
        assert server.ask("POST", "tasks/five/claim", body, token=True).status == 422


class TestNotesAndExpansion:
    def test_a_note(self, server: Server, shared: Checkout) -> None:
        hostile = "- [x] done\n# heading <script>alert(1)</script>"
        answer = server.ask("POST", "tasks/epic/note", {"text": hostile}, token=True)
        assert answer.status == 200, answer
        assert "<script>" in answer.json["tasks"][0]["body"]
        assert len(answer.json["commits"]) == 1
        assert " noted person " in trailer(shared, "epic")
        again = server.ask("POST", "tasks/epic/note", {"text": hostile}, token=True)
        assert again.json["commits"] == [], "it has that note already"
        assert all(one["title"] != "done" for one in server.get("tasks")["tasks"])

    def test_an_expansion(self, server: Server) -> None:
        unknown = server.ask("POST", "tasks/epic/expand", {"pattern": "imlement"}, token=True)
        assert (unknown.status, "implement" in unknown.detail) == (422, True)
        answer = server.ask("POST", "tasks/epic/expand", {"pattern": "implement"}, token=True)
        assert answer.status == 200, answer
        assert len(answer.json["tasks"][0]["children"]) == 6
        assert len(answer.json["commits"]) == 1
        again = server.ask("POST", "tasks/epic/expand", token=True)
        assert (again.status, "has subtasks already" in again.detail) == (409, True)


def test_a_change_is_in_the_log_of_the_server(server: Server) -> None:
    server.ask("POST", "tasks/five/note", {"text": "for the log"}, token=True)
    lines = server.get("logs")["lines"]
    found = [one for one in lines if one["event"] == "changed" and one["path"] == "/api/v1/tasks/five/note"]
    assert [(one["method"], one["token"]) for one in found] == [("POST", "link")]
    assert server.token not in json.dumps(lines)
    assert server.get(f"logs?after={lines[-1]['number']}")["lines"] == []


def test_nothing_is_committed_in_the_middle_of_a_merge(server: Server, shared: Checkout) -> None:
    (shared.root / ".git" / "MERGE_HEAD").write_text(shared.git("rev-parse", "HEAD") + "\n")
    try:
        answer = server.word("five", "done")
        assert (answer.status, "a merge is in progress" in answer.detail) == (409, True)
    finally:
        (shared.root / ".git" / "MERGE_HEAD").unlink()
    assert server.word("five", "done").status == 200


def test_where_nothing_is_to_be_committed_a_word_ticks_the_box_alone(tmp_path: Path) -> None:
    repo = made_repository(
        tmp_path / "r", **{".mdtodo.toml": 'commit = "none"\n[processors.good]\nrun = "true"\n'}
    )
    with serving(repo.root) as server:
        assert server.word("one", "done").json["commits"] == []
        assert repo.status() == [" M TODO.md"]


def test_in_strict_mode_a_word_is_no_proof(tmp_path: Path) -> None:
    config = 'proof = "strict"\n[processors.good]\nrun = "true"\n'
    repo = made_repository(
        tmp_path / "r", **{".mdtodo.toml": config, "TODO.md": "- [ ] One id:one run:good\n"}
    )
    with serving(repo.root) as server:
        answer = server.word("one", "done")
        assert (answer.status, bool(re.search("is for its processor good to prove", answer.detail))) == (
            409,
            True,
        )
