"""What a run did not start, and why: tasks that were asked for by id, tasks that have given up, and the others in
numbers. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.results import GivenUp
from mdtodo.core.task import State, Status
from mdtodo.core.titles import few, quoted, title_and_id
from mdtodo.planning.analysis.waits import waits_in_words
from mdtodo.planning.routing import why_passed_over

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Iterator, Mapping

    from mdtodo.core.task import Task
    from mdtodo.run.ready_queue import ReadyQueue
    from mdtodo.storage.leases import Lease

#: So many tasks that have given up are named, and so many that one waits for.
_NAMED, _WAITED_FOR = 10, 3
#: So many tasks of one kind that were left are named.
_NAMED_LEFT = 5


class Unstarted(NamedTuple):
    """`messages` are sentences for a person; `refused`: a task that was asked for by id could not start; `given_up`
    are those that the run should have run; `nothing` says why, where it ran nothing at all, and `hints` what helps."""

    messages: tuple[str, ...] = ()
    refused: bool = False
    given_up: tuple[GivenUp, ...] = ()
    nothing: str = "nothing to run"
    hints: tuple[str, ...] = ()


def unstarted(
    queue: ReadyQueue, workers: Mapping[str, str] | None = None, not_started: Mapping[str, str] | None = None
) -> Unstarted:
    """At the end of a run. `workers`: who has a task now, by its id; `not_started`: what kept a task that was about to
    start, as said already."""
    known = not_started or {}
    refusals = [_refusal(queue, task, workers or {}) for task in _asked(queue) if task.id not in known]
    given_up = tuple(GivenUp(t.id, t.title, t.file, t.line, t.failures) for t in queue.given_up())
    kinds = _kinds(queue)
    return Unstarted(
        messages=(*(sentence for sentence, _ in refusals), *_told(given_up)),
        refused=any(refused for _, refused in refusals) or any(name in known for name in queue.options.asked),
        given_up=given_up,
        nothing=_nothing(queue, kinds, known),
        hints=tuple(_hints(queue, kinds)),
    )


def left_over(
    queue: ReadyQueue,
    in_hand: Mapping[str, Lease],
    not_started: Mapping[str, str] | None = None,
    told: Container[str] = (),
    done: Container[str] = (),
) -> tuple[str, ...]:
    """A sentence for each kind, with the tasks of it; those that have given up, and those that were `told` of, have
    sentences of their own. `in_hand`: who has a task; `done`:
    what other workers have done. `not_started`: what kept a task that was about to start, None
    where nobody need know of what was ready."""
    kinds: dict[str, list[str]] = {}
    for task in queue.plan.tasks.values():
        if task.id in told or not queue.is_selected(task):
            continue
        if (found := _why_left(queue, task, in_hand, done)) is not None:
            kind, named = found
            if kind == _REST and not_started is None:
                continue
            if kind == _REST and not_started and task.id in not_started:
                named = f"{named}, {not_started[task.id]}"
            kinds.setdefault(kind, []).append(named)
    blocked_last = sorted(kinds.items(), key=lambda item: (item[0] == "blocked", item[0]))
    return tuple(f"left, {kind}: {few(named, _NAMED_LEFT, apart=True)}" for kind, named in blocked_last)


def _why_left(
    queue: ReadyQueue, task: Task, in_hand: Mapping[str, Lease], done: Container[str]
) -> tuple[str, str] | None:
    """Of which kind it is, and how it is named there; None for what is not left, or told of elsewhere."""
    it, state = title_and_id(task), queue.state(task)
    if state in _TOLD_ALREADY or task.id in queue.outcomes:
        return None
    if task.id in in_hand:
        return "in the hands of other workers", f"{it} ({in_hand[task.id].worker})"
    if task.id in done:
        return "done by other workers, and still open in the files of this work tree", it
    if state is State.DOING:
        return "in progress by hand", it
    if queue.blocked(task):
        return "blocked", f"{it} {waits_for(queue, task)}"
    if queue.processor(task) is None:
        return "manual", it
    if task.worker not in (None, queue.options.worker):
        return f"for the worker {task.worker}", it
    if lacking := queue.missing_capabilities(task):
        return f"for a worker that can {', '.join(sorted(lacking))}", it
    return _REST, it


_TOLD_ALREADY = (State.DONE, State.CANCELLED, State.FAILED)
#: As where the limit was reached, or another work tree has its result.
_REST = "not started"


def waits_for(queue: ReadyQueue, task: Task) -> str:
    """`waits for "Title" (id) and 2 more`: what the run has left open of that."""
    names = [name for name in queue.plan.blocked_by[task.id] if not queue.closed(name)]
    return waits_in_words(queue.plan, task.id, names, queue.state) if names else "is blocked"


def _asked(queue: ReadyQueue) -> Iterator[Task]:
    """The tasks that were asked for by id and did not run, in the order of files and lines."""
    for task in queue.plan.tasks.values():
        if task.id in queue.options.asked and task.id not in queue.outcomes:
            yield task


def _refusal(queue: ReadyQueue, task: Task, workers: Mapping[str, str]) -> tuple[str, bool]:
    """Why a task that was asked for did not run, with what helps; and whether that is a failure."""
    state, it = queue.state(task), title_and_id(task)
    if state is State.DONE:
        again = f"; `mdtodo verify {task.id}` checks it again" if queue.processor(task) else ""
        return f"{it} is already done{again}", False
    if state is State.CANCELLED:
        return f"{it} is cancelled; `mdtodo reopen {task.id}` opens it again", True
    if state is State.DOING:
        return f"{it} is marked as in progress; `mdtodo reopen {task.id}` puts it back in the queue", True
    if state is State.RUNNING and task.status is Status.DOING and task.worker == workers.get(task.id):
        steal = f"`mdtodo claim {task.id} --name NAME --steal` takes it over"
        return f"{it} is claimed by {task.worker}: --token T runs it; {steal}", True
    if state is State.RUNNING:
        who = f": {workers[task.id]} has it" if task.id in workers else ", in another worker"
        return f"{it} is already running{who}; `mdtodo status` shows it", True
    if state is State.BLOCKED or (state is State.FAILED and queue.blocked(task)):
        return f"{it} {waits_for(queue, task)}", True
    if queue.processor(task) is None:
        return _manual(task, why_passed_over(queue.plan.routes[task.id])), True
    return f"{it} was not started{_unable(queue, task)}", True


def _manual(task: Task, guess: str) -> str:
    if task.own_run is not None:
        return (
            f"{title_and_id(task)} has no processor: there is none named {task.own_run}; "
            "`mdtodo config` and `mdtodo recipes` list them"
        )
    by_hand = f"mark it as done with `mdtodo done {task.id}`"
    if guess:
        return f"{title_and_id(task)} is manual: {guess}, or {by_hand}"
    return f"{title_and_id(task)} is manual: it has no processor; add run:NAME to its line, or {by_hand}"


def _unable(queue: ReadyQueue, task: Task) -> str:
    """What this worker lacks, as the end of a sentence."""
    if task.worker not in (None, queue.options.worker):
        return f": it is reserved for the worker {task.worker}"
    lacking = queue.missing_capabilities(task)
    return f": it needs {', '.join(sorted(lacking))}, which this machine does not have" if lacking else ""


def _told(given_up: Iterable[GivenUp]) -> Iterator[str]:
    """A line for each, up to a number."""
    tasks = list(given_up)
    for one in tasks[:_NAMED]:
        runs = f"{one.failures} failed run{'s' if one.failures != 1 else ''}"
        back = f"`mdtodo reopen {one.id}` puts it back in the queue"
        yield f"{one.file}:{one.line}: given up after {runs}: {quoted(one.title, one.id)}; {back}"
    if len(tasks) > _NAMED:
        yield f"{len(tasks) - _NAMED} more have given up; `mdtodo list --state failed` shows all of them"


def _kinds(queue: ReadyQueue) -> Mapping[str | None, list[Task]]:
    """The tasks that are meant, by their labels."""
    kinds: dict[str | None, list[Task]] = {}
    for task in queue.plan.tasks.values():
        if queue.is_selected(task):
            kinds.setdefault(_label(queue, task), []).append(task)
    return kinds


def _nothing(queue: ReadyQueue, kinds: Mapping[str | None, list[Task]], not_started: Collection[str]) -> str:
    """`nothing to run: 3 manual, 2 blocked, 1 given up`; of those that were not started more has been said."""
    if not kinds:
        return "nothing to run: " + (
            "no task matches" if queue.options.chosen is not None else "there are no tasks"
        )
    counts = {
        label: sum(task.id not in not_started for task in kinds.get(label, ())) for label in _LABELS.values()
    }
    meant = [task for tasks in kinds.values() for task in tasks]
    counts[_NOT_STARTED] = sum(task.id in not_started for task in meant)
    told = [f"{count} {label}" for label, count in counts.items() if count]
    return "nothing to run" + (f": {', '.join(told)}" if told else _all_done(queue, meant))


def _hints(queue: ReadyQueue, kinds: Mapping[str | None, list[Task]]) -> Iterator[str]:
    """What helps where nothing ran. Of tasks that have given up, and of those that were asked for by id, their own
    sentences say it."""
    if queue.options.asked:
        return
    if not queue.plan.tasks:
        yield "`mdtodo add 'Tests pass run:NAME'` adds a task that the processor NAME proves"
    if any(queue.plan.routes[task.id].passed_over for task in kinds.get(_MANUAL, ())):
        yield _GUESSED
    for label, hint in _HELPS.items():
        found = kinds.get(label, ())
        if found:
            yield hint.replace("ID", found[0].id if len(found) == 1 else "ID")


def _all_done(queue: ReadyQueue, meant: Iterable[Task]) -> str:
    """Of tasks that were asked for by id, a sentence of their own has said so."""
    if queue.options.asked or not all(queue.state(task) in _CLOSED for task in meant):
        return ""
    return ": everything is done" if queue.options.chosen is None else ": everything that matches is done"


def _label(queue: ReadyQueue, task: Task) -> str | None:
    state = queue.state(task)
    if state is State.READY and not _unable(queue, task):
        return None
    return _LABELS.get(state)


_CLOSED = frozenset({State.DONE, State.CANCELLED})
_NOT_STARTED = "not started"
_MANUAL, _BLOCKED, _RUNNING, _ELSEWHERE = "manual", "blocked", "running elsewhere", "for other workers"
#: How many there are of each is said, in this order.
_LABELS = {
    State.MANUAL: _MANUAL,
    State.BLOCKED: _BLOCKED,
    State.FAILED: "given up",
    State.DOING: "in progress",
    State.RUNNING: _RUNNING,
    State.READY: _ELSEWHERE,
}
_GUESSED = (
    'a category that is guessed from the title chooses no processor: tag the task, or set `classify = "words"`; '
    "`mdtodo show ID` says which"
)
#: What helps, by the reason.
_HELPS = {
    _MANUAL: "a manual task gets a processor by `run:NAME` on its line; `mdtodo done ID` marks it as done by hand",
    _BLOCKED: "`mdtodo list --state blocked` shows what each blocked task waits for",
    _RUNNING: "`mdtodo status` shows what is running",
    _ELSEWHERE: "`mdtodo show ID` shows which worker or capabilities a task needs",
}


def cut_short(queue: ReadyQueue, done: Container[str], *, interrupted: bool) -> tuple[str, ...]:
    """How many tasks were ready when an interrupt or a failure ended the run."""
    left = [task for task in queue.left_over() if task.id not in done]
    if not queue.stopped:
        return ()
    why = "" if interrupted else ", because of --fail-fast"
    were = "task that was ready was" if len(left) == 1 else "tasks that were ready were"
    return (f"{len(left)} {were} not started{why}",) if left else ()
