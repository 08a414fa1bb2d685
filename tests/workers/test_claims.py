"""A claim has one winner, and is lost only where its worker has ended or was silent for a lease."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from hashlib import sha1
from typing import TYPE_CHECKING

import pytest

from mdtodo.errors import GitError
from mdtodo.git.remotes.refs import RefUpdate, push_refs
from mdtodo.markdown.document import parse
from mdtodo.markdown.tasks import read_tasks
from mdtodo.system.process_identity import current
from mdtodo.workers import claims as claims_module
from mdtodo.workers import sightings
from mdtodo.workers.claim import CLAIMS, Claim, claim_ref, read_claim
from mdtodo.workers.claims import ClaimsRefusedError
from tests.examples import TIMES
from tests.landing.push.remotes import first_remote, remote
from tests.workers.clones import ONE, THREE, TWO, claimed, claims_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mdtodo.workers.claims import Claims

__all__ = ["first_remote", "remote"]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What is added to the clock that nobody sets."""
    offset, real = [0.0], sightings.boot_clock
    for module in (sightings, claims_module):
        monkeypatch.setattr(module, "boot_clock", lambda: real() + offset[0])
    return offset


class TestOneWinner:
    def test_the_second_one_is_told_who_has_it(self, remote):
        a, b = (claims_of(remote.clone(name)) for name in "ab")
        assert a.take([ONE, TWO]) == {}
        reasons = b.take([TWO, THREE])
        assert reasons.keys() == {TWO}
        assert reasons[TWO] == f"a on {os.uname().nodename} (run run-a, since {_day(a)}) has it"
        assert set(a.held) == {ONE, TWO}
        assert set(b.held) == {THREE}

    def test_of_many_at_the_same_moment_each_has_one_winner(self, remote):
        """Ten thousand attempts: MDTODO_LONG=84."""
        workers = [claims_of(remote.clone(f"clone-{number}")) for number in range(6)]
        for number in range(TIMES):
            refs = [f"{CLAIMS}{number}-{index}" for index in range(20)]
            at_once(workers, lambda worker, refs=refs: worker.take(refs))
            winners = Counter(ref for worker in workers for ref in worker.held)
            assert winners == dict.fromkeys(refs, 1)
            assert claimed(remote) == {ref: one.oid for worker in workers for ref, one in worker.held.items()}
            for worker in workers:
                worker.release([*worker.held])
            at_once(workers, lambda worker: worker.sweep())
            assert claimed(remote) == {}

    def test_what_is_given_back_is_free_with_the_next_push(self, remote):
        a, b = (claims_of(remote.clone(name)) for name in "ab")
        a.take([ONE, TWO])
        a.release([ONE])
        assert ONE in claimed(remote)
        a.take([THREE])
        assert claimed(remote).keys() == {TWO, THREE}
        assert b.take([ONE]) == {}

    def test_no_two_objects_are_equal(self, remote):
        """An equal one would count as pushed without a look at the lease."""
        worker = claims_of(remote.clone("a"))
        assert len({worker.own.message() for _ in range(100)}) == 100

    def test_the_lease_of_a_push_is_looked_at(self, remote):
        """What a `+` before the ref would defeat."""
        a, b = (claims_of(remote.clone(name)) for name in "ab")
        a.take([ONE])
        before = claimed(remote)
        object_of_b = b._new_object(b.own)
        for expected in (None, object_of_b):
            said = push_refs(b.repo, "origin", [RefUpdate(ONE, expected, object_of_b)])
            assert said[ONE].words == "[rejected] (stale info)"
        assert claimed(remote) == before


class TestASilentWorker:
    def test_one_that_was_seen_unchanged_for_a_lease_is_taken_over(self, remote, clock):
        a, b = (claims_of(remote.clone(name)) for name in "ab")
        a.take([ONE])
        assert ONE in b.take([ONE])
        clock[0] = 59.0
        assert ONE in b.take([ONE])
        clock[0] = 61.0
        assert b.take([ONE]) == {}
        assert a.renew() == {ONE}
        assert a.held == {}

    def test_a_claims_time_counts_from_the_first_look_whatever_it_says_of_its_age(
        self, remote, clock, monkeypatch
    ):
        monkeypatch.setattr("time.time", lambda: 1.0)
        a = claims_of(remote.clone("a"))
        a.take([ONE])
        monkeypatch.undo()
        b = claims_of(remote.clone("b"))
        clock[0] = 61.0
        assert "1970" in b.take([ONE])[ONE]

    @pytest.mark.parametrize("moved", [-7200.0, 7200.0])
    def test_a_date_that_is_set_changes_nothing(self, remote, monkeypatch, moved):
        a, b = (claims_of(remote.clone(name)) for name in "ab")
        a.take([ONE])
        b.take([ONE])
        import time

        real = time.time
        monkeypatch.setattr("time.time", lambda: real() + moved)
        assert ONE in b.take([ONE])
        assert ONE in claims_of(remote.clone("c")).take([ONE])
        assert a.renew() == frozenset()

    def test_one_that_is_renewed_stays(self, remote, clock):
        a, b = (claims_of(remote.clone(name)) for name in "ab")
        a.take([ONE, TWO])
        for _ in range(3):
            clock[0] += 40.0
            assert b.take([ONE, TWO]).keys() == {ONE, TWO}
            assert a.renew() == frozenset()

    def test_what_one_run_has_seen_counts_for_the_next_one(self, remote, clock):
        a, clone = claims_of(remote.clone("a")), remote.clone("b")
        a.take([ONE])
        claims_of(clone).take([ONE])
        clock[0] = 61.0
        assert claims_of(clone).take([ONE]) == {}

    def test_what_was_seen_before_a_restart_of_the_machine_does_not_count(self, remote, clock, monkeypatch):
        a, clone = claims_of(remote.clone("a")), remote.clone("b")
        a.take([ONE])
        claims_of(clone).take([ONE])
        clock[0] = 61.0
        monkeypatch.setattr(sightings, "boot_id", lambda: "another")
        assert ONE in claims_of(clone).take([ONE])

    @pytest.mark.parametrize(
        "content", [b"", b"{", b'{"boot": 1}', b"[]", b'{"boot": "B", "remotes": {"R": {"x": 1}}}']
    )
    @pytest.mark.sample(2)
    def test_a_damaged_file_of_sightings_is_none(self, remote, content):
        a, clone = claims_of(remote.clone("a")), remote.clone("b")
        a.take([ONE])
        b = claims_of(clone)
        path = clone.root / ".git/mdtodo/claims.json"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(
            content.replace(b'"B"', f'"{sightings.boot_id()}"'.encode()).replace(b'"R"', b'"origin"')
        )
        assert ONE in b.take([ONE])

    def test_the_longer_one_of_two_leases_counts(self, remote, clock):
        a, b = claims_of(remote.clone("a"), lease=600.0), claims_of(remote.clone("b"))
        a.take([ONE])
        b.take([ONE])
        clock[0] = 500.0
        assert ONE in b.take([ONE])

    def test_one_whose_process_has_ended_on_this_machine_is_taken_at_once(self, remote):
        clone = remote.clone("a")
        script = (
            "from tests.conftest import Checkout; from tests.workers.clones import *; from pathlib import Path\n"
            f"claims_of(Checkout(Path({str(clone.root)!r}))).take([ONE])"
        )
        subprocess.run([sys.executable, "-c", script], check=True)
        assert claimed(remote).keys() == {ONE}
        assert claims_of(remote.clone("b")).take([ONE]) == {}

    def test_a_worker_counts_its_own_claim_as_lost_before_others_do(self, remote, clock):
        a = claims_of(remote.clone("a"))
        a.take([ONE])
        assert a.held[ONE].until < sightings.boot_clock() + a.own.lease


class TestNoAnswer:
    def test_a_lock_that_a_killed_push_has_left_means_that_nobody_knows(self, remote, monkeypatch):
        monkeypatch.setattr(claims_module, "PAUSE", 0.0)
        lock = remote.path / f"{ONE}.lock"
        lock.parent.mkdir(parents=True)
        lock.touch()
        a = claims_of(remote.clone("a"))
        assert "it is not known whether another worker has it" in a.take([ONE, TWO])[ONE]
        assert set(a.held) == {TWO}
        lock.unlink()
        assert a.take([ONE]) == {}

    def test_a_remote_that_cannot_be_reached_is_an_error(self, remote):
        a = claims_of(remote.clone("a"))
        remote.path.rename(remote.folder / "gone")
        with pytest.raises(GitError, match="does not appear to be a git repository"):
            a.take([ONE])
        assert a.held == {}

    def test_a_renewal_that_does_not_arrive_leaves_the_claim_for_its_time(self, remote):
        a = claims_of(remote.clone("a"))
        a.take([ONE])
        before = a.held[ONE]
        remote.path.rename(remote.folder / "gone")
        with pytest.raises(GitError):
            a.renew()
        assert a.held == {ONE: before}
        (remote.folder / "gone").rename(remote.path)
        assert a.renew() == frozenset()
        assert a.held[ONE].until > before.until

    def test_what_is_gone_already_keeps_no_other_push_from_being_made(self, remote):
        """git pushes nothing at all where it is to delete a ref that is not there."""
        a = claims_of(remote.clone("a"))
        a.take([ONE, TWO])
        remote.bare.git("update-ref", "-d", ONE)
        a.release([ONE])
        assert a.take([THREE]) == {}
        assert claimed(remote).keys() == {TWO, THREE}


@pytest.mark.parametrize(
    ("hook", "config", "words"),
    [
        ("pre-receive", (), "pre-receive hook declined"),
        ("update", (), "hook declined"),
        ("", ("receive.hideRefs", "refs/mdtodo"), "hidden ref"),
        ("", ("transfer.hideRefs", "refs/mdtodo"), "hidden ref"),
    ],
)
def test_a_remote_that_takes_no_such_refs_is_told_from_a_lost_race(remote, hook, config, words):
    if hook:
        remote.hook(hook, "exit 1")
    else:
        remote.bare.git("config", *config)
    a = claims_of(remote.clone("a"))
    with pytest.raises(ClaimsRefusedError, match=words):
        a.take([ONE])


@pytest.mark.parametrize(
    "commit",
    [
        b"",
        b"tree 1\n\nmdtodo claim\n\n{}",
        b"tree 1\n\nmdtodo claim\n\n[]",
        b'tree 1\n\ns\n\n{"worker": 1}',
        b"tree 1\n\ns\n\n" + b"[" * 100000,
        b"tree 1\n\ns\n\n\xff",
    ],
    ids=["nothing", "no keys", "a list", "too few", "deep", "not UTF-8"],
)
def test_what_somebody_else_wrote_is_not_believed(commit):
    assert read_claim(commit) is None


def test_what_a_claim_says_is_read_again_on_one_line():
    claim = Claim("w\n\x1b[1m", "h", "r", 1.0, 2.0, current(), "c", kept=True)
    read = read_claim(b"tree 1\nauthor a\n\n" + claim.message().encode())
    assert read == claim._replace(worker="w  [1m")


def test_a_claim_of_a_stranger_is_somebody_elses(remote):
    clone = remote.clone("a")
    clone.git("push", "-q", "origin", f"HEAD:{ONE}")
    assert claims_of(clone).take([ONE]) == {
        ONE: "another worker has it, by a claim on origin that cannot be read"
    }


def _day(claims: Claims) -> str:
    return claims.own.who.partition("since ")[2].removesuffix(")")


def at_once(workers: list[Claims], call: Callable[[Claims], object]) -> None:
    """Call it for all of them at the same moment."""
    barrier, errors = threading.Barrier(len(workers)), list[BaseException]()

    def run(worker: Claims) -> None:
        barrier.wait()
        try:
            call(worker)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("- [ ] one\n", ["fe05bcdcdc4928012781a5f1a2a77cbb5398e106"]),
        ("- [x] one !high due:2030-01-01\n", ["fe05bcdcdc4928012781a5f1a2a77cbb5398e106"]),
        ("- [ ] a id:ship-it\n", ["ship-it"]),
        ("- [ ] a id:Ship.lock\n", [sha1(b"Ship.lock").hexdigest()]),
        ("- [ ] a id:twice\n- [ ] b id:twice\n", ["twice", sha1(b"b").hexdigest()]),
        (
            "# A\n- [ ] one\n# B\n- [ ] one\n",
            [sha1(f"{sha1(b'one').hexdigest()}\nTODO.md\n{s}".encode()).hexdigest() for s in "AB"],
        ),
    ],
    ids=["titles", "neither box nor keys", "explicit", "no name for a file", "twice", "equal"],
)
def test_a_claim_has_the_name_of_its_task_in_each_clone(text, names):
    tasks = read_tasks({"TODO.md": parse(text.encode())})
    assert [claim_ref(task) for task in tasks] == [CLAIMS + name for name in names]
