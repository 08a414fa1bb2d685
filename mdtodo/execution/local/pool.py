"""The local pool of processes, through which every processor runs.

Why it is our own. Measured on two cores (`benchmarks/pool.py --peers`), from opening to the first task: 65
ms here; with `multiprocessing` 30 ms by fork and 140 by forkserver; with pebble 200 by forkserver. Fork is
not safe once the runner has threads, and the others leave their server and resource tracker behind as
children of ours. With pebble a command outlived its pool process when that was killed or timed out, and
outlived the runner when that was killed; pebble does not tell when a task has started, nor carry progress.
What closes these gaps is what a pool is made of: one socket for each process, JSON lines, no lock that a
killed process could hold, no thread, and a clean process that forks the others (see `workers`). 1,000 times
`true` take 1.1 to 1.2 times as long as with `xargs -P2`, with log, environment, standard input and events
for each.
"""

from __future__ import annotations

import os
import select
import socket
from collections import deque
from time import monotonic, sleep
from typing import TYPE_CHECKING, cast

from mdtodo.errors import MdtodoError
from mdtodo.execution.executor import AHEAD, Event
from mdtodo.execution.local.channel import Channel, encoded
from mdtodo.execution.local.forkserver import BIRTHS, Nursery
from mdtodo.execution.local.worker_handle import Member
from mdtodo.execution.processors.result_shape import empty_result

if TYPE_CHECKING:
    from types import TracebackType

    from mdtodo.core.task import Json

#: Seconds that closing waits for the pool processes, each of which gives its command one second to end.
_CLOSE_PATIENCE = 5.0
_SEND_PATIENCE = 10.0
_LAST_WORDS = 1.0
#: Seconds after which a pool process that gives no sign of life while it has work is given up.
SILENCE = 300.0
#: A task takes moments if the last ones took fewer seconds than this on average; then a process is given `AHEAD` at
#: once, and while each will have more than `_SUPPLY` left, results gather for up to `_GATHER` seconds, so that the
#: runner wakes up and writes less often.
_BRIEF = 0.02
_SUPPLY = 6
_GATHER = 0.02


def cores() -> int:
    """The processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


class LocalPool:
    """An `Executor` with `jobs` processes on this machine (0: one for each core). For one thread; `wake`
    for any.

    A command is ended with everything that it started, on a timeout, on `cancel`, when its pool process
    dies, and when the runner itself dies, `kill -9` included. An attempt whose pool process died is `lost`
    once nothing of it runs any more; another process takes its place. So with one that was stopped and gives no sign
    of life for `silence` seconds, or that does not keep a timeout.
    """

    def __init__(self, jobs: int = 0, *, silence: float = SILENCE) -> None:
        self._silence = silence
        self._capacity = jobs or cores()
        self._nursery = Nursery()
        self._members: dict[int, Member] = {}
        self._idle: list[Member] = []
        self._queue: deque[Json] = deque()
        self._known: set[str] = set()
        self._retried: set[str] = set()
        self._ready: deque[Event] = deque()
        self._poll = select.poll()
        self._stillborn = 0
        self._mean: float | None = None
        self._bell: tuple[int, int] | None = None

    def __enter__(self) -> LocalPool:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def capacity(self) -> int:
        """How many attempts run at once."""
        return self._capacity

    def open(self) -> None:
        """Start the clean process that forks the others; returns before it is up."""
        if self._bell is None:
            bell = os.pipe()
            for end in bell:
                # `wake` writes in signal handlers, which must not wait for room in a pipe
                os.set_blocking(end, False)
            self._poll.register(bell[0], select.POLLIN)
            self._bell = bell
            self._nursery.start()

    def submit(self, spec: Json) -> None:
        """Queue a spec; a second one with the same `attempt` has no effect."""
        if self._bell is None:
            raise RuntimeError("the pool is not open")
        attempt = cast("str", spec["attempt"])
        if attempt not in self._known:
            self._known.add(attempt)
            self._queue.append(spec)
            self._give_to_idle()

    def events(self, timeout: float | None = None) -> list[Event]:
        """See `Executor.events`."""
        deadline = None if timeout is None else monotonic() + timeout
        while not self._ready and self._bell is not None:
            self._dispatch()
            busy = self._queue or any(member.specs for member in self._members.values())
            if deadline is None and not busy:
                break
            woken = self._turn(deadline)
            if woken or (deadline is not None and monotonic() >= deadline):
                break
        events = list(self._ready)
        self._ready.clear()
        return events

    def cancel(self, attempt: str) -> None:
        """See `Executor.cancel`."""
        for spec in self._queue:
            if spec["attempt"] == attempt:
                self._queue.remove(spec)
                self._ready.append(Event("finished", attempt, empty_result(interrupted=True)))
                return
        for member in self._members.values():
            if any(spec["attempt"] == attempt for spec in member.specs):
                member.cancel(attempt)
                return

    def wake(self) -> None:
        """Let `events` return soon; safe in a signal handler and in another thread."""
        if self._bell is not None:
            try:
                # a full pipe is no loss: what lies in it wakes `events` as well
                os.write(self._bell[1], b"!")
            except OSError:
                return

    def close(self) -> None:
        """End what still runs (TERM, one second later KILL), and every process of the pool."""
        if self._bell is None:
            return
        # before all else: without it nothing is dispatched, and nothing takes the place of what ends
        bell, self._bell = self._bell, None
        self._queue.clear()
        # a new one, as a signal handler may have come between `events` and its own
        self._poll = select.poll()
        for member in self._members.values():
            self._poll.register(member.channel, select.POLLIN)
            member.channel.finish()
        deadline = monotonic() + _CLOSE_PATIENCE
        while self._members and monotonic() < deadline:
            self._turn(deadline)
        for member in list(self._members.values()):
            self._bury(member)
        self._nursery.stop()
        for end in bell:
            os.close(end)

    def _turn(self, deadline: float | None) -> bool:
        """Wait for one round of messages; whether `wake` was called."""
        # sleep, not poll, which would return at each result
        if (moment := self._supplied_for()) > 0:
            sleep(moment)
        due = [member.kill_at for member in self._members.values() if member.kill_at is not None]
        due += [member.attend(self._silence) for member in self._members.values() if member.specs]
        due += [] if deadline is None else [deadline]
        # these messages were read while sending, so no poll reports them any more
        early = [member for member in self._members.values() if member.channel.early]
        for member in early:
            self._listen(member)
        due += [0.0] if early else []
        woken = False
        for descriptor, _ in self._poll.poll(max(0.0, min(due) - monotonic()) * 1000 if due else None):
            if descriptor in self._members:
                self._listen(self._members[descriptor])
            else:
                os.read(descriptor, 4096)
                woken = True
        # a copy, as `_bury` takes members out
        for member in list(self._members.values()):
            if member.kill_at is not None and monotonic() >= member.kill_at:
                self._bury(member)
            elif member.specs:
                self._judge(member)
        self._dispatch()
        return woken

    def _judge(self, member: Member) -> None:
        """Give up a pool process that was stopped, or hangs; SIGKILL ends it in any state."""
        if member.overdue is not None and monotonic() >= member.overdue:
            self._bury(member, result={**empty_result(), "timed_out": True})
        elif monotonic() >= member.heard + self._silence:
            reason = f"its pool process gave no sign of life for {self._silence:g} s"
            self._bury(member, result=empty_result(reason))

    def _supplied_for(self) -> float:
        """Seconds in which no process runs out of work, so that results may gather."""
        if self._mean is None or self._mean >= _BRIEF or len(self._members) < self._capacity:
            return 0.0
        least = min(len(member.specs) for member in self._members.values())
        return min(_GATHER, (least - _SUPPLY) * self._mean)

    def _dispatch(self) -> None:
        """Give what is queued to whom is free, and what is short in advance."""
        self._give_to_idle()
        if self._queue and self._bell is not None and self._mean is not None and self._mean < _BRIEF:
            self._give_ahead()
        elif self._idle and not self._queue:
            for member in self._members.values():
                member.ask_back()

    def _give_to_idle(self) -> None:
        while self._queue and self._bell is not None and (self._idle or len(self._members) < self._capacity):
            try:
                member = self._idle.pop() if self._idle else self._hire()
            except MdtodoError:
                self._give_up()
                return
            self._give(member)

    def _give_ahead(self) -> None:
        """Hand out evenly what is queued, as far as it should take moments only."""
        members = sorted(self._members.values(), key=lambda one: len(one.specs))
        for place, member in enumerate(members):
            # so many that it has its share of what it and those that have more have, and is given
            others = sum(len(one.specs) for one in members[place:])
            share = -(-(len(self._queue) + others) // (len(members) - place))
            count = min(share, AHEAD) - len(member.specs)
            if count > 0 and not self._give(member, min(count, len(self._queue))):
                return
            if not self._queue:
                return

    def _give(self, member: Member, count: int = 1) -> bool:
        """Send a process the first `count` specs of the queue; whether it took them."""
        specs: list[Json] = []
        lines: list[bytes] = []
        for _ in range(count):
            spec = self._queue.popleft()
            try:
                lines.append(encoded(spec))
            except (TypeError, ValueError, RecursionError) as error:
                self._ready.append(_failed(spec, f"the spec is not JSON: {error}"))
            else:
                specs.append(spec)
        idle = not member.specs
        # an idle process has nothing to say, so its silence counts from now on
        if idle:
            member.hear()
        # before they are sent: where that fails, `_bury` queues again what is in its `specs`
        member.specs += specs
        try:
            member.channel.send_encoded(b"".join(lines))
        except OSError:
            self._bury(member, begun=not idle)
            return False
        if not member.specs:
            self._idle.append(member)
        return True

    def _hire(self) -> Member:
        """One more pool process. It can be given work before it is up."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._nursery.fork(theirs)
            except MdtodoError:
                ours.close()
                raise
        member = Member(Channel(ours, _SEND_PATIENCE))
        self._members[ours.fileno()] = member
        self._poll.register(ours, select.POLLIN)
        return member

    def _listen(self, member: Member) -> None:
        member.hear()
        for message in member.channel.receive():
            self._hear(member, message)
        if member.channel.ended:
            self._bury(member)

    def _hear(self, member: Member, message: Json) -> None:
        """Turn what a pool process says into an event."""
        # the answer to {"sign": true} needs no case: that it came is all, and `_listen` took note of that
        match message:
            case {"finished": str(attempt), "result": dict(result), **more}:
                if isinstance(pid := more.get("pid"), int):
                    self._ready.append(Event("started", attempt, pid=pid))
                self._ready.append(Event("finished", attempt, result))
                self._release(member, attempt, result)
            case {"started": str(attempt), "pid": int(pid)}:
                member.started(pid)
                self._ready.append(Event("started", attempt, pid=pid))
            case {"progress": str(attempt), "percent": float(percent)}:
                self._ready.append(Event("progress", attempt, progress=percent))
            case {"ready": int(pid)}:
                member.pid = pid
                self._stillborn = 0
            case {"back": list(attempts)}:
                self._take_back(member, attempts)
            case {"failed": str(attempt), "message": str(reason), "traceback": str(trace)}:
                self._ready += [
                    _failed(one, reason, trace) for one in member.specs if one["attempt"] == attempt
                ]
                self._release(member, attempt, {})

    def _hear_rest(self, member: Member, patience: float) -> None:
        for message in member.channel.rest(patience):
            self._hear(member, message)

    def _release(self, member: Member, attempt: str, result: Json) -> None:
        """An attempt of this process is over."""
        seconds = result.get("duration")
        if isinstance(seconds, float):
            self._mean = seconds if self._mean is None else self._mean + (seconds - self._mean) / 8
        member.finish(attempt)
        if not member.specs:
            self._idle.append(member)

    def _take_back(self, member: Member, attempts: list[str]) -> None:
        """Queue again, first, what a process has not begun."""
        member.asked = False
        back = [spec for spec in member.specs if spec["attempt"] in attempts]
        member.specs = deque(spec for spec in member.specs if spec not in back)
        # extendleft puts the last one first, and they shall keep their order
        self._queue.extendleft(reversed(back))

    def _bury(self, member: Member, *, begun: bool = True, result: Json | None = None) -> None:
        """Strike out a pool process that is dead or does not answer, and end what it watched over.

        What it said before holds: its results may lie unread. `begun`: whether it may have begun the first of the rest;
        `result` is what that one comes to.
        """
        # both before the channel is closed, which has no descriptor from then on
        self._poll.unregister(member.channel)
        del self._members[member.channel.fileno()]
        self._hear_rest(member, 0.0)
        if member.pid is not None:
            member.end()
            self._hear_rest(member, _LAST_WORDS)
        # only now: hearing the end of its last attempt has made it idle
        if member in self._idle:
            self._idle.remove(member)
        member.kill()
        member.channel.close()
        self._recover(member, result or empty_result("its pool process died"), begun=begun)
        if member.pid is None and self._bell is not None:
            self._stillborn += 1
            if self._stillborn >= BIRTHS:
                self._give_up()

    def _recover(self, member: Member, result: Json, *, begun: bool) -> None:
        """What becomes of the attempts of a dead pool process: what it had not begun is queued again, and so,
        once, is the first one if it is not known to have started; else it has this `result`."""
        again: list[Json] = []
        for place, spec in enumerate(member.specs):
            attempt = cast("str", spec["attempt"])
            if attempt in member.cancelled:
                self._ready.append(Event("finished", attempt, empty_result(interrupted=True)))
            elif place or member.pid is None or not begun:
                again.append(spec)
            elif member.group is None and attempt not in self._retried:
                self._retried.add(attempt)
                again.append(spec)
            elif result["timed_out"]:
                self._ready.append(Event("finished", attempt, result))
            else:
                self._ready.append(Event("lost", attempt, result, str(result["error"])))
        self._queue.extendleft(reversed(again))

    def _give_up(self) -> None:
        """If one process after the other dies before it is up, there is no sense in going on."""
        self._ready.extend(_failed(spec, "no pool process could be started") for spec in self._queue)
        self._queue.clear()


def _failed(spec: Json, reason: str, trace: str = "") -> Event:
    return Event("failed", cast("str", spec["attempt"]), {**empty_result(reason), "tail": trace}, reason)
