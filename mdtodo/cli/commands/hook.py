"""`mdtodo hook`."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mdtodo.cli.context import Session


@click.command(
    "hook",
    # what follows NAME is for that command, its options too
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    epilog="\b\nExamples:\n  mdtodo hook run\n  mdtodo hook run --tag release\n  mdtodo hook expand --all\n"
    "  mdtodo hook receipt .git/COMMIT_EDITMSG\n\ndocs/hooks.md has the pre-commit hooks that call this.",
)
@click.argument(
    "name", type=click.Choice(["run", "expand", "verify", "receipt"]), metavar="run|expand|verify|receipt"
)
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def command(ctx: click.Context, name: str, args: tuple[str, ...]) -> int:
    """Run an editing command as a hook: commit nothing, and exit 1 if it changed a file or a task failed.

    A task that was given up in earlier runs is named, but does not stop the commit. ARGS go to the command.
    During a merge, rebase, cherry-pick, revert or bisect it does nothing.

    `receipt MESSAGE-FILE [SOURCE [SHA]]` is for git's prepare-commit-msg and commit-msg: it adds the receipts of what
    the commit ticks to its message, and exits 0 whatever happens.
    """
    if name == "receipt":
        return _add_receipts(ctx.obj, args)
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
        _tell_changed(changed)
    return code or (1 if changed else 0)


def _tell_changed(paths: list[str]) -> None:
    from mdtodo.core.titles import few
    from mdtodo.reporting.text import tell

    tell(f"changed {few(paths, 5)}: review the change, `git add` it, and commit again")
    if os.environ.get("PRE_COMMIT"):  # prek sets it, too; neither says which files are only partly staged
        them = paths[0] if len(paths) == 1 else "these files"
        why = f"{them} had changes next to it that are not staged, and each further commit is refused"
        tell(
            f"if that is rolled back, {why}: `git add {shlex.join(paths[:5])}` whole, or `git stash` them first",
            first="  hint: ",
        )


def _add_receipts(session: Session, args: tuple[str, ...]) -> int:
    """Also where that cannot be done: a receipt may follow later, and no commit has to wait for it."""
    from mdtodo.errors import MdtodoError, UsageError
    from mdtodo.reporting.text import tell

    if not 1 <= len(args) <= 3:
        raise UsageError("receipt takes the file of the message, then what git says of its source")
    path, *rest = args
    # pre-commit and prek, which takes its place, give the path alone
    names = ("PRE_COMMIT_COMMIT_MSG_SOURCE", "PRE_COMMIT_COMMIT_OBJECT_NAME")
    source, sha = (*rest, "", "")[:2] if rest else (os.environ.get(name, "") for name in names)
    try:
        from mdtodo.landing.carry.commit_hook import add_receipts

        add_receipts(session.repo, session.config, os.path.join(session.directory, path), source, sha)
    except Exception as error:
        said = (
            str(error) if isinstance(error, MdtodoError | OSError) else f"this is a bug in mdtodo: {error!r}"
        )
        tell(f"no receipt was added to this commit's message: {said}")
    return 0


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
