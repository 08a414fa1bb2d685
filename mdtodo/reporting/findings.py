"""Findings of `check`: for a person, and as GitHub's workflow commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.core.task import Severity
from mdtodo.reporting.text import one_line, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.core.task import Finding
    from mdtodo.errors import ConfigError


def print_findings(findings: Sequence[Finding], *, color: bool | None) -> None:
    """`file:line: severity: code: sentence` for each."""
    for finding in findings:
        severity = click.style(
            finding.severity.value, "red" if finding.severity is Severity.ERROR else "yellow"
        )
        place = click.style(f"{one_line(finding.file)}:{finding.line}", bold=True)
        click.echo(f"{place}: {severity}: {finding.code}: {one_line(finding.message)}", color=color)


def tell_strict(findings: Sequence[Finding], *, option: bool) -> None:
    """Where none of the findings is an error: why they fail all the same, by an option or by the configuration."""
    if all(finding.severity is not Severity.ERROR for finding in findings):
        tell(f"warnings count as errors here: `{'--strict' if option else 'warnings_as_errors = true'}`")


def print_annotations(findings: Sequence[Finding], *, above: str = "") -> None:
    """Each as a workflow command of GitHub; `above` is the folder that their files are in, ending in `/`."""
    from mdtodo.reporting.github_commands import annotate

    for one in findings:
        annotate(
            one.severity.value,
            one.message,
            file=above + one.file,
            line=one.line,
            title=f"mdtodo {one.code}",
        )


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
