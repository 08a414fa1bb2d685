"""`mdtodo check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mdtodo.cli.context import Session
    from mdtodo.core.task import Finding
    from mdtodo.operations.check.check import Checked


class Check(click.Command):
    """A hook passes the names of changed files as they are, and so that `args` of its configuration still are options
    there is no `--` before them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, but that with --changed what looks like an option and is a file is a path."""
        ends = args.index("--") if "--" in args else len(args)
        if "--changed" in args[:ends]:
            names = [arg for arg in args[:ends] if self._is_file(ctx, arg)]
            rest = [arg for arg in args[:ends] if arg not in names]
            args = [*rest, "--", *names, *args[ends + 1 :]]
        return super().parse_args(ctx, args)

    def _is_file(self, ctx: click.Context, arg: str) -> bool:
        options = {option for param in self.get_params(ctx) for option in param.opts}
        if not arg.startswith("-") or arg.partition("=")[0] in options:
            return arg.startswith("-") and arg.lower().endswith((".md", ".markdown"))
        return ctx.obj is not None and ctx.obj.exists(arg)


@click.command(
    "check",
    cls=Check,
    epilog="\b\nExamples:\n  mdtodo check\n  mdtodo check docs/TODO.md --format github\n"
    "  mdtodo check --staged                what `git commit` would commit\n"
    "  mdtodo check --proof main..HEAD      what a branch ticks without proof\n\n"
    "The codes are explained in docs/reference.md. Exits 1 if there is an error; warnings alone exit 0, unless\n"
    "--strict or `warnings_as_errors = true` says otherwise.",
)
@click.argument("paths", nargs=-1, type=click.Path(), metavar="[PATHS]...")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "github"]), default="text", show_default=True
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--strict", is_flag=True, help="Warnings count as errors: any finding exits 1.")
@click.option("--errors-only", is_flag=True, help="Leave out warnings; they do not count then either.")
@click.option("--staged", is_flag=True, help="Check what is staged, including the configuration.")
@click.option(
    "--changed",
    is_flag=True,
    help="PATHS are the changed files: also report what the change broke in others.",
)
@click.option(
    "--proof",
    "commits",
    metavar="RANGE",
    help="Judge the ticks that commits make (A..B; A alone is A..HEAD), by the configuration that they start from.",
)
@click.option(
    "--write-baseline",
    is_flag=True,
    help="Write what is wrong now to .mdtodo-baseline.json: it is not reported until its line changes.",
)
@click.pass_obj
def command(
    session: Session,
    paths: tuple[str, ...],
    form: str,
    as_json: bool,
    strict: bool,
    errors_only: bool,
    staged: bool,
    changed: bool,
    commits: str | None,
    write_baseline: bool,
) -> int:
    """Find mistakes in the TODO files; changes nothing.

    With PATHS, only findings in these files are reported, but the whole repository is read, since ids and
    dependencies cross files.
    """
    from mdtodo.errors import ConfigError

    if write_baseline:
        return _write_baseline(session, alone=not (paths or staged or changed or commits))
    try:
        checked = _checked(session, paths, commits, staged=staged, changed=changed)
    except ConfigError as broken:
        # an annotation stands at its line in the pull request; the sentence on standard error does not
        if form == "github":
            from mdtodo.reporting.findings import print_mistakes

            print_mistakes(broken)
        raise
    if errors_only:
        checked = checked._replace(findings=checked.errors())
    _print(session, checked.findings, "json" if as_json else form, commits=commits is not None)
    return _verdict(session, checked, strict=strict)


def _write_baseline(session: Session, *, alone: bool) -> int:
    from mdtodo.errors import UsageError
    from mdtodo.operations.check.baseline import FILE
    from mdtodo.operations.check.check import write_baseline
    from mdtodo.reporting.text import tell

    if not alone:
        raise UsageError(
            "--write-baseline takes the whole work tree: no PATHS, --staged, --changed or --proof"
        )
    count = write_baseline(session.repo, session.config)
    tell(
        f"{count} finding{'' if count == 1 else 's'} in {FILE}: commit it, and `mdtodo check` reports what comes new"
    )
    return 0


def _print(session: Session, findings: list[Finding], form: str, *, commits: bool) -> None:
    if form == "json":
        from mdtodo.reporting.json_documents import print_findings_json

        print_findings_json(findings, commits=commits)
    elif form == "github":
        from mdtodo.reporting.findings import print_annotations

        print_annotations(findings)
    else:
        from mdtodo.reporting.findings import print_findings

        print_findings(findings, color=session.color)


def _verdict(session: Session, checked: Checked, *, strict: bool) -> int:
    """The exit code, and what the findings that were printed do not tell of it."""
    from mdtodo.reporting.findings import tell_strict, tell_unjudged
    from mdtodo.reporting.text import tell

    for error in checked.unreadable:
        tell(str(error))
    if checked.unjudged:
        tell_unjudged(checked.unjudged)
    if not checked.findings and not checked.unreadable:
        session.detail("no findings")
    judged = checked._replace(strict=strict or checked.strict)
    if judged.exit_code == 1:
        tell_strict(checked.findings, option=strict)
    return judged.exit_code


def _checked(
    session: Session, paths: tuple[str, ...], commits: str | None, *, staged: bool, changed: bool
) -> Checked:
    from mdtodo.operations.check.check import check, check_changed, check_range, check_staged

    if sum((staged, changed, commits is not None)) > 1:
        from mdtodo.errors import UsageError

        raise UsageError(
            "of --staged, --changed and --proof only one can be used: the first reads the index, the second the work "
            "tree, the third commits"
        )
    if commits is not None:
        return check_range(session.repo, commits, paths, cwd=session.directory)
    if staged:
        return check_staged(session.repo, paths, cwd=session.directory)
    if changed:
        return check_changed(session.repo, session.config, paths, cwd=session.directory)
    return check(session.repo, session.config, session.named(paths))
