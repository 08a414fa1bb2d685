"""A proof, in a process of its own: `run` for one task, told to the server in lines of JSON.

Of its own, as a run catches signals, holds locks that are a process's, and has to be ended as a whole. It ends its run
in good order, as with Ctrl-C, when its standard input does, which is so however the server ends.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mdtodo.core.results import Outcome
from mdtodo.core.task import State
from mdtodo.core.titles import title_and_id
from mdtodo.errors import MdtodoError
from mdtodo.landing.recovery.follow_claims import follow_claims
from mdtodo.mcp.checkout import Checkout, task_of
from mdtodo.planning.analysis.waits import waits_in_words
from mdtodo.run.recheck.prove import not_counted, to_prove, unproven_ticks
from mdtodo.run.run import run
from mdtodo.run.run_options import Options
from mdtodo.storage.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.core.results import RunReport, TaskRun
    from mdtodo.core.task import Task
    from mdtodo.project.project import Project
    from mdtodo.run.recheck.prove import ToProve


class Lines:
    """An observer that tells the server what goes on, a line each. See `run.observer.Observer`."""

    def begin(self, expected: int, seconds_of: dict[str, float]) -> None:
        """Nothing to tell."""

    def started(self, task: Task, attempt: int) -> None:
        """An attempt has begun."""
        tell({"message": f"attempt {attempt}"})

    def progressed(self, task: Task, percent: float) -> None:
        """How far the processor is."""
        tell({"percent": percent})

    def retrying(self, task: Task, attempt: int, delay: float, reason: str) -> None:
        """It is tried again."""
        tell({"message": f"attempt {attempt} in {delay:g} s: {reason}"})

    def finished(self, done: TaskRun) -> None:
        """The report has it."""

    def expect(self, more: int) -> None:
        """Nothing to tell."""

    def others(self, in_hand: Sequence[tuple[str, Task]]) -> None:
        """Nothing to tell."""

    def say(self, sentence: str) -> None:
        """Something that the agent should know."""
        tell({"message": sentence})

    def flush(self) -> None:
        """Each line was written at once."""


def main(root: str, task_id: str, token: str) -> None:
    """Prove the task in the checkout that `root` is in, and tell its result; `token` is "" without a claim."""
    # a server that was started in the background may have been told to ignore it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_end_with_input, daemon=True).start()
    try:
        tell({"result": prove(root, task_id, int(token) if token else None)})
    except MdtodoError as error:
        tell({"error": str(error), "hint": error.hint})
    except KeyboardInterrupt:
        tell({"error": "interrupted", "hint": None})


def prove(root: str, task_id: str, token: int | None) -> dict[str, Any]:
    """What the proof came to. Raises MdtodoError where it cannot be begun."""
    checkout = Checkout.open(root, None)
    project = checkout.project()
    task = task_of(project, task_id)
    follow_claims(project)
    if token is not None:
        from mdtodo.operations.claim import refuse_other_token

        refuse_other_token(project, [task.id], token)
    ticks = unproven_ticks(project)
    found = to_prove(project, ticks, [task.id])
    if found.refused:
        return {"id": task.id, "proven": False, "error": "; ".join(found.refused)}
    if found.proven:
        return {"id": task.id, "proven": True, "messages": list(found.proven)}
    if found.todo and (why := _why_not(project, task, token)):
        return {"id": task.id, "proven": False, "outcome": "blocked", "error": why}
    options = _options(checkout, found, ticks.new, token)
    report = run(checkout.repo, checkout.config, options, Lines())
    return _told(checkout.project(), task, report, again=options.prove)


def _options(checkout: Checkout, found: ToProve, new_ticks: frozenset[str], token: int | None) -> Options:
    """An open task is run as ever, a tick proven once more."""
    chosen, again = found.todo or found.ticks, not found.todo
    commit = checkout.config.commit
    return Options(chosen, chosen, 1, commit, token=token, verify=again, prove=again, new_ticks=new_ticks)


def _why_not(project: Project, task: Task, token: int | None) -> str:
    """Why an open task cannot be run now, as a run would find too, but without its words for a person who may do more;
    "" where nothing is known against it."""
    state = project.plan.states[task.id]
    if state is State.MANUAL:
        return f"{title_and_id(task)} has no check: it is for a person to tick"
    if waits := project.plan.blocked_by[task.id]:
        return f"{title_and_id(task)} {waits_in_words(project.plan, task.id, waits)}"
    with StateStore.open(project.repo, create=False) as store:
        held = next((one for one in store.live_leases() if one.task_id == task.id), None)
    if held is None or held.token == token:
        return ""
    return f"{title_and_id(task)} is in hand: {held.worker} has it"


def _told(project: Project, task: Task, report: RunReport, *, again: bool) -> dict[str, Any]:
    done = next((one for one in report.tasks if one.id == task.id), None)
    passed = done is not None and not done.failed and done.outcome in (Outcome.DONE, Outcome.CACHED)
    uncounted = not_counted(project, frozenset({task.id})) if again and passed else ()
    messages = [*report.messages, *uncounted]
    told: dict[str, Any] = {"id": task.id, "proven": passed and not uncounted}
    if not told["proven"]:
        told["error"] = "; ".join(messages) or (_failure(task, done) if done else report.nothing)
    told |= {"messages": messages, "commits": list(report.commits)}
    if done is not None:
        told |= {
            "outcome": done.outcome.value,
            "processor": done.processor,
            "attempts": done.attempts,
            "exit_code": done.exit_code,
            "seconds": None if done.duration is None else round(done.duration, 3),
            "log": done.log,
            "output": done.tail,
        }
    return {key: value for key, value in told.items() if value not in (None, "", [])}


def _failure(task: Task, done: TaskRun) -> str:
    return f"{title_and_id(task)} {done.outcome.value}" + (f": {done.reason}" if done.reason else "")


def tell(line: dict[str, Any]) -> None:
    """One line to the server; where that is gone, the end of standard input says so."""
    with suppress(BrokenPipeError):
        sys.stdout.buffer.write(json.dumps(line).encode() + b"\n")
        sys.stdout.buffer.flush()


def _end_with_input() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGINT)
