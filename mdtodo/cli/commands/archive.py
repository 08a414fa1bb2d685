"""`mdtodo archive [ID...]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mdtodo.cli.options import ids_argument, json_option

if TYPE_CHECKING:
    from mdtodo.cli.context import Session


@click.command(
    "archive",
    epilog="\b\nExamples:\n  mdtodo archive --before 90d     what was closed and left alone for 90 days\n"
    "  mdtodo archive 3f2a --dry-run | git apply --stat",
)
@ids_argument(required=False)
@click.option(
    "--before", metavar="TIME", help="Only what was not changed since then: 90d, 12h, or a date (YYYY-MM-DD)."
)
@click.option("--dry-run", is_flag=True, help="Print the diff; change nothing.")
@json_option
@click.pass_obj
def command(session: Session, /, **asked: Any) -> int:
    """Move closed tasks, with all that is below them, to the archive in the folder of their file, in one commit.

    They stand there under the same headings, as they were. Without ID, all closed tasks that have no open task above
    or below them. Receipts, `after:`, `log` and `check` still know them. `mdtodo undo` brings them back.
    """
    from mdtodo.system.files import persist

    return persist(lambda: _archive(session, **asked))


def _archive(
    session: Session, *, ids: tuple[str, ...], before: str | None, dry_run: bool, as_json: bool
) -> int:
    from mdtodo.cli.recovery import recover
    from mdtodo.git.patch import patch
    from mdtodo.landing.policy import sentences_of
    from mdtodo.operations.archive.archive import land, prepare
    from mdtodo.operations.archive.before import read_moment
    from mdtodo.reporting.archive import print_archived, print_archived_json
    from mdtodo.reporting.expand import print_diff
    from mdtodo.reporting.text import tell_each

    if not dry_run:
        recover(session)
    archiving = prepare(session.project(), ids, before=None if before is None else read_moment(before))
    landing = land(archiving) if archiving.tasks and not dry_run else None
    commits = landing.commits if landing else ()
    diff = patch(archiving.contents) if dry_run else None
    if as_json:
        print_archived_json(archiving.rows, archiving.number, archiving.left, commits, diff)
    elif diff is not None:
        print_diff(diff, color=session.colored())
    else:
        print_archived(archiving.rows, archiving.number)
    tell_each(archiving.left)
    if not archiving.tasks:
        session.say("nothing to archive")
    for commit in commits:
        session.say(f"committed {commit[:10]}")
    tell_each(sentences_of(landing) if landing else ())
    return 3 if landing and landing.missed else 0
