"""Watching over running processes: the output of each, its end, its time, and the request to stop.

One loop over descriptors, without threads: output pipes, processes' ends (pidfd_open(2) where there is one, else
waitpid by the clock) and the channel to the runner. It cannot be blocked by what the processes do.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
from enum import Enum
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple, Protocol

from mdtodo.execution.processors import process_tree

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Mapping

    import psutil

    from mdtodo.core.results import Result
    from mdtodo.execution.processors.attempt_log import AttemptLog
    from mdtodo.execution.processors.children import Children, End
    from mdtodo.execution.processors.output_file import OutputFile

    #: The steps of an attempt: each process that is to be watched over, and how it ended; in the end, the result.
    Steps = Generator["Supervision", "ProcessExit", Result]

#: Seconds that background processes have to finish by themselves after their leader's own end.
LINGER = 1.0
#: The most seconds between TERM and KILL when the runner is gone.
ABANDONED_GRACE = 1.0
#: Seconds until the runner is told of the start, which saves it a call for each process that is quicker.
_QUICK = 0.005
_PROGRESS_EVERY = 0.2
_CHECK_EVERY = 0.02
_REAP_WAIT = 1.0
_CHUNK = 1 << 16


class Stop(Enum):
    """Why a process was ended from outside."""

    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    ABANDONED = "abandoned"


class Control(Protocol):
    """The channel to the runner, as the supervision sees it."""

    def started(self, pid: int, *, over: bool) -> None:
        """Tell it that the process group `pid` runs; there is no hurry if that is over already."""

    def progress(self, percent: float) -> None:
        """Tell it how far the processor says it is."""

    def spool(self, event: str, details: Mapping[str, object]) -> None:
        """Write down, for whoever comes after a kill, what there is to know of the attempt: `begun`, or `ended`."""

    def touch_spool(self) -> None:
        """The attempt goes on: date what was written down."""


class Limits(NamedTuple):
    """Seconds: `timeout` until TERM (None: never), `grace` from TERM to KILL."""

    timeout: float | None
    grace: float

    def after(self, seconds: float) -> Limits:
        """What is left of them then, for a second process of the same attempt."""
        return self if self.timeout is None else self._replace(timeout=max(0.0, self.timeout - seconds))


class Child(NamedTuple):
    """A process that leads a session: `output` is the pipe that it writes to; `daemons` are those
    that earlier attempts left as children of this pool process (see `Children.orphans`). With `sandboxed` it is a
    sandbox, which ends at a TERM at once, and with it all that is inside: so only what is inside gets that."""

    pid: int
    output: int
    daemons: tuple[psutil.Process, ...] = ()
    sandboxed: bool = False


class ProcessExit(NamedTuple):
    """How it ended; `exit_code` is -N for signal N, and `duration` lasts until the leader's end."""

    exit_code: int | None
    duration: float
    stop: Stop | None


class Supervision:
    """Of a child, by a `Watch`; its `output` is closed at the end.

    After a timeout, a cancellation or the runner's death the process tree is ended: TERM, and KILL after the
    grace. When the leader ends by itself, what it left in its group has a second to finish, and is ended
    then the same way; what made itself a session of its own is a daemon that means to stay.
    """

    def __init__(
        self,
        child: Child,
        log: AttemptLog,
        output_file: OutputFile,
        limits: Limits,
        control: Control,
        children: Children,
    ) -> None:
        self._pid, self._output, self._daemons = child.pid, child.output, child.daemons
        self._sandboxed = child.sandboxed
        self._log, self._output_file, self._limits, self._control = log, output_file, limits, control
        self._children = children
        self._started = monotonic()
        self._deadline = None if limits.timeout is None else self._started + limits.timeout
        self._progress_at = self._started + _PROGRESS_EVERY
        self._announce_at: float | None = self._started + _QUICK
        self._stop: Stop | None = None
        self._end: End | None = None
        self._kill_at: float | None = None
        self._killed = self._paused = False
        self._pidfd = -1

    @property
    def descriptors(self) -> list[int]:
        """What is to be waited for."""
        return [descriptor for descriptor in (self._output, self._pidfd) if descriptor >= 0]

    def begin(self) -> None:
        """Open what there is to be waited for."""
        os.set_blocking(self._output, False)
        self._pidfd = _end_descriptor(self._pid)
        self._without_pidfd = self._pidfd < 0

    def finish(self) -> ProcessExit:
        """How it ended, once it is over."""
        self._drain()
        ended = self._end.moment if self._end is not None else monotonic()
        exit_code = None if self._end is None else self._end.exit_code
        return ProcessExit(exit_code, ended - self._started, self._stop)

    def close(self) -> None:
        """Let go of it."""
        for descriptor in self.descriptors:
            os.close(descriptor)
        self._output = self._pidfd = -1
        self._children.forget(self._pid)

    @property
    def over(self) -> bool:
        """Whether nothing more is to come."""
        # what even KILL does not end, as in uninterruptible sleep, is not waited for
        if self._killed:
            return True
        if self._end is None or process_tree.group_exists(self._pid):
            return False
        if self._stop is not None:
            return not self._children.descendants(self._pid, self._daemons)
        return self._output < 0 or monotonic() >= self._end.moment + LINGER

    def hear(self, descriptor: int) -> None:
        """One of its descriptors is readable, and may be closed then."""
        if descriptor == self._output:
            self._read()
        else:
            # a pidfd stays readable from now on; `decide` collects the process right after
            os.close(self._pidfd)
            self._pidfd = -1

    def patience(self, now: float) -> float:
        """Seconds until something is due by the clock."""
        if self._end is not None or self._without_pidfd or self._paused:
            # no descriptor tells when a group or a sandbox is empty: that has to be looked at
            return _CHECK_EVERY
        # a deadline that has passed would make every poll return at once
        deadline = self._deadline if self._stop is None else None
        moments = (self._announce_at, deadline, self._kill_at, self._progress_at)
        return max(0.0, min(moment for moment in moments if moment is not None) - now)

    def decide(self, now: float) -> None:
        """Do what is due."""
        # first, as what has ended by itself by now has not timed out
        self._reap()
        if self._announce_at is not None and (self._end is not None or now >= self._announce_at):
            self._announce_at = None
            self._control.started(self._pid, over=self._end is not None)
        if self._end is None:
            if self._stop is None and self._deadline is not None and now >= self._deadline:
                self.stop(Stop.TIMEOUT)
            if now >= self._progress_at:
                self._tell_progress(now)
        elif (
            self._kill_at is None
            and now >= self._end.moment + LINGER
            and process_tree.group_exists(self._pid)
        ):
            self._terminate(self._limits.grace)
        if self._kill_at is not None and now >= self._kill_at:
            self._kill()
        elif self._paused and not process_tree.inside(self._pid):
            self._paused = False
            self._signal(signal.SIGCONT)

    def stop(self, stop: Stop) -> None:
        """End the process tree. A second request to stop, or one after the leader's end, kills at once."""
        self._reap()  # what has ended by itself already stays as it ended
        if self._kill_at is not None or self._end is not None:
            hurry = ABANDONED_GRACE if stop is Stop.ABANDONED else 0.0
            self._kill_at = min(self._kill_at or float("inf"), monotonic() + hurry)
            return
        self._stop = stop
        grace = self._limits.grace
        self._terminate(min(grace, ABANDONED_GRACE) if stop is Stop.ABANDONED else grace)

    def _read(self) -> None:
        try:
            data = os.read(self._output, _CHUNK)
        except BlockingIOError:
            # `_drain` reads without a poll
            return
        if data:
            self._log.write(data)
            return
        os.close(self._output)
        self._output = -1

    def _drain(self) -> None:
        """Take what is in the pipe already, but not what a daemon goes on writing."""
        # not until it is empty: a daemon may write faster than this reads
        for _ in range(_CHUNK // 4096):
            if self._output >= 0:
                self._read()

    def _tell_progress(self, now: float) -> None:
        self._progress_at = now + _PROGRESS_EVERY
        self._control.touch_spool()
        percent = self._output_file.progress()
        if percent is not None:
            self._control.progress(percent)

    def _terminate(self, grace: float) -> None:
        self._kill_at = monotonic() + grace
        if not self._sandboxed:
            # a stopped process gets the TERM only once it goes on
            self._signal(signal.SIGTERM)
            self._signal(signal.SIGCONT)
            return
        inside = process_tree.inside(self._pid)
        if not inside:
            # nothing has begun in it, and its init takes no other signal
            self._signal(signal.SIGKILL)
            return
        # it would end, and all in it at once, with the first process in it: a shell, which TERM ends before others
        self._paused = True
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGSTOP)
        process_tree.signal_all(inside, signal.SIGTERM)
        process_tree.signal_all(inside, signal.SIGCONT)

    def _kill(self) -> None:
        """KILL until nothing is left, or nothing more can be done about it."""
        give_up = monotonic() + _REAP_WAIT
        while True:
            # more than once: what is forked between the listing and the signal gets none
            left = self._signal(signal.SIGKILL)
            self._reap()
            if (self._end is not None and not left) or monotonic() >= give_up:
                break
            select.select([], [], [], 0.005)
        self._killed = True

    def _signal(self, number: int) -> bool:
        """Signal the group, and where the process tree is to go what escaped from it; whether anything was there."""
        # listed before the group is signalled: without a subreaper the children of what ends are init's
        escaped = (
            []
            if self._stop is None
            else process_tree.outside(self._pid, self._children.descendants(self._pid, self._daemons))
        )
        present = process_tree.signal_group(self._pid, number)
        if not present and self._end is None:  # forked, but leads no session yet
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, number)
        process_tree.signal_all(escaped, number)
        return present or bool(escaped)

    def _reap(self) -> None:
        # also after its end: what the leader has orphaned stays in its group until it is collected
        self._end = self._children.end_of(self._pid)


class Watch:
    """The loop over all of them, and over the channel to the runner."""

    __slots__ = ("_poll", "_watched")

    def __init__(self, channel: int) -> None:
        self._watched: dict[int, Supervision] = {}
        self._poll = select.poll()
        self._poll.register(channel, select.POLLIN)

    def add(self, supervision: Supervision) -> None:
        """Watch over one more."""
        supervision.begin()
        for descriptor in supervision.descriptors:
            self._watched[descriptor] = supervision
            self._poll.register(descriptor, select.POLLIN)

    def remove(self, supervision: Supervision) -> ProcessExit:
        """Watch no more over one that is over; how its process ended."""
        self.drop(*supervision.descriptors)
        try:
            return supervision.finish()
        finally:
            supervision.close()

    def drop(self, *descriptors: int) -> None:
        """Do not wait for these any more."""
        for descriptor in descriptors:
            self._watched.pop(descriptor, None)
            self._poll.unregister(descriptor)

    def wait(self, all_of_them: Collection[Supervision]) -> bool:
        """Wait until there is something to be done for one of them, and do it; whether the channel is readable."""
        now, heard = monotonic(), False
        patience = min([one.patience(now) for one in all_of_them], default=None)
        for descriptor, _ in self._poll.poll(None if patience is None else patience * 1000):
            supervision = self._watched.get(descriptor)
            if supervision is None:
                heard = True
                continue
            supervision.hear(descriptor)
            if descriptor not in supervision.descriptors:
                self.drop(descriptor)
        return heard


def _end_descriptor(pid: int) -> int:
    """A descriptor that becomes readable when the process ends; -1 where the system has none."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return -1
