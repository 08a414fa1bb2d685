"""Findings of `check`: for a person, and as GitHub's workflow commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.model import Severity
from mdtodo.reporting.text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.model import Finding


def print_findings(findings: Sequence[Finding], *, color: bool | None) -> None:
    """`file:line: severity: code: sentence` for each, and a count on standard error."""
    for finding in findings:
        severity = click.style(
            finding.severity.value, "red" if finding.severity is Severity.ERROR else "yellow"
        )
        place = click.style(f"{one_line(finding.file)}:{finding.line}", bold=True)
        click.echo(f"{place}: {severity}: {finding.code}: {one_line(finding.message)}", color=color)


def print_annotations(findings: Sequence[Finding]) -> None:
    """`::error file=...,line=...,title=...::message`, escaped as GitHub's toolkit does (actions/toolkit,
    command.ts)."""
    for finding in findings:
        place = (
            f"file={_property(finding.file)},line={finding.line},title={_property('mdtodo ' + finding.code)}"
        )
        click.echo(f"::{finding.severity.value} {place}::{_data(finding.message)}")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
