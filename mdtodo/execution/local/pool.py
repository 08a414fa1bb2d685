"""The local pool of processes, through which every processor runs.

Why it is our own. Measured on two cores (`benchmarks/pool.py --peers`), from opening to the first task: 65
ms here; with `multiprocessing` 30 ms by fork and 140 by forkserver; with pebble 200 by forkserver. Fork is
not safe once the runner has threads, and the others leave their server and resource tracker behind as
children of ours. With pebble a command outlived its pool process when that was killed or timed out, and
outlived the runner when that was killed; pebble does not tell when a task has started, nor carry progress.
What closes these gaps is what a pool is made of: one socket for each process, JSON lines, no lock that a
killed process could hold, no thread, and a clean process that forks the others (see `worker`). 1,000 times
`true` take 1.1 to 1.2 times as long as with `xargs -P2`, with log, environment, standard input and events
for each.
"""

from __future__ import annotations

import os
import select
import socket
from collections import deque
from contextlib import suppress
from time import monotonic, sleep
from typing import TYPE_CHECKING, cast

from mdtodo.core import codec
from mdtodo.core.results import Failure, Result
from mdtodo.errors import MdtodoError
from mdtodo.execution.executor import AttemptEvent, ahead
from mdtodo.execution.local.channel import Channel, encoded
from mdtodo.execution.local.forkserver import MAX_STARTS, ForkServer, started
from mdtodo.execution.local.recovered import recovered
from mdtodo.execution.local.worker_handle import WorkerHandle
from mdtodo.execution.local.workers import Workers
from mdtodo.system.process import available_cpus

if TYPE_CHECKING:
    from mdtodo.core.task import Json

#: Seconds that closing waits for the pool processes, each of which gives its command one second to end.
_CLOSE_PATIENCE = 5.0
_SEND_PATIENCE = 10.0
_DRAIN_PATIENCE = 1.0
#: Seconds after which a pool process that gives no sign of life while it has work is given up.
SILENCE = 300.0
#: While each process will have as many attempts left as take `_REST` seconds, and two at least, results gather for up
#: to `_GATHER` seconds, so that the runner wakes up and writes less often.
_REST = 0.01
_GATHER = 0.1


class LocalPool:
    """An `Executor` with `jobs` processes on this machine (0: one for each core). For one thread; `wake`
    for any.

    A command is ended with everything that it started, on a timeout, on `cancel`, when its pool process
    dies, and when the runner itself dies, `kill -9` included. An attempt whose pool process died is `lost`
    once nothing of it runs any more; another process takes its place. So with one that was stopped and gives no sign
    of life for `silence` seconds, or that does not keep a timeout.

    With many more jobs than cores one process carries out several commands, eight at most, and all of them are lost
    with it (see `Workers`). On a timeout or `cancel` of one, a daemon is known as its own by its session or by the
    `MDTODO_*` variables in its environment, as it is when a pool process dies.
    """

    elsewhere = False

    def __init__(self, jobs: int = 0, *, silence: float = SILENCE) -> None:
        self._silence = silence
        self._fork_server = ForkServer()
        self._workers = Workers(jobs or available_cpus())
        self._queue: deque[Json] = deque()
        self._known: set[str] = set()
        self._retried: set[str] = set()
        self._ready: deque[AttemptEvent] = deque()
        self._poll = select.poll()
        self._failed_starts = 0
        self._mean: float | None = None
        self._pipe: tuple[int, int] | None = None  # the self-pipe that `wake` writes to

    def __enter__(self) -> LocalPool:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def capacity(self) -> int:
        """How many attempts run at once."""
        return self._workers.capacity

    def unmet(self, needs: frozenset[str]) -> str | None:
        """Nothing: what this machine can, the run knows."""
        return None

    def awaited(self, needs: frozenset[str]) -> str | None:
        """Nobody: this machine is here."""
        return None

    def open(self) -> None:
        """Start the clean process that forks the others; returns before it is up."""
        if self._pipe is None:
            pipe = os.pipe()
            for end in pipe:
                # `wake` writes in signal handlers, which must not wait for room in a pipe
                os.set_blocking(end, False)
            self._poll.register(pipe[0], select.POLLIN)
            self._pipe = pipe
            self._fork_server = started()

    def expect(self, attempts: int) -> None:
        """So many attempts may begin soon: start the processes for them now; returns at once."""
        while self._pipe is not None and len(self._workers) < self._workers.processes_for(attempts):
            try:
                self._spawn_worker()
            except MdtodoError:  # tried again with the first attempt, where it is said
                return

    def submit(self, spec: Json) -> None:
        """Queue a spec; a second one with the same `attempt` has no effect."""
        if self._pipe is None:
            raise RuntimeError("the pool is not open")
        attempt = cast("str", spec["attempt"])
        if attempt not in self._known:
            self._known.add(attempt)
            self._queue.append(spec)
            # while others wait, nobody is free
            if len(self._queue) == 1:
                self._feed()

    def events(self, timeout: float | None = None) -> list[AttemptEvent]:
        """See `Executor.events`."""
        deadline = None if timeout is None else monotonic() + timeout
        while not self._ready and self._pipe is not None:
            self._dispatch()
            busy = self._queue or any(worker.specs for worker in self._workers)
            if deadline is None and not busy:
                break
            woken = self._poll_once(deadline)
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
                self._ready.append(AttemptEvent("finished", attempt, Result(None, interrupted=True)))
                return
        for worker in self._workers:
            if worker.holds(attempt) is not None:
                worker.cancel(attempt)
                return

    def wake(self) -> None:
        """Let `events` return soon; safe in a signal handler and in another thread."""
        if self._pipe is not None:
            try:
                # a full pipe is no loss: what lies in it wakes `events` as well
                os.write(self._pipe[1], b"!")
            except OSError:
                return

    def release(self) -> None:
        """Nothing more will be submitted: what has nothing to do ends, and is not waited for before `close`."""
        for worker in self._workers:
            if not worker.specs:
                worker.channel.finish()

    def close(self) -> None:
        """End what still runs (TERM, one second later KILL), and every process of the pool."""
        if self._pipe is None:
            return
        # before all else: without it nothing is dispatched, and nothing takes the place of what ends
        pipe, self._pipe = self._pipe, None
        self._queue.clear()
        # a new one, as a signal handler may have come between `events` and its own
        self._poll = select.poll()
        for worker in self._workers:
            self._poll.register(worker.channel, select.POLLIN)
            worker.channel.finish()
        deadline = monotonic() + _CLOSE_PATIENCE
        while len(self._workers) and monotonic() < deadline:
            self._poll_once(deadline)
        for worker in self._workers:
            self._reap(worker)
        self._fork_server.stop()
        for end in pipe:
            os.close(end)

    def _poll_once(self, deadline: float | None) -> bool:
        """Wait for one round of messages; whether `wake` was called."""
        # sleep, not poll, which would return at each result
        if (moment := self._seconds_of_work_left(deadline)) > 0:
            sleep(moment)
        due = [worker.kill_at for worker in self._workers if worker.kill_at is not None]
        due += [worker.check_silence(self._silence) for worker in self._workers if worker.specs]
        due += [] if deadline is None else [deadline]
        # these messages were read while sending, so no poll reports them any more
        early = [worker for worker in self._workers if worker.channel.early]
        for worker in early:
            self._receive(worker)
        due += [0.0] if early else []
        woken = False
        for descriptor, _ in self._poll.poll(max(0.0, min(due) - monotonic()) * 1000 if due else None):
            if (found := self._workers.by_descriptor.get(descriptor)) is not None:
                self._receive(found)
            else:
                os.read(descriptor, 4096)
                woken = True
        for worker in self._workers:
            if worker.kill_at is not None and monotonic() >= worker.kill_at:
                self._reap(worker)
            elif worker.specs:
                self._check_worker(worker)
        self._dispatch()
        return woken

    def _check_worker(self, worker: WorkerHandle) -> None:
        """Give up a pool process that was stopped, or hangs; SIGKILL ends it in any state."""
        if worker.overdue is not None and monotonic() >= worker.overdue:
            self._reap(worker)
        elif monotonic() >= worker.last_seen + self._silence:
            self._reap(worker, why=f"its pool process gave no sign of life for {self._silence:g} s")

    def _seconds_of_work_left(self, deadline: float | None) -> float:
        """Seconds in which no process runs out of work, so that results may gather."""
        if self._mean is None:
            return 0.0
        most = _GATHER if deadline is None else min(_GATHER, deadline - monotonic())
        return min(most, self._workers.seconds_of_work(self._mean) - _REST)

    def _dispatch(self) -> None:
        """Give what is queued to whom is free, and what is short in advance."""
        self._feed()
        if self._queue:
            self._prefetch(1 if self._mean is None else ahead(self._mean))
        elif self._workers.at_work < self._workers.capacity:
            for worker in self._workers:
                worker.ask_to_return()

    def _feed(self) -> None:
        while self._queue and self._pipe is not None and self._workers.at_work < self._workers.capacity:
            worker = self._workers.free(self._queue[0])
            if worker is None and (len(self._workers) >= self._workers.capacity or self._makes_do):
                return
            try:
                worker = worker or self._spawn_worker()
            except MdtodoError:
                self._give_up()
                return
            self._send(worker)

    def _prefetch(self, most: int) -> None:
        """Hand out evenly what is queued, so many to each at most."""
        if most > 1 and self._pipe is not None:
            for worker, count in self._workers.shares(self._queue, most):
                if not self._send(worker, count) or not self._queue:
                    return

    def _send(self, worker: WorkerHandle, count: int = 1) -> bool:
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
        idle = not worker.specs
        # an idle process has nothing to say, so its silence counts from now on
        if idle:
            worker.mark_alive()
        # before they are sent: where that fails, `_reap` queues again what is in its `specs`
        worker.specs += specs
        try:
            worker.channel.send_encoded(b"".join(lines))
        except OSError:
            self._reap(worker, begun=not idle)
            return False
        return True

    def _spawn_worker(self) -> WorkerHandle:
        """One more pool process. It can be given work before it is up."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._fork_server.fork(theirs)
            except MdtodoError:
                ours.close()
                raise
        worker = WorkerHandle(Channel(ours, _SEND_PATIENCE), self._workers.places_of_next)
        self._workers.by_descriptor[ours.fileno()] = worker
        self._poll.register(ours, select.POLLIN)
        if worker.places > 1:
            # as with specs, a process that is dead already shows at the next reading
            with suppress(OSError):
                worker.channel.send({"places": worker.places})
        return worker

    def _receive(self, worker: WorkerHandle) -> None:
        worker.mark_alive()
        for message in worker.channel.receive():
            self._handle(worker, message)
        if worker.channel.ended:
            self._reap(worker)

    def _handle(self, worker: WorkerHandle, message: Json) -> None:
        """Turn what a pool process says into an event."""
        # the answer to {"sign": true} needs no case: that it came is all, and `_receive` took note of that
        match message:
            case {"finished": str(attempt), "result": dict(found), **more}:
                result = codec.decode(Result, found)
                if isinstance(pid := more.get("pid"), int):
                    self._ready.append(AttemptEvent("started", attempt, pid=pid))
                self._ready.append(AttemptEvent("finished", attempt, result))
                self._release(worker, attempt, result)
            case {"started": str(attempt), "pid": int(pid)}:
                worker.started(attempt, pid)
                self._ready.append(AttemptEvent("started", attempt, pid=pid))
            case {"progress": str(attempt), "percent": float(percent)}:
                self._ready.append(AttemptEvent("progress", attempt, progress=percent))
            case {"ready": int(pid)}:
                worker.pid = pid
                self._failed_starts = 0
            case {"back": list(attempts)}:
                self._requeue(worker, attempts)
            case {"failed": str(attempt), "message": str(reason), "traceback": str(trace)}:
                self._ready += [
                    _failed(one, reason, trace) for one in worker.specs if one["attempt"] == attempt
                ]
                self._release(worker, attempt)

    def _drain(self, worker: WorkerHandle, patience: float) -> None:
        for message in worker.channel.rest(patience):
            self._handle(worker, message)

    def _release(self, worker: WorkerHandle, attempt: str, result: Result | None = None) -> None:
        """An attempt of this process is over."""
        if result is not None:
            seconds = result.duration
            self._mean = seconds if self._mean is None else self._mean + (seconds - self._mean) / 8
        worker.finish(attempt)

    def _requeue(self, worker: WorkerHandle, attempts: list[str]) -> None:
        """Queue again, first, what a process has not begun."""
        worker.return_asked = False
        back = [spec for spec in worker.specs if spec["attempt"] in attempts]
        worker.specs = deque(spec for spec in worker.specs if spec not in back)
        # extendleft puts the last one first, and they shall keep their order
        self._queue.extendleft(reversed(back))

    def _reap(self, worker: WorkerHandle, *, begun: bool = True, why: str = "its pool process died") -> None:
        """Strike out a pool process that is dead or does not answer, and end what it watched over.

        What it said before holds: its results may lie unread. `begun`: whether it may have begun what it was given.
        """
        now = monotonic()
        # both before the channel is closed, which has no descriptor from then on
        self._poll.unregister(worker.channel)
        del self._workers.by_descriptor[worker.channel.fileno()]
        self._drain(worker, 0.0)
        if worker.pid is not None:
            worker.end()
            self._drain(worker, _DRAIN_PATIENCE)
        worker.kill()
        worker.channel.close()
        events, again = recovered(worker, now, why, begun=begun, retried=self._retried)
        self._ready += events
        self._queue.extendleft(reversed(again))
        if worker.pid is None and self._pipe is not None:
            self._failed_starts += 1
            if self._failed_starts >= MAX_STARTS:
                self._give_up()

    @property
    def _makes_do(self) -> bool:
        """Whether no more processes can be had, as at a limit of the system, and those that are there do it all."""
        return self._failed_starts >= MAX_STARTS and len(self._workers) > 0

    def _give_up(self) -> None:
        """If one process after the other dies before it is up, and none is left, there is no sense in going on."""
        if len(self._workers):
            return
        reason = "no pool process could be started"
        self._ready.extend(_failed(spec, reason, by=Failure.CONFLICT) for spec in self._queue)
        self._queue.clear()


def _failed(spec: Json, reason: str, trace: str = "", by: Failure | None = None) -> AttemptEvent:
    result = Result(None, error=reason, tail=trace, failed_by=by)
    return AttemptEvent("failed", cast("str", spec["attempt"]), result, reason)
