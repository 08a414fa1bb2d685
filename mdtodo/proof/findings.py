"""What `check` says of ticks that nothing proves. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.task import Finding, Severity

if TYPE_CHECKING:
    from mdtodo.proof.judge import Judgement
    from mdtodo.proof.ticks import Unproven


def findings(judgement: Judgement) -> list[Finding]:
    """Each unproven tick; a warning with `proof = "warn"`, else an error."""
    severity = Severity.WARNING if judgement.rules.config.proof == "warn" else Severity.ERROR
    return [Finding(one.file, one.line, severity, "unproven", _message(one)) for one in judgement.unproven]


def _message(one: Unproven) -> str:
    why = one.reason or "nothing proves it"
    return f"ticked, but {why}: `mdtodo prove {one.task_id}` runs {one.processor!r}, or opens the box"
