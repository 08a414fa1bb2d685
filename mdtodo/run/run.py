"""The story of a run.

bytes -> Document -> Tasks -> Plan -> pool -> Results -> Edits -> bytes -> commit
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.results import Outcome
from mdtodo.core.task import Severity, State, Status
from mdtodo.core.titles import title_and_id
from mdtodo.execution.executor import ExecutorGoneError
from mdtodo.landing.policy import refuse_half_done_operation, refuse_without_identity
from mdtodo.planning.findings import findings
from mdtodo.planning.selection import Selection
from mdtodo.project.capabilities import configured, needs, trusted
from mdtodo.project.deleted_tasks import without_deleted
from mdtodo.project.project import StateSummary, read_project
from mdtodo.run.joint.peers import Peers
from mdtodo.run.joint.worker_loop import WorkerLoop
from mdtodo.run.journal import RunJournal
from mdtodo.run.loop import RunLoop
from mdtodo.run.ready_queue import ReadyQueue
from mdtodo.run.recheck.expired import as_opened, expired, open_expired
from mdtodo.run.recheck.verify import plan_of
from mdtodo.run.report.expected import held_by_lanes
from mdtodo.run.report.messages import Messages
from mdtodo.run.report.unstarted import left_over, unstarted
from mdtodo.run.reviews import merged_reviews
from mdtodo.run.signals import Interrupt
from mdtodo.run.start.elsewhere import cluster_of, refuse_dirty
from mdtodo.run.start.output_turns import output_turns
from mdtodo.system.process import available_cpus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mdtodo.config.settings import Config
    from mdtodo.core.results import PastRun, RunReport
    from mdtodo.core.task import Task
    from mdtodo.execution.executor import Executor
    from mdtodo.execution.local.pool import LocalPool
    from mdtodo.git.repository import Repository
    from mdtodo.project.project import Project
    from mdtodo.run.cache.result_cache import ResultCache
    from mdtodo.run.observer import Observer
    from mdtodo.run.report.unstarted import Unstarted
    from mdtodo.run.run_options import Options
    from mdtodo.run.start.leases import Leases
    from mdtodo.storage.state import StateStore


#: Seconds for which a pool process may be silent on a busy machine, however short the lease is.
LEAST_SILENCE = 10.0


def run(
    repo: Repository,
    config: Config,
    options: Options,
    observer: Observer,
    *,
    paths: Sequence[str] = (),
    executor: Executor | None = None,
    leases: Callable[[RunJournal, Callable[[str], None]], Leases] | None = None,
) -> RunReport:
    """Run what is ready and what becomes ready, tick what is proven, commit. `leases`: what keeps other workers off its
    tasks, where that is more than those of this clone.

    Raises GitError where a commit must not be made now: before anything starts during a merge, rebase, cherry-pick or
    bisect, or without an identity; else, as with an index lock, what was done is in the journal, and the next run lands
    it.
    """
    paths = (*paths, *options.archives)
    if options.commit != "none":
        refuse_half_done_operation(repo)
    with _connected(executor, options, config, repo) as cluster:
        return _run(repo, config, options, observer, paths, cluster, leases)


def _run(
    repo: Repository,
    config: Config,
    options: Options,
    observer: Observer,
    paths: Sequence[str],
    executor: Executor | None,
    leases: Callable[[RunJournal, Callable[[str], None]], Leases] | None,
) -> RunReport:
    options = replace(options, elsewhere=executor is not None and executor.elsewhere)
    places = jobs(options, config)
    if executor is not None and executor.elsewhere:
        places = options.jobs or executor.capacity
    with (
        # the last to be left: where messages wait for a moment, no lease does
        Messages.of(repo, config, observer) as observer,
        RunJournal.open(repo, config, options, places) as journal,
        _opened(executor, options, config) as (pool, local),
    ):
        # before the files are read, as it may tick boxes in them
        _say(observer, journal.finish_earlier())
        peers = Peers.of(journal.state, journal.run_id) if options.joint else None
        journal.mark_start()
        if leases is not None:
            journal.leases = leases(journal, observer.say)
        project, queue = _planned(journal, options, observer, paths, places)
        cache = _result_cache(project, queue, journal.state, observer.say)
        if cache is None and local is not None:
            local.expect(queue.may_begin)
        broken = not queue.options.verify and _report_mistakes(project, observer)
        _report_expected(queue, project, observer)
        observer.begin_with(journal.run_id, queue)
        with Interrupt(pool.wake, pool.close) as interrupt, output_turns(queue, repo):
            parts = project, queue, pool, journal, observer, interrupt, cache
            reread = partial(_reread, journal, observer, paths)
            loop = RunLoop(*parts) if peers is None else WorkerLoop(*parts, peers=peers, reread=reread)
            try:
                loop.run()
            except ExecutorGoneError:
                journal.land()
                raise
            if local is not None:
                local.release()
            # still in here: the first Ctrl-C must not cut a landing in two
            journal.land()
        report = loop.outcomes.report(broken=broken, interrupted=interrupt.asked)
        observer.ended(report)
        return report if interrupt.asked else report._replace(left=_left(loop, peers))


def _planned(
    journal: RunJournal, options: Options, observer: Observer, paths: Sequence[str], places: int
) -> tuple[Project, ReadyQueue]:
    """The tasks as they are now, and what of them the run takes; raises what keeps it from beginning."""
    project, options = _read(journal, options, observer, paths)
    journal.look_at(project, options)
    queue = ReadyQueue(plan_of(project, options), journal.config, options, places)
    if options.elsewhere:
        refuse_dirty(project, queue, journal.git())
    _refuse_without_identity(journal, queue)
    return project, queue


def _left(loop: RunLoop, peers: Peers | None) -> tuple[str, ...]:
    """What is left, and for whom; of what was asked for by id, or told as blocked, a run has said it."""
    queue, outcomes = loop.queue, loop.outcomes
    if peers is not None:
        return left_over(queue, peers.in_hand, outcomes.not_started, done=peers.done)
    if queue.options.verify or queue.options.asked:
        return ()
    in_hand = {one.task_id: one for one in loop.journal.state.live_leases()}
    return left_over(queue, in_hand, told={*outcomes.done, *outcomes.not_started})


def _refuse_without_identity(journal: RunJournal, queue: ReadyQueue) -> None:
    """An identity is needed for commits alone: not where nothing can run, and perhaps not to verify."""
    options = queue.options
    if options.commit != "none" and options.gives_receipts and not queue.idle:
        refuse_without_identity(journal.git())


def _read(
    journal: RunJournal, options: Options, observer: Observer, paths: Sequence[str]
) -> tuple[Project, Options]:
    """The tasks as they are now, big ones broken down first where that is configured; the options for these."""

    def read() -> Project:
        return _tasks_now(journal, paths, joint=options.joint)

    project = read()
    if not options.verify:
        opened = journal.open_ended_claims(project)
        _say(observer, opened)
        project = read() if opened else project
    if opened := open_expired(project, options, journal):
        _say(observer, opened)
        journal.mark_start()  # what was opened is no result that others came to
        project = read()
        options = _still_done(project, options)
    options = _of_this_machine(project, options)
    if options.prove:
        from mdtodo.run.recheck.prove import still_unproven

        return project, still_unproven(project, options)
    if not journal.config.auto_expand or options.verify:
        return project, options
    from mdtodo.run.auto_expand import expand_for_run

    options, expanded = expand_for_run(project, journal, options, observer.say)
    return (read() if expanded else project), options


def _of_this_machine(project: Project, options: Options) -> Options:
    """The options, with what git's configuration says where nobody said more; git is asked only if a task needs
    anything. And with what has been merged here since it was begun."""
    if not options.verify and (merged := merged_reviews(project)):
        options = replace(options, merged=merged)
    if (
        options.can is not None
        or options.verify
        or options.elsewhere
        or not any(needs(project, project.tasks.values()))
    ):
        return options
    return replace(options, can=configured(project.repo))


def _still_done(project: Project, options: Options) -> Options:
    """Of a verification, the options without what is open by now."""
    if not options.verify:
        return options
    done = {task.id for task in project.tasks.values() if task.status is Status.DONE}
    return replace(options, chosen=(options.chosen or frozenset()) & done, asked=options.asked & done)


def _reread(journal: RunJournal, observer: Observer, paths: Sequence[str]) -> Project:
    """The tasks as the files have them now, with what killed workers had finished."""
    _say(observer, journal.finish_earlier())
    journal.mark_start()
    return _tasks_now(journal, paths, joint=True)


def _say(observer: Observer, sentences: Iterable[str]) -> None:
    for sentence in sentences:
        observer.say(sentence)


def _tasks_now(journal: RunJournal, paths: Sequence[str], *, joint: bool) -> Project:
    """The tasks, planned. `joint`: who has which is looked up while the run goes on."""
    summary = StateSummary.of(journal.state)
    if joint:
        summary = replace(summary, leased=frozenset())
    # `settled`: a file that somebody is writing is waited for, as the run goes by what it says
    return read_project(journal.repo, journal.config, paths=paths, summary=summary, settled=True)


def dry_run(project: Project, options: Options) -> tuple[tuple[Task, ...], Unstarted]:
    """The tasks that a run would start if all goes well, in their order, and what it would not start; nothing is
    started or written.

    Tasks whose result is cached are not among them.
    """
    from mdtodo.storage.state import StateStore

    project, said = as_opened(project, options)
    options = _of_this_machine(project, _still_done(project, options))
    queue = ReadyQueue(plan_of(project, options), project.config, options, jobs=1)
    queue.close_finished_parents()
    found: list[Task] = []
    with StateStore.open(project.repo, create=False) as state:
        for task, cached in _startable(project, queue, state):
            if cached is None:
                found.append(task)
                queue.finish(task, Outcome.DONE)
            else:
                queue.finish_cached(task, Outcome.DONE if cached.done else Outcome.FAILED)
    left = unstarted(queue)
    return tuple(found), left._replace(messages=(*said, *(() if options.verify else left.messages)))


def has_work(project: Project, options: Options) -> bool:
    """Whether a run would start a task, tick a box, or open that of a claim that has ended, or of a proof that is too
    old; a failure that stands is no
    work. Nothing is written."""
    from mdtodo.storage.state import StateStore

    options = _of_this_machine(project, options)
    queue = ReadyQueue(plan_of(project, options), project.config, options, jobs=1)
    if queue.close_finished_parents() or expired(project, options):
        return True
    with StateStore.open(project.repo, create=False) as state:
        if state.ended_claims():
            return True
        for task, cached in _startable(project, queue, state):
            if cached is None or cached.done:
                return True
            queue.finish_cached(task, Outcome.FAILED)
    return False


def _startable(
    project: Project, queue: ReadyQueue, state: StateStore
) -> Iterator[tuple[Task, PastRun | None]]:
    """What would start now, task by task, with the result that stands in its place; whoever asks finishes each."""
    cache = _result_cache(project, queue, state, lambda _: None)
    while (task := queue.startable(now=0.0)) is not None:
        if cache is not None:
            cache.read_inputs([task])
        yield task, None if cache is None else cache.hit(task)


class SelectedTasks(NamedTuple):
    """What a run was asked for: `chosen` ids, None where nothing was asked for in particular; those of them that were
    named (`asked`); and the tasks that were named and that the filters leave out."""

    chosen: frozenset[str] | None = None
    asked: frozenset[str] = frozenset()
    left_out: tuple[Task, ...] = ()


def select_tasks(
    repo: Repository, config: Config, names: Sequence[str], selection: Selection
) -> SelectedTasks:
    """The tasks that are asked for, by name and by filter. Raises UsageError where a name fits none or several."""
    if not names and selection == Selection():
        return SelectedTasks()
    return select_of(read_project(repo, config), names, selection)


def select_of(project: Project, names: Sequence[str], selection: Selection) -> SelectedTasks:
    """The same of a project that was read."""
    if not names and selection == Selection():
        return SelectedTasks()
    meant = {task.id for task in selection.tasks(project.plan)}
    if not names:
        return SelectedTasks(frozenset(meant))
    tasks = {task.id: task for task in map(project.find, names)}
    both = frozenset(tasks.keys() & meant)
    return SelectedTasks(both, both, tuple(task for task in tasks.values() if task.id not in meant))


def jobs(options: Options, config: Config) -> int:
    """Processes: as asked for, as configured, or one for each core that this process may use."""
    return options.jobs or config.jobs or available_cpus()


@contextmanager
def _connected(
    executor: Executor | None, options: Options, config: Config, repo: Repository
) -> Iterator[Executor | None]:
    """The executor, or the cluster that was asked for; before all else, as it may not be there."""
    made = cluster_of(options, config, repo) if executor is None else None
    try:
        yield executor or made
    finally:
        if made is not None:
            made.close()


@contextmanager
def _opened(
    executor: Executor | None, options: Options, config: Config
) -> Iterator[tuple[Executor, LocalPool | None]]:
    """The executor, which gets ready while the files are read, and the pool where it is that; whatever still runs in it
    is ended on the way out."""
    from mdtodo.execution.local.pool import LocalPool

    local = None if executor else LocalPool(jobs(options, config), silence=max(config.lease, LEAST_SILENCE))
    pool = executor or local
    assert pool is not None
    pool.open()
    try:
        yield pool, local
    finally:
        pool.close()


def _result_cache(
    project: Project, queue: ReadyQueue, state: StateStore, say: Callable[[str], None]
) -> ResultCache | None:
    """The result cache; None, and no work at all, where no processor says what it reads."""
    if not any(processor.inputs for processor in project.config.processors.values()):
        return None
    from mdtodo.run.cache.result_cache import ResultCache

    return ResultCache.of(project, queue, state, say)


def _report_expected(queue: ReadyQueue, project: Project, observer: Observer) -> None:
    expected = [task.id for task in queue.reachable()][: queue.options.limit]
    if queue.options.can is None and not (queue.options.verify or queue.options.elsewhere):
        sentence = trusted(project, [queue.plan.tasks[name] for name in expected])
        _say(observer, [sentence] if sentence else ())
    known = project.state_summary.seconds
    observer.begin(len(expected), {name: known[name] for name in expected if name in known})
    tasks = [queue.plan.tasks[name] for name in expected]
    _say(observer, held_by_lanes(queue, tasks))
    for task in tasks:
        if queue.plan.states[task.id] is State.FAILED and not queue.blocked(task):
            observer.say(
                f"{title_and_id(task)} has failed in {task.failures} runs; it is tried again, since you named it"
            )


def _report_mistakes(project: Project, observer: Observer) -> bool:
    """Say what keeps tasks from ever running; whether one of that is a cycle."""
    found = without_deleted(project.repo, project.config, findings(project.plan, project.config))
    mistakes = [finding for finding in found if finding.severity is Severity.ERROR]
    _say(observer, (f"{finding.file}:{finding.line}: {finding.message}" for finding in mistakes))
    return any(finding.code == "cycle" for finding in mistakes)
