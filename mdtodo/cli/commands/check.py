"""`mdtodo check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mdtodo.cli.session import Session
    from mdtodo.running.check import Checked


@click.command(
    "check",
    epilog="\b\nExamples:\n  mdtodo check\n  mdtodo check docs/TODO.md --format github\n"
    "  mdtodo check --staged                what `git commit` would commit\n\n"
    "The codes are explained in docs/reference.md. Exits 1 if there are findings.",
)
@click.argument("paths", nargs=-1, type=click.Path(), metavar="[PATHS]...")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "github"]), default="text", show_default=True
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--errors-only", is_flag=True, help="Leave warnings out.")
@click.option("--staged", is_flag=True, help="Read what is staged, also the configuration.")
@click.option(
    "--changed", is_flag=True, help="PATHS are what changed: report also what that broke in other files."
)
@click.pass_obj
def command(
    session: Session,
    paths: tuple[str, ...],
    form: str,
    as_json: bool,
    errors_only: bool,
    staged: bool,
    changed: bool,
) -> int:
    """Find mistakes in the TODO files; changes nothing.

    With PATHS only findings in these files are reported, but the whole repository is read, as ids and dependencies
    cross files.
    """
    from mdtodo.model import Severity

    findings, unreadable = _checked(session, paths, staged=staged, changed=changed)
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
    if not findings:
        session.detail("no findings")
    return 1 if findings else 0


def _checked(session: Session, paths: tuple[str, ...], *, staged: bool, changed: bool) -> Checked:
    from mdtodo.running.check import check, check_changed, check_staged

    if staged and changed:
        from mdtodo.errors import UsageError

        raise UsageError(
            "--staged and --changed do not go together: one reads the index, the other the work tree"
        )
    if staged:
        return check_staged(session.repo, paths, cwd=session.directory)
    if changed:
        return check_changed(session.repo, session.config, paths, cwd=session.directory)
    return check(session.repo, session.config, session.named(paths))
