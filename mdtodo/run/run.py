"""The story of a run.

bytes -> Document -> Tasks -> Plan -> pool -> Results -> Edits -> bytes -> commit
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.results import Outcome
from mdtodo.core.task import Severity, State
from mdtodo.core.titles import title_and_id
from mdtodo.errors import ConfigError
from mdtodo.landing.policy import refuse_half_done_operation, refuse_without_identity
from mdtodo.planning.findings import findings
from mdtodo.planning.selection import Selection
from mdtodo.project.project import Memory, read_board
from mdtodo.run.journal import Ledger
from mdtodo.run.loop import Shift
from mdtodo.run.ready_queue import Course
from mdtodo.run.signals import Interrupt
from mdtodo.run.unstarted import unstarted
from mdtodo.run.verify import plan_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mdtodo.config.settings import Config
    from mdtodo.core.results import RunReport
    from mdtodo.core.task import Task
    from mdtodo.execution.executor import Executor
    from mdtodo.git.repository import Repository
    from mdtodo.project.project import Board
    from mdtodo.run.observer import Watcher
    from mdtodo.run.result_cache import Standing
    from mdtodo.run.run_options import Options
    from mdtodo.run.unstarted import Unstarted
    from mdtodo.storage.state import StateStore


#: Seconds for which a pool process may be silent on a busy machine, however short the lease is.
LEAST_SILENCE = 10.0


def run(
    repo: Repository,
    config: Config,
    options: Options,
    watcher: Watcher,
    *,
    paths: Sequence[str] = (),
    executor: Executor | None = None,
) -> RunReport:
    """Run what is ready and what becomes ready, tick what is proven, commit.

    Raises GitError where a commit must not be made now: before anything starts during a merge, rebase, cherry-pick or
    bisect, or without an identity; else, as with an index lock, what was done is in the journal, and the next run lands
    it.
    """
    if config.isolation != "checkout":
        raise ConfigError(f'isolation = "{config.isolation}" is not supported yet; only "checkout" is')
    if options.commit != "none":
        refuse_half_done_operation(repo)
    with (
        Ledger.open(repo, config, commit=options.commit, jobs=jobs(options, config)) as ledger,
        _opened(executor, options, config) as pool,
    ):
        # before the files are read, as it may tick boxes in them
        for sentence in ledger.finish_earlier():
            watcher.say(sentence)
        ledger.begin()
        board = read_board(repo, config, paths=paths, memory=Memory.of(ledger.state), settled=True)
        if config.auto_expand and not options.verify:
            from mdtodo.run.auto_expand import expand_for_run

            options, grown = expand_for_run(board, ledger, options, watcher.say)
            if grown:
                board = read_board(repo, config, paths=paths, memory=Memory.of(ledger.state), settled=True)
        ledger.board = board
        course = Course(plan_of(board, options), config, options, jobs(options, config))
        if (
            # an identity is needed for commits alone: not where nothing can run, and perhaps not to verify
            options.commit != "none"
            and not options.verify
            and not all(map(course.blocked, course.left_over()))
        ):
            refuse_without_identity(repo)
        standing = _standing(board, course, ledger.state, watcher.say)
        broken = not options.verify and _tell_mistakes(board, watcher)
        _tell_what_is_to_do(course, board, watcher)
        with Interrupt(pool.wake, pool.close) as interrupt:
            shift = Shift(board, course, pool, ledger, watcher, interrupt, standing)
            shift.work()
            # still in here: the first Ctrl-C must not cut a landing in two
            ledger.land()
        return shift.outcomes.report(broken=broken, interrupted=interrupt.asked)


def dry_run(board: Board, options: Options) -> tuple[tuple[Task, ...], Unstarted]:
    """The tasks that a run would start if all goes well, in their order, and what it would not start; nothing is
    started or written.

    Tasks whose result is cached are not among them.
    """
    from mdtodo.storage.state import StateStore

    course = Course(plan_of(board, options), board.config, options, jobs=1)
    course.rolled_up()
    found: list[Task] = []
    with StateStore.open(board.repo, create=False) as state:
        standing = _standing(board, course, state, lambda _: None)
        while (task := course.startable(now=0.0)) is not None:
            if standing is not None:
                standing.look([task])
            if standing is not None and (last := standing.last(task)) is not None:
                course.stand(task, Outcome.DONE if last.done else Outcome.FAILED)
                continue
            found.append(task)
            course.finish(task, Outcome.DONE)
    return tuple(found), unstarted(course)


class Asked(NamedTuple):
    """What a run was asked for: `chosen` ids, None where nothing was asked for in particular; those of them that were
    named (`asked`); and the tasks that were named and that the filters leave out."""

    chosen: frozenset[str] | None = None
    asked: frozenset[str] = frozenset()
    left_out: tuple[Task, ...] = ()


def asked_for(repo: Repository, config: Config, names: Sequence[str], selection: Selection) -> Asked:
    """The tasks that are asked for, by name and by filter. Raises UsageError where a name fits none or several."""
    if not names and selection == Selection():
        return Asked()
    board = read_board(repo, config)
    meant = {task.id for task in selection.tasks(board.plan)}
    if not names:
        return Asked(frozenset(meant))
    tasks = {task.id: task for task in map(board.find, names)}
    both = frozenset(tasks.keys() & meant)
    return Asked(both, both, tuple(task for task in tasks.values() if task.id not in meant))


def jobs(options: Options, config: Config) -> int:
    """Processes: as asked for, as configured, or one for each core that this process may use."""
    import os

    if options.jobs or config.jobs:
        return options.jobs or config.jobs
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _opened(executor: Executor | None, options: Options, config: Config) -> Iterator[Executor]:
    """The pool, which gets ready while the files are read; whatever still runs in it is ended on the way out."""
    from mdtodo.execution.local.pool import LocalPool

    pool = executor or LocalPool(jobs(options, config), silence=max(config.lease, LEAST_SILENCE))
    pool.open()
    try:
        yield pool
    finally:
        pool.close()


def _standing(board: Board, course: Course, state: StateStore, say: Callable[[str], None]) -> Standing | None:
    """The result cache; None, and no work at all, where no processor says what it reads."""
    if not any(processor.inputs for processor in board.config.processors.values()):
        return None
    from mdtodo.run.result_cache import Standing

    return Standing.of(board, course, state, say)


def _tell_what_is_to_do(course: Course, board: Board, watcher: Watcher) -> None:
    expected = [task.id for task in course.within_reach()][: course.options.limit]
    known = board.memory.seconds
    watcher.begin(len(expected), {name: known[name] for name in expected if name in known})
    for task in map(course.plan.tasks.__getitem__, expected):
        if course.plan.states[task.id] is State.FAILED and not course.blocked(task):
            watcher.say(
                f"{title_and_id(task)} has failed in {task.failures} runs; it is tried again, since you named it"
            )


def _tell_mistakes(board: Board, watcher: Watcher) -> bool:
    """Say what keeps tasks from ever running; whether one of that is a cycle."""
    mistakes = [f for f in findings(board.plan, board.config) if f.severity is Severity.ERROR]
    for finding in mistakes:
        watcher.say(f"{finding.file}:{finding.line}: {finding.message}")
    return any(finding.code == "cycle" for finding in mistakes)
