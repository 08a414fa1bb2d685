"""What a run owes: leases while a task runs, the journal before a box is ticked, the landing after it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mdtodo.errors import GitError
from mdtodo.git.position import HeadPosition, head_position, is_same_line_of_work, stamp
from mdtodo.git.session import GitSession
from mdtodo.landing.policy import land_as_configured, land_entries, new_run_id, sentences_of
from mdtodo.landing.recovery.read_spool import held_of
from mdtodo.landing.recovery.recover import finish_earlier
from mdtodo.landing.renames import follow_renames
from mdtodo.landing.work_tree import WorkTree
from mdtodo.outputs.marks import forget_old
from mdtodo.outputs.snapshot import verdict_of
from mdtodo.run.lane_places import LanePlaces
from mdtodo.storage import spool
from mdtodo.storage.rows import NewResult
from mdtodo.storage.state import StateStore, folder
from mdtodo.storage.task_logs import prune
from mdtodo.system.failpoints import failpoint

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence
    from types import TracebackType

    from mdtodo.config.settings import Config
    from mdtodo.core.receipt import Output, Receipt
    from mdtodo.core.results import Result
    from mdtodo.core.task import Task
    from mdtodo.git.repository import Repository
    from mdtodo.project.project import Project
    from mdtodo.run.run_options import Options
    from mdtodo.storage.leases import Lane, Lease, Moment

#: What is told of a task whose result cannot land, before the reason.
_KEPT = "not ticked, and its result is kept for the next `mdtodo run`"

#: A lease is renewed after this share of its time.
RENEWAL = 1 / 3


@dataclass(slots=True, eq=False, repr=False)
class RunJournal:
    """The state of this clone, as one run uses it. A result is written down when `write` returns, and on the
    disk before its box is ticked.

    `project` is the one that the run was planned on, once that was read; the `work_tree` is looked at where something
    is to be committed, or opened. A lease is kept from the start of a task until its result has landed, so that no
    other runner takes the task while its box is still open.
    """

    repo: Repository
    config: Config
    state: StateStore
    commit: str
    run_id: str
    worker: str
    places: LanePlaces
    project: Project | None = None
    work_tree: WorkTree | None = None
    commits: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    kept_open: dict[str, str] = field(default_factory=dict)
    uncommitted: list[Receipt] = field(default_factory=list)
    unopened: set[str] = field(default_factory=set)
    full_lanes: set[str] = field(default_factory=set)
    _leases: dict[str, Lease] = field(default_factory=dict)
    _unrecorded: list[NewResult] = field(default_factory=list)
    _unlanded: list[tuple[int, Receipt]] = field(default_factory=list)
    _began: dict[str, float] = field(default_factory=dict)
    _since: Moment | None = None
    _place: HeadPosition | None = None
    _stamp: tuple[int, int] = (0, 0)
    _renewed: float = field(default_factory=time.monotonic)
    _git: GitSession | None = None
    _logs: str = ""
    _shown_logs: str = ""
    spool_path: str = ""
    _log_seen: tuple[str, bool] = ("", False)

    def __post_init__(self) -> None:
        self._logs = os.path.join(folder(self.repo), "logs", self.run_id)
        self.spool_path = os.path.join(spool.spool_folder(self.repo), self.run_id)
        inside = os.path.relpath(self._logs, self.repo.root)
        self._shown_logs = self._logs if inside.startswith("..") else inside

    @classmethod
    def open(
        cls,
        repo: Repository,
        config: Config,
        *,
        commit: str,
        worker: str | None = None,
        jobs: int | None = None,
    ) -> RunJournal:
        """The journal of a new run, of so many `jobs` at once. Raises MdtodoError where the state cannot be written."""
        state = StateStore.open(repo)
        run_id = new_run_id()
        name = worker or f"{os.uname().nodename}-{os.getpid()}"
        places = LanePlaces(state, config.lanes, jobs or 1)
        journal = cls(repo, config, state, commit, run_id, name, places, messages=[*state.warnings])
        # in this order: a checkout in between then shows as a change, and is looked into
        journal._stamp, journal._place = stamp(repo), head_position(repo)
        spool.prepare(repo)
        forget_old(repo)
        state.start_run(run_id, name, {"commit": commit, "place": [*journal._place], "jobs": jobs})
        return journal

    def __enter__(self) -> RunJournal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._git is not None:
            self._git.close()
        # before the leases go: whoever takes a task next has to see what became of it
        self.write_down()
        self._release(*self._leases)
        if kind is None:
            # only after a good end: else the next run takes up from these files what was not read
            spool.delete(spool.of_dead_runs(self.repo, ()).get(self.run_id, ()))
        self.state.finish_run(self.run_id)
        prune(self.repo, self.state, self.config.logs, keep=self.run_id)
        self.state.close()

    def finish_earlier(self) -> list[str]:
        """See `recover.finish_earlier`; its commits count as those of this run."""
        commits_now = self.commit != "none"
        sentences, commits = finish_earlier(
            self.repo, self.state, self.config, commit=commits_now, follow=commits_now
        )
        self.commits += commits
        return sentences

    def mark_start(self) -> None:
        """To be called before the files are read: what others come to after this moment is theirs."""
        self._since = self.state.moment()

    def look_at(self, project: Project, options: Options) -> None:
        """The tasks of this project are run."""
        self.project = project
        if options.commit != "none" or options.verify:
            opens = options.dirty or not options.verify
            self.work_tree = WorkTree(self.repo, self.config, project.documents, opens)

    def follow(self, project: Project) -> None:
        """The run goes on with this project."""
        self.project = project
        if self.work_tree is not None:
            self.work_tree.documents = project.documents

    @property
    def leases(self) -> Mapping[str, Lease]:
        """The leases of this run, by task."""
        return self._leases

    @property
    def owes(self) -> bool:
        """Whether results were taken down that have not landed yet."""
        return bool(self._unrecorded or self._unlanded)

    # While a task runs

    def begin_task(
        self, task: Task, processor: str, untracked: Sequence[str]
    ) -> tuple[str | None, tuple[str, ...]]:
        """Its processor begins, or would begin if no earlier result stood: the `tree` of its receipt, and what is to be
        said of that. `untracked`: its inputs that git does not have."""
        self._began.setdefault(task.id, time.time())
        if (work_tree := self.work_tree) is None:
            return None, ()
        tree = work_tree.begin(task.id, processor, untracked, self.git())
        return tree, work_tree.tell(untracked, refused=not work_tree.opens)

    def end_task(self, task: Task, untracked: Sequence[str]) -> str | None:
        """It has ended: the same, as far as that is known now."""
        return None if self.work_tree is None else self.work_tree.end(task.id, untracked, self.git())

    def checkout_changed(self) -> str | None:
        """Why nothing should start any more, as part of a sentence: another branch was checked out."""
        if self.work_tree is not None:
            self.work_tree.forget()
        now = stamp(self.repo)
        if self._place is None or now == self._stamp:
            return None
        if not is_same_line_of_work(self.repo, self._place):
            return f"HEAD is on {head_position(self.repo).name} now; the run began on {self._place.name}"
        # only where the run goes on: elsewhere every further look has to say so again
        self._stamp = now
        return None

    def lease(self, tasks: Sequence[Task]) -> None:
        """Take these tasks, where no other worker has them or had them since; `leased` says which are ours, and
        `full_lanes` which would be, but for their lanes."""
        places, ahead = self.places.needed(tasks)
        self.full_lanes = set()
        self._take([task for task in tasks if task not in ahead], places)
        covered = [task for task in ahead if self.places.goes_without(task)]
        self._take(covered, {})
        self.full_lanes.update(task.id for task in ahead if task not in covered)

    def _take(self, tasks: Sequence[Task], places: Mapping[str, Lane]) -> None:
        again = [task.id for task in tasks if task.id in self._leases and task.id in places]
        if wanted := [task.id for task in tasks if task.id not in self._leases]:
            worker, ttl = self.worker, self.config.lease
            taken = self.state.take(wanted, worker, ttl, since=self._since, run=self.run_id, lanes=places)
            self._leases |= taken.leases
            self.full_lanes |= taken.full
        for name in again:
            if not self.state.enter_lane(self._leases[name].token, places[name]):
                self.full_lanes.add(name)
        got = {name: lane for name, lane in places.items() if name in self._leases}
        self.places.hold({n: lane for n, lane in got.items() if n not in self.full_lanes}, self._leases)

    def leave_lanes(self, running: Container[str]) -> None:
        """Only these tasks run still."""
        self.places.leave(running, self._leases)

    def leased(self, task: Task) -> bool:
        """Whether the task was taken, as far as this process knows."""
        return task.id in self._leases

    def held(self, tasks: Sequence[Task]) -> frozenset[str]:
        """The ids of those of these tasks whose lease is still ours."""
        tokens = {task.id: self._leases[task.id].token for task in tasks if task.id in self._leases}
        held = self.state.held(tuple(tokens.values())) if tokens else frozenset()
        return frozenset(task_id for task_id, token in tokens.items() if token in held)

    def renew(self) -> list[str]:
        """Renew all leases if it is time to; the tasks whose lease is gone."""
        now = time.monotonic()
        if now - self._renewed < self.config.lease * RENEWAL:
            return []
        self._renewed = now
        kept = self.state.renew([lease.token for lease in self._leases.values()], self.config.lease)
        gone = [task_id for task_id, lease in self._leases.items() if lease.token not in kept]
        for task_id in gone:
            del self._leases[task_id]
        return gone

    def log_path(self, task: Task, attempt: int) -> str:
        """Where the output of an attempt is captured."""
        return f"{self._logs}/{task.id}.{attempt}.log"

    def shown_log_path(self, task: Task, attempt: int) -> str:
        """The same, relative to the root where it is below it."""
        return f"{self._shown_logs}/{task.id}.{attempt}.log"

    def shown_log(self, task: Task, attempt: int) -> str | None:
        """The same, relative to the root where it is below it; None if there is none."""
        name = f"{task.id}.{attempt}.log"
        # asked twice in a row, for the journal and for the report
        if self._log_seen[0] != name:
            self._log_seen = name, os.path.exists(f"{self._logs}/{name}")
        return f"{self._shown_logs}/{name}" if self._log_seen[1] else None

    # What became of it

    def hold_outputs(self, given: object) -> tuple[tuple[Output, ...] | None, str | None]:
        """Of `outputs` of a result: what goes with the tick; or why the task must stay open, as a sentence."""
        if not given:  # as of most processors, which declare none
            return (), None
        return held_of(self.repo, verdict_of(given), self._plumbing())

    def record(self, task: Task, receipt: Receipt, result: Result) -> None:
        """Take a result down, for the next `write`."""
        log = self.shown_log(task, receipt.attempt)
        receipt = receipt._replace(began=self._began.get(task.id))
        self._unrecorded.append(
            NewResult(self.run_id, receipt, log, result.metrics, lands=bool(receipt.edits))
        )
        failpoint("result.taken")

    def write(self) -> None:
        """Write the results down that were taken; they are in the journal when this returns. With
        `commit = "task"` they have landed too, in a commit each."""
        if self.commit == "task":
            self.land()
        else:
            self.write_down()

    def write_down(self) -> None:
        """The same, and nothing lands."""
        if not self._unrecorded:
            return
        records, self._unrecorded = self._unrecorded, []
        numbers = self.state.record(records)
        self._unlanded += [(n, one.receipt) for n, one in zip(numbers, records, strict=True) if one.lands]
        self._release(*(one.receipt.task_id for one in records if not one.lands))

    def tick_now(self) -> None:
        """Make at once in the work tree what was recorded before the run starts; its commit is that of the run, or,
        with `commit = "task"`, one for each. What the work tree cannot have is dropped. Read the files again then.
        """
        if self.commit != "run":
            self.land()
        else:
            self.write_down()
            # a power cut must not leave a ticked box that the journal knows nothing of
            self.state.sync()
            receipts = [receipt for _, receipt in self._unlanded]
            landing = land_as_configured(
                self.repo, receipts, run_id=self.run_id, commit=False, config=self.config
            )
            missed = {*landing.unclear, *(task_id for task_id, _, _ in landing.missed)}
            self.state.discard(number for number, one in self._unlanded if one.task_id in missed)
            self._unlanded = [(number, one) for number, one in self._unlanded if one.task_id not in missed]
            self.messages += sentences_of(landing)

    def release(self, task: Task) -> None:
        """The task did not come to an end here: free it."""
        self._release(task.id)

    def land(self) -> None:
        """Tick and commit what is recorded and not landed, and free its tasks.

        Raises GitError where that cannot be done now; the next run does it then.
        """
        self.write_down()
        if not self._unlanded:
            return
        unlanded, self._unlanded = self._unlanded, []
        try:
            self._land(unlanded)
        except GitError:
            self._unlanded = unlanded + self._unlanded
            raise

    def _land(self, unlanded: list[tuple[int, Receipt]]) -> None:
        if self.project is not None:
            receipts = [receipt for _, receipt in unlanded]
            now, unclear = follow_renames(receipts, self.repo, self.config, self.project.documents)
            unlanded = [(number, receipt) for (number, _), receipt in zip(unlanded, now, strict=True)]
            unlanded = self._without(unlanded, unclear)
            if not unlanded:
                return
        landing = land_entries(
            self.repo,
            self.state,
            self.run_id,
            unlanded,
            self.config,
            commit=self.commit != "none",
            each=self.commit == "task",
            git=self._plumbing(),
            work_tree=self.work_tree,
        )
        if self.work_tree is not None:
            self.work_tree.landed(self._git)
        self.kept_open |= landing.kept_open
        self._keep(landing.unclear)
        self.commits += landing.commits
        # What stays open is told with its task, and what is not committed once at the end, for all landings of the run.
        self.messages += sentences_of(landing._replace(kept_open={}, unclear={}, absent=()))
        self.uncommitted += landing.uncommitted
        self.unopened |= landing.unopened
        self._release(*(receipt.task_id for _, receipt in unlanded))

    def _without(
        self, entries: list[tuple[int, Receipt]], unclear: Mapping[str, str]
    ) -> list[tuple[int, Receipt]]:
        """Those that can be told from equal tasks; the others wait."""
        if unclear:
            self.state.park(number for number, one in entries if one.task_id in unclear)
            self._keep(unclear)
            self._release(*unclear)
        return [entry for entry in entries if entry[1].task_id not in unclear]

    def _keep(self, unclear: Mapping[str, str]) -> None:
        self.kept_open |= {task: f"{_KEPT}: {reason}" for task, reason in unclear.items()}

    def git(self) -> GitSession:
        """What is kept of git while the run goes on."""
        if self._git is None:
            self._git = GitSession(self.repo)
        return self._git

    def _plumbing(self) -> GitSession | None:
        """The same where it serves many landings. One at the end has its own: a person may have changed git's
        configuration in the hours before."""
        return self.git() if self.commit == "task" else None

    def _release(self, *task_ids: str) -> None:
        if self.work_tree is not None:
            for task_id in task_ids:
                self.work_tree.end(task_id)
        leases = [self._leases.pop(task_id, None) for task_id in task_ids]
        tokens = [lease.token for lease in leases if lease is not None]
        if tokens:
            self.state.release(*tokens)
