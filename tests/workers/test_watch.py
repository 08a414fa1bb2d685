"""`mdtodo watch`: what wakes it and what does not, and what does not end it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil
import pytest

from mdtodo.git.repository import discover
from mdtodo.project.project import read_config
from mdtodo.reporting.progress import PlainProgress
from mdtodo.run.run import run
from mdtodo.run.run_options import Options
from mdtodo.workers.changes import Changes
from mdtodo.workers.presence import Presence
from mdtodo.workers.watch import Rhythm, Watch
from tests.processes import eventually
from tests.terminal import Terminal
from tests.workers.conftest import calls, receipts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.command_line import Said
    from tests.conftest import Checkout
    from tests.workers.conftest import Call

    Shared, Start = Callable[..., Checkout], Callable[..., Call]
    Mdtodo = Callable[..., Said]

READY = "looking for work"


def listening(call: Call) -> None:
    """Wait until it has begun."""
    eventually(lambda: READY in call.said)


@pytest.mark.parametrize("how", ["notified", "polling"])
def test_an_edit_a_commit_and_the_configuration_wake_it(shared: Shared, start: Start, how: str) -> None:
    repo = shared("- [ ] one run:ok\n")
    command = ["watch", "--interval", "1h"]
    watch = without_inotify(repo, start, command) if how == "polling" else start(repo.root, *command)
    listening(watch)
    eventually(lambda: receipts(repo).total() == 1)
    repo.write("TODO.md", "- [x] one run:ok\n- [ ] two run:ok\n- [ ] three run:later\n")
    eventually(lambda: b"[x] two" in repo.read("TODO.md"))
    with (repo.root / ".mdtodo.toml").open("a") as file:
        file.write("[processors.later]\nrun = 'true'\n")
    eventually(lambda: b"[x] three" in repo.read("TODO.md"))
    watch.process.send_signal(signal.SIGTERM)
    said = watch.end(code=130)
    assert said.count("the system cannot tell of changes") == (how == "polling")


def without_inotify(repo: Checkout, start: Start, command: list[str]) -> Call:
    """The call where the system has no inotify left."""
    script = 'echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"'
    probe = ["unshare", "-Ur", "sh", "-c", script, "sh", "true"]
    if shutil.which("unshare") is None or subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("no user namespace can be made here")
    return start(repo.root, *command, prefix=probe[:-1])


@pytest.fixture
def watching(repo: Checkout) -> Iterator[Callable[..., Watch]]:
    """A watch in a thread of this process, which counts its looks in `looks`."""
    threads: list[tuple[Watch, threading.Thread]] = []

    def begin(rhythm: Rhythm, said: list[str], looks: list[float]) -> Watch:
        found = discover(str(repo.root))

        def options(_: object) -> Options:
            looks.append(time.monotonic())
            return Options(jobs=1)

        def once(config, options):  # type: ignore[no-untyped-def]
            return run(found, config, options, PlainProgress(quiet=True)), None

        presence = Presence(found, "w", 300.0)
        watch = Watch(found, rhythm, options, once, said.append, presence)
        thread = threading.Thread(target=watch.go_on, daemon=True)
        thread.start()
        threads.append((watch, thread))
        return watch

    yield begin
    for watch, thread in threads:
        watch.end()
        thread.join(60)
        assert not thread.is_alive()


def test_its_own_ticks_do_not_wake_it(shared: Shared, watching: Callable[..., Watch]) -> None:
    repo = shared("".join(f"- [ ] t{n} run:ok\n" for n in range(5)))
    looks: list[float] = []
    watching(Rhythm(interval=600.0, batch=2), [], looks)
    eventually(lambda: receipts(repo).total() == 5)
    eventually(lambda: len(looks) >= 4)
    with pytest.raises(AssertionError):
        eventually(lambda: len(looks) > 4, 3)
    assert repo.commits() == 4, "two batches of two, one of one"
    repo.git("commit", "-q", "--allow-empty", "-m", "of a person")
    eventually(lambda: len(looks) == 5)


def test_a_failure_is_tried_again_after_the_interval(shared: Shared, watching: Callable[..., Watch]) -> None:
    repo = shared("- [ ] bad run:fails\n- [ ] good run:ok\n")
    watching(Rhythm(interval=2.0, batch=1), [], [])
    began = time.monotonic()
    eventually(lambda: calls(repo)["bad"] == 2)
    assert time.monotonic() - began > 1.5
    assert calls(repo)["good"] == 1
    eventually(lambda: b"failed:3" in repo.read("TODO.md"))
    with pytest.raises(AssertionError):
        eventually(lambda: calls(repo)["bad"] > 3, 3)


def test_what_is_broken_meanwhile_is_told_once_and_mended(
    shared: Shared, watching: Callable[..., Watch]
) -> None:
    repo = shared("- [x] one\n")
    said: list[str] = []
    looks: list[float] = []
    watching(Rhythm(interval=0.3), said, looks)
    eventually(lambda: looks)
    good = repo.read(".mdtodo.toml")
    repo.write(".mdtodo.toml", b"files = 3\n")
    eventually(lambda: said)
    with pytest.raises(AssertionError):
        eventually(lambda: len(said) > 1, 1.5)
    repo.write(".mdtodo.toml", b"files = 4\nx = 1\n")
    eventually(lambda: len(said) == 2)
    repo.write("TODO.md", b"- [x] one\n- [ ] two run:ok\n\xff\xfe")
    repo.write(".mdtodo.toml", good)
    eventually(lambda: len(said) == 3)
    repo.write("TODO.md", b"- [x] one\n- [ ] two run:ok\n")
    eventually(lambda: b"[x] two" in repo.read("TODO.md"))
    assert len(said) == 3, said


def test_a_new_file_is_found_without_waiting(shared: Shared, watching: Callable[..., Watch]) -> None:
    repo = shared("- [x] one\n", 'files = ["TODO*.md"]')
    looks: list[float] = []
    watching(Rhythm(interval=600.0), [], looks)
    eventually(lambda: looks)
    repo.write("unrelated.txt", "")
    repo.write("TODO-more.md", "- [ ] two run:ok\n")
    eventually(lambda: b"[x] two" in repo.read("TODO-more.md"))


def test_ctrl_c_keeps_what_is_done_and_ends(shared: Shared) -> None:
    repo = shared("- [ ] quick run:ok\n- [ ] slow run:once\n")
    with Terminal(["watch", "-j2"], repo.root, 80, 24) as terminal:
        terminal.read_until("quick  (ok")
        eventually(lambda: calls(repo)["slow"])
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end() == 130
        assert "interrupted" in terminal.text
    assert repo.head("TODO.md") == b"- [x] quick run:ok\n- [ ] slow run:once\n"
    with Terminal(["watch", "--text", "quick"], repo.root, 80, 24) as terminal:
        terminal.read_until(READY)
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end() == 130


def test_an_idle_watch_uses_next_to_no_processor(shared: Shared, start: Start) -> None:
    repo = shared("- [x] one\n")
    watch = start(repo.root, "watch", "--interval", "1s")
    listening(watch)
    process = psutil.Process(watch.process.pid)
    time.sleep(2.0)
    before, began = process.cpu_times(), time.monotonic()
    time.sleep(5.0)
    after, passed = process.cpu_times(), time.monotonic() - began
    assert (after.user + after.system) - (before.user + before.system) < 0.03 * passed


@contextmanager
def cloned(repo: Checkout) -> Iterator[Checkout]:
    """Another clone of the same remote, which `repo` then follows."""
    remote = repo.root.parent / "remote.git"
    subprocess.run(["git", "clone", "-q", "--bare", repo.root, remote], check=True, capture_output=True)
    repo.git("remote", "add", "origin", str(remote))
    repo.git("fetch", "-q")
    repo.git("branch", "-q", "-u", "origin/main")
    subprocess.run(
        ["git", "clone", "-q", remote, repo.root.parent / "other"], check=True, capture_output=True
    )
    yield type(repo)(repo.root.parent / "other")


def test_what_others_push_is_pulled_and_a_pull_that_fails_is_told_once(shared: Shared, start: Start) -> None:
    repo = shared("- [ ] one run:ok\n")
    with cloned(repo) as other:
        watch = start(repo.root, "watch", "--pull", "--push", "--interval", "1s")
        eventually(lambda: receipts(repo).total() == 1)
        eventually(
            lambda: other.git("ls-remote", "origin", "main").split()[0] == repo.git("rev-parse", "HEAD")
        )
        other.git("pull", "-q")
        other.commit("more", **{"TODO.md": "- [x] one run:ok\n- [ ] two run:ok\n"})
        other.git("push", "-q")
        eventually(lambda: b"[x] two" in repo.head("TODO.md"))
        remote = repo.root.parent / "remote.git"
        remote.rename(repo.root.parent / "gone.git")
        eventually(lambda: "git pull failed" in watch.said)
        time.sleep(2.5)
        (repo.root.parent / "gone.git").rename(remote)
        other.git("pull", "-q")
        other.commit("other", **{"other.md": "x\n"})
        other.git("push", "-q")
        watch.process.send_signal(signal.SIGINT)
        assert watch.end(code=130).count("git pull failed") == 1


def test_a_pull_that_stops_at_a_conflict_is_taken_back(shared: Shared, mdtodo: Mdtodo, start: Start) -> None:
    repo = shared("- [x] one\n")
    with cloned(repo) as other:
        repo.git("config", "pull.rebase", "false")
        other.commit("theirs", file="theirs\n")
        other.git("push", "-q")
        mine = repo.commit("mine", file="mine\n")
        watch = start(repo.root, "watch", "--pull", "--interval", "1s")
        eventually(lambda: "was taken back" in watch.said)
        assert repo.git("rev-parse", "HEAD") == mine
        assert repo.status() == []
        watch.process.send_signal(signal.SIGTERM)
        watch.end(code=130)


def test_a_change_before_the_wait_is_seen(shared: Shared) -> None:
    repo = shared("- [x] one\n")
    found = discover(str(repo.root))
    changes = Changes(found, pytest.fail)
    config = read_config(found)
    assert changes.follow(["TODO.md"], config.files)
    seen, stop = changes.stamp(), threading.Event()
    repo.write("other.txt", "no TODO file")
    assert not changes.wait(seen, 0.6, stop)
    repo.write("TODO.md", "- [x] two\n")
    assert changes.wait(seen, 60, stop)
    seen = changes.stamp()
    repo.git("checkout", "-q", "-b", "other")
    assert changes.wait(seen, 60, stop)
    stop.set()
    assert not changes.wait(changes.stamp(), 60, stop)
