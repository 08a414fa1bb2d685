"""Messages of runs, sent to a server that fails, hangs, redirects and repeats: the run ends as it would without."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
import standardwebhooks

from mdtodo.git.repository import discover
from mdtodo.notify import sender, webhook
from mdtodo.notify.destinations import destinations
from mdtodo.notify.outbox import Outbox, Waiting
from mdtodo.notify.sender import Sender
from tests.notify.server import Receiver
from tests.processes import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.command_line import Said
    from tests.conftest import Checkout

    Call = Callable[..., Said]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TODO = "- [ ] Build it id:build run:ok\n- [ ] Test it id:test run:bad\n- [ ] Read it id:read after:build\n"
EVENTS = '"failed", "gave_up", "manual_ready", "run"'


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine may be busy: the end of a run waits longer, unless a server is meant to hang."""
    monkeypatch.setattr(sender, "GRACE", 50.0)
    monkeypatch.setenv("no_proxy", "*")


def config(url: str, on: str = EVENTS, more: str = "") -> str:
    return (
        f'max_failures = 2\n[notify]\nwebhook = "{url}"\non = [{on}]\n{more}\n[processors.ok]\nrun = "true"\n'
        '[processors.bad]\nrun = "echo the password is hunter2; exit 3"\n'
        '[processors.slow]\nrun = "touch ../began; while [ ! -e ../go ]; do sleep 0.02; done; exit 1"\n'
    )


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().listening() as it:
        yield it


def prepare(repo: Checkout, url: str, todo: str = TODO, **more: str) -> None:
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": config(url, **more)})


def folder(repo: Checkout) -> Path:
    return repo.root / ".git" / "mdtodo" / "messages"


def left(repo: Checkout) -> list[Waiting]:
    return Outbox(discover(str(repo.root))).waiting()


class TestWhatIsSent:
    def test_each_event_has_its_message_and_no_output(
        self, repo: Checkout, inside: Call, receiver: Receiver
    ) -> None:
        prepare(repo, receiver.url)
        inside("run", code=1)
        found = {one["type"]: one for one in receiver.messages}
        assert set(found) == {"task.failed", "task.manual_ready", "run.finished"}
        failed, ready, ended = found["task.failed"], found["task.manual_ready"], found["run.finished"]
        (task,) = failed["data"]["tasks"]
        assert (task["id"], task["line"], task["exit_code"], task["error"]) == ("test", 2, 3, "exit 3")
        assert failed["text"] == "repo: a task failed"
        assert [one["title"] for one in ready["data"]["tasks"]] == ["Read it"]
        assert (ended["data"]["exit_code"], ended["data"]["summary"]["done"]) == (1, 1)
        assert ended["data"]["commits"] == [repo.git("rev-parse", "HEAD")]
        assert b"hunter2" not in b"".join(body for _, body in receiver.requests)
        assert left(repo) == []

    def test_what_gives_up_is_told_once_and_what_is_ready_for_a_person_too(
        self, repo: Checkout, inside: Call, receiver: Receiver
    ) -> None:
        prepare(repo, receiver.url)
        for _ in range(4):
            inside("run", code=1)
        types = receiver.types()
        assert [types.count(f"task.{one}") for one in ("failed", "gave_up", "manual_ready")] == [2, 1, 1]
        assert types.count("run.finished") == 2  # the others ran nothing

    def test_a_manual_task_that_was_always_there_is_no_news_and_one_that_a_person_freed_is(
        self, repo: Checkout, inside: Call, receiver: Receiver
    ) -> None:
        prepare(repo, receiver.url, "- [ ] Alone\n- [ ] First id:first\n- [ ] Then id:then after:first\n")
        inside("run")
        assert receiver.messages == []
        inside("done", "first", "--commit")
        inside("run")
        assert [one["id"] for one in receiver.messages[0]["data"]["tasks"]] == ["then"]
        inside("run")
        assert len(receiver.messages) == 1

    def test_output_is_sent_where_that_is_asked_for(
        self, repo: Checkout, inside: Call, receiver: Receiver
    ) -> None:
        prepare(repo, receiver.url, on='"failed"', more="output = true")
        inside("run", code=1)
        assert "hunter2" in receiver.messages[0]["data"]["tasks"][0]["output"]

    def test_the_words_of_an_exception_are_output_too(
        self, repo: Checkout, inside: Call, receiver: Receiver
    ) -> None:
        repo.write("tool.py", "def main(task):\n    raise ValueError('hunter2')\n")
        more = '[processors.py]\npython = "tool:main"\n'
        repo.commit(
            "Base",
            **{"TODO.md": "- [ ] a run:py\n", ".mdtodo.toml": config(receiver.url, '"failed"') + more},
        )
        inside("run", code=1)
        assert receiver.types() == ["task.failed"]
        assert b"hunter2" not in receiver.requests[0][1]

    def test_only_what_is_asked_for_is_sent_and_nothing_where_nothing_is(
        self, repo: Checkout, inside: Call, receiver: Receiver
    ) -> None:
        prepare(repo, receiver.url, on='"run"')
        inside("run", code=1)
        assert receiver.types() == ["run.finished"]
        repo.commit("None", **{".mdtodo.toml": config(receiver.url, on="")})
        inside("run", code=1)
        assert len(receiver.requests) == 1

    def test_a_run_that_cannot_go_on_says_so(self, repo: Checkout, inside: Call, receiver: Receiver) -> None:
        prepare(repo, receiver.url)
        (repo.root / ".git" / "index.lock").touch()
        inside("run", code=3)
        ended = next(one for one in receiver.messages if one["type"] == "run.finished")
        assert ended["data"]["exit_code"] == 3
        assert "index.lock" in ended["data"]["error"]

    def test_many_failures_are_few_messages_and_no_body_is_long(
        self, repo: Checkout, inside: Call, receiver: Receiver
    ) -> None:
        todo = "".join(f"- [ ] {'long ' * 60} {n} id:t{n} run:bad\n" for n in range(120))
        prepare(repo, receiver.url, todo, on='"failed"')
        inside("run", code=1)
        assert sum(len(one["data"]["tasks"]) + one["data"]["more"] for one in receiver.messages) == 120
        assert len(receiver.messages) < 30
        assert max(len(body) for _, body in receiver.requests) <= webhook.SIZE

    def test_a_long_message_tells_of_fewer_tasks(self) -> None:
        task = {"id": "a", "title": "\u2603" * 300, "error": "\u2603" * 500, "output": "\u2603" * 2000}
        data = {"project": "p", "host": "h", "run": "r", "tasks": [task] * 50, "more": 3}
        body = webhook.body_of(Waiting("m", "failed", 0.0, 0.0, (), data))
        told = json.loads(body)
        assert len(body) <= webhook.SIZE
        assert told["data"]["tasks"]
        assert len(told["data"]["tasks"]) + told["data"]["more"] == 53
        assert told["text"] == "p: 53 tasks failed"


class TestWebhook:
    def test_headers_and_signature_are_those_of_standard_webhooks(
        self, repo: Checkout, inside: Call, receiver: Receiver
    ) -> None:
        prepare(repo, receiver.url, on='"run"')
        inside("run", code=1, MDTODO_WEBHOOK_SECRET=SECRET)
        headers, body = receiver.requests[0]
        assert headers["content-type"] == "application/json"
        assert headers["webhook-id"].startswith("msg_")
        assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
        standardwebhooks.Webhook(SECRET).verify(body, headers)
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            standardwebhooks.Webhook(SECRET).verify(body + b" ", headers)

    def test_a_login_in_the_url_is_a_header_and_no_host(self, receiver: Receiver) -> None:
        url = receiver.url.replace("//", "//us%40er:p%2Fw@")
        assert webhook.post(url, Waiting("m", "run", 0.0, 0.0, (), _run_data()), None) == webhook.Answer()
        assert receiver.requests[0][0]["authorization"] == "Basic dXNAZXI6cC93"
        assert receiver.requests[0][0]["host"] in url

    def test_what_is_no_answer_of_http_is_told_on_one_line(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            url = f"http://127.0.0.1:{server.getsockname()[1]}/"

            def answer() -> None:
                connection, _ = server.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(b"no\rHTTP\n")

            thread = threading.Thread(target=answer)
            thread.start()
            told = webhook.post(url, Waiting("m", "run", 0.0, 0.0, (), _run_data()), None)
            thread.join()
        assert told.problem == "no HTTP"

    def test_without_a_secret_it_is_not_signed_and_a_wrong_one_is_told(
        self, repo: Checkout, inside: Call, receiver: Receiver
    ) -> None:
        prepare(repo, receiver.url, on='"run"')
        inside("run", code=1)
        assert "webhook-signature" not in receiver.requests[0][0]
        said = inside("run", code=1, MDTODO_WEBHOOK_SECRET="whsec_no!")
        assert "MDTODO_WEBHOOK_SECRET is no secret" in said.err
        assert len(receiver.requests) == 1

    def test_a_processor_never_sees_the_secret(
        self, repo: Checkout, inside: Call, receiver: Receiver
    ) -> None:
        more = '[processors.env]\nrun = "env > ../env"\n'
        repo.commit("Base", **{"TODO.md": "- [ ] a run:env\n", ".mdtodo.toml": config("$MDTODO_HOOK") + more})
        inside("run", MDTODO_WEBHOOK_SECRET=SECRET, MDTODO_HOOK=receiver.url)
        assert receiver.types() == ["run.finished"]
        assert "whsec" not in (repo.root.parent / "env").read_text()
        assert receiver.url not in (repo.root.parent / "env").read_text()

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_no_redirect_to_another_host_is_followed(
        self, repo: Checkout, inside: Call, receiver: Receiver, status: int
    ) -> None:
        with Receiver().listening() as other:
            receiver.answers = [(status, {"location": other.url.replace("127.0.0.1", "localhost")})]
            prepare(repo, receiver.url, on='"run"')
            said = inside("run", code=1)
            assert "it redirects to localhost" in said.err
            assert other.requests == []
        assert len(left(repo)) == 1

    def test_one_to_the_same_host_is_where_the_method_stays(
        self, repo: Checkout, inside: Call, receiver: Receiver
    ) -> None:
        receiver.answers = [(308, {"location": "/new"}), 204]
        prepare(repo, receiver.url, on='"run"')
        inside("run", code=1)
        assert len(receiver.requests) == 2
        assert receiver.requests[0][1] == receiver.requests[1][1]
        assert receiver.requests[0][0]["webhook-id"] == receiver.requests[1][0]["webhook-id"]
        receiver.answers = [(302, {"location": "/new"})]
        assert "it redirects (HTTP 302)" in inside("run", code=1).err

    def test_a_loop_of_redirects_ends(self, receiver: Receiver) -> None:
        receiver.answers = [(307, {"location": "/hook"})]
        answer = webhook.post(receiver.url, Waiting("m", "run", 0.0, 0.0, (), _run_data()), None)
        assert answer.problem
        assert len(receiver.requests) < 10

    def test_a_server_that_wants_no_more_gets_no_more(
        self, repo: Checkout, inside: Call, receiver: Receiver
    ) -> None:
        receiver.answers = [410]
        prepare(repo, receiver.url, on='"run"')
        assert "wants no more messages" in inside("run", code=1).err
        assert left(repo) == []

    def test_a_server_may_ask_for_a_pause_but_not_for_ever(self, receiver: Receiver) -> None:
        one = Waiting("m", "run", 0.0, 0.0, (), _run_data())
        for asked, pause in (("7", 7.0), ("99999999", 3600.0), ("soon", 0.0)):
            receiver.answers = [(503, {"retry-after": asked})]
            assert webhook.post(receiver.url, one, None) == webhook.Answer("HTTP 503", pause)


def _run_data() -> dict[str, object]:
    return {"project": "p", "host": "h", "run": "r", "summary": {}, "error": None}


class TestTheRunIsNotHeldUp:
    @pytest.mark.parametrize("answer", ["hang", "drip", "drop", 500])
    @pytest.mark.sample(2)
    def test_by_a_server_that_does_not_answer_as_it_should(
        self,
        repo: Checkout,
        inside: Call,
        receiver: Receiver,
        monkeypatch: pytest.MonkeyPatch,
        answer: object,
    ) -> None:
        prepare(repo, receiver.url)
        without = inside("run", code=1).out
        receiver.answers = [answer]
        if answer in ("hang", "drip"):
            monkeypatch.setattr(sender, "GRACE", 0.5)
        repo.commit("Again", **{"TODO.md": TODO})
        began = time.monotonic()
        said = inside("run", code=1)
        assert time.monotonic() - began < 30  # it hangs for 60
        assert re.sub("[0-9a-f]{10}|[0-9.]+s", "", said.out) == re.sub("[0-9a-f]{10}|[0-9.]+s", "", without)
        assert repo.head("TODO.md").startswith(b"- [x] Build it")
        assert "could not be sent to http://127.0.0.1" in said.err
        assert "the next run tries again" in said.err
        assert len(left(repo)) == 2  # that "Read it" is ready was told before

    def test_a_port_that_nobody_listens_on_holds_no_run_up(self, repo: Checkout, inside: Call) -> None:
        prepare(repo, "http://127.0.0.1:9/x?token=letmein")
        said = inside("run", code=1)
        assert "Connection refused" in said.err
        assert "letmein" not in said.err

    def test_a_folder_that_cannot_be_written_holds_no_run_up(
        self, repo: Checkout, inside: Call, receiver: Receiver
    ) -> None:
        prepare(repo, receiver.url)
        folder(repo).parent.mkdir()
        folder(repo).write_text("a file")
        said = inside("run", code=1)
        assert "no message can be sent" in said.err
        assert repo.head("TODO.md").startswith(b"- [x]")

    def test_a_server_that_comes_back_gets_what_it_missed_once_each(
        self, repo: Checkout, inside: Call, receiver: Receiver
    ) -> None:
        """The second attempt has the same id: who has seen the first one can tell."""
        receiver.answers = [500]
        prepare(repo, receiver.url, on='"failed"')
        inside("run", code=1)
        (waiting,) = left(repo)
        assert waiting.attempts >= 1
        receiver.answers = [200]
        _make_due(repo)
        inside("run", code=1)
        assert left(repo) == []
        ids = [headers["webhook-id"] for headers, _ in receiver.requests]
        assert set(ids[:-1]) == {waiting.id} or waiting.id in ids
        assert len({*ids}) == 2

    def test_while_it_goes_on_it_retries_with_growing_pauses(
        self, repo: Checkout, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sender, "PAUSES", (0.05, 0.2, 0.8))
        receiver.answers = [500, 503, 500, 200]
        outbox = _outbox(repo, receiver)
        times: list[float] = []
        original = receiver.next_answer
        receiver.next_answer = lambda: (times.append(time.monotonic()), original())[1]  # type: ignore[method-assign]
        it = Sender(outbox, _to(receiver))
        it.start()
        eventually(lambda: len(times) == 4 and not outbox.waiting())
        it.close()
        pauses = [later - earlier for earlier, later in pairwise(times)]
        assert pauses[0] >= 0.04
        assert pauses[1] >= 0.16
        assert pauses[2] >= 0.64

    def test_a_server_that_never_ends_its_answer_holds_up_no_other_message(
        self, repo: Checkout, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sender, "DEADLINE", 0.3)
        monkeypatch.setattr(sender, "PAUSES", (0.05,))
        monkeypatch.setattr(sender, "GRACE", 0.0)
        outbox = Outbox(discover(str(repo.root)))
        outbox.prepare()
        with Receiver("drip").listening() as other:
            one, two = _to(receiver), _to(other)
            outbox.add("run", _run_data(), [two[0].key])
            outbox.add("run", _run_data(), [one[0].key])
            it = Sender(outbox, [*one, *two])
            it.start()
            eventually(lambda: it.problems.get(two[0].key) == "the last attempt still hangs")
            eventually(lambda: receiver.requests)
            it.close()
            assert len(other.requests) == 1

    def test_of_two_senders_of_a_clone_one_sends(self, repo: Checkout, receiver: Receiver) -> None:
        receiver.answers = [0.2]
        outboxes = [_outbox(repo, receiver) for _ in range(2)]
        senders = [Sender(outbox, _to(receiver)) for outbox in outboxes]
        for it in senders:
            it.start()
        eventually(lambda: not outboxes[0].waiting())
        for it in senders:
            it.close()
        assert len(receiver.requests) == 2


def flush(repo: Checkout, receiver: Receiver) -> None:
    """Send what is left, as the next run does."""
    _make_due(repo)
    outbox = Outbox(discover(str(repo.root)))
    it = Sender(outbox, _to(receiver))
    it.start()
    eventually(lambda: not outbox.waiting())
    it.close()


def _to(receiver: Receiver) -> list:
    from mdtodo.config.settings import Notify

    return destinations(Notify(webhook=receiver.url), {})[0]


def _outbox(repo: Checkout, receiver: Receiver) -> Outbox:
    outbox = Outbox(discover(str(repo.root)))
    outbox.prepare()
    outbox.add("run", _run_data(), [one.key for one in _to(receiver)])
    return outbox


def _make_due(repo: Checkout) -> None:
    for path in folder(repo).glob("*.json"):
        fields = json.loads(path.read_text())
        fields[3] = 0.0
        path.write_text(json.dumps(fields))


class TestKills:
    def test_what_a_killed_run_had_not_sent_the_next_one_sends(
        self, repo: Checkout, inside: Call, receiver: Receiver
    ) -> None:
        receiver.answers = ["hang"]
        todo = "- [ ] Fails id:fails run:bad\n- [ ] Goes on id:slow run:slow\n"
        prepare(repo, receiver.url, todo, on='"failed"')
        process = subprocess.Popen([sys.executable, "-m", "mdtodo", "run", "-j", "2"], cwd=repo.root)
        eventually(lambda: receiver.requests)
        process.kill()
        process.wait(60)
        (waiting,) = left(repo)
        assert waiting.data["tasks"][0]["id"] == "fails"
        receiver.answers = [200]
        _make_due(repo)
        (repo.root.parent / "go").touch()
        inside("run", code=1)
        assert left(repo) == []
        assert [headers["webhook-id"] for headers, _ in receiver.requests].count(waiting.id) == 2

    def test_two_runs_at_once_send_each_message_once(
        self, repo: Checkout, receiver: Receiver, make_repo: Callable[..., Checkout]
    ) -> None:
        todo = "".join(f"- [ ] Task {n} id:t{n} run:bad\n" for n in range(10))
        prepare(repo, receiver.url, todo, on='"failed"')
        calls = [
            subprocess.Popen([sys.executable, "-m", "mdtodo", "worker", "--name", f"w{n}"], cwd=repo.root)
            for n in range(2)
        ]
        assert {process.wait(120) for process in calls} <= {0, 1}
        flush(repo, receiver)
        told = [
            (one["data"]["run"], task["id"]) for one in receiver.messages for task in one["data"]["tasks"]
        ]
        # one worker may have begun when the other was done, and then tried all of them once more
        receipts = re.findall(r"^Mdtodo-Task: t\d failed", repo.git("log", "--format=%B"), re.MULTILINE)
        assert len(told) == len(set(told)) == len(receipts)
        assert left(repo) == []

    def test_a_backlog_of_many_takes_no_time_of_a_run_and_is_bounded(
        self, repo: Checkout, inside: Call, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        receiver.answers = [500]
        prepare(repo, receiver.url, on='"run"')
        outbox = _outbox(repo, receiver)
        ((one),) = outbox.waiting()
        for number in range(300):
            outbox.tried(one._replace(id=f"msg_{number}", attempts=9), one.to, 3600.0)
        monkeypatch.setattr("mdtodo.notify.outbox.MOST", 301)
        said = inside("run", code=1)
        assert "messages could not be kept: too many wait to be sent" in said.err
        assert "unsent      301 messages" in inside("state", "info").out
        assert repo.head("TODO.md").startswith(b"- [x]")

    def test_a_damaged_file_is_no_message(self, repo: Checkout, inside: Call, receiver: Receiver) -> None:
        prepare(repo, receiver.url, on='"run"')
        folder(repo).mkdir(parents=True)
        (folder(repo) / "msg_1.json").write_text("[")
        (folder(repo) / "msg_2.json").write_text('{"id": 3}')
        inside("run", code=1)
        assert receiver.types() == ["run.finished"]
        assert list(folder(repo).glob("*.json")) == []

    def test_what_is_too_old_or_goes_nowhere_any_more_is_said(
        self, repo: Checkout, inside: Call, receiver: Receiver
    ) -> None:
        receiver.answers = [500]
        prepare(repo, receiver.url, on='"run"')
        outbox = _outbox(repo, receiver)
        ((one),) = outbox.waiting()
        outbox.tried(one._replace(created=time.time() - 4 * 86400), one.to, -1.0)
        outbox.add("run", _run_data(), ["0" * 16])
        said = inside("run", code=1)
        assert "was given up: HTTP 500" in said.err
        assert "no longer configured" in said.err
        assert len(left(repo)) == 1  # that of this run


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what apprise imports
class TestServices:
    def test_apprise_sends_what_a_person_reads(
        self, repo: Checkout, inside: Call, receiver: Receiver
    ) -> None:
        url = receiver.url.replace("http://", "json://")
        prepare(repo, "", on='"failed"', more=f'urls = ["{url}"]')
        inside("run", code=1)
        (message,) = receiver.messages
        assert message["title"] == "repo: a task failed"
        assert "Test it (test), TODO.md:2: exit 3" in message["message"]

    def test_each_destination_gets_it_once_whatever_the_other_does(
        self, repo: Checkout, inside: Call, receiver: Receiver
    ) -> None:
        with Receiver(500).listening() as other:
            url = other.url.replace("http://", "json://")
            prepare(repo, receiver.url, on='"failed"', more=f'urls = ["{url}"]')
            said = inside("run", code=1)
            assert "could not be sent to json" in said.err
            other.answers = [200]
            _make_due(repo)
            inside("run", code=1)
            assert left(repo) == []
        assert len(receiver.requests) == 2  # the message of each run

    def test_without_the_library_it_is_a_sentence(
        self, repo: Checkout, inside: Call, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        prepare(repo, receiver.url, on='"failed"', more='urls = ["json://127.0.0.1:9"]')
        monkeypatch.setattr("mdtodo.notify.services.is_there", lambda: False)
        said = inside("run", code=1)
        assert "pip install 'git-mdtodo[notify]'" in said.err
        assert receiver.types() == ["task.failed"]

    def test_a_variable_that_is_not_set_is_a_sentence(self, repo: Checkout, inside: Call) -> None:
        prepare(repo, "$MDTODO_HOOK")
        said = inside("run", code=1)
        assert "no message is sent to $MDTODO_HOOK: that variable is not set" in said.err

    @pytest.mark.parametrize(
        ("line", "sentence"),
        [
            ('webhook = "ftp://x"', "begins with http"),
            ('webhook = "$HOME"', "begins with http"),
            ('webhook = "http://"', "begins with http"),
            ('on = ["fail"]', "failed"),
            ('urls = ["nothing"]', "a URL"),
            ("outputs = true", "output"),
        ],
    )
    def test_what_cannot_be_is_an_error_of_the_configuration(
        self, repo: Checkout, inside: Call, line: str, sentence: str
    ) -> None:
        repo.commit("Base", **{"TODO.md": TODO, ".mdtodo.toml": f"[notify]\n{line}\n"})
        said = inside("run", code=3)
        assert ".mdtodo.toml:2" in said.err
        assert sentence in said.err


def test_the_end_of_a_run_waits_for_a_message_that_is_just_being_picked(
    repo: Checkout, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox = _outbox(repo, receiver)
    pick = outbox.due

    def slowly(*, flush: bool) -> Waiting | None:
        found = pick(flush=flush)
        time.sleep(0.3 if found else 0)  # between the note that it is tried, and the attempt
        return found

    monkeypatch.setattr(outbox, "due", slowly)
    it = Sender(outbox, _to(receiver))
    it.start()
    time.sleep(0.1)
    it.close()
    assert len(receiver.requests) == 1
