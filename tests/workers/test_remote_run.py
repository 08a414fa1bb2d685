"""`mdtodo run --remote R`: only what was claimed runs, and the push that lands it deletes its claims."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.action.git_server import GitServer
from tests.landing.push.remotes import Remote
from tests.processes import DEADLINE, eventually
from tests.workers.clones import claimed, claims_of
from tests.workers.servers import http

if TYPE_CHECKING:
    from pathlib import Path

    from tests.calls import Calls, Said
    from tests.conftest import Checkout

CONFIG = """\
[processors.ok]
run = 'echo "$MDTODO_TASK_TITLE" >> "$CALLS"'
[processors.bad]
run = 'echo "$MDTODO_TASK_TITLE" >> "$CALLS"; exit 1'
[processors.waits]
run = 'echo "$MDTODO_TASK_TITLE" >> "$CALLS"; until test -e "$CALLS.go"; do sleep 0.05; done'
"""
TODO = "- [ ] one run:ok\n- [ ] two run:ok id:two\n- [ ] three run:ok\n"
NAP = '[processors.nap]\nrun = \'sleep 0.3; echo "$MDTODO_TASK_TITLE" >> "$CALLS"\'\n'
RUN = ("run", "--remote", "origin", "-j2")


class Started:
    """A call that goes on, in a session of its own; what it says is in a file."""

    def __init__(
        self, clone: Checkout, args: tuple[str, ...], env: dict[str, str], prefix: tuple[str, ...] = ()
    ) -> None:
        self._said = clone.root.with_name(f"{clone.root.name}-said")
        with open(self._said, "wb") as said:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, "-m", "mdtodo", *args],
                cwd=clone.root,
                env=os.environ | env,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self._said.read_text()

    def send(self, number: int) -> None:
        """A signal, to it and all that it has started."""
        os.killpg(self.process.pid, number)

    def waited(self, seconds: float) -> int | None:
        """Its exit code, if it ends within so many seconds."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def end(self) -> int:
        code = self.process.wait(timeout=DEADLINE)
        assert "Traceback" not in self.said, self.said
        return code


class Scene:
    """Clones of one remote; the processors count their calls outside of it."""

    def __init__(self, folder: Path, calls: Calls) -> None:
        self.folder, self._calls = folder, calls
        self.remote = Remote(folder, **{"TODO.md": TODO, ".mdtodo.toml": CONFIG})
        self.log = folder / "pushes"
        self.remote.hook("pre-receive", f"all=$(cat); printf '%s\\n\\n' \"$all\" >> {self.log}")

    def __call__(self, clone: Checkout, *args: str) -> Said:
        return self._calls(clone.root, *args, CALLS=str(self.folder / "calls"))

    def start(self, clone: Checkout, *args: str, prefix: tuple[str, ...] = ()) -> Started:
        return Started(clone, args, {"CALLS": str(self.folder / "calls")}, prefix)

    def todo(self, text: str, config: str = "") -> None:
        first = self.remote.clone("author")
        first.commit("Tasks", **{"TODO.md": text, ".mdtodo.toml": config + CONFIG})
        first.git("push", "-q")
        self.log.unlink()

    @property
    def lines(self) -> list[str]:
        """What processors have written, in that order."""
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def called(self) -> list[str]:
        return sorted(self.lines)

    def go(self) -> None:
        (self.folder / "calls.go").touch()

    @property
    def pushes(self) -> list[list[str]]:
        """For each push the refs that it changed, claims as `+` or `-` or `=` (renewed)."""
        made = (
            [one.splitlines() for one in self.log.read_text().split("\n\n") if one]
            if self.log.exists()
            else []
        )
        return [sorted(_told(*line.split()) for line in lines) for lines in made]


def _told(before: str, after: str, ref: str) -> str:
    if ref.startswith("refs/heads/"):
        return ref.removeprefix("refs/heads/")
    return "+" if not before.strip("0") else "-" if not after.strip("0") else "="


@pytest.fixture
def scene(tmp_path: Path, calls: Calls) -> Scene:
    return Scene(tmp_path, calls)


class TestPushes:
    def test_one_claims_what_starts_one_what_comes_next_and_one_lands_it_all(self, scene):
        a = scene.remote.clone("a")
        said = scene(a, *RUN, "--push")
        assert (said.code, scene.called) == (0, ["one", "three", "two"])
        assert scene.pushes == [["+", "+"], ["+"], ["-", "-", "-", "main"]]
        assert claimed(scene.remote) == {}
        assert scene.remote.file() == TODO.replace("[ ]", "[x]").encode()

    def test_short_tasks_are_claimed_ahead(self, scene):
        scene.todo("".join(f"- [ ] task {number} run:ok\n" for number in range(100)))
        scene(scene.remote.clone("a"), *RUN, "--push")
        assert len(scene.called) == 100
        assert scene.pushes[-1] == ["-"] * 100 + ["main"]
        assert len(scene.pushes) <= 9

    def test_a_worker_lands_its_short_tasks_in_one_push(self, scene):
        scene.todo("".join(f"- [ ] task {number} run:ok\n" for number in range(40)))
        scene(scene.remote.clone("a"), "worker", "--remote", "origin", "--push", "-j2")
        assert len(scene.called) == 40
        assert [one for one in scene.pushes if "main" in one] == [["-"] * 40 + ["main"]]
        assert len(scene.pushes) <= 8

    def test_a_renewal_is_one_push_whatever_is_held(self, scene):
        scene.todo("- [ ] a run:waits\n- [ ] b run:waits\n", 'remote_lease = "4s"\n')
        process = scene.start(scene.remote.clone("a"), *RUN, "--push")
        eventually(lambda: ["=", "="] in scene.pushes)
        scene.go()
        assert process.end() == 0, process.said
        counted = [one for one in scene.pushes if one != ["=", "="]]
        assert counted == [["+", "+"], ["-", "-", "main"]]

    def test_nothing_to_run_is_no_push(self, scene):
        scene.todo("- [x] one run:ok\n")
        assert scene(scene.remote.clone("a"), *RUN, "--push").code == 0
        assert scene.pushes == []

    def test_what_failed_is_given_back_with_the_push_that_says_so(self, scene):
        scene.todo("- [ ] one run:bad\n")
        assert scene(scene.remote.clone("a"), *RUN, "--push").code == 1
        assert scene.pushes == [["+"], ["-", "main"]]

    def test_limit_claims_no_more_than_that(self, scene):
        scene(scene.remote.clone("a"), *RUN, "--push", "--limit", "1")
        assert scene.pushes == [["+"], ["-", "main"]]


class TestOthers:
    def test_what_another_clone_has_is_left_to_it_and_told(self, scene):
        a, b = scene.remote.clone("a"), scene.remote.clone("b")
        scene(b, "config")  # b has its state
        there = claims_of(a, worker="build-7")
        there.take(["refs/mdtodo/claims/two"])
        said = scene(b, *RUN, "--push")
        assert scene.called == ["one", "three"]
        assert f'"two" (two) was not started: build-7 on {os.uname().nodename} (run run-a, since ' in said.err
        assert claimed(scene.remote).keys() == {"refs/mdtodo/claims/two"}

    def test_where_all_are_elsewhere_it_says_so(self, scene):
        there = claims_of(scene.remote.clone("a"))
        scene.todo("- [ ] two run:ok id:two\n")
        there.take(["refs/mdtodo/claims/two"])
        said = scene(scene.remote.clone("b"), *RUN)
        assert "nothing to run: 1 not started" in said.out
        assert scene(scene.remote.clone("c"), *RUN, "two").code == 1

    def test_two_clones_at_once_run_each_task_once(self, scene):
        scene.todo("".join(f"- [ ] task {number} run:ok\n" for number in range(30)))
        processes = [scene.start(scene.remote.clone(name), *RUN, "--push") for name in "abc"]
        for process in processes:
            assert process.end() == 0, process.said
        assert len(scene.called) == len(set(scene.called)) == 30
        assert sorted(scene.remote.receipts()) == sorted(set(scene.remote.receipts()))
        assert b"[ ]" not in scene.remote.file()
        assert claimed(scene.remote) == {}

    def test_what_was_closed_on_the_remote_since_is_not_run_again(self, scene):
        a, b = scene.remote.clone("a"), scene.remote.clone("b")
        scene(a, *RUN, "--push")
        said = scene(b, *RUN, "--push")
        assert scene.called == ["one", "three", "two"]
        assert '"two" (two) was not started: it is closed on origin/main; `git pull` brings that' in said.err
        assert claimed(scene.remote) == {}

    def test_a_worker_that_was_stopped_for_longer_than_a_lease_is_fenced(self, scene):
        scene.todo("- [ ] slow run:waits id:slow\n", 'remote_lease = "2s"\n')
        a, b = scene.remote.clone("a"), scene.remote.clone("b")
        stopped = scene.start(a, *RUN, "--push")
        eventually(lambda: scene.called == ["slow"])
        stopped.send(signal.SIGSTOP)
        other = eventually(lambda: self._taken_over(scene, b))
        stopped.send(signal.SIGCONT)
        assert stopped.end() == 0, stopped.said
        assert "another worker may have it by now, so the result was dropped" in stopped.said
        assert scene.remote.receipts() == []
        scene.go()
        assert other.end() == 0, other.said
        assert scene.remote.receipts() == ["slow"]

    def test_one_that_nobody_took_over_meanwhile_goes_on(self, scene):
        scene.todo("- [ ] slow run:waits id:slow\n", 'remote_lease = "3s"\n')
        stopped = scene.start(scene.remote.clone("a"), *RUN, "--push")
        eventually(lambda: scene.called == ["slow"])
        stopped.send(signal.SIGSTOP)
        time.sleep(4.0)
        before = claimed(scene.remote)
        stopped.send(signal.SIGCONT)
        eventually(lambda: claimed(scene.remote) != before)
        scene.go()
        assert stopped.end() == 0, stopped.said
        assert scene.remote.receipts() == scene.called == ["slow"]

    def _taken_over(self, scene: Scene, clone: Checkout) -> Started | None:
        process = scene.start(clone, *RUN, "--push")
        eventually(lambda: len(scene.called) == 2 or process.process.poll() is not None)
        return process if process.process.poll() is None else None


class TestTheEnd:
    def test_without_push_what_was_done_stays_claimed_until_it_is_pushed(self, scene):
        a, b = scene.remote.clone("a"), scene.remote.clone("b")
        said = scene(a, *RUN)
        assert "3 claims stay on origin for 30m, as what was done is not pushed yet" in said.err
        assert len(claimed(scene.remote)) == 3
        assert "has done it, and its tick is still to be pushed to origin" in scene(b, *RUN).err
        assert scene.called == ["one", "three", "two"]
        assert scene(a, *RUN, "--push").code == 0
        assert claimed(scene.remote) == {}
        assert scene.remote.file() == TODO.replace("[ ]", "[x]").encode()

    def test_ctrl_c_gives_back_what_was_not_done(self, scene):
        scene.todo(
            "- [ ] one run:ok\n- [ ] slow run:waits\n- [ ] last run:ok after:x\n- [ ] x run:waits id:x\n"
        )
        process = scene.start(scene.remote.clone("a"), *RUN, "--push")
        eventually(lambda: len(scene.called) >= 3)
        process.process.send_signal(signal.SIGINT)
        assert process.end() == 130, process.said
        assert claimed(scene.remote) == {}
        assert scene.remote.receipts() == ["fe05bcd"]

    def test_ctrl_c_at_the_push_keeps_the_claims_of_what_was_done(self, scene):
        a = scene.remote.clone("a")
        scene.remote.hook(
            "update", f'case "$1" in refs/heads/*) touch {scene.folder}/there; sleep 3; exit 1;; esac'
        )
        process = scene.start(a, *RUN, "--push")
        eventually((scene.folder / "there").exists)
        process.process.send_signal(signal.SIGINT)
        assert process.end() == 130, process.said
        assert "3 claims stay on origin for 30m" in process.said
        scene.remote.hook("update", "exit 0")
        assert scene(a, *RUN, "--push").code == 0
        assert len(scene.remote.receipts()) == 3
        assert claimed(scene.remote) == {}

    def test_the_next_run_of_a_killed_one_takes_its_claims_over_at_once(self, scene):
        scene.todo("- [ ] slow run:waits\n")
        a = scene.remote.clone("a")
        process = scene.start(a, *RUN, "--push")
        eventually(lambda: scene.called)
        process.send(signal.SIGKILL)
        process.end()
        assert len(claimed(scene.remote)) == 1
        scene.go()
        assert scene(a, *RUN, "--push").code == 0
        assert claimed(scene.remote) == {}
        assert len(scene.remote.receipts()) == 1

    def test_a_claim_that_was_taken_over_at_the_end_keeps_no_tick_back(self, scene):
        """Whether a tick is still due is decided by the box."""
        scene.todo("- [ ] slow run:waits id:slow\n- [ ] b run:waits\n")
        process = scene.start(scene.remote.clone("a"), *RUN, "--push")
        eventually(lambda: len(scene.called) == 2)
        stolen = scene.remote.bare.git("rev-parse", "main")
        scene.remote.bare.git("update-ref", "refs/mdtodo/claims/slow", stolen)
        scene.go()
        assert process.end() == 0, process.said
        assert len(scene.remote.receipts()) == 2
        assert claimed(scene.remote) == {"refs/mdtodo/claims/slow": stolen}


class TestRefusals:
    def test_a_remote_that_takes_no_claims_is_told_and_the_run_goes_on(self, scene):
        scene.remote.bare.git("config", "receive.hideRefs", "refs/mdtodo")
        a, b = scene.remote.clone("a"), scene.remote.clone("b")
        said = scene(a, *RUN, "--push")
        assert said.code == 0
        assert said.err.count("origin takes no claims: [remote rejected] (deny updating a hidden ref)") == 1
        assert "Each tick still lands once" in said.err
        assert scene(b, *RUN, "--push").code == 0
        assert len(scene.called) == 6
        assert sorted(scene.remote.receipts()) == sorted(set(scene.remote.receipts()))

    def test_a_remote_that_lets_no_claim_be_deleted_takes_the_ticks(self, scene):
        scene.remote.hook("update", 'case "$1 $3" in refs/mdtodo/*" 00000"*) exit 1;; esac')
        said = scene(scene.remote.clone("a"), *RUN, "--push")
        assert said.code == 0
        assert len(scene.remote.receipts()) == 3

    @pytest.mark.parametrize("how", ["refused", "out of reach"])
    def test_where_the_ticks_cannot_be_pushed_the_hint_names_the_remote(self, scene, how):
        away = "mv ../remote.git ../away.git" if how == "out of reach" else "true"
        scene.todo("- [ ] it run:goes\n", f'[processors.goes]\nrun = "{away}"\n')
        if how == "refused":
            scene.remote.hook("update", 'case "$1" in refs/heads/*) exit 1;; esac')
        said = scene(scene.remote.clone("a"), *RUN, "--push")
        assert said.code == 3
        words = "rejected the receipts" if how == "refused" else "could not be reached"
        assert f"origin/main {words}" in said.err
        assert "`mdtodo run --remote origin --push` pushes them" in said.err

    @pytest.mark.parametrize(
        ("args", "words"),
        [
            (("--remote", "nix"), "no remote is called 'nix' (there is origin, other)"),
            (("--remote", "other", "--push"), "claims and ticks must be on the same remote"),
        ],
    )
    def test_wrong_usage(self, scene, args, words):
        a = scene.remote.clone("a")
        a.git("remote", "add", "other", str(scene.remote.path))
        said = scene(a, "run", *args)
        assert said.code == 2
        assert words in said.err
        assert scene.called == []

    def test_nobody_is_asked_for_a_password(self, scene):
        a = scene.remote.clone("a")
        with http(scene.remote.path, GitServer) as url:
            a.git("remote", "set-url", "origin", url)
            said = scene(a, *RUN)
        assert said.code == 3
        assert "no task can be claimed on origin: git: could not read Username for" in said.err
        assert "hint: while tasks run nobody is asked for a password" in said.err
        assert scene.called == []

    def test_a_remote_that_cannot_be_reached_starts_nothing(self, scene):
        a = scene.remote.clone("a")
        scene.remote.path.rename(scene.folder / "gone")
        said = scene(a, *RUN)
        assert scene.called == []
        assert "no task can be claimed on origin: git: " in said.err
        assert said.code == 3


def test_workers_in_two_clones_run_each_task_once_and_deliver_all(scene):
    scene.todo("".join(f"- [ ] task {number} run:nap\n" for number in range(24)), NAP)
    clones = [scene.remote.clone(name) for name in "ab"]
    started = [
        scene.start(one, "worker", "--name", one.root.name, "--remote", "origin", "--push", "-j1")
        for one in clones
    ]
    assert [one.end() for one in started] == [0, 0]
    # what the other one had in hand when this one ended is its to deliver
    assert scene.called == sorted(f"task {number}" for number in range(24))
    assert scene.remote.file().count(b"[x]") == 24
    assert claimed(scene.remote) == {}
    log = scene.remote.bare.git("log", "--format=%B", "main")
    assert {f"worker={name}" in log for name in "ab"} == {True}


def test_a_worker_ends_where_another_clone_has_what_is_left(scene):
    scene.todo("- [ ] one run:waits\n")
    first = scene.start(scene.remote.clone("a"), "run", "--remote", "origin", "--push")
    eventually(lambda: scene.called == ["one"])
    said = scene(scene.remote.clone("b"), "worker", "--remote", "origin", "--push")
    assert "has it" in said.err
    scene.go()
    assert first.end() == 0
    assert scene.called == ["one"]
