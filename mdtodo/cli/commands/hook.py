"""`mdtodo hook`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mdtodo.cli.context import Session


@click.command(
    "hook",
    # what follows NAME is for that command, its options too
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    epilog="\b\nExamples:\n  mdtodo hook run\n  mdtodo hook run --tag release\n  mdtodo hook expand --all\n\n"
    "docs/hooks.md has the pre-commit hooks that call this.",
)
@click.argument("name", type=click.Choice(["run", "expand", "verify"]), metavar="run|expand|verify")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def command(ctx: click.Context, name: str, args: tuple[str, ...]) -> int:
    """Run an editing command as a hook: commit nothing, and exit 1 if it changed a file or a task failed.

    A task that was given up in earlier runs is named, but does not stop the commit. ARGS go to the command.
    During a merge, rebase, cherry-pick, revert or bisect it does nothing.
    """
    from mdtodo.errors import UsageError
    from mdtodo.integrations.git_hooks.guard import (
        EDITING,
        changed_files,
        reason_to_skip,
        snapshot,
        without_commits,
    )
    from mdtodo.reporting.text import tell

    if {"--commit", "--push"} & {*args}:
        raise UsageError("a hook never commits or pushes: run the command itself for that")
    session: Session = ctx.obj
    reason = reason_to_skip(session.repo)
    if reason is not None:
        tell(reason)
        return 0
    session.use(without_commits(session.config))
    before = snapshot(session.repo, session.config)
    code = _call(ctx, name, [*EDITING[name], *args])
    if name == "run" and code == 1 and session.reports:  # what has given up is no fault of this commit
        code = session.reports[-1]._replace(given_up=()).exit_code
    changed = changed_files(before, snapshot(session.repo, session.config))
    if changed:
        shown = ", ".join(changed[:5]) + (f" and {len(changed) - 5} more" if len(changed) > 5 else "")
        tell(f"changed {shown}: review the change, `git add` it, and commit again")
    return code or (1 if changed else 0)


def _call(ctx: click.Context, name: str, args: list[str]) -> int:
    assert ctx.parent is not None
    group = ctx.parent.command
    assert isinstance(group, click.Group)
    called = group.get_command(ctx.parent, name)
    if called is None:
        ctx.fail(f"this version has no command {name!r}")
    # not ctx.invoke(), which takes values and reads no options
    with called.make_context(name, args, parent=ctx.parent) as inner:
        returned = called.invoke(inner)
    return returned if isinstance(returned, int) else 0
