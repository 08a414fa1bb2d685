"""One property, tried on text after text until its time is over."""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import TYPE_CHECKING, Any

from tests.fuzz import properties
from tests.fuzz.changes import changed, fresh, short
from tests.fuzz.minimize import minimized
from tests.fuzz.versions import Versions, committed

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

_LONGEST = 4000
#: So many new texts are there at the beginning.
_FRESH = 200
#: So many failures at one place are enough to see what is wrong.
_ENOUGH = 10


class Tries:
    """What one process does. `kept` has a file for each text that goes a way of its own."""

    def __init__(self, name: str, seconds: float, random: Random, kept: Path) -> None:
        self.make = short if name == "costs" else fresh
        self.check = getattr(properties, name)
        self.seconds = seconds
        self.random = random
        self.kept = kept
        new = [self.make(random) for _ in range(_FRESH)]
        self.known = [
            *[text for _, text in committed()],
            *new,
            *[path.read_bytes() for path in kept.iterdir()],
        ]
        self.inputs = 0
        self.failures: dict[str, set[bytes]] = {}

    def start(self, atheris: Any = None) -> None:
        """Until the time is over; guided by atheris, if that is given."""
        self.began = used()
        if atheris is None:
            while self._has_time():
                self._try(self._changed(self.random.choice(self.known)))
            self._end("by chance")

        def tried(data: bytes) -> None:
            self._try(data)
            if not self._has_time():
                self._end("guided by coverage")

        def mutated(data: bytes, most: int, seed: int) -> bytes:
            # by bytes, or by lines
            return (atheris.Mutate(data, most) if self.random.random() < 0.2 else self._changed(data))[:most]

        # none of libFuzzer's own limits: what takes long is looked for by `costs`
        options = ["-len_control=0", "-timeout=100000", "-rss_limit_mb=0", "-verbosity=0", "-reload=0"]
        options += [
            "-detect_leaks=0",
            "-report_slow_units=100000",
            f"-max_len={_LONGEST}",
            f"-seed={self.random.randrange(1, 2**31)}",
        ]
        atheris.Setup([sys.argv[0], *options, str(self.kept)], tried, custom_mutator=mutated)
        atheris.Fuzz()

    def _has_time(self) -> bool:
        return used() - self.began < self.seconds

    def _try(self, data: bytes) -> None:
        self.inputs += 1
        if self.inputs % 100 == 0 and len(data) < _LONGEST // 4:
            self.known.append(data)
        place = self._fault(data)
        if place is None or len(self.failures.setdefault(place, set())) >= _ENOUGH:
            return
        small = minimized(data, lambda one: self._fault(one) == place)
        self.failures[place].add(small)

    def _fault(self, data: bytes) -> str | None:
        """Where the property does not hold; None where it does."""
        try:
            self.check(Versions.of(data))
        except Exception as error:
            # an assertion says more by its own place than by who called it
            frame = traceback.extract_tb(error.__traceback__)[-1]
            return f"{type(error).__name__} at {frame.filename.rpartition('mdtodo/')[2]}:{frame.lineno} {frame.line}"
        return None

    def _changed(self, data: bytes) -> bytes:
        if self.random.random() < (0.4 if self.make is fresh else 0.8):
            return self.make(self.random)
        return changed(self.random, data, self.random.choice(self.known))

    def _end(self, way: str) -> None:
        """Say what was found, on the last line, and end, as libFuzzer never does."""
        found = [
            {"property": self.check.__name__, "text": text.decode("latin-1"), "error": place}
            for place, texts in self.failures.items()
            for text in sorted(texts, key=len)
        ]
        report: dict[str, Any] = {
            "seconds": used() - self.began,
            "inputs": self.inputs,
            "way": way,
            "failures": found,
        }
        sys.stdout.write(json.dumps(report) + "\n")
        sys.stdout.flush()
        os._exit(0)


def used() -> float:
    """Seconds of the processor, those of commands that ended among them."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
