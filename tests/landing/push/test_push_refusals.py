"""Where a push does not go through: a reason, the commits kept, and what arrived anyway is known again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mdtodo.errors import GitError
from mdtodo.git import remote as git_remote
from mdtodo.git.repository import discover
from mdtodo.git.session import GitSession
from mdtodo.landing.push import fast_forward
from mdtodo.landing.push import push as push_module
from mdtodo.system import process_identity
from tests.conftest import Checkout
from tests.landing.push.remotes import BASE, Remote, assert_same_as_remote, first_remote, remote, send, tick

if TYPE_CHECKING:
    from collections.abc import Callable


__all__ = ["first_remote", "remote"]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[git_remote.Pushed]:
    """What each push came to."""
    found: list[git_remote.Pushed] = []

    def send_and_note(*args):
        found.append(git_remote.push_commit(*args))
        return found[-1]

    monkeypatch.setattr(push_module, "push_commit", send_and_note)
    return found


def kept(a: Checkout) -> Callable[[], None]:
    """A check that branch and files are as now."""
    state = a.git("rev-parse", "HEAD"), a.status(), a.read("TODO.md")

    def check() -> None:
        assert (a.git("rev-parse", "HEAD"), a.status(), a.read("TODO.md")) == state

    return check


class TestTheRemoteRefuses:
    def test_a_refusal_by_a_hook_of_the_remote_is_told(self, remote, sent):
        remote.hook("pre-receive", "echo 'only on \033[31mMondays' >&2\nexit 1")
        a = remote.clone("a")
        tick(a, "one")
        check = kept(a)
        with pytest.raises(
            GitError, match=r"origin/main rejected the receipts: .*hook declined.*Mondays"
        ) as caught:
            send(a)
        assert "commits are kept on main" in str(caught.value.hint)
        assert len(sent) == 1
        check()

    @pytest.mark.parametrize("setting", ["receive.denyCurrentBranch", "transfer.hideRefs"])
    def test_a_refusal_by_a_setting_of_the_remote_is_told(self, tmp_path, remote, setting):
        a = remote.clone("a")
        if setting == "transfer.hideRefs":
            remote.bare.git("config", setting, "refs/heads/main")
        else:
            a.git("remote", "set-url", "origin", str(remote.folder / "seed"))
        tick(a, "one")
        check = kept(a)
        with pytest.raises(GitError, match="rejected the receipts"):
            send(a)
        check()

    @pytest.mark.parametrize(
        "url", ["/nowhere/at/all", "https://user:secret@localhost:1/x.git", "ssh://localhost:1/x"]
    )
    def test_a_remote_that_cannot_be_reached_is_told(self, remote, url):
        a = remote.clone("a")
        tick(a, "one")
        a.git("remote", "set-url", "origin", url)
        check = kept(a)
        with pytest.raises(
            GitError, match=r"could not be reached, so the receipts are not pushed: .+"
        ) as caught:
            send(a)
        assert "secret" not in f"{caught.value} {caught.value.hint}"
        assert "rejected" not in str(caught.value)
        assert "`git ls-remote origin`" in str(caught.value.hint)
        check()

    def test_nobody_is_asked_for_a_password(self, remote, monkeypatch, tmp_path):
        asked = tmp_path / "asked"
        helper = tmp_path / "git-remote-ask"
        helper.write_text(
            f'#!/bin/sh\necho "$GIT_TERMINAL_PROMPT" >> "{asked}"\necho "fatal: no" >&2\nexit 128\n'
        )
        helper.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        monkeypatch.delenv("GIT_TERMINAL_PROMPT")
        a = remote.clone("a")
        a.git("remote", "set-url", "origin", "ask::there")
        tick(a, "one")
        with pytest.raises(GitError):
            send(a)
        assert set(asked.read_text().split()) == {"0"}

    def test_the_pre_push_hook_of_the_repository_runs_as_in_git_push(self, remote, sent):
        a = remote.clone("a")
        hook = a.write(".git/hooks/pre-push", "#!/bin/sh\ncat > seen\necho 'secrets found' >&2\nexit 1\n")
        hook.chmod(0o755)
        (commit,) = tick(a, "one")
        with pytest.raises(GitError, match="secrets found"):
            send(a)
        assert commit in (a.root / "seen").read_text()
        hook.write_text("#!/bin/sh\nexit 0\n")
        send(a)
        assert remote.receipts() == ["id-one"]

    def test_after_a_refusal_the_next_push_takes_what_was_left(self, remote):
        remote.hook("pre-receive", "exit 1")
        a = remote.clone("a")
        tick(a, "one")
        with pytest.raises(GitError):
            send(a)
        tick(a, "two", run="second")
        remote.hook("pre-receive", "exit 0")
        send(a)
        assert sorted(remote.receipts()) == ["id-one", "id-two"]
        assert_same_as_remote(a, remote)


def test_a_lock_that_a_killed_fetch_has_left_is_in_nobodys_way(remote):
    a, b = remote.clone("a"), remote.clone("b")
    tick(b, "one")
    send(b)
    where, pid, _ = process_identity.current().split("-")
    ref = f"{push_module.FETCHED}{where}-{pid}-1"
    a.git("update-ref", ref, "HEAD")
    (a.root / f".git/{ref}.lock").touch()
    tick(a, "two")
    send(a)
    assert remote.receipts() == ["id-two", "id-one"]


class TestTheAnswerIsLost:
    @pytest.mark.parametrize("moved", [False, True])
    @pytest.mark.parametrize("how", ["after", "cut"])
    def test_a_push_that_arrived_without_an_answer_is_not_pushed_again(self, remote, sent, moved, how):
        a, b = remote.clone("a"), remote.clone("b")
        if moved:
            tick(b, "one")
            send(b)
            sent.clear()
        script = remote.folder / "receive"
        cut = (
            'git-receive-pack "$@"; exit 1'
            if how == "after"
            else (
                f'git-receive-pack "$@" | {sys.executable} -c "import os, sys\n'
                'data = os.read(0, 65536)\nos.write(1, data)\nwhile os.read(0, 65536): pass"; exit 1'
            )
        )
        script.write_text(f"#!/bin/sh\n{cut}\n")
        script.chmod(0o755)
        a.git("config", "remote.origin.receivepack", str(script))
        tick(a, "two")
        send(a)
        assert sent[-1].code != 0
        assert remote.receipts().count("id-two") == 1
        assert len(sent) == 1 + moved
        assert_same_as_remote(a, remote)

    def test_a_push_that_arrived_without_an_answer_is_known_by_its_trailer_to_the_next_call(
        self, remote, sent, monkeypatch
    ):
        a, b = remote.clone("a"), remote.clone("b")
        tick(b, "one")
        send(b)
        (old,) = tick(a, "two")

        def die(*args):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(push_module, "fast_forward", die)
            with pytest.raises(KeyboardInterrupt):
                send(a)
        assert a.git("rev-parse", "HEAD") == old
        tick(b, "three")
        send(b)
        came = send(a)
        assert came.messages == ()
        assert came.commits == {old: remote.bare.git("rev-list", "-1", "--grep=id-two", "main")}
        assert sorted(remote.receipts()) == ["id-one", "id-three", "id-two"]
        assert_same_as_remote(a, remote)

    def test_a_receipt_that_was_taken_back_on_the_remote_is_not_landed_again(self, remote):
        a, b = remote.clone("a"), remote.clone("b")
        tick(a, "one")
        other = remote.clone("other")
        other.git("fetch", "-q", str(a.root), "main")
        other.git("push", "-q", "origin", "FETCH_HEAD:main")
        b.git("pull", "-q")
        b.commit("Reopen", **{"TODO.md": BASE})
        b.git("push", "-q")
        a.git("commit", "-q", "--amend", "--no-edit", "--date=2001-02-03T04:05:06")
        send(a)
        assert remote.file() == BASE.encode()
        assert_same_as_remote(a, remote)


class TestOthersPushAtTheSameTime:
    def race(self, remote: Remote, monkeypatch: pytest.MonkeyPatch, times: int) -> list[str]:
        """Somebody pushes before each of our first pushes."""
        b = remote.clone("racer")
        pushed: list[str] = []

        def send_second(*args):
            if len(pushed) < times:
                pushed.append(b.commit(f"Theirs {len(pushed)}", x=f"{len(pushed)}"))
                b.git("pull", "-q", "--rebase")
                b.git("push", "-q")
            return git_remote.push_commit(*args)

        monkeypatch.setattr(push_module, "push_commit", send_second)
        return pushed

    def test_a_push_that_others_outrun_three_times_arrives_at_the_fourth(self, remote, monkeypatch, sound):
        assert push_module.ATTEMPTS == 10
        monkeypatch.setattr(push_module, "ATTEMPTS", 4)
        a = remote.clone("a")
        tick(a, "two")
        self.race(remote, monkeypatch, 3)
        send(a)
        assert remote.receipts() == ["id-two"]
        assert_same_as_remote(a, remote)
        sound(a)

    def test_a_push_that_others_outrun_each_time_gives_up_and_keeps_its_commits(self, remote, monkeypatch):
        monkeypatch.setattr(push_module, "ATTEMPTS", 4)
        a = remote.clone("a")
        tick(a, "two")
        check = kept(a)
        pushed = self.race(remote, monkeypatch, 99)
        with pytest.raises(GitError, match="in 4 attempts, while others pushed"):
            send(a)
        assert len(pushed) == 4
        check()

    def test_a_landing_in_another_terminal_during_the_push_stays(self, remote, monkeypatch, sound):
        a, b = remote.clone("a"), remote.clone("b")
        tick(b, "one")
        send(b)
        tick(a, "two")
        done: list[bool] = []

        def land_then_advance(*args):
            if not done:
                done.append(True)
                tick(a, "three", run="second")
            return fast_forward.fast_forward(*args)

        monkeypatch.setattr(push_module, "fast_forward", land_then_advance)
        send(a)
        assert sorted(remote.receipts()) == ["id-one", "id-three", "id-two"]
        assert_same_as_remote(a, remote)
        sound(a)

    def test_the_lock_of_another_push_is_waited_for(self, remote, sent):
        a = remote.clone("a")
        tick(a, "two")
        lock = remote.path / "refs/heads/main.lock"
        lock.touch()
        with pytest.raises(GitError, match="lock"):
            send(a)
        assert 1 < len(sent) < push_module.ATTEMPTS
        lock.unlink()
        send(a)
        assert_same_as_remote(a, remote)


class TestAnotherHistory:
    @pytest.mark.parametrize("tracked", [True, False])
    def test_an_unrelated_history_of_the_remote_is_refused(self, remote, tracked):
        a, b = remote.clone("a"), remote.clone("b")
        b.git("switch", "-q", "--orphan", "fresh")
        b.commit("Another", **{"TODO.md": BASE})
        b.git("push", "-q", "--force", "origin", "fresh:main")
        tick(a, "one")
        if not tracked:
            a.git("update-ref", "-d", "refs/remotes/origin/main")
        check = kept(a)
        with pytest.raises(GitError, match="has an unrelated history"):
            send(a)
        check()

    def test_a_rewritten_history_of_the_remote_is_refused(self, remote):
        b = remote.clone("b")
        b.commit("Second", x="x")
        b.git("push", "-q")
        a = remote.clone("a")
        tick(a, "one")
        b.git("commit", "-q", "--amend", "-m", "Rewritten")
        b.git("push", "-q", "--force")
        check = kept(a)
        with pytest.raises(GitError, match="was rewritten"):
            send(a)
        check()
        assert remote.receipts() == []


class TestWhereTo:
    def target(self, a: Checkout) -> tuple[str, str]:
        repo = discover(str(a.root))
        with GitSession(repo) as git:
            found = git_remote.find_upstream(repo, git)
        return found.remote, found.ref

    @pytest.mark.parametrize(
        ("config", "expected"),
        [
            ({}, ("origin", "refs/heads/main")),
            (
                {"branch.main.merge": "refs/heads/trunk", "push.default": "upstream"},
                ("origin", "refs/heads/trunk"),
            ),
            (
                {"branch.main.merge": "refs/heads/trunk", "push.default": "current"},
                ("origin", "refs/heads/main"),
            ),
            ({"branch.main.pushRemote": "fork"}, ("fork", "refs/heads/main")),
            ({"remote.pushDefault": "fork"}, ("fork", "refs/heads/main")),
            ({"remote.origin.push": "refs/heads/*:refs/heads/me/*"}, ("origin", "refs/heads/me/main")),
            ({"push.default": "nothing"}, ("origin", "refs/heads/main")),
            ({"branch.main.merge": None}, ("origin", "refs/heads/main")),
        ],
    )
    def test_the_target_is_that_of_git_push(self, remote, config, expected):
        a = remote.clone("a")
        a.git("remote", "add", "fork", str(remote.path))
        for key, value in config.items():
            a.git("config", *([key, value] if value else ["--unset", key]))
        assert self.target(a) == expected

    def test_without_an_upstream_the_only_remote_is_the_target(self, remote):
        a = remote.clone("a", "-o", "there")
        a.git("switch", "-q", "--no-track", "-c", "side")
        assert self.target(a) == ("there", "refs/heads/side")
        a.git("remote", "add", "other", "nowhere")
        with pytest.raises(GitError, match="side has no upstream, and there are 2 remotes"):
            self.target(a)
        for name in ("there", "other"):
            a.git("remote", "remove", name)
        with pytest.raises(GitError, match="no remote"):
            self.target(a)

    def test_a_target_that_cannot_be_known_is_told(self, remote):
        a = remote.clone("a")
        a.git("config", "branch.main.merge", "refs/heads/trunk")
        with pytest.raises(GitError, match="has another name"):
            self.target(a)
        a.git("config", "branch.main.remote", ".")
        with pytest.raises(GitError, match=r"another name|nowhere to push"):
            self.target(a)
        a.git("switch", "-q", "--detach")
        with pytest.raises(GitError, match="HEAD is detached"):
            self.target(a)

    def test_a_remote_that_is_pushed_to_elsewhere_is_refused(self, remote):
        a = remote.clone("a")
        b = remote.clone("b")
        elsewhere = remote.folder / "fork.git"
        Checkout(remote.folder).git("clone", "-q", "--bare", str(remote.path), str(elsewhere))
        a.git("remote", "set-url", "--push", "origin", str(elsewhere))
        b.git("remote", "set-url", "origin", str(elsewhere))
        tick(b, "one")
        send(b)
        tick(a, "two")
        send(a)
        fork = Checkout(elsewhere)
        assert fork.git("rev-list", "--count", "main") == "3"
        assert a.git("rev-parse", "HEAD") == fork.git("rev-parse", "main")
        assert remote.receipts() == []

    @pytest.mark.parametrize("name", ["--upload-pack=touch pwned", "-x"])
    def test_a_remote_is_never_taken_for_an_option(self, remote, name):
        a = remote.clone("a")
        tick(a, "one")
        a.git("config", "branch.main.remote", name)
        with pytest.raises(GitError):
            send(a)
        assert not list(remote.folder.rglob("pwned"))


#: Pushes; is killed by `MDTODO_FAULT`.
PUSHER = """
import sys
from mdtodo.core.task import STATUS_CHARS
from mdtodo.landing.push import push
from mdtodo.git.repository import discover
push.FIRST_PAUSE = 0.0
push.push(discover(sys.argv[1]), STATUS_CHARS)
"""
POINTS = [
    "push.sent",
    "push.sent:2",
    "advance.noted",
    "advance.moved",
    "advance.installed",
    "advance.file:2",
    "advance.placed",
]


class TestKills:
    @pytest.mark.parametrize("point", POINTS)
    @pytest.mark.sample(3)
    def test_the_call_after_a_killed_push_does_what_is_left(self, remote, sound, point):
        a, b = remote.clone("a"), remote.clone("b")
        b.commit(
            "Theirs",
            **{"app.py": "theirs\n", "new/file": "n\n", "TODO.md": BASE.replace("[ ] one", "[x] one")},
        )
        b.git("push", "-q")
        tick(a, "two")
        a.write("mine.txt", "mine\n")
        a.git("add", "mine.txt")
        a.write("TODO.md", a.read("TODO.md") + b"- [ ] mine\n")
        env = os.environ | {"MDTODO_FAULT": point}
        done = subprocess.run(
            [sys.executable, "-c", PUSHER, str(a.root)], env=env, capture_output=True, check=False
        )
        assert done.returncode == -signal.SIGKILL, done.stderr.decode()
        assert a.git("fsck", "--strict", "--no-dangling", "--no-progress") == ""
        came = send(a)
        assert [message for message in came.messages if "index.lock" not in message] == []
        assert remote.receipts() == ["id-two"]
        assert a.git("rev-parse", "HEAD") == remote.bare.git("rev-parse", "main")
        assert a.read("TODO.md") == remote.file() + b"- [ ] mine\n"
        assert a.read("app.py") == a.index("app.py") == b"theirs\n"
        assert a.status() == [" M TODO.md", "A  mine.txt"]
        sound(a)
