"""Runs again and again: when files change, and after a while."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass, field, replace
from math import inf
from threading import Event
from typing import TYPE_CHECKING

from mdtodo.core.results import Outcome
from mdtodo.errors import GitError, MdtodoError
from mdtodo.git.remote import without_password, without_prompts
from mdtodo.git.repository import environment, error_from, operation_in_progress, run
from mdtodo.planning.dates import local_today
from mdtodo.project.project import read_config, read_project
from mdtodo.run.recheck.expiry import expiries
from mdtodo.run.run import has_work
from mdtodo.run.signals import Interrupt
from mdtodo.system.process import Process
from mdtodo.workers.changes import Changes

if TYPE_CHECKING:
    from collections.abc import Callable

    from mdtodo.config.settings import Config
    from mdtodo.core.results import RunReport
    from mdtodo.git.repository import Repository
    from mdtodo.project.project import Project
    from mdtodo.run.run_options import Options
    from mdtodo.workers.changes import Stamp
    from mdtodo.workers.presence import Presence


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Seconds between two looks where no file changes; tasks that one run starts, None for all; `most`: that all runs
    together start. `idle`: seconds without work after which it ends. `pulls`: `git pull` comes before each look."""

    interval: float = 15.0
    batch: int | None = None
    most: int | None = None
    idle: float | None = None
    pulls: bool = False


#: Seconds after a moment at which it is over for sure.
_MOMENT = 0.1


@dataclass(slots=True, eq=False, repr=False)
class Watch:
    """Looks whether there is work, and has it done.

    `options`: what is asked for, of the tasks as they are now. `run` does it, and tells of it; the error is that of a
    push after it. `say` is told what a
    person should know, each sentence once until something else is wrong. Nothing that is wrong ends it: it is looked at
    again. `presence` shows it to others.
    """

    repo: Repository
    rhythm: Rhythm
    options: Callable[[Project], Options]
    run: Callable[[Config, Options], tuple[RunReport, MdtodoError | None]]
    say: Callable[[str], None]
    presence: Presence
    failed: bool = False
    _stop: Event = field(default_factory=Event)
    _changes: Changes = field(init=False)
    _seen: Stamp = ()
    _tried: set[str] = field(default_factory=set)
    _started: int = 0
    _rests: bool = False
    _pull_not_before: float = 0.0
    _looked: tuple[Stamp, str] | None = None
    _expires: float = inf
    _wrong: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._changes = Changes(self.repo, self.say)

    def go_on(self) -> bool:
        """Until it is interrupted, which it says, or has been idle for too long, or has started what it may."""
        worked = time.monotonic()
        with self.presence.kept(), Interrupt(self._stop.set, lambda: None):
            while not (self._stop.is_set() or self._is_through()):
                self._pull()
                if not self._stop.is_set() and self._look():
                    worked = time.monotonic()
                elif self.rhythm.idle is not None and time.monotonic() - worked >= self.rhythm.idle:
                    break
                if not self._rests:
                    continue
                if self.presence.wait(self._patience(worked), self._wait, self._stop):
                    self._looked = None
                self._tried.clear()
        return self._stop.is_set()

    def end(self) -> None:
        """End as soon as nothing runs."""
        self._stop.set()

    def _wait(self, seconds: float) -> bool:
        return self._changes.wait(self._seen, seconds, self._stop)

    def _is_through(self) -> bool:
        return self.rhythm.most is not None and self._started >= self.rhythm.most

    def _patience(self, worked: float) -> float:
        """Seconds until the next look, if no file changes: there may be a proof that is too old before."""
        until_expired = self._expires - time.time() + _MOMENT if self._looked else inf
        idle = inf if self.rhythm.idle is None else worked + self.rhythm.idle - time.monotonic()
        return max(0.0, min(self.rhythm.interval, idle, until_expired))

    def _pull(self) -> None:
        """Nothing runs now. What comes with it is a change as any other."""
        if self.rhythm.pulls and (now := time.monotonic()) >= self._pull_not_before:
            self._pull_not_before = now + self.rhythm.interval
            try:
                pull(self.repo)
                self._wrong.pop("pull", None)
            except MdtodoError as error:
                self._tell("pull", error)

    def _look(self) -> bool:
        """Whether there was work, which is done now; `_rests` says whether to wait before the next look."""
        self._seen, self._rests = self._changes.stamp(), True
        if self._looked == (self._seen, local_today().isoformat()) and time.time() <= self._expires:
            return False
        try:
            config = read_config(self.repo)
            project = read_project(self.repo, config, settled=True)
            if self._changes.follow(project.documents, config.task_files):
                self._seen = self._changes.stamp()
                project = read_project(self.repo, config, settled=True)
            options = self._of_now(project)
            self.presence.ttl, self.presence.can = config.lease, options.can
            worked = has_work(project, options)
            if worked:
                self._do(config, options)
            elif not (self._tried or project.state_summary.leased):
                self._looked = self._seen, local_today().isoformat()
                self._expires = min((one.at for one in expiries(project, options.chosen)), default=inf)
            self._wrong.pop("run", None)
            return worked
        except MdtodoError as error:
            self._tell("run", error)
            return False

    def _of_now(self, project: Project) -> Options:
        options = self.options(project)
        left = None if self.rhythm.most is None else self.rhythm.most - self._started
        limits = [one for one in (self.rhythm.batch, left) if one is not None]
        chosen = options.chosen
        if self._tried:
            chosen = frozenset(project.tasks if chosen is None else chosen) - self._tried
        return replace(options, limit=min(limits, default=None), chosen=chosen)

    def _do(self, config: Config, options: Options) -> None:
        report, unpushed = self.run(config, options)
        started = [task for task in report.tasks if task.attempts]
        self._started += len(started)
        self.failed = self.failed or report.exit_code == 1
        if report.interrupted:
            self._stop.set()
        # what is to be tried again has to wait; what else is ready has not
        self._tried |= {task.id for task in started if task.outcome is not Outcome.DONE}
        self._rests = not started
        if unpushed is None:
            self._wrong.pop("push", None)
        else:
            self._tell("push", unpushed)
        # the tasks of a run know each other: left to chance, those of many runs would be kept
        gc.collect()

    def _tell(self, about: str, error: MdtodoError) -> None:
        sentence = "; ".join(filter(None, (*error.sentences, error.hint)))
        if self._wrong.get(about) != sentence:
            self._wrong[about] = sentence
            self.say(sentence)


def pull(repo: Repository) -> None:
    """Pull as the person's configuration says, with nobody before it; a merge or rebase that stops halfway is taken
    back.

    Raises GitError where nothing could be pulled, with the checkout as it was.
    """
    if (before := operation_in_progress(repo)) is not None:
        raise GitError(f"nothing is pulled: a {before} is in progress")
    # not by `run`, which turns hooks off
    command = ["git", "-C", repo.root, "pull", "--quiet", "--no-edit"]
    code, _, err = Process(command, environment(repo) | without_prompts()).finish()
    if not code:
        return
    stopped = operation_in_progress(repo)
    if stopped in ("merge", "rebase"):
        run(repo, stopped, "--abort")
        raise GitError(f"git pull stopped at conflicts, and its {stopped} was taken back; pull by hand")
    raise GitError(f"git pull failed: {without_password(error_from(err, ('pull',)).sentence)}")
