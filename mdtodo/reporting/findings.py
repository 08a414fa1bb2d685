"""Findings of `check`: for a person, and as GitHub's workflow commands."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from mdtodo.core.task import Severity
from mdtodo.reporting.text import one_line, tell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdtodo.core.task import Finding
    from mdtodo.errors import ConfigError


#: So many unproven ticks of a file have a line each in text; and so many annotations of a severity GitHub shows of a
#: step.
LINES, ANNOTATIONS = 10, 10


def print_findings(findings: Sequence[Finding], *, color: bool | None) -> None:
    """`file:line: severity: code: sentence` for each; one for all unproven ticks of a file where they are many."""
    for finding in _summed_up(findings):
        severity = click.style(
            finding.severity.value, "red" if finding.severity is Severity.ERROR else "yellow"
        )
        place = click.style(f"{one_line(finding.file)}:{finding.line}", bold=True)
        click.echo(f"{place}: {severity}: {finding.code}: {one_line(finding.message)}", color=color)


def _summed_up(findings: Sequence[Finding]) -> Iterator[Finding]:
    many = Counter(one.file for one in findings if one.code == "unproven")
    told: set[str] = set()
    for one in findings:
        if one.code != "unproven" or many[one.file] <= LINES:
            yield one
        elif one.file not in told:
            told.add(one.file)
            message = f"{many[one.file]} ticks that nothing proves, this one first: --json lists them all"
            yield one._replace(message=message)


def tell_strict(findings: Sequence[Finding], *, option: bool) -> None:
    """Where none of the findings is an error: why they fail all the same, by an option or by the configuration."""
    if all(finding.severity is not Severity.ERROR for finding in findings):
        tell(f"warnings count as errors here: `{'--strict' if option else 'warnings_as_errors = true'}`")


def print_annotations(findings: Sequence[Finding], *, above: str = "") -> None:
    """Each as a workflow command of GitHub; `above` is the folder that their files are in, ending in `/`. Of unproven
    ticks no more than GitHub shows, so that they do not hide what else there is."""
    from mdtodo.reporting.github_commands import annotate

    for one in _shown(findings):
        annotate(
            one.severity.value,
            one.message,
            file=above + one.file,
            line=one.line,
            title=f"mdtodo {one.code}",
        )


def _shown(findings: Sequence[Finding]) -> Iterator[Finding]:
    """All that is no unproven tick, and of these as many as there is room for. The last one tells of the others."""
    others = Counter(one.severity for one in findings if one.code != "unproven")
    number = Counter(one.severity for one in findings if one.code == "unproven")
    shown: Counter[Severity] = Counter()
    for one in findings:
        if one.code == "unproven":
            room = max(1, ANNOTATIONS - others[one.severity])
            shown[one.severity] += 1
            more = number[one.severity] - room
            if shown[one.severity] > room:
                continue
            if shown[one.severity] == room and more > 0:
                message = f"{one.message}; and {more} more ticks that nothing proves: --json lists them all"
                yield one._replace(message=message)
                continue
        yield one


def print_mistakes(error: ConfigError) -> None:
    """All mistakes of the configuration, as workflow commands."""
    from mdtodo.reporting.github_commands import annotate

    for one in error.each:
        annotate("error", one.sentence, file=one.file or "", line=one.line, title="mdtodo configuration")


def tell_unjudged(number: int) -> None:
    """How many ticks a shallow clone cannot judge, and what shows them."""
    from mdtodo.reporting.text import tell

    ticks = f"{number} ticks are" if number > 1 else "1 tick is"
    tell(
        f"{ticks} older than what this shallow clone has of the history, so nothing is said of their proof: "
        "`git fetch --unshallow` brings it (`fetch-depth: 0` in GitHub Actions)"
    )
