"""What processors came to, from both places that know: this clone's journal, and the receipts on this branch.

The journal has what never landed (a check that still holds, a result that was deferred); git has what other clones
did, and all that is left where the journal is gone. A run of a task that is in both counts once.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby, islice
from math import inf
from typing import TYPE_CHECKING

from mdtodo.core.results import Outcome
from mdtodo.receipts.log import logged_commits, logged_receipts, past_run

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from mdtodo.core.results import PastRun
    from mdtodo.git.repository import Repository
    from mdtodo.receipts.trailers import Trailer

#: Commits of git's history that are looked at, and receipts that are taken from them.
NEWEST = 5000

_TOLD = frozenset({Outcome.DONE, Outcome.FAILED, Outcome.DEFERRED, Outcome.SKIPPED})


def past_runs(repo: Repository) -> tuple[PastRun, ...]:
    """The newest runs of processors, oldest first. Reads only; GitError where git cannot read the history.

    A person's word, a parent that was closed with its subtasks, and a cached result are none.
    """
    landed = islice(logged_receipts(repo, newest=NEWEST), NEWEST)
    return _merged((*_by_commit(landed), *_journal(repo)))


def runs_with_metrics(repo: Repository, task_id: str) -> tuple[PastRun, ...]:
    """Those of one task whose processor has measured something, from the same places, and as far back as they go."""
    landed = (one for commit in logged_commits(repo, measured=task_id) for one in commit.receipts())
    found = (*_by_commit(one for one in landed if one.task_id == task_id), *_journal(repo, task_id))
    return tuple(one for one in _merged(found) if one.metrics)


def newest_run(rows: Sequence[PastRun], receipt: Trailer | None, undone: Container[str]) -> PastRun | None:
    """What the journal says in its `rows`, newest first, unless the branch has a newer receipt that the journal knows
    nothing of; nothing of the runs that are `undone`."""
    known = [one for one in rows if one.run not in undone]
    if receipt is None:
        return known[0] if known else None
    landed = past_run(receipt)
    # the journal knows that run, and so what came after it in this clone
    if any(one.run == landed.run for one in known):
        return known[0]
    return max([landed, *known[:1]], key=lambda one: inf if one.finished is None else one.finished)


def landed_durations(repo: Repository) -> dict[str, float]:
    """What `StateStore.durations` would say of a new state, which has the receipts of git alone."""
    from mdtodo.storage.runs import medians

    landed = islice(logged_receipts(repo, newest=NEWEST), NEWEST)
    return medians(
        (one.task_id, one.seconds) for one in landed if one.outcome == Outcome.DONE and one.attempt
    )


def _merged(runs: Iterable[PastRun]) -> tuple[PastRun, ...]:
    """The journal's come second, and count where both have a run: they have the time of the result, not of the
    commit."""
    found: dict[tuple[str, str], PastRun] = {}
    for one in runs:
        if one.attempts > 0 and one.outcome in _TOLD:
            before = found.get((one.run, one.task_id))
            if before is not None:
                one = one._replace(title=one.title or before.title, worker=one.worker or before.worker)
            found[one.run, one.task_id] = one
    return tuple(sorted(found.values(), key=lambda one: one.finished or 0.0))


def _by_commit(receipts: Iterable[Trailer]) -> Iterator[PastRun]:
    """Those of the oldest commit first, as commits of one second have no other order; those of one commit as its
    message has them."""
    commits = [list(those) for _, those in groupby(receipts, key=lambda one: one.commit)]
    for those in reversed(commits):
        yield from (past_run(one) for one in those)


def _journal(repo: Repository, task_id: str | None = None) -> Iterator[PastRun]:
    from mdtodo.storage.rows import KEPT
    from mdtodo.storage.state import StateStore, folder

    if not os.path.exists(os.path.join(folder(repo), "state.db")):
        return
    with StateStore.open(repo, create=False) as state:
        rows = state.history(task_id, limit=KEPT)
    yield from reversed(rows)


@dataclass(slots=True)
class KnownRun:
    """One run. `worker` is None where nobody named it; `started` and `finished` are Unix time, None where that is not
    known: of one whose journal is gone they are what its id says, and the date of its last commit. `counts` of its
    results, by outcome; `seconds` that its processors took together; `jobs` at once, None where only git knows of it;
    `commits`, newest first."""

    run: str
    worker: str | None = None
    started: float | None = None
    finished: float | None = None
    counts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    jobs: int | None = None
    commits: list[str] = field(default_factory=list)

    @property
    def success_rate(self) -> float | None:
        """Which part of what succeeded or failed has succeeded; None where there is nothing of either."""
        tried = self.counts[Outcome.DONE] + self.counts[Outcome.FAILED]
        return self.counts[Outcome.DONE] / tried if tried else None

    @property
    def utilization(self) -> float | None:
        """Which part of the time of its jobs processors ran; None where that was not measured."""
        if self.jobs is None or self.started is None or self.finished is None:
            return None
        time = self.jobs * (self.finished - self.started)
        return min(1.0, self.seconds / time) if time > 0 else None


def known_runs(repo: Repository) -> tuple[KnownRun, ...]:
    """Those in which a processor ran, or a result stood, newest first. What a person said is no run.

    Raises GitError where git cannot read the history.
    """
    found: dict[str, KnownRun] = {}
    results: dict[tuple[str, str], PastRun] = {}
    for one in logged_receipts(repo):
        run = found.setdefault(one.run, KnownRun(one.run))
        past = past_run(one)
        if one.commit not in run.commits:
            run.commits.append(one.commit)
        run.worker = run.worker or one.worker
        run.finished = max(filter(None, (run.finished, past.finished)), default=None)
        results.setdefault((one.run, one.task_id), past)
    _add_journal(repo, found, results)
    for past in results.values():
        if past.attempts or past.outcome == Outcome.CACHED:
            run = found.setdefault(past.run, KnownRun(past.run))
            run.counts[past.outcome] += 1
            run.seconds += past.seconds
    for run in found.values():
        run.started = run.started or _start_in(run.run)
    runs = [run for run in found.values() if run.counts]
    # of those that began in the same second, git has the newest first
    return tuple(sorted(runs, key=lambda run: run.started or 0.0, reverse=True))


def _add_journal(
    repo: Repository, found: dict[str, KnownRun], results: dict[tuple[str, str], PastRun]
) -> None:
    from mdtodo.storage.rows import KEPT
    from mdtodo.storage.state import StateStore, folder

    if not os.path.exists(os.path.join(folder(repo), "state.db")):
        return
    with StateStore.open(repo, create=False) as state:
        began, rows = state.known_runs(), state.history(limit=KEPT)
    # the last of each task in each run; the rows begin with the newest
    results.update({(one.run, one.task_id): one for one in reversed(rows)})
    for name, (worker, started, finished, begun) in began.items():
        run, jobs = found.setdefault(name, KnownRun(name)), begun.get("jobs")
        run.worker, run.started, run.finished = worker or run.worker, started, finished
        run.jobs = jobs if isinstance(jobs, int) else None


def _start_in(run: str) -> float | None:
    """The moment that a run is named after."""
    try:
        return datetime.strptime(run.partition("-")[0], "%Y%m%dT%H%M%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
