"""The thread that sends what the outbox has, each attempt with growing pauses, while the run goes on."""

from __future__ import annotations

import random
import threading
import time
from functools import partial
from typing import TYPE_CHECKING

from mdtodo.errors import MdtodoError
from mdtodo.notify import services, webhook
from mdtodo.notify.outbox import OLDEST
from mdtodo.notify.webhook import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mdtodo.notify.destinations import Destination
    from mdtodo.notify.outbox import Outbox, Waiting

#: Seconds between two attempts at the same message, the last one again and again.
PAUSES = (1.0, 5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0)
#: Seconds for which the end of a run waits for messages that were not tried yet.
GRACE = 5.0
#: Seconds that one attempt may take in all, also with a server that sends a byte now and then.
DEADLINE = 15.0
#: Seconds between two looks into the outbox, where that takes no time to speak of; and how much more time than a look
#: takes has to pass, as it may hold what a server missed in days.
_LOOK, _SHARE = 0.2, 20


class Sender:
    """It sends from `start` to `close`, if it is its turn. It raises nothing; `sentences` and `problems`, by the key of
    a destination, say what went wrong."""

    def __init__(
        self, outbox: Outbox, destinations: Sequence[Destination], secret: str | None = None
    ) -> None:
        self.sentences: list[str] = []
        self.problems: dict[str, str] = {}
        self._outbox = outbox
        self._destinations: Mapping[str, Destination] = {one.key: one for one in destinations}
        self._secret = secret
        self._hanging: dict[str, threading.Thread] = {}
        self._current: Waiting | None = None
        self._picking = threading.Lock()
        self._flush = False
        self._stop = threading.Event()
        self._wake = threading.Event()
        # a daemon: neither a server nor a resolver that hangs may keep this process from ending
        self._thread = threading.Thread(target=self._work, name="mdtodo messages", daemon=True)

    def start(self) -> None:
        """Begin with what earlier runs have left."""
        self._thread.start()

    def wake(self) -> None:
        """There is something new."""
        self._wake.set()

    def close(self) -> None:
        """Send what was not tried yet, for `GRACE` seconds at most; what is left is the next run's."""
        self._flush = True
        end = time.monotonic() + GRACE
        while self._thread.is_alive() and time.monotonic() < end:
            began = time.monotonic()
            if not self._untried():
                break
            self._wake.set()
            time.sleep(max(0.02, 2 * (time.monotonic() - began)))
        self._stop.set()
        self._wake.set()
        self._outbox.give_back()

    def _untried(self) -> bool:
        with self._picking:
            if self._current is not None:
                return self._current.attempts <= 1
            try:
                return any(one.attempts == 0 for one in self._outbox.waiting())
            except OSError:
                return False

    def _work(self) -> None:
        try:
            while not self._stop.is_set():
                began = time.monotonic()
                if self._outbox.take_turn() and (one := self._picked()) is not None:
                    self._send(one)
                    self._current = None
                    continue
                self._wake.wait(max(_LOOK, _SHARE * (time.monotonic() - began)))
                self._wake.clear()
        except OSError as error:
            self.sentences.append(f"messages cannot be kept or sent: {error.strerror or error}")
        finally:
            self._current = None

    def _picked(self) -> Waiting | None:
        # `close` must not look in between: the message would neither be in hand, nor untried
        with self._picking:
            self._current = self._outbox.due(flush=self._flush)
            return self._current

    def _send(self, one: Waiting) -> None:
        left: list[str] = []
        pause = 0.0
        for key in one.to:
            answer = self._attempt(key, one)
            if answer.problem is not None and not answer.gone:
                left.append(key)
                self.problems[key] = answer.problem
                pause = max(pause, answer.pause)
        if left and time.time() > one.created + OLDEST:
            self.sentences.append(f"a message of {_day(one.created)} was given up: {self.problems[left[0]]}")
            left = []
        planned = PAUSES[min(one.attempts, len(PAUSES)) - 1] * random.uniform(0.8, 1.2)  # noqa: S311
        self._outbox.tried(one, left, max(pause, planned))

    def _attempt(self, key: str, one: Waiting) -> Answer:
        destination = self._destinations.get(key)
        if destination is None:
            self.sentences.append(
                f"a message of {_day(one.created)} was dropped: where it was to go is no longer configured"
            )
            return Answer()
        answer = self._bounded(key, partial(self._once, destination, one))
        if answer.gone:
            self.sentences.append(f"a message to {destination.name} was dropped: {answer.problem}")
        return answer

    def _once(self, destination: Destination, one: Waiting) -> Answer:
        if not destination.webhook:
            return services.send(destination.url, one)
        try:
            key = webhook.secret_of(self._secret) if self._secret else None
        except MdtodoError as error:
            return Answer(error.sentence)
        return webhook.post(destination.url, one, key)

    def _bounded(self, key: str, action: Callable[[], Answer]) -> Answer:
        """What it comes to; a thread of its own may hang as long as the server likes, but no second one beside it."""
        if (hanging := self._hanging.get(key)) is not None and hanging.is_alive():
            return Answer("the last attempt still hangs")
        answers: list[Answer] = []

        def attempt() -> None:
            try:
                answers.append(action())
            except Exception as error:  # whatever a library raises; its words may have the URL
                answers.append(Answer(type(error).__name__))

        thread = threading.Thread(target=attempt, name="mdtodo message", daemon=True)
        thread.start()
        thread.join(DEADLINE)
        self._hanging[key] = thread
        return answers[0] if answers else Answer(f"no answer in {DEADLINE:.0f} s")


def _day(moment: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(moment))
