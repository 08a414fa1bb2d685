"""How busy the machine is, so that a run does not add to what is too much already."""

from __future__ import annotations

from dataclasses import dataclass

#: Seconds over which the load of the processors is measured.
WINDOW = 5.0
#: Seconds before it is measured for the first time: reading it takes longer than a short run should.
DELAY = 2.5


@dataclass(slots=True, eq=False, repr=False)
class Throttle:
    """Says whether one more task may start beside those that run.

    The CPU share is that of everything but this run: its own processes and what they started, else a
    run that uses its machine well would hold itself up. Memory is that of the whole machine. Both in percent.
    Where a share cannot be read, as without /proc, it limits nothing, and `unknown` is true.
    """

    max_cpu: int
    max_memory: int
    _cpu: float = 0.0
    _memory: float = 0.0
    unknown: bool = False
    _looked: float | None = None
    _at: float | None = None
    _busy: float = 0.0
    _own: float = 0.0

    def allows_start(self, now: float) -> bool:
        """Whether both shares are at or below their limits, as last measured; `now` in seconds, monotonic."""
        if self._looked is None or now - self._looked >= WINDOW:
            self._memory, self._looked = self._known_memory() if self.max_memory < 100 else 0.0, now
        if self._at is None:
            self._at = now + DELAY - WINDOW
        if self.max_cpu < 100 and now - self._at >= WINDOW:
            try:
                self._measure(now, now - self._at)
            except Exception:  # as in `_known_memory`
                self.unknown, self._at = True, now
        return self._cpu <= self.max_cpu and self._memory <= self.max_memory

    def _known_memory(self) -> float:
        try:
            return memory_percent()
        except Exception:  # psutil raises what it comes upon: OSError, IndexError, its own
            self.unknown = True
            return 0.0

    def _measure(self, now: float, passed: float) -> None:
        import psutil

        times = psutil.cpu_times()
        # iowait is idle time; guest and guest_nice are part of user and nice as well (proc(5))
        busy = sum(times) - sum(
            getattr(times, name, 0.0) for name in ("idle", "iowait", "guest", "guest_nice")
        )
        own = _own_seconds()
        if self._busy:
            # own time may fall: what ended counts only once its parent has waited for it
            others = (busy - self._busy) - max(0.0, own - self._own)
            self._cpu = 100.0 * others / (passed * (psutil.cpu_count() or 1))
        self._at, self._busy, self._own = now, busy, own


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


def _own_seconds() -> float:
    """CPU seconds of this process and everything below it, with what has ended already."""
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
