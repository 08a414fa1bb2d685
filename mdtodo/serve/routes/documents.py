"""The documents of the routes that change nothing: what the commands print as JSON, of one repository or of several."""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from mdtodo.core.task import State
from mdtodo.planning.analysis.list_order import KEYS, sorted_tasks
from mdtodo.planning.analysis.task_groups import GROUPS
from mdtodo.planning.analysis.waits import transitive_waits
from mdtodo.reporting.json_documents import finding_document, iso
from mdtodo.reporting.log import receipt_document
from mdtodo.reporting.plan_json import edges_among, plan_document
from mdtodo.reporting.status_json import status_document
from mdtodo.serve.http.problems import Problem
from mdtodo.serve.http.queries import FEW, Query, page_of
from mdtodo.serve.repositories.task_documents import brief

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mdtodo.core.task import Task
    from mdtodo.receipts.trailers import Trailer
    from mdtodo.serve.repositories.checkout import Snapshot

    Document = dict[str, Any]

#: Receipts of a repository that are looked at for a list.
NEWEST_RECEIPTS = 5000


def tasks(snapshot: Snapshot, query: Query) -> list[Document]:
    """Those of `list --json`: the tasks that the filters mean, in the order of files and lines or as `sort` says."""
    made = snapshot.project.plan
    chosen = query.selection().tasks(made)
    return _briefly(snapshot, sorted_tasks(made, chosen, query.choice("sort", KEYS) or "file"))


def task(snapshot: Snapshot, task_id: str) -> Document:
    """`show --json`, with the task's text, what it waits for in words, and the command that proves it."""
    return {"version": 1, "tasks": [snapshot.records[task_id]]}


def next_tasks(snapshot: Snapshot, query: Query) -> list[Document]:
    """Those of `next --json`: the first `n` of what can be done now, in plan order; with `for` of those that lead to
    this task."""
    count, selection, towards = query.number("n", 1) or 1, query.selection(), query.text("for")
    made = snapshot.past().plan
    if towards is not None and towards not in made.tasks:
        return []
    among = transitive_waits(made, [towards]) if towards else made.tasks
    free = [name for name in made.order if name in among and made.states[name] in _FREE]
    fitting = [made.tasks[name] for name in free if selection.matches(made, made.tasks[name])]
    return _briefly(snapshot, fitting[:count])


_FREE = (State.READY, State.MANUAL)


def plan(snapshot: Snapshot, query: Query) -> Document:
    """`plan --format json`."""
    from mdtodo.run.recheck.expiry import expiries

    project, chosen = snapshot.past(), query.selection()
    made = project.plan
    names = [name for name in made.order if chosen.matches(made, made.tasks[name])]
    closed = [name for name, one in made.tasks.items() if one.status.closed and chosen.matches(made, one)]
    opens = [{"id": one.task.id, "at": iso(one.at)} for one in expiries(project, closed)]
    document = plan_document(made, names, project.config.lanes)
    tasks = _briefly(snapshot, [made.tasks[name] for name in names])
    return {**document, "tasks": tasks, "edges": [*edges_among(made, names)], "opens": opens}


def status(snapshot: Snapshot, query: Query) -> Document:
    """`status --json`, or with `by` how far each group of tasks is."""
    from mdtodo.planning.analysis.overview import overview
    from mdtodo.storage.activity import activity
    from mdtodo.storage.run_history import past_runs

    project, by = snapshot.project, query.choice("by", GROUPS)
    if by is not None:
        from mdtodo.planning.analysis.task_groups import task_groups
        from mdtodo.reporting.task_groups import task_groups_document

        groups = task_groups(project.plan, by)
        return task_groups_document(groups, by, len(project.tasks), time.time())
    past = snapshot.kept("past_runs", lambda: past_runs(snapshot.repo))
    found = overview(project.plan, snapshot.config, past, activity(snapshot.repo))
    return status_document(found, project.plan, time.time())


def stats(snapshot: Snapshot, query: Query) -> Document:
    """`stats --json`."""
    from mdtodo.planning.analysis.statistics import category_of, lane_of, statistics
    from mdtodo.reporting.stats import stats_document
    from mdtodo.storage.run_history import past_runs

    by, since, made = query.choice("by", _STATS) or "processor", _moment(query), snapshot.project.plan
    groups = {"lane": lane_of(made), "category": category_of(made), "worker": lambda one: one.worker}
    past = snapshot.kept("past_runs", lambda: past_runs(snapshot.repo))
    named = query.texts("processor")
    found = statistics(past, made.tasks, processors=named, since=since, group_of=groups.get(by))
    return stats_document(found, since, by=by)


_STATS = ("processor", "lane", "category", "worker")


def _moment(query: Query) -> float | None:
    from mdtodo.config.value_types import parse_moment

    text = query.text("since")
    if text is None:
        return None
    try:
        return parse_moment(text)
    except ValueError as error:
        raise Problem(
            422, f"since {text[:40]!r} is no date such as 2026-11-01, and no time such as 7d"
        ) from error


def findings(snapshot: Snapshot, _: Query) -> list[Document]:
    """Those of `check --json`: what is wrong in the TODO files, also ticks without proof."""
    from mdtodo.operations.check.check import check

    found = check(snapshot.repo, snapshot.config, ()).findings
    return [{"project": snapshot.name, **finding_document(one)} for one in found]


def receipts(snapshot: Snapshot, query: Query) -> list[Document]:
    """Those of `log --json`, newest first; of one task with `task`."""
    from mdtodo.operations.log import journal_entries, receipts_of
    from mdtodo.receipts.log import logged_receipts

    wanted, known = query.text("task"), snapshot.project.tasks
    if wanted is None:
        these = logged_receipts(snapshot.repo, newest=NEWEST_RECEIPTS)
    elif wanted not in known:
        return []
    else:
        titles = {name: one.title for name, one in known.items()}
        these = receipts_of(snapshot.repo, wanted, titles, known[wanted].anchor)
    with journal_entries(snapshot.repo) as entry_of:
        return [
            {"project": snapshot.name, **receipt_document(one, _title_of(one, known), entry_of(one))}
            for one in islice(these, NEWEST_RECEIPTS)
        ]


def _title_of(receipt: Trailer, known: Mapping[str, Task]) -> str | None:
    return receipt.title or (known[receipt.task_id].title if receipt.task_id in known else None)


def runs(snapshot: Snapshot, _: Query) -> list[Document]:
    """Those of `log --runs --json`, newest first."""
    from mdtodo.reporting.runs import run_document
    from mdtodo.storage.run_history import known_runs

    return [{"project": snapshot.name, **run_document(run)} for run in known_runs(snapshot.repo)]


def projects(snapshots: Iterable[Snapshot], unavailable: dict[str, str]) -> Document:
    """The repositories: where each is, its branch and commit, and its tasks by state; of those that cannot be read,
    why."""
    found = [
        {
            "name": one.name,
            "root": one.repo.root,
            "head": one.head.commit or None,
            "branch": one.head.ref.removeprefix("refs/heads/") or None,
            "tasks": len(one.records),
            "by_state": _states(one),
            "error": None,
        }
        for one in snapshots
    ]
    found += [{"name": name, "error": why} for name, why in unavailable.items()]
    return {"version": 1, "projects": found}


def _states(snapshot: Snapshot) -> dict[str, int]:
    counts = {state.value: 0 for state in State}
    for state in snapshot.project.plan.states.values():
        counts[state.value] += 1
    return counts


def _briefly(snapshot: Snapshot, those: Iterable[Task]) -> list[Document]:
    return [brief(snapshot.records[one.id]) for one in those]


class Listing(NamedTuple):
    """A route whose document lists entries of all repositories. `entries` are those of one; `order` is that of those of
    several; `name` tells an entry from every other one, for a cursor; `page` is how many there are of them where
    nothing is said, None for all; `task` the parameter that names one."""

    key: str
    entries: Callable[[Snapshot, Query], list[Document]]
    parameters: tuple[str, ...] = ()
    filters: bool = False
    name: Callable[[Document], str] | None = None
    order: Callable[[Document], str] | None = None
    page: int | None = None
    task: str = ""

    def refuse_unknown_task(self, snapshots: Sequence[Snapshot], query: Query) -> None:
        """Raises Problem where the parameter that names a task names none."""
        named = query.text(self.task) if self.task else None
        if named is not None and not any(named in one.records for one in snapshots):
            raise Problem(422, f"{self.task}: no task has the id {named[:80]!r}")

    def document(self, found: list[Document], query: Query) -> Document:
        """The page of them that is asked for."""
        if self.name is None:
            return {"version": 1, self.key: found}
        if self.order is not None and len({one["project"] for one in found}) > 1:
            found.sort(key=self.order, reverse=True)
        page, cursor = page_of(found, query.text("cursor"), query.number("limit", self.page), self.name)
        return {"version": 1, self.key: page, "total": len(found), "next_cursor": cursor}


def _name_by(*keys: str) -> Callable[[Document], str]:
    return lambda one: "/".join(str(one[key]) for key in keys)


_PAGED = ("limit", "cursor")
LISTINGS = {
    "tasks": Listing("tasks", tasks, ("sort", *_PAGED), filters=True, name=_name_by("project", "id")),
    "next": Listing("tasks", next_tasks, ("n", "for"), filters=True, task="for"),
    "findings": Listing("findings", findings),
    "receipts": Listing(
        "receipts",
        receipts,
        ("task", *_PAGED),
        name=_name_by("project", "commit", "run", "task", "attempt"),
        order=lambda one: str(one["date"] or ""),
        page=FEW,
        task="task",
    ),
    "runs": Listing(
        "runs",
        runs,
        _PAGED,
        name=_name_by("project", "id"),
        order=lambda one: str(one["started"] or ""),
        page=FEW,
    ),
}


class Report(NamedTuple):
    """A route that has one document for each repository."""

    document: Callable[[Snapshot, Query], Document]
    parameters: tuple[str, ...] = ()
    filters: bool = False
    #: What is another figure each time, and makes it no other document.
    volatile: tuple[str, ...] = ()


REPORTS = {
    "plan": Report(plan, filters=True),
    "status": Report(
        status, ("by",), volatile=("timestamp", "cpu_percent", "memory_percent", "running", "runners")
    ),
    "stats": Report(stats, ("by", "since", "processor")),
}
