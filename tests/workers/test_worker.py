"""`mdtodo worker`: several of them in one clone do each task once, and none is left behind."""

from __future__ import annotations

import os
import re
import signal
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.examples import TIMES
from tests.processes import eventually, pid_in, runs
from tests.terminal import Terminal
from tests.workers.conftest import calls, receipts

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout
    from tests.workers.conftest import Call

    Shared, Start = Callable[..., Checkout], Callable[..., Call]
    Mdtodo = Callable[..., Said]


def is_whole(repo: Checkout, titles: list[str]) -> None:
    """Each task was begun once, is ticked here and in HEAD, and has one receipt."""
    assert calls(repo) == Counter(titles)
    assert b"[ ]" not in repo.read("TODO.md")
    assert repo.status() == []
    assert set(receipts(repo).values()) == {1}
    assert len(receipts(repo)) == len(titles)


def test_eight_terminals_on_one_checkout_do_each_task_once(shared: Shared, start: Start) -> None:
    titles = [f"t{number}" for number in range(24 * TIMES)]
    lines = [f"- [ ] {title} id:{title} run:ok" for title in titles]
    for number in range(8, len(lines)):  # each waits for one that another worker may have
        lines[number] += f" after:t{number - 8}"
    repo = shared("\n".join(lines) + "\n")
    said = [one.end() for one in [start(repo.root, "worker", "--name", f"w{n}", "-j1") for n in range(8)]]
    assert [text for text in said if re.search(r"\block|not started|left", text)] == []
    is_whole(repo, titles)


def test_workers_in_linked_worktrees_do_each_task_in_one_of_them(shared: Shared, start: Start) -> None:
    titles = [f"t{number}" for number in range(12)]
    held = "[processors.held]\nrun = 'echo $MDTODO_TASK_TITLE >> ../calls; until test -e ../go; do sleep 0.05; done'"
    repo = shared("".join(f"- [ ] {title} run:held\n" for title in titles), held)
    repo.git("worktree", "add", "-q", "../other", "-b", "other")
    other = type(repo)(repo.root.parent / "other")
    workers = [start(one.root, "worker", "--name", f"w{n}", "-j1") for n, one in enumerate((repo, other) * 2)]
    eventually(lambda: calls(repo).total() == 4)  # what was done before a worker began it does not know
    (repo.root.parent / "go").touch()
    said = "".join(worker.end() for worker in workers)
    assert "left, not started" not in said
    assert "left, done by other workers, and still open in the files of this work tree: " in said
    assert calls(repo) == Counter(titles)
    boxes = [one.read("TODO.md").decode().count("[x]") for one in (repo, other)]
    assert sum(boxes) == 12
    assert repo.status() == other.status() == []
    assert sum((receipts(repo) + receipts(repo, "other")).values()) == 12


def test_a_worker_that_is_stopped_for_longer_than_its_lease_ticks_nothing(
    shared: Shared, start: Start
) -> None:
    repo = shared("- [ ] slow id:slow run:once\n", 'lease = "1s"')
    late = start(repo.root, "worker", "--name", "late")
    processor = pid_in(repo.root.parent / "first" / "pid")
    late.process.send_signal(signal.SIGSTOP)
    start(repo.root, "worker", "--name", "other").end()
    assert receipts(repo) == {("slow", "done"): 1}
    late.process.send_signal(signal.SIGCONT)
    late.end(code=None)
    eventually(lambda: not runs(processor))
    assert receipts(repo) == {("slow", "done"): 1}
    assert "worker=other" in repo.git("log", "-1", "--format=%B")
    assert repo.status() == []


def test_what_a_killed_worker_had_in_hand_is_done_by_others(shared: Shared, start: Start) -> None:
    repo = shared("- [ ] slow run:once\n- [ ] quick run:ok\n")
    dead = start(repo.root, "worker", "--name", "dead", "-j2")
    processor = pid_in(repo.root.parent / "first" / "pid")
    eventually(lambda: calls(repo)["quick"])
    other = start(repo.root, "worker", "--name", "other")
    eventually(lambda: "waiting for" in other.said)
    dead.process.kill()
    other.end()
    assert calls(repo) == {"slow": 2, "quick": 1}
    assert repo.read("TODO.md") == repo.head("TODO.md") == b"- [x] slow run:once\n- [x] quick run:ok\n"
    eventually(lambda: not runs(processor))


def test_what_another_worker_frees_is_waited_for(shared: Shared, start: Start) -> None:
    repo = shared(
        "- [ ] first id:first run:waits worker:a\n- [ ] second id:second run:ok worker:b after:first\n"
    )
    os.mkfifo(repo.root.parent / "gate")
    a = start(repo.root, "worker", "--name", "a")
    eventually(lambda: calls(repo)["first"])
    b = start(repo.root, "worker", "--name", "b")
    eventually(lambda: 'waiting for what other workers have in hand: "first" (first) (a)' in b.said)
    with (repo.root.parent / "gate").open("w"):
        pass
    a.end()
    b.end()
    is_whole(repo, ["first", "second"])
    assert "worker=b" in repo.git("log", "-1", "--format=%B")


def test_a_parent_is_ticked_when_several_workers_have_done_its_subtasks(shared: Shared, start: Start) -> None:
    repo = shared(
        "- [ ] parent id:p\n  - [ ] a run:ok worker:a\n  - [ ] b run:ok worker:b\n- [ ] c run:ok after:p\n"
    )
    for worker in [start(repo.root, "worker", "--name", name) for name in "ab"]:
        worker.end()
    assert b"[ ]" not in repo.head("TODO.md")
    assert calls(repo) == {"a": 1, "b": 1, "c": 1}
    assert set(receipts(repo).values()) == {1}


def test_a_task_that_fails_has_one_turn_among_workers(shared: Shared, start: Start) -> None:
    repo = shared(
        "- [ ] bad run:gated\n", "[processors.gated]\nrun = 'echo bad >> ../calls; cat ../gate; exit 1'"
    )
    os.mkfifo(repo.root.parent / "gate")
    workers = [start(repo.root, "worker", "--name", f"w{n}", "-j1") for n in range(3)]
    eventually(lambda: sum("waiting for" in worker.said for worker in workers) == 2)
    with (repo.root.parent / "gate").open("w"):
        pass
    for worker in workers:
        worker.end(code=None)
    assert calls(repo)["bad"] == 1


def test_a_failure_that_has_yet_to_land_is_a_turn_for_workers_that_come_meanwhile(
    shared: Shared, start: Start
) -> None:
    repo = shared("- [ ] bad run:fails\n- [ ] slow run:waits\n")
    os.mkfifo(repo.root.parent / "gate")
    lock = repo.root / ".git" / "index.lock"
    lock.touch()
    first = start(repo.root, "worker", "--name", "first", "-j2")
    eventually(lambda: "what is done is kept" in first.said)
    second = start(repo.root, "worker", "--name", "second")
    eventually(lambda: "waiting for" in second.said)
    lock.unlink()
    with (repo.root.parent / "gate").open("w"):
        pass
    for worker in (first, second):
        worker.end(code=None)
    assert calls(repo) == {"bad": 1, "slow": 1}
    assert (
        repo.read("TODO.md")
        == repo.head("TODO.md")
        == b"- [ ] bad run:fails failed:1\n- [x] slow run:waits\n"
    )


def test_the_cap_of_a_lane_holds_over_all_workers(shared: Shared, start: Start) -> None:
    titles = [f"t{number}" for number in range(9)]
    repo = shared("".join(f"- [ ] {title} run:alone lane:db\n" for title in titles), "[lanes]\ndb = 1\n")
    for worker in [start(repo.root, "worker", "--name", f"w{n}", "-j2") for n in range(3)]:
        worker.end()
    is_whole(repo, titles)


def test_a_run_waits_for_a_lane_that_another_one_fills(shared: Shared, start: Start) -> None:
    repo = shared("- [ ] slow run:waits lane:db\n- [ ] next run:ok lane:db\n", "[lanes]\ndb = 1\n")
    os.mkfifo(repo.root.parent / "gate")
    first = start(repo.root, "run", "--text", "slow")
    eventually(lambda: calls(repo)["slow"])
    second = start(repo.root, "run", "--text", "next")
    with pytest.raises(Exception, match="timed out"):
        second.process.wait(timeout=2)
    with (repo.root.parent / "gate").open("w"):
        pass
    first.end()
    assert "another worker" not in second.end()
    is_whole(repo, ["slow", "next"])


WRITER = """
[processors.{name}]
run = '''{waits}echo "$MDTODO_TASK_TITLE" >> ../calls; echo > gen/{name}; echo '{{"output": "gen/{name}"}}' >> "$MDTODO_OUTPUT"'''
outputs = ["gen/*"]
"""


def test_a_run_waits_for_outputs_that_another_one_may_write(shared: Shared, start: Start) -> None:
    writers = WRITER.format(name="a", waits="cat ../gate; ") + WRITER.format(name="b", waits="")
    repo = shared("- [ ] b run:b !high\n- [ ] a run:a\n- [ ] beside run:ok\n", writers)
    (repo.root / "gen").mkdir()
    os.mkfifo(repo.root.parent / "gate")
    first = start(repo.root, "run", "--text", "a", "-j1")
    with (repo.root.parent / "gate").open("w"):  # opened once somebody reads it, and so when `a` has begun
        second = start(repo.root, "run", "--text", "b", "-j1")
        eventually(lambda: calls(repo)["beside"])  # comes after `b`, which is higher
        assert calls(repo) == Counter(["beside"])
    first.end()
    assert "another worker" not in second.end()
    is_whole(repo, ["a", "b", "beside"])


LEFT = """\
- [ ] plain run:ok
- [ ] gpu run:ok needs:gpu
- [ ] both run:ok needs:gpu,docker
- [ ] bobs run:ok worker:bob
- [ ] hand id:hand
- [ ] after id:after run:ok after:hand
- [ ] begun id:begun run:ok
"""


def test_at_the_end_it_says_what_is_left_and_for_whom(shared: Shared, mdtodo: Mdtodo) -> None:
    repo = shared(LEFT.replace("[ ] begun", "[/] begun"))
    told = [line for line in mdtodo("worker", "--can", "gpu").err.splitlines() if "left" in line]
    assert [line.partition('"')[0] + line.partition('"')[2].partition('"')[0] for line in told] == [
        "mdtodo: left, for a worker that can docker: both",
        "mdtodo: left, for the worker bob: bobs",
        "mdtodo: left, in progress by hand: begun",
        "mdtodo: left, manual: hand",
        "mdtodo: left, blocked: after",
    ]
    assert told[-1].endswith('waits for "hand" (hand), which is manual')
    assert calls(repo) == {"plain": 1, "gpu": 1}


def test_what_this_machine_can_is_said_by_option_environment_or_git(shared: Shared, mdtodo: Mdtodo) -> None:
    repo = shared("".join(f"- [ ] {need} run:ok needs:{need}\n" for need in ("gpu", "docker", "kvm", "net")))
    repo.git("config", "mdtodo.can", "gpu")
    mdtodo("run", "--can", "")
    assert calls(repo) == {}
    mdtodo("run")
    assert calls(repo) == {"gpu": 1}
    mdtodo("worker", "--can", "kvm", MDTODO_CAN="docker")
    assert calls(repo) == {"gpu": 1, "kvm": 1}
    mdtodo("run", MDTODO_CAN="docker")
    assert calls(repo) == {"gpu": 1, "kvm": 1, "docker": 1}
    repo.git("config", "--unset", "mdtodo.can")
    mdtodo("worker")
    assert calls(repo)["net"] == 0
    assert "taken on trust that this machine can net" in mdtodo("run", MDTODO_CAN="").err
    assert calls(repo)["net"] == 1


def test_a_worker_takes_what_is_its_own_and_nobodys(shared: Shared, mdtodo: Mdtodo) -> None:
    repo = shared("- [ ] hers run:ok worker:ada\n- [ ] his run:ok worker:bob\n- [ ] all run:ok\n")
    assert "is no name of a worker" in mdtodo("worker", "--name", "a b", code=2).err
    mdtodo("worker", "--name", "ada")
    assert calls(repo) == {"hers": 1, "all": 1}
    assert repo.git("log", "--format=%B").count("worker=ada") == 2


def test_a_limit_is_one_of_tasks(shared: Shared, mdtodo: Mdtodo) -> None:
    repo = shared("".join(f"- [ ] t{n} run:ok\n" for n in range(5)))
    said = mdtodo("worker", "--limit", "2")
    assert sum(calls(repo).values()) == 2
    assert "left, not started:" in said.err
    mdtodo("worker", "--limit", "1", "--forever")
    assert sum(calls(repo).values()) == 3


def test_an_idle_worker_takes_what_comes_and_ends_after_a_while(shared: Shared, start: Start) -> None:
    repo = shared("- [ ] one run:ok\n")
    worker = start(repo.root, "worker", "--idle", "3s")
    eventually(lambda: repo.read("TODO.md") == b"- [x] one run:ok\n")
    repo.write("TODO.md", "- [x] one run:ok\n- [ ] two run:ok\n")
    worker.end()
    assert calls(repo) == {"one": 1, "two": 1}


def test_a_terminal_shows_what_others_have_in_hand(shared: Shared, start: Start) -> None:
    repo = shared("- [ ] Slow task run:waits\n")
    os.mkfifo(repo.root.parent / "gate")
    ada = start(repo.root, "worker", "--name", "ada")
    eventually(lambda: calls(repo)["Slow task"])
    with Terminal(["worker", "--name", "bob"], repo.root, 80, 24) as terminal:
        terminal.read_until("ada: Slow task")
        with (repo.root.parent / "gate").open("w"):
            pass
        assert terminal.end() == 0
    ada.end()


def test_another_branch_ends_a_worker_with_a_sentence(shared: Shared, start: Start) -> None:
    repo = shared(
        "- [ ] slow run:waits\n- [ ] a run:ok after:b\n- [ ] b id:b run:ok after:c\n- [ ] c id:c run:waits\n"
    )
    os.mkfifo(repo.root.parent / "gate")
    worker = start(repo.root, "worker", "-j1", "--name", "w")
    eventually(lambda: sum(calls(repo).values()))
    repo.git("checkout", "-q", "--detach", repo.git("commit-tree", "HEAD^{tree}", "-m", "of other work"))
    with (repo.root.parent / "gate").open("w"):
        pass
    said = worker.end(code=None)
    assert said.count("nothing more is started") == 1
    assert sum(calls(repo).values()) == 1


def test_forever_and_idle_exclude_each_other(repo: Checkout, inside: Mdtodo) -> None:
    said = inside("worker", "--forever", "--idle", "1s", code=2)
    assert "--forever and --idle exclude each other" in said.err
