"""`mdtodo check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mdtodo.cli.session import Session


@click.command(
    "check",
    epilog="\b\nExamples:\n  mdtodo check\n  mdtodo check docs/TODO.md --format github\n\n"
    "The codes are explained in docs/reference.md. Exits 1 where it finds something.",
)
@click.argument("paths", nargs=-1, type=click.Path(), metavar="[PATHS]...")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "github"]), default="text", show_default=True
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--errors-only", is_flag=True, help="Leave warnings out.")
@click.pass_obj
def command(session: Session, paths: tuple[str, ...], form: str, as_json: bool, errors_only: bool) -> int:
    """Find what is wrong in the TODO files; reads only.

    With PATHS only these are reported, but the whole repository is read, as ids and dependencies cross files.
    """
    from mdtodo.model import Severity
    from mdtodo.running.check import check

    findings, unreadable = check(session.repo, session.config, session.named(paths))
    if errors_only:
        findings = [finding for finding in findings if finding.severity is Severity.ERROR]
    if as_json or form == "json":
        from mdtodo.reporting.documents import print_findings_json

        print_findings_json(findings)
    elif form == "github":
        from mdtodo.reporting.findings import print_annotations

        print_annotations(findings)
    else:
        from mdtodo.reporting.findings import print_findings

        print_findings(findings, color=session.color)
    if unreadable:
        from mdtodo.reporting.text import printable

        for error in unreadable:
            click.echo(f"mdtodo: {printable(str(error))}", err=True)
        return 3
    return 1 if findings else 0
