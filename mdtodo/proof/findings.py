"""What `check` says of ticks that nothing proves. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.task import Finding, Severity
from mdtodo.recipes import NAMES

if TYPE_CHECKING:
    from mdtodo.config.settings import Config
    from mdtodo.proof.judge import Judgement
    from mdtodo.proof.ticks import Unproven


def findings(judgement: Judgement) -> list[Finding]:
    """Each unproven tick; a warning with `proof = "warn"`, else an error."""
    config = judgement.rules.config
    severity = Severity.WARNING if config.proof == "warn" else Severity.ERROR
    return [
        Finding(one.file, one.line, severity, "unproven", _message(one, config)) for one in judgement.unproven
    ]


def _message(one: Unproven, config: Config) -> str:
    why = one.reason or "nothing proves it"
    obstacle = _obstacle(one.processor, config)
    if not obstacle:
        opens = "and opens the box if that fails"
        return f"ticked, but {why}: `mdtodo prove {one.task_id}` runs {one.processor!r}, {opens}"
    if config.proof == "strict":
        return f"ticked, but {why}, and {obstacle}: `mdtodo reopen {one.task_id}` opens the box"
    return f"ticked, but {why}, and {obstacle}: `mdtodo done {one.task_id}` takes your word for it"


def _obstacle(processor: str, config: Config) -> str:
    """Why its processor cannot be run for a ticked task, as part of a sentence; "" where it can."""
    found = config.processors.get(processor)
    if found is not None:
        return "" if found.repeatable else f"{processor!r} must not run again (repeatable = false)"
    if processor in NAMES or (processor == "inline" and config.inline):
        return ""
    return f"no processor {processor!r} is configured"
