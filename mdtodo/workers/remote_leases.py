"""The leases of a run that works together with other clones: those of this clone, and above them claims on a remote.

Few pushes: one claims what starts now and what will start soon, one renews all that is held, and what is given back
goes with the next one. The network is another thread's, so that the leases of this clone never wait for it.
"""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mdtodo.errors import GitError, InputError
from mdtodo.git.remote import fetch, without_password
from mdtodo.git.repository import read_blobs
from mdtodo.git.true_history import is_ancestor
from mdtodo.landing.parse_cache import parse_cached
from mdtodo.landing.push.push import FETCHED
from mdtodo.system import process_identity
from mdtodo.system.clock import boot_clock
from mdtodo.workers.claim import claim_ref
from mdtodo.workers.claims import OWN_SHARE, ClaimsRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence

    from mdtodo.core.task import Status, Task
    from mdtodo.git.remote import Upstream
    from mdtodo.git.repository import Repository
    from mdtodo.run.start.leases import LocalLeases
    from mdtodo.workers.claims import Claims

#: Seconds between two pushes that claim, at which as many tasks are claimed ahead as are done meanwhile.
PACE = 20.0
#: So many tasks are claimed ahead of their start, at most.
MOST_AHEAD = 256
#: Seconds for which it is believed that a task is somebody else's, once that was seen.
FRESH = 15.0
#: Seconds after which a renewal counts as hanging, at least.
PATIENCE = 2.0
_WANTS_A_PASSWORD = re.compile(
    r"prompts disabled|could not read|Permission denied|authentication", re.IGNORECASE
)
#: Seconds between two looks at the leases of this clone while the other thread is waited for.
_LOOK_EVERY = 0.2
#: A claim is renewed after this share of its time; where that fails, again after a fifth of that.
RENEWAL = 1 / 2


@dataclass(slots=True, eq=False, repr=False)
class RemoteLeases:
    """See `run.start.leases.Leases`. What has landed here stays claimed until its tick is pushed: `ended` are its refs.

    Where the remote takes no claims, the leases of this clone are all there is, and that is said.
    """

    local: LocalLeases
    claims: Claims
    upstream: Upstream | None
    statuses: Mapping[str, Status]
    say: Callable[[str], None]
    ended: set[str] = field(default_factory=set)
    refused: bool = False
    _refs: dict[str, str] = field(default_factory=dict)
    _reasons: dict[str, tuple[str, float]] = field(default_factory=dict)
    _gone: set[str] = field(default_factory=set)
    _ahead: int = 0
    _claimed: float = float("-inf")
    _renewed: float = field(default_factory=boot_clock)
    _reached: bool = False
    _failed: bool = False
    _work: Future[Any] | None = None

    def lease(self, tasks: Sequence[Task], upcoming: Callable[[int], Sequence[Task]]) -> None:
        """See `Leases`."""
        self.local.lease(tasks, upcoming)
        if self.refused:
            return
        self.ended -= {self._refs[one.id] for one in tasks if one.id in self._refs}
        now = time.monotonic()
        missing = [one for one in tasks if self.local.refusal(one) is None and self._is_to_claim(one, now)]
        if not missing:
            return
        more = [one for one in upcoming(self._pace(len(missing), now)) if self._is_to_claim(one, now)]
        self._take([*missing, *more])
        lost = [one.id for one in missing if self.refusal(one) is not None]
        self.local.release(lost)

    def refusal(self, task: Task) -> str | None:
        """See `Leases`."""
        here = self.local.refusal(task)
        if self.refused or self._is_held(task.id):
            return here
        reason = self._reasons.get(task.id)
        return reason[0] if reason is not None else here

    def is_full(self, task: Task) -> bool:
        """See `Leases`."""
        return self.local.is_full(task)

    def leave_lanes(self, running: Container[str]) -> None:
        """See `Leases`."""
        self.local.leave_lanes(running)

    def held(self, tasks: Sequence[Task]) -> frozenset[str]:
        """See `Leases`. After a pause that was longer than a claim lasts, the remote is asked whether it still is."""
        here = self.local.held(tasks)
        if self.refused:
            return here
        if any(map(self._is_over, here)):
            self._settle()
            self._renew()
            self._settle()
        return frozenset(task_id for task_id in here if self._is_held(task_id) and not self._is_over(task_id))

    def renew(self) -> frozenset[str]:
        """See `Leases`."""
        gone = self.local.renew() | self._gone
        self._gone = set()
        if self.refused:
            return gone
        if self._work is None or self._work.done():
            self._collect()
        since = boot_clock() - self._renewed
        # only once a renewal has failed, or hangs: after a pause, nobody may have taken over yet
        hanging = max(PATIENCE, self.claims.own.lease * (1 - OWN_SHARE))
        hopeless = self._failed if self._work is None else since >= hanging
        over = [one for one in self._refs if self._is_over(one)] if hopeless else []
        self.claims.release(self._refs[one] for one in over)
        if self._work is None and since >= self.claims.own.lease * RENEWAL and self.claims.held:
            self._renew()
        return gone | self._gone | frozenset(over)

    def release(self, task_ids: Iterable[str]) -> None:
        """See `Leases`."""
        ids = tuple(task_ids)
        self.local.release(ids)
        self.claims.release(self._refs[task_id] for task_id in ids if task_id in self._refs)

    def landed(self, task_ids: Iterable[str]) -> None:
        """See `Leases`."""
        ids = tuple(task_ids)
        self.local.landed(ids)
        self.ended |= {self._refs[task_id] for task_id in ids if task_id in self._refs}

    def release_all(self) -> None:
        """See `Leases`."""
        self._settle()
        self.local.release_all()
        self.claims.release([ref for ref in self.claims.held if ref not in self.ended])

    # What is claimed

    def _is_to_claim(self, task: Task, now: float) -> bool:
        """Whether it is neither claimed nor known to be somebody else's."""
        reason = self._reasons.get(task.id)
        return not self._is_held(task.id) and (reason is None or now - reason[1] >= FRESH)

    def _is_held(self, task_id: str) -> bool:
        return self._refs.get(task_id) in self.claims.held

    def _is_over(self, task_id: str) -> bool:
        """Whether its claim has not been renewed for so long that others may take it."""
        ref = self._refs.get(task_id, "")
        held = self.claims.held.get(ref) if ref not in self.ended else None
        return held is not None and held.until <= boot_clock()

    def _pace(self, starting: int, now: float) -> int:
        """How many to claim ahead: twice as many where the last ones were used up soon, half where they lasted."""
        soon = now - self._claimed < PACE
        self._claimed = now
        self._ahead = min(max(2 * self._ahead, starting), MOST_AHEAD) if soon else self._ahead // 2
        return self._ahead

    def _take(self, tasks: Sequence[Task]) -> None:
        """Claim these; for those that are not ours then, there is a reason."""
        self._refs |= {task.id: claim_ref(task) for task in tasks}
        refs = [self._refs[task.id] for task in tasks]
        try:
            reasons, closed = self._waited(lambda: self._claim(tasks))
        except ClaimsRefusedError as error:
            self._go_on_without(error)
            return
        except GitError as error:
            if not self._reached:
                raise self._unreachable(error) from error
            why = f"whether another worker has it is not known: {error}"
            reasons, closed = dict.fromkeys(refs, why), frozenset()
        self._reached = True
        name = self.upstream.name if self.upstream is not None else ""
        told = dict.fromkeys(closed, f"it is closed on {name}; `git pull` brings that")
        told |= {one.id: reasons[ref] for one, ref in zip(tasks, refs, strict=True) if ref in reasons}
        self.claims.release(self._refs[task_id] for task_id in closed)
        self._reasons = {one: why for one, why in self._reasons.items() if not self._is_held(one)}
        self._reasons |= {task_id: (why, time.monotonic()) for task_id, why in told.items()}

    def _claim(self, tasks: Sequence[Task]) -> tuple[dict[str, str], frozenset[str]]:
        """By ref why it was not won; and the ids of those that were, and are closed on the branch there."""
        reasons = self.claims.take([self._refs[task.id] for task in tasks])
        won = [task for task in tasks if self._is_held(task.id)]
        if self.upstream is None or self.claims.tip is None:
            return reasons, frozenset()
        repo = self.claims.repo
        return reasons, closed_there(repo, self.upstream, self.claims.tip, won, self.statuses)

    def _unreachable(self, error: GitError) -> GitError:
        name = without_password(self.claims.remote)
        hint = f"without --remote {name} the tasks are run for this clone alone"
        if _WANTS_A_PASSWORD.search(error.sentence):
            hint = "while tasks run nobody is asked for a password: a credential helper or an SSH agent must have it"
        return GitError(f"no task can be claimed on {name}: {error.sentence}", hint=error.hint or hint)

    def _go_on_without(self, error: ClaimsRefusedError) -> None:
        self.refused = True
        self.say(
            f"{error}; so a worker of another clone may run the same task at the same time. "
            "Each tick still lands once: the second result finds the box closed"
        )

    # The other thread

    def _renew(self) -> None:
        self._renewed = boot_clock()
        self._work = _background(self.claims.renew)

    def _settle(self) -> None:
        """Wait for what is under way."""
        while self._work is not None and wait([self._work], _LOOK_EVERY).not_done:
            self._gone |= self.local.renew()
        self._collect()

    def _collect(self) -> None:
        """Take in what the renewal came to."""
        work, self._work = self._work, None
        if work is None:
            return
        try:
            gone = work.result()
        except GitError:
            gone = frozenset()
        self._gone |= {task_id for task_id, ref in self._refs.items() if ref in gone}
        lease = self.claims.own.lease
        self._failed = any(one.until < self._renewed + lease * OWN_SHARE for one in self.claims.held.values())
        if self._failed:
            self._renewed -= lease * RENEWAL * 4 / 5  # the next try is soon

    def _waited(self, call: Callable[[], Any]) -> Any:
        """What the call gives, made in the other thread, while the leases of this clone are kept."""
        self._settle()
        work = _background(call)
        while wait([work], _LOOK_EVERY).not_done:
            self._gone |= self.local.renew()
        return work.result()


def _background(call: Callable[[], Any]) -> Future[Any]:
    """What the call comes to, made in a thread of its own, which nobody waits for at the end of the program."""
    work: Future[Any] = Future()

    def carry_out() -> None:
        try:
            work.set_result(call())
        except BaseException as error:
            work.set_exception(error)

    threading.Thread(target=carry_out, daemon=True).start()
    return work


# What the branch on the remote says of tasks, where it has moved on without this clone


def closed_there(
    repo: Repository, upstream: Upstream, tip: str, tasks: Iterable[Task], statuses: Mapping[str, Status]
) -> frozenset[str]:
    """The ids of those of these tasks that are closed on the branch of the remote, whose tip is this commit, as far as
    that can be seen: none where this clone has all of it."""
    wanted = tuple(tasks)
    if not wanted or is_ancestor(repo, tip, "HEAD"):
        return frozenset()
    try:
        there = fetch(repo, upstream, f"{FETCHED}{process_identity.current()}")
    except GitError:
        return frozenset()  # then the landing finds out
    names = {task.file: f"{there}:{task.file}" for task in wanted}
    blobs = read_blobs(repo, [*names.values()])
    return frozenset(task.id for task in wanted if _is_closed(blobs[names[task.file]], task, statuses))


def _is_closed(data: bytes | None, task: Task, statuses: Mapping[str, Status]) -> bool:
    if data is None:
        return False
    try:
        parsed = parse_cached(data, statuses, task.file)
    except InputError:
        return False
    index = parsed.places.find(task.anchor)
    return isinstance(index, int) and parsed.document.items[index].status.closed
