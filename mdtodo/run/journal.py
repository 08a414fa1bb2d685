"""What a run owes: leases while a task runs, the journal before a box is ticked, the landing after it."""

from __future__ import annotations

import os
import time
from dataclasses import field
from typing import TYPE_CHECKING

from mdtodo.core import codec
from mdtodo.errors import GitError
from mdtodo.git.position import HeadPosition, head_position, is_same_line_of_work, stamp
from mdtodo.git.session import GitSession
from mdtodo.landing.policy import land_as_configured, land_entries, new_run_id, sentences_of
from mdtodo.landing.recovery.ended_claims import open_ended_claims
from mdtodo.landing.recovery.read_spool import held_of
from mdtodo.landing.recovery.recover import finish_earlier
from mdtodo.landing.renames import follow_renames
from mdtodo.landing.result_edits import done_by_claimant, ticks
from mdtodo.landing.work_tree import WorkTree
from mdtodo.outputs.marks import forget_old
from mdtodo.outputs.survey import Verdict
from mdtodo.run.record.attempt_logs import AttemptLogs
from mdtodo.run.record.planned_files import keep_planned
from mdtodo.run.record.runner_signs import RunnerSigns
from mdtodo.run.record.unlanded import Unlanded
from mdtodo.run.start.lane_places import LanePlaces
from mdtodo.run.start.leases import LocalLeases
from mdtodo.storage import spool
from mdtodo.storage.rows import JournalEntry
from mdtodo.storage.runs import TOGETHER
from mdtodo.storage.state import StateStore
from mdtodo.storage.task_logs import prune
from mdtodo.system import audit, process_identity
from mdtodo.system.failpoints import failpoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from dataclasses import dataclass

    from mdtodo.config.settings import Config
    from mdtodo.core.receipt import Output, Receipt
    from mdtodo.core.task import Task
    from mdtodo.git.repository import Repository
    from mdtodo.project.project import Project
    from mdtodo.run.run_options import Options
    from mdtodo.run.start.leases import Leases
    from mdtodo.storage.rows import Entry
else:
    from mdtodo.core.light.dataclasses import dataclass


@dataclass(slots=True, eq=False, repr=False)
class RunJournal:
    """The state of this clone, as one run uses it. A result is written down when `write` returns, and on the
    disk before its box is ticked.

    `project` is the one that the run was planned on, once that was read; the `work_tree` is looked at where something
    is to be committed, or opened. `leases` say which tasks are its own: the `local` ones of this clone, unless others
    were put above them. A lease is kept from the start of a task until its result has landed, so that no
    other runner takes the task while its box is still open.
    """

    repo: Repository
    config: Config
    state: StateStore
    commit: str
    run_id: str
    worker: str
    jobs: int = 1
    local: LocalLeases = field(init=False)
    leases: Leases = field(init=False)
    signs: RunnerSigns = field(init=False)
    project: Project | None = None
    work_tree: WorkTree | None = None
    commits: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    kept_open: dict[str, str] = field(default_factory=dict)
    uncommitted: list[Receipt] = field(default_factory=list)
    unopened: set[str] = field(default_factory=set)
    _unrecorded: list[JournalEntry] = field(default_factory=list)
    _ended_claims: list[int] = field(default_factory=list)
    _unlanded: Unlanded = field(init=False)
    _began: dict[str, float] = field(default_factory=dict)
    _place: HeadPosition | None = None
    _stamp: tuple[int, int] = (0, 0)
    _git: GitSession | None = None
    logs: AttemptLogs = field(init=False)
    spool_path: str = ""

    def __post_init__(self) -> None:
        places = LanePlaces(self.state, self.config.lanes, self.jobs)
        self.local = LocalLeases(self.state, self.worker, self.config.lease, self.run_id, places, self._log)
        self.leases = self.local
        self._unlanded = Unlanded(self.repo, self.state, self.run_id)
        self.signs = RunnerSigns(self.state, self.worker, self.run_id, self.config.lease)
        self.logs = AttemptLogs(self.repo, self.run_id)
        self.spool_path = os.path.join(spool.spool_folder(self.repo), self.run_id)

    @classmethod
    def open(cls, repo: Repository, config: Config, options: Options, jobs: int) -> RunJournal:
        """The journal of a new run, of so many `jobs` at once. Where that is a joint one, others may land what it comes
        to, and it has to ask what they have landed. Raises MdtodoError where the state cannot be written."""
        state = StateStore.open(repo)
        run_id = options.run_id or new_run_id()
        commit, name = options.commit, options.worker or process_identity.name()
        journal = cls(repo, config, state, commit, run_id, name, jobs, messages=[*state.warnings])
        # in this order: a checkout in between then shows as a change, and is looked into
        journal._stamp, journal._place = stamp(repo), head_position(repo)
        spool.prepare(repo)
        forget_old(repo)
        journal._log("run_started", commit=commit, jobs=jobs)
        state.sign_on(name, config.lease)
        begun: dict[str, object] = {"commit": commit, "place": [*journal._place], "jobs": jobs}
        if options.joint and commit == "run":
            journal._unlanded.work_tree = begun[TOGETHER] = os.path.realpath(repo.git_dir)
        state.start_run(run_id, name, begun)
        return journal

    def __enter__(self) -> RunJournal:
        return self

    def __exit__(self, kind: object, error: object, _: object) -> None:
        if self._git is not None:
            self._git.close()
        # before the leases go: whoever takes a task next has to see what became of it
        self.write_down()
        self.leases.release_all()
        if kind is None:
            # only after a good end: else the next run takes up from these files what was not read
            spool.delete(spool.of_dead_runs(self.repo, ()).get(self.run_id, ()))
        self.state.finish_run(self.run_id)
        self.state.sign_off(self.worker, self.run_id)
        self._log("run_ended", error=None if error is None else str(error))
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

    def open_ended_claims(self, project: Project) -> list[str]:
        """See `recovery.ended_claims`."""
        sentences, commits = open_ended_claims(project, self.state, self.run_id, commit=self.commit != "none")
        self.commits += commits
        return sentences

    def mark_start(self) -> None:
        """To be called before the files are read: what others come to after this moment is theirs."""
        self.local.since = self.state.moment()

    def look_at(self, project: Project, options: Options) -> None:
        """The tasks of this project are run."""
        self.project, self.local.token = project, options.token
        if options.can is not None:
            self.state.sign_on(self.worker, self.config.lease, can=options.can)
        if options.commit != "none" or options.verify:
            opens = options.dirty or not options.verify
            self.work_tree = WorkTree(self.repo, self.config, project.documents, opens)

    def follow(self, project: Project) -> None:
        """The run goes on with this project."""
        self.project = project
        if self.work_tree is not None:
            self.work_tree.documents = project.documents

    @property
    def owes(self) -> bool:
        """Whether results were taken down that have not landed yet."""
        return bool(self._unrecorded or self._unlanded.entries)

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
        self._unlanded.mark_late(work_tree.late)
        return tree, work_tree.tell(untracked, refused=not work_tree.opens)

    def begin_in_clone(self, task: Task) -> None:
        """The same of a task whose processor works in a clone of its own: no change of the work tree concerns it."""
        self._began.setdefault(task.id, time.time())

    def end_task(self, task: Task, untracked: Sequence[str]) -> str | None:
        """It has ended: the same, as far as that is known now."""
        if (work_tree := self.work_tree) is None:
            return None
        tree = work_tree.end(task.id, untracked, self.git())
        self._unlanded.mark_late(work_tree.late)
        return tree

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

    def log(self, event: str, task: Task, attempt: int, **said: object) -> None:
        """Say in the audit log what became of an attempt."""
        if not audit.is_open():
            return
        self._log(event, task=task.id, attempt=audit.attempt_name(self.run_id, task.id, attempt), **said)

    def _log(self, event: str, **said: object) -> None:
        audit.record(event, run=self.run_id, worker=self.worker, **said)

    # What became of it

    def hold_outputs(self, given: object) -> tuple[tuple[Output, ...] | None, str | None]:
        """Of `outputs` of a result: what goes with the tick; or why the task must stay open, as a sentence."""
        if not given:  # as of most processors, which declare none
            return (), None
        return held_of(self.repo, codec.decode(Verdict, given), self._plumbing())

    def record(self, task: Task, receipt: Receipt) -> None:
        """Take a result down, for the next `write`."""
        log = self.logs.shown(task, receipt.attempt)
        if ticks(receipt) and (claim := self.local.end_claim(task)) is not None:
            receipt = receipt._replace(edits=(*receipt.edits, *done_by_claimant(task, claim)))
            self._ended_claims.append(claim.token)
        receipt = receipt._replace(began=self._began.get(task.id))
        self._unrecorded.append(JournalEntry(self.run_id, receipt, log, lands=bool(receipt.edits)))
        self.log(
            *("result", task, receipt.attempt),
            outcome=receipt.outcome,
            reason=receipt.reason,
            exit_code=receipt.exit_code,
            seconds=receipt.seconds,
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
        with self.state.at_once("result"):
            numbers = self.state.record(records)
            self.state.tie(self._ended_claims, mine=True)
        self._unlanded.entries += [
            (n, one.receipt) for n, one in zip(numbers, records, strict=True) if one.lands
        ]
        self.release(*(one.receipt.task_id for one in records if not one.lands))

    def land_alone(self, task: Task, receipt: Receipt) -> None:
        """Land a result that lands whole, at once and in a commit of its own.

        Raises GitError where it cannot; then nothing was changed, and the journal has no such result.
        """
        self.write_down()
        self.record(task, receipt)
        (entry,), self._unrecorded = self._unrecorded, []
        (number,) = self.state.record([entry])
        failpoint("result.recorded")
        try:
            self._land([(number, entry.receipt)])
        except GitError:
            self.state.discard([number])
            raise

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
            receipts = self._unlanded.receipts
            landing = land_as_configured(
                self.repo, receipts, run_id=self.run_id, commit=False, config=self.config
            )
            self._unlanded.discard({*landing.unclear, *(task_id for task_id, _, _ in landing.missed)})
            self.messages += sentences_of(landing)

    def land(self) -> None:
        """Tick and commit what is recorded and not landed, and free its tasks.

        Raises GitError where that cannot be done now; the next run does it then.
        """
        self.write_down()
        self.see_landed()
        if not (entries := self._unlanded.entries):
            return
        self._unlanded.entries = []
        try:
            self._land(entries)
        except GitError:
            self._unlanded.entries = entries + self._unlanded.entries
            raise

    def see_landed(self) -> None:
        """Take note of what another worker of this work tree has landed of what it owes."""
        gone, commits = self._unlanded.landed_by_others()
        self.commits += [made for made in commits if made not in self.commits]
        if gone:
            self._end(gone)
            self.leases.landed(gone)

    def _land(self, unlanded: list[Entry]) -> None:
        if self.project is not None:
            receipts = [receipt for _, receipt in unlanded]
            keep_planned(self.project, receipts)
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
            again=self._unlanded.work_tree is not None,
            others=self._unlanded.of_others(unlanded),
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
        self._end(receipt.task_id for _, receipt in unlanded)
        self.leases.landed([receipt.task_id for _, receipt in unlanded])

    def _without(self, entries: list[Entry], unclear: Mapping[str, str]) -> list[Entry]:
        """Those that can be told from equal tasks; the others wait."""
        if unclear:
            self.state.park(number for number, one in entries if one.task_id in unclear)
            self._keep(unclear)
            self.release(*unclear)
        return [entry for entry in entries if entry[1].task_id not in unclear]

    def _keep(self, unclear: Mapping[str, str]) -> None:
        kept = "not ticked, and its result is kept for the next `mdtodo run`"
        self.kept_open |= {task: f"{kept}: {reason}" for task, reason in unclear.items()}

    def git(self) -> GitSession:
        """What is kept of git while the run goes on."""
        if self._git is None:
            self._git = GitSession(self.repo)
        return self._git

    def _plumbing(self) -> GitSession | None:
        """The same where it serves many landings. One at the end has its own: a person may have changed git's
        configuration in the hours before."""
        return self.git() if self.commit == "task" else None

    def release(self, *task_ids: str) -> None:
        """The tasks did not come to an end here: free them."""
        self._end(task_ids)
        self.leases.release(task_ids)

    def _end(self, task_ids: Iterable[str]) -> None:
        if self.work_tree is not None:
            for task_id in task_ids:
                self.work_tree.end(task_id)
