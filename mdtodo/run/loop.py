"""The loop of a run: starting what may start, taking what comes back, until nothing is left to do."""

from __future__ import annotations

import time
from dataclasses import InitVar, field, replace
from typing import TYPE_CHECKING, cast

from mdtodo.config.value_types import format_duration
from mdtodo.core.results import Outcome, Result
from mdtodo.core.task import Status, Task
from mdtodo.core.titles import title_and_id
from mdtodo.execution.attempts import pause
from mdtodo.execution.processors.spec import spec
from mdtodo.outputs.snapshot import outputs_spec
from mdtodo.run.outcomes import Outcomes
from mdtodo.run.report.task_run import failure
from mdtodo.run.start.elsewhere import Elsewhere
from mdtodo.run.start.preflight import Preflight

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from dataclasses import dataclass

    from mdtodo.core.results import PastRun
    from mdtodo.execution.executor import AttemptEvent, Executor
    from mdtodo.project.project import Project
    from mdtodo.run.cache.result_cache import ResultCache
    from mdtodo.run.isolation import Isolation, Start
    from mdtodo.run.journal import RunJournal
    from mdtodo.run.observer import Observer
    from mdtodo.run.ready_queue import ReadyQueue
    from mdtodo.run.signals import Interrupt
    from mdtodo.run.start.throttle import Throttle
else:
    from mdtodo.core.light.dataclasses import dataclass

#: Seconds after which the loop looks up even if nothing comes back: signals, leases, the load of the machine.
TICK = 0.5
#: Where somebody may be free, so many tasks are handed over before what came back meanwhile is looked at.
_AT_ONCE = 100


@dataclass(slots=True, eq=False, repr=False)
class RunLoop:
    """The loop of a run. Only this process writes: the pool gets plain jobs and gives plain results."""

    project: InitVar[Project]
    queue: ReadyQueue
    pool: Executor
    journal: RunJournal
    observer: Observer
    interrupt: Interrupt
    cache: ResultCache | None = None
    outcomes: Outcomes = field(init=False)
    _attempts: dict[str, Task] = field(default_factory=dict)
    _begun: set[str] = field(default_factory=set)
    _held: frozenset[str] = frozenset()
    _beyond_limit: int = 0
    _replan_not_before: float = 0.0
    _lanes_not_before: float = 0.0
    _ended: bool = False
    _more_to_start: bool = False
    _looks: int = 0
    _isolation: Isolation | None = None
    _throttle: Throttle = field(init=False)
    _preflight: Preflight = field(init=False)
    _elsewhere: Elsewhere = field(init=False)

    def __post_init__(self, project: Project) -> None:
        self.outcomes = Outcomes(project, self.queue, self.journal, self.observer, self.cache)
        self._elsewhere = Elsewhere(self.pool, self.journal.repo, self.journal.git, self.observer.say)
        self._throttle = self._elsewhere.throttle(project.config)
        expected = Status.DONE if self.queue.options.verify else Status.TODO
        self._preflight = Preflight(project, expected, claimed=self.queue.options.token is not None)

    def run(self) -> None:
        """Until nothing runs and nothing may start. What came back is in the journal before anything more starts."""
        limit = self.queue.options.limit
        self._beyond_limit = 0 if limit is None else len(self.queue.reachable()) - limit
        self.outcomes.roll_up(self.queue.close_finished_parents())
        self.journal.write()
        while True:
            self._handle_interrupt()
            self._replan_if_stale()
            self._start_ready()
            if self._is_over():
                break
            self.observer.flush()
            self.journal.signs.tell()
            self._handle_events(self.pool.events(self._patience()))
            # before anything lands, as a place is worth nothing without a lease
            self.journal.leases.leave_lanes(self.queue.running - self.queue.landing)
            self._write()
            if self._isolation is not None:
                self._isolation.land()
            self._keep_leases()
        if self._isolation is not None:
            self._isolation.end()

    def _write(self) -> None:
        self.journal.write()

    def _is_over(self) -> bool:
        return self.queue.idle

    # Starting

    def _start_ready(self) -> None:
        if (now := time.monotonic()) >= self._lanes_not_before:
            self._lanes_not_before = now + TICK
            self.queue.try_lanes_again()
        self._elsewhere.adapt(self.queue)
        self.journal.leases.leave_lanes(self.queue.running - self.queue.landing)
        self._more_to_start = False
        while not self._more_to_start and (tasks := self._startable()):
            self._more_to_start = len(tasks) == _AT_ONCE
            moved = self.journal.checkout_changed()
            reasons = (
                dict.fromkeys([one.id for one in tasks], moved) if moved else self._preflight.check(tasks)
            )
            reasons |= self._elsewhere.unmet(self.queue, tasks)
            may = [task for task in tasks if reasons[task.id] is None]
            self.journal.leases.lease(may, self.queue.upcoming)
            if self.cache is not None:
                self.cache.read_inputs(may)
            for task in tasks:
                self._start(task, reasons[task.id])

    def _startable(self) -> list[Task]:
        found: list[Task] = []
        most = None if self.queue.at_work > 2 * self.queue.jobs else _AT_ONCE
        # With nothing of ours at work, waiting helps nobody: where others keep the machine busy, no run would begin.
        while len(found) != most and (
            not self.queue.at_work or self._throttle.allows_start(time.monotonic())
        ):
            if (task := self.queue.startable(time.monotonic())) is None:
                break
            found.append(task)
        held_back = not self._throttle.has_room and self.queue.holds_startable(time.monotonic())
        for sentence in self._throttle.told(held_back=held_back):
            self.observer.say(sentence)
        self.journal.signs.machine = self._throttle.machine
        return found

    def _start(self, task: Task, reason: str | None) -> None:
        if reason is None and self.journal.leases.is_full(task):
            self.queue.put_back(task)
        elif reason is None and (taken := self.journal.leases.refusal(task)) is not None:
            self._not_leased(task, taken)
        elif reason is None and self._takes_clone(task):
            self._start_in_clone(task)
        elif reason is None:
            cached = self.cache.hit(task) if self.cache is not None else None
            tree = self._tree(task)
            if cached is not None:
                self._finish_cached(task, cached)
            else:
                self._submit(task, tree)
        else:
            self._pass_over(task, reason)

    def _not_leased(self, task: Task, reason: str) -> None:
        self._pass_over(task, reason)

    def _pass_over(self, task: Task, reason: str) -> None:
        self.outcomes.pass_over(task, reason)

    def _tree(self, task: Task) -> str | None:
        """Which content its processor begins with."""
        processor = self.queue.processor(task)
        untracked = () if self.cache is None else self.cache.untracked(task)
        tree, outputs_spec = self.journal.begin_task(task, processor.name if processor else "", untracked)
        for sentence in outputs_spec:
            self.observer.say(sentence)
        return tree

    def _finish_cached(self, task: Task, cached: PastRun) -> None:
        if self._beyond_limit > 0:  # it counts in no limit, so another task may start in its place
            self._beyond_limit -= 1
            self.observer.expect(1)
        self.outcomes.finish_cached(task, cached)

    def _takes_clone(self, task: Task) -> bool:
        processor = self.queue.processor(task)
        return processor is not None and self.outcomes.project.config.isolates(processor)

    def _start_in_clone(self, task: Task) -> None:
        self.journal.begin_in_clone(task)
        isolation = self._in_clones()
        if isolation.kept(task):
            return
        start = isolation.begin(task)
        if isinstance(start, str):
            self.journal.release(task.id)
            self._pass_over(task, start)
        else:
            self._submit(task, start.tree, start)

    def _in_clones(self) -> Isolation:
        if self._isolation is None:
            # only where a processor asks for it, as it brings much along
            from mdtodo.run import isolation

            parts = self.outcomes.project.config, self.journal, self.queue, self.outcomes, self.observer
            self._isolation = isolation.Isolation(*parts, submit=self._look_again, failed=self._failed)
        return self._isolation

    def _submit(self, task: Task, tree: str | None, start: Start | None = None) -> None:
        number = self.queue.attempts[task.id].count
        attempt = self._spec(task, number, tree, start)
        self._attempts[str(attempt["attempt"])] = task
        self.pool.submit(attempt)

    def _look_again(self, task: Task, start: Start) -> str:
        """Let the pool look at what a task has proven, in a clone that has just that; the name of that attempt."""
        number = self.queue.attempts[task.id].count
        attempt = self._spec(task, number, None, start) | {"spool": None}
        name, self._looks = f"{attempt['attempt']}.{self._looks}", self._looks + 1
        self.pool.submit(attempt | {"attempt": name, "log": f"{attempt['log']}.{self._looks}"})
        return name

    def _spec(self, task: Task, number: int, tree: str | None, start: Start | None) -> dict[str, object]:
        processor = start.processor if start else self.queue.processor(task)
        assert processor is not None, "only routed tasks are taken"
        record = self.outcomes.task_json(task)
        if start is not None:
            record["previous"] = self._in_clones().previous.get(task.id)
        timeout = self.queue.attempts[task.id].time_left(processor.timeout, processor.budget)
        cwd = None if start else processor.cwd
        # to make a dataclass anew takes longer than all the rest
        if (timeout, cwd) != (processor.timeout, processor.cwd):
            processor = replace(processor, cwd=cwd, timeout=timeout)
        made = spec(
            record,
            processor,
            run_id=self.journal.run_id,
            attempt=number,
            root=self.outcomes.project.repo.root,
            log=self.journal.logs.path(task, number),
            spool=None if self.queue.options.verify else self.journal.spool_path,
            anchor=task.anchor,
            outputs=None
            if start
            else outputs_spec(
                processor.outputs, self.outcomes.project.documents, ticks=self.outcomes.commits
            ),
            tree=tree,
            clone=start.terms._asdict() if start else None,
        )
        return self._elsewhere.placed(made, task, processor)

    def _patience(self) -> float:
        if self._more_to_start:
            return 0.0
        now = time.monotonic()
        # with nothing at work the load is not asked for: what is due then would stay so, and this loop never rest
        due = self._throttle.seconds_until_due(now) if self.queue.at_work else None
        wake = self.queue.seconds_until_retry(now)
        known = [one for one in (wake, due) if one is not None]
        return min(TICK, self.journal.signs.seconds_until_due(), *known)

    # Taking what comes back

    def _handle_events(self, events: Sequence[AttemptEvent]) -> None:
        """What came back together; whose leases still hold is looked up once for all of it."""
        ended = [task for event in events if event.ends and (task := self._attempts.get(event.attempt))]
        self._held = self.journal.leases.held(ended) if ended else frozenset()
        if self.cache is not None:
            self.cache.invalidate_inputs()
        with self.outcomes.subtasks.looking_once():
            for event in events:
                self._handle(event)

    def _handle(self, event: AttemptEvent) -> None:
        if event.ends and self._isolation is not None and self._isolation.looked(event):
            return
        task = self._attempts.get(event.attempt)
        if task is None or (event.kind == "started" and event.attempt in self._begun):
            return  # in a clone, the check that follows the work starts too
        if event.kind == "started":
            self._begun.add(event.attempt)
            self.queue.attempts[task.id].started = self.queue.attempts[task.id].started or time.time()
            self.observer.started(task, self.queue.attempts[task.id].count)
            self._tell_begun(task)
            if self.queue.options.verbose:
                self._report_command(task)
        elif event.kind == "progress":
            self.observer.progressed(task, event.progress or 0.0)
            self.journal.signs.progress(task.id, event.progress or 0.0)
        else:
            del self._attempts[event.attempt]
            # Of what was handed ahead to a process, much was never begun when Ctrl-C came: it was not tried at all.
            if self._ended and event.attempt not in self._begun and self.queue.attempts[task.id].count == 1:
                self.queue.withdraw(task)
                self.journal.release(task.id)
            else:
                self._handle_result(task, event)

    def _tell_begun(self, task: Task) -> None:
        processor, number = self.queue.processor(task), self.queue.attempts[task.id].count
        name = processor.name if processor else ""
        self.journal.signs.begin(task.id, name, number, time.time())
        self.journal.log("attempt", task, number, processor=name)

    def _report_command(self, task: Task) -> None:
        """What the attempt that has begun runs, and where its output goes."""
        processor, number = self.queue.processor(task), self.queue.attempts[task.id].count
        if processor is not None:
            log = self.journal.logs.shown_path(task, number)
            command = f"{processor.name}: {' '.join(processor.command_line.split())}"
            self.observer.say(f"{task.id} {task.title}: attempt {number}, {command}; output in {log}")

    def _handle_result(self, task: Task, event: AttemptEvent) -> None:
        raw = event.result or Result(None, error=event.message)
        result = self.outcomes.subtasks.checked(self.outcomes.project, task, event.judged(raw))
        attempts = self.queue.attempts[task.id]
        if not raw.logged:
            self.journal.logs.note_absent(task, attempts.count)
        attempts.seconds += result.duration
        self.journal.signs.end(task.id)
        # of one that is over as soon as it has started, both are told together
        if attempts.started is not None:
            attempts.started = min(attempts.started, time.time() - result.duration)
        written = raw.outputs or {}
        for sentence in cast("Sequence[str]", written.get("said") or ()):
            self.observer.say(f"{task.id} {task.title}: {sentence}")
        if task.id not in self._held:
            self.journal.log("result_dropped", task, attempts.count)
            self.outcomes.drop(task, result)
        elif refused := written.get("refused"):
            self.outcomes.refuse(task, cast("Mapping[str, str]", refused))
        # What fails while it is ended may fail of that: counted, it would come nearer to `max_failures`.
        elif raw.interrupted or (self._ended and result.outcome is Outcome.FAILED):
            self.outcomes.interrupt(task, result)
        elif self._elsewhere.try_again(task, event):
            self.queue.retry(task, time.monotonic())
        elif result.outcome is Outcome.FAILED:
            self._failed(task, self._elsewhere.judged(task, event, result))
        elif result.outcome is Outcome.DONE and result.changes is not None and not self.queue.options.verify:
            self._in_clones().add(task, result)
        else:
            self.outcomes.complete(task, result)

    def _failed(self, task: Task, result: Result) -> None:
        if not self._try_again(task, result):
            self.outcomes.complete(task, result)

    def _try_again(self, task: Task, result: Result) -> bool:
        processor = self.queue.processor(task)
        count = self.queue.attempts[task.id].now - self._elsewhere.lost[task.id]
        if processor is None or result.never_began or count > processor.retries or self.queue.stopped:
            return False
        if processor.budget is not None and self.queue.attempts[task.id].seconds >= processor.budget:
            self.observer.say(
                f"{title_and_id(task)}: its budget of {format_duration(processor.budget)} is used up"
            )
            return False
        delay = pause(processor.retry_delay, processor.backoff, count)
        why = failure(result, processor.timeout)
        if self._isolation is not None:
            self._isolation.note_failure(task, count, result, why)
        self.observer.retrying(task, count, delay, why)
        self.queue.retry(task, time.monotonic() + delay)
        self.journal.signs.retry(task.id, processor.name, self.queue.attempts[task.id].count)
        return True

    def _replan_if_stale(self) -> None:
        """With new subtasks the plan is made again from the new bytes; not more often than that is worth."""
        now = time.monotonic()
        if not self.outcomes.plan_is_stale or (self.queue.running and now < self._replan_not_before):
            return
        self.outcomes.replan()
        # Planning a long list takes its time: with pauses of twenty times that, a twentieth of the run at most.
        self._replan_not_before = now + 20 * (time.monotonic() - now)

    # Ending

    def _handle_interrupt(self) -> None:
        if self.interrupt.asked and not self._ended:
            self._ended = True
            self.queue.stop()
            self.observer.say(
                "interrupted: stopping running tasks and keeping finished ones (Ctrl-C again stops at once)"
            )
            for attempt in self._attempts:
                self.pool.cancel(attempt)
            if self._isolation is not None and (look := self._isolation.stop()) is not None:
                self.pool.cancel(look)

    def _keep_leases(self) -> None:
        for task_id in self.journal.leases.renew():
            for attempt, task in self._attempts.items():
                if task.id == task_id:
                    self.pool.cancel(attempt)
            if task_id in self.queue.landing and self._isolation is not None:
                self._isolation.drop(self.queue.plan.tasks[task_id])
