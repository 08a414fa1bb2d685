"""How busy the machine is, so that a run does not add to what is too much already."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

#: Seconds over which the load of the processors is measured.
WINDOW = 5.0
#: Seconds before the first measurement, which costs more than a short run should spend on it.
DELAY = 0.1


@dataclass(slots=True)
class LoadGate:
    """Says whether one more task may start beside those that run.

    The processor share is that of everything but this run: its own processes and what they started, else a
    run that uses its machine well would hold itself up. Memory is that of the whole machine. Both in percent.
    """

    max_cpu: int
    max_memory: int
    _at: float | None = None
    _busy: float = 0.0
    _own: float = 0.0
    _shares: tuple[float, float] = (0.0, 0.0)
    _begun: bool = field(default=False)

    def open(self, now: float) -> bool:
        """Whether both shares are at or below their limits, as last measured; `now` in seconds, monotonic."""
        if self.max_cpu >= 100 and self.max_memory >= 100:
            return True
        if self._at is None:
            self._at = now
        if now - self._at >= (WINDOW if self._begun else DELAY):
            self._measure(now, now - self._at)
        cpu, memory = self._shares
        return cpu <= self.max_cpu and memory <= self.max_memory

    def _measure(self, now: float, passed: float) -> None:
        import psutil

        times = psutil.cpu_times()
        busy = sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0)
        cores = psutil.cpu_count() or 1
        own = _own_seconds() if self._begun and self.max_cpu < 100 else sum(os.times()[:4])
        if self._begun:
            others = (busy - self._busy) - max(0.0, own - self._own)
            share = 100.0 * others / (passed * cores)
            self._shares = (share, psutil.virtual_memory().percent)
        else:
            self._shares = (0.0, psutil.virtual_memory().percent)
        self._at, self._busy, self._own, self._begun = now, busy, own, True


def _own_seconds() -> float:
    """Processor seconds of this process and everything below it, with what has ended already."""
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
