"""The figures of one clone at one moment: what the overview says, and what the state has counted."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.activity import Phase, RunnerState
from mdtodo.core.task import Priority, State
from mdtodo.metrics.ready_since import keep_seen, ready_since, seen_before
from mdtodo.planning.analysis.overview import overview
from mdtodo.storage.activity import activity
from mdtodo.storage.leases import takeovers
from mdtodo.storage.rows import integer
from mdtodo.storage.state import StateStore
from mdtodo.storage.totals import Totals, totals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.config.settings import Config
    from mdtodo.core.activity import Activity
    from mdtodo.git.repository import Repository
    from mdtodo.planning.plan import Plan


class LaneFigures(NamedTuple):
    """Tasks that run in a lane, may run at once, and are ready for it."""

    active: int
    capacity: int
    ready: int


class Figures(NamedTuple):
    """One clone, called `project`. `tasks` by state and priority; `runners` by state; `queue_age` in seconds: for how
    long the task that has been ready longest has been so, 0 where none is; times in Unix time, None for never.
    `unlanded`: results that have yet to land."""

    project: str
    tasks: Mapping[tuple[str, str], int]
    lanes: Mapping[str, LaneFigures]
    runners: Mapping[str, int]
    queue_age: float
    totals: Totals
    takeovers: int = 0
    unlanded: int = 0
    last_landed: float | None = None
    last_run: float | None = None


class RunFigures(NamedTuple):
    """What one call of `run` came to, of the clone that is called `project`: its exit code, and how long it took."""

    project: str
    exit_code: int
    seconds: float
    finished: float


def read_figures(repo: Repository, config: Config, plan: Plan, project: str) -> Figures:
    """As they are now. It keeps since when tasks have been ready, and changes nothing else.

    Raises MdtodoError where the state cannot be read.
    """
    with StateStore.open(repo, create=False) as state:
        ((unlanded, landed, ended),) = state.database.read(_TIMES)
        rows = state.database.read(_FINISHED)
        counted, taken_over = totals(state.database), takeovers(state.database)
    finished = {str(task): float(str(moment)) for task, moment in rows}
    now = activity(repo)
    found = figures(plan, config, now, counted, project=project)
    ready = [name for name, state in found.task_states.items() if state == State.READY]
    moment = time.time()
    seen = seen_before(repo)
    since = ready_since(plan, ready, finished, seen, moment)
    if since != seen:
        keep_seen(repo, since)
    return found.figures._replace(
        queue_age=moment - min(since.values(), default=moment),
        takeovers=taken_over,
        unlanded=integer(unlanded),
        last_landed=_moment(landed),
        last_run=_moment(ended),
    )


class _Found(NamedTuple):
    figures: Figures
    task_states: Mapping[str, str]


def figures(plan: Plan, config: Config, now: Activity, counted: Totals, *, project: str) -> _Found:
    """Those that plan and activity tell alone, and the state of each task. Pure."""
    seen = overview(plan, config, (), now)
    counts = Counter((seen.task_states[name], task.priority.value) for name, task in plan.tasks.items())
    names = [*map(str, State), str(Phase.RETRYING), str(Phase.LANDING)]
    runners = Counter(one.runner.state.value for one in seen.runners)
    made = Figures(
        project=project,
        tasks={(name, one.value): counts[name, one.value] for name in names for one in Priority},
        lanes={
            name: LaneFigures(lane.active, lane.capacity, lane.ready) for name, lane in seen.lanes.items()
        },
        # those that are gone are no more to be watched
        runners={one.value: runners[one.value] for one in (RunnerState.LIVE, RunnerState.SILENT)},
        queue_age=0.0,
        totals=counted,
    )
    return _Found(made, seen.task_states)


def _moment(value: object) -> float | None:
    return None if value is None else float(str(value))


_TIMES = (
    "SELECT (SELECT count(*) FROM results WHERE receipt IS NOT NULL),"
    " (SELECT max(landed) FROM results WHERE landed > 0 AND commit_id IS NOT NULL),"
    " (SELECT max(finished) FROM runs)"
)
#: When each task came to its last result.
_FINISHED = "SELECT task_id, max(finished) FROM results GROUP BY task_id"
