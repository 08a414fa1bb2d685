"""The exit codes and the output of a way's commands as one exit code of a processor."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from mdtodo.recipes.catalogue import Way

#: Of a processor: try again later; nothing to check here.
#: EX_TEMPFAIL of sysexits.h, and what Automake takes for a skipped test.
LATER, NOTHING = 75, 77


def output_patterns(way: Way) -> list[str]:
    """The patterns that say in the output what the exit code alone does not."""
    patterns = (
        way.retry_pattern,
        way.checked_pattern,
        way.failure_pattern,
        way.nothing_pattern,
        way.unproven_pattern,
    )
    return [one for one in patterns if one is not None]


def verdict(way: Way, code: int, matched: Collection[str]) -> int:
    """That of one command, which ended with `code` (128 and the number of a signal that ended it), and whose output
    has the patterns `matched`: 0, LATER, NOTHING, else it failed."""
    if code == 0 or code in way.success_codes:
        if way.failure_pattern in matched:
            return 1
        # Exit code 0 alone proves nothing of a tool that may have passed over all files.
        lacking = (
            way.checked_pattern is not None
            if way.unproven_pattern is None
            else way.unproven_pattern in matched
        )
        return NOTHING if lacking and way.checked_pattern not in matched else 0
    if code in way.nothing_codes or way.nothing_pattern in matched:
        return NOTHING
    if way.retry_pattern in matched:
        return LATER
    # A tool's own 75 or 77 means something else.
    return 1 if code in (LATER, NOTHING) else code


def summary(verdicts: Iterable[int]) -> int:
    """That of all commands: the first failure; else LATER if one is to be tried again; else 0 if one checked something;
    else NOTHING."""
    every = list(verdicts)
    failures = [one for one in every if one not in (0, LATER, NOTHING)]
    if failures:
        return failures[0]
    return next((one for one in (LATER, 0) if one in every), NOTHING)


def explanation(way: Way, end: int, matched: Collection[str], config: str | None = None) -> str | None:
    """A sentence on an end that the tool's own output may not explain; None where that is left to the tool. `config`:
    the name of its configuration."""
    if end == LATER:
        return f"{way.tool} could not work now; the task stays as it is, and is tried again later"
    if end == NOTHING:
        where = "" if config is None else f"; does {config} point it to other files?"
        return f"{way.tool} found nothing to check{where}"
    if end and way.failure_pattern in matched:
        return f"{way.tool} exited 0, but its own output reports a problem"
    return None
