"""The messages of one run: what is to be told of it goes into the outbox, and from there to where it is wanted."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mdtodo.notify import services
from mdtodo.notify.destinations import destinations
from mdtodo.notify.message import (
    Origin,
    broken_run_data,
    failed_task,
    manual_task,
    run_data,
    tasks_data,
)
from mdtodo.notify.outbox import Outbox
from mdtodo.notify.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from mdtodo.config.settings import Notify
    from mdtodo.core.results import RunReport, TaskRun
    from mdtodo.core.task import Task
    from mdtodo.git.repository import Repository
    from mdtodo.notify.destinations import Destination


class Notifier:
    """Of one `run`, whose id is known a little later. Nothing here raises, or waits for a server, but for `close`,
    which waits a moment."""

    run = ""

    def __init__(
        self,
        project: str,
        notify: Notify,
        outbox: Outbox,
        to: list[Destination],
        secret: str | None,
        say: Callable[[str], None],
    ) -> None:
        self._project, self._notify, self._outbox, self._say = project, notify, outbox, say
        self._to = {one.key: one for one in to}
        self._sender = Sender(outbox, to, secret)
        self._added: set[str] = set()
        self._lost = ""

    @classmethod
    def open(cls, repo: Repository, notify: Notify, say: Callable[[str], None]) -> Notifier | None:
        """Begin, also with what earlier runs could not send; None where nothing is to be sent. `say` is told what a
        person should know."""
        if not notify.on or not (notify.webhook or notify.urls):
            return None
        to, wrong = destinations(notify, os.environ)
        if not services.is_there() and any(not one.webhook for one in to):
            wrong.append(f"`notify.urls` needs the package apprise, which is not installed: {services.HINT}")
            to = [one for one in to if one.webhook]
        outbox = Outbox(repo)
        try:
            outbox.prepare()
        except OSError as error:
            wrong.append(f"no message can be sent: {error.filename}: {error.strerror}")
            to = []
        for sentence in wrong:
            say(sentence)
        if not to:
            return None
        project = os.path.basename(repo.root) or "/"
        made = cls(project, notify, outbox, to, os.environ.get("MDTODO_WEBHOOK_SECRET") or None, say)
        made._sender.start()
        return made

    @property
    def _origin(self) -> Origin:
        return Origin(self._project, os.uname().nodename, self.run)

    def failed(self, done: TaskRun, *, gave_up: bool) -> None:
        """A task has failed; `gave_up`: so often that no run tries it any more."""
        data = tasks_data(self._origin, [failed_task(done, output=self._notify.output)])
        self._add("failed", data)
        if gave_up:
            self._add("gave_up", data)

    def manual(self, ready: Mapping[str, Task], before: Collection[str]) -> None:
        """These tasks are `ready` for a person now; told are those that were not at the last look, or, the first time,
        not `before` this run."""
        try:
            known = self._outbox.manual()
            self._outbox.note_manual(ready)
        except OSError:
            known = None
        new = [task for name, task in ready.items() if name not in (before if known is None else known)]
        # what never waited for anything was not made ready by anybody
        if tasks := [manual_task(task) for task in new if task.after or task.children]:
            self._add("manual_ready", tasks_data(self._origin, tasks))

    def ended(self, report: RunReport) -> None:
        """The run has come to this; one that ran nothing is not told."""
        if not report.idle:
            self._add("run", run_data(self._origin, report))

    def broke(self, error: str, exit_code: int) -> None:
        """The run could not go on."""
        self._add("run", broken_run_data(self._origin, error, exit_code))

    def close(self) -> None:
        """Send what was not tried yet, for a few seconds at most, and say what is left to the next run."""
        self._sender.close()
        for sentence in dict.fromkeys(self._sender.sentences):
            self._say(sentence)
        try:
            left = [one for one in self._outbox.waiting() if one.id in self._added]
        except OSError:
            left = []
        if left:
            many = "1 message" if len(left) == 1 else f"{len(left)} messages"
            self._say(f"{many} could not be sent{self._why(left[0].to)}: the next run tries again")
        if self._lost:
            self._say(f"messages could not be kept: {self._lost}")

    def _why(self, keys: tuple[str, ...]) -> str:
        for one in map(self._to.get, keys):
            if one is not None:
                return f" to {one.name} ({self._sender.problems.get(one.key, 'no answer yet')})"
        return ""

    def _add(self, event: str, data: dict[str, Any]) -> None:
        if event not in self._notify.on:
            return
        try:
            name = self._outbox.add(event, data, self._to)
        except OSError as error:
            self._lost = error.strerror or str(error)
            return
        if name is None:
            self._lost = "too many wait to be sent"
            return
        self._added.add(name)
        self._sender.wake()
