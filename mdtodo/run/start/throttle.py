"""How busy the machine is, so that a run does not add to what is too much already."""

from __future__ import annotations

import os
from dataclasses import field
from typing import TYPE_CHECKING

from mdtodo.core.activity import Machine
from mdtodo.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from dataclasses import dataclass
else:
    from mdtodo.core.light.dataclasses import dataclass

#: Seconds over which the load of the processors is measured, and the same for the first figure. A run that is shorter
#: is not slowed by it: what it takes costs more than the reading at its beginning.
WINDOW, FIRST = 2.0, 1.0
#: Says what `max_cpu` is on this machine, whatever the configuration says.
VARIABLE = "MDTODO_MAX_CPU"


def cpu_limit(configured: int) -> int:
    """In percent: what the environment says of this machine, else what the configuration says.

    Raises ConfigError where the environment has no whole number from 1 to 100.
    """
    said = os.environ.get(VARIABLE)
    if not said:
        return configured
    if not (said.isascii() and said.isdigit() and 1 <= int(said) <= 100):
        raise ConfigError(f"{VARIABLE} must be a whole number from 1 to 100, not {said!r}")
    return int(said)


@dataclass(slots=True, eq=False, repr=False)
class Throttle:
    """Says whether one more task may start beside those that run.

    The CPU share is that of everything but this run: its own processes and what they started, else a
    run that uses its machine well would hold itself up. Memory is that of the whole machine. Both in percent, and None
    before they are measured, and where their limit is 100. Where a share cannot be read, as without /proc, it limits
    nothing, and `unknown` is true.
    """

    max_cpu: int
    max_memory: int
    cpu: float | None = None
    memory: float | None = None
    unknown: bool = False
    held_back: bool = False
    _due: float | None = None
    _at: float = 0.0
    _busy: float = 0.0
    _own: float = 0.0
    _said: set[str] = field(default_factory=set)

    @property
    def has_room(self) -> bool:
        """Whether both shares are at or below their limits, as last measured."""
        return (self.cpu or 0.0) <= self.max_cpu and (self.memory or 0.0) <= self.max_memory

    @property
    def machine(self) -> Machine:
        """What was measured; nothing where nothing is limited, or can be measured."""
        measured = self.cpu is not None or self.memory is not None
        return Machine(self.cpu, self.memory, self.held_back if measured else None)

    def allows_start(self, now: float) -> bool:
        """Whether there is room, measured again if it is time to; `now` in seconds, monotonic."""
        if self._due is None or now >= self._due:
            first = self._due is None
            self._due = now + (FIRST if first else WINDOW)
            self.memory = self._known_memory() if self.max_memory < 100 else None
            if self.max_cpu < 100:
                self._measure(now, first=first)
        return self.has_room

    def seconds_until_due(self, now: float) -> float | None:
        """Until it is measured again; None before the first time, and where nothing is limited."""
        if self._due is None or min(self.max_cpu, self.max_memory) == 100:
            return None
        return max(0.0, self._due - now)

    def told(self, *, held_back: bool) -> Iterator[str]:
        """What a person should know now that a task is held back, or none is; each sentence once."""
        if self.unknown:
            yield from self._once(
                "the load of this machine cannot be measured here: max_cpu and max_memory have no effect"
            )
        if held_back and not self.held_back:
            yield from self._once("no more tasks are started for now", f": {self._reasons()}")
        elif self.held_back and not held_back and self.has_room:
            yield from self._once("the machine has room again: tasks are started as before")
        self.held_back = held_back

    def _once(self, sentence: str, why: str = "") -> Iterator[str]:
        if sentence not in self._said:
            self._said.add(sentence)
            yield sentence + why

    def _reasons(self) -> str:
        reasons = []
        if (self.cpu or 0.0) > self.max_cpu:
            reasons.append(f"other programs use {self.cpu:.0f} % of the CPU (max_cpu = {self.max_cpu})")
        if (self.memory or 0.0) > self.max_memory:
            reasons.append(f"{self.memory:.0f} % of the memory is in use (max_memory = {self.max_memory})")
        return " and ".join(reasons)

    def _known_memory(self) -> float | None:
        try:
            return memory_percent()
        except Exception:  # psutil raises what it comes upon: OSError, IndexError, its own
            self.unknown = True
            return None

    def _measure(self, now: float, *, first: bool) -> None:
        try:
            # at first next to nothing was started, and psutil is not worth its import
            busy, own = busy_seconds(), sum(os.times()[:4]) if first else own_seconds()
        except Exception:  # as in `_known_memory`
            self.unknown, self.cpu = True, None
            return
        if not first:
            # own time may fall: what ended counts only once its parent has waited for it
            others = (busy - self._busy) - max(0.0, own - self._own)
            self.cpu = max(0.0, 100.0 * others / ((now - self._at) * (os.cpu_count() or 1)))
        self._at, self._busy, self._own = now, busy, own


def busy_seconds() -> float:
    """Seconds for which the processors of this machine have worked, all together, since it started.

    Of /proc/stat (proc(5)) where there is one, as psutil does, which takes 25 ms to import.
    """
    try:
        with open("/proc/stat", encoding="ascii") as file:
            return busy_of(file.readline()) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError):
        import psutil

        times = psutil.cpu_times()
        return float(sum(times) - sum(getattr(times, name, 0.0) for name in _NOT_BUSY))


#: iowait is idle time; guest and guest_nice are part of user and nice as well (proc(5)).
_NOT_BUSY = ("idle", "iowait", "guest", "guest_nice")


def busy_of(line: str) -> int:
    """Clock ticks that the first line of /proc/stat has as work. Raises ValueError for another one."""
    name, *fields = line.split()
    if name != "cpu" or len(fields) < 4:
        raise ValueError(line)
    user, nice, system, _, *others = map(int, fields)
    return user + nice + system + sum(others[1:4])  # irq, softirq, steal


def memory_percent() -> float:
    """The share of the machine's memory that is not available, in percent.

    Of /proc/meminfo (proc(5)) where there is one, as psutil does, which takes 25 ms to import.
    """
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            sizes = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in file)}
        return 100.0 * (1 - sizes["MemAvailable"] / sizes["MemTotal"])
    except (OSError, ValueError, LookupError, ZeroDivisionError):
        import psutil

        return float(psutil.virtual_memory().percent)


def own_seconds() -> float:
    """CPU seconds of this process and everything below it, with what has ended already.

    Of /proc/PID/task/TID/children (proc(5)) where the kernel has that: psutil reads the parents of all processes of the
    machine, and was a fifth of the time of a run of fifty at once.
    """
    try:
        return _seconds_below(os.getpid()) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return _known_to_psutil()


def _seconds_below(pid: int) -> int:
    """Clock ticks. Raises OSError where the kernel does not say which children a process has."""
    pids, total = [pid], 0
    for one in pids:  # it grows while it is walked
        try:
            with open(f"/proc/{one}/stat", "rb") as file:
                # behind the name of the program, which may hold anything
                total += sum(map(int, file.read().rpartition(b")")[2].split()[11:15]))
            threads = os.listdir(f"/proc/{one}/task")
        except (FileNotFoundError, ProcessLookupError):
            if one == pid:
                raise
            continue
        for thread in threads:
            pids += _children(f"/proc/{one}/task/{thread}", there=one == pid)
    return total


def _children(thread: str, *, there: bool) -> list[int]:
    """`there`: it cannot have ended, so a file that is missing is one that this kernel does not have."""
    try:
        with open(f"{thread}/children", "rb") as file:
            return list(map(int, file.read().split()))
    except (FileNotFoundError, ProcessLookupError):
        if there:
            raise
        return []


def _known_to_psutil() -> float:
    import psutil

    total = 0.0
    own = psutil.Process()
    for process in (own, *own.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total
