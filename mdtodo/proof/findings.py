"""What `check` says of ticks that nothing proves, and of changes that would let them pass. Pure."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from mdtodo.core.task import Finding, Severity
from mdtodo.recipes import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdtodo.config.settings import Config
    from mdtodo.core.task import Task
    from mdtodo.proof.change.in_range import Change
    from mdtodo.proof.judge import Judgement
    from mdtodo.proof.ticks import Unproven

#: So many open tasks that a change took away from a file are named one by one.
NAMED = 5


def findings(judgement: Judgement, *, with_commits: bool = False, now: Config | None = None) -> list[Finding]:
    """Each unproven tick; a warning with `proof = "warn"`, else an error, but for what nobody need prove.
    `with_commits`: with the commits that made them; `now` is the configuration by which `prove` would run, where
    that is not the one that they are judged by."""
    config = judgement.rules.config
    runs = now or config
    severity = Severity.WARNING if config.proof == "warn" else Severity.ERROR
    return [
        Finding(
            one.file,
            one.line,
            severity if one.processor else Severity.WARNING,
            "unproven" if one.processor else "never-expires",
            _message(one, config, _obstacle(one.processor, runs), with_commits=with_commits),
            one.commit if with_commits else None,
        )
        for one in judgement.unproven
    ]


def change_findings(change: Change, config: Config) -> list[Finding]:
    """What a change altered of what ticks are judged by, an error in strict mode; and the open tasks that it took away,
    as warnings."""
    severity = Severity.ERROR if config.proof == "strict" else Severity.WARNING
    found = [
        Finding(one.file, one.line, severity, "gate-changed", f"this change alters the gate: {one.sentence}")
        for one in change.settings
    ]
    for task, was, now in change.tasks.rerouted:
        what = f"{was!r} proves" if now == was else f"{was!r} proved this task, and {_named(now)} does"
        rest = "this task, and its block is another one now" if now == was else "now"
        message = f"this change alters the gate: {what} {rest}"
        found.append(Finding(task.file, task.line, severity, "gate-changed", message))
    return [*found, *_removed(change.tasks.removed)]


def _named(processor: str | None) -> str:
    return "nothing" if processor is None else repr(processor)


def _removed(tasks: Sequence[Task]) -> Iterator[Finding]:
    for file, group in groupby(
        sorted(tasks, key=lambda task: (task.file, task.line)), lambda task: task.file
    ):
        gone = list(group)
        if len(gone) > NAMED:
            message = f"{len(gone)} open tasks are gone from this file, the first of them {gone[0].title!r}"
            yield Finding(file, gone[0].line, Severity.WARNING, "open-task-removed", message)
            continue
        for task in gone:
            message = f"the open task {task.title!r} is gone: tick it, cancel it (`[-]`) or leave it"
            yield Finding(file, task.line, Severity.WARNING, "open-task-removed", message)


def _message(one: Unproven, config: Config, obstacle: str, *, with_commits: bool) -> str:
    why = one.reason or "nothing proves it"
    if not one.processor:
        word = f"`mdtodo done {one.task_id}` takes your word for it"
        return f"ticked, but no receipt says when, so `every:` never opens it: {word}"
    when = f"ticked in {one.commit[:10]}" if with_commits and one.commit else "ticked"
    if not obstacle:
        opens = "and opens the box if that fails"
        return f"{when}, but {why}: `mdtodo prove {one.task_id}` runs {one.processor!r}, {opens}"
    if config.proof == "strict":
        return f"{when}, but {why}, and {obstacle}: `mdtodo reopen {one.task_id}` opens the box"
    return f"{when}, but {why}, and {obstacle}: `mdtodo done {one.task_id}` takes your word for it"


def _obstacle(processor: str, config: Config) -> str:
    """Why its processor cannot be run for a ticked task, as part of a sentence; "" where it can."""
    found = config.processors.get(processor)
    if found is not None:
        return "" if found.repeatable else f"{processor!r} must not run again (repeatable = false)"
    if processor in NAMES or (processor == "inline" and config.inline):
        return ""
    return f"no processor {processor!r} is configured"
