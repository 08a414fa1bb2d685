"""`mdtodo state info|backup|restore|prune`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import duration_option, json_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdtodo.cli.context import Session
    from mdtodo.storage.maintenance.contents import Contents
    from mdtodo.storage.maintenance.prune import Pruned
    from mdtodo.storage.maintenance.restore import Restored


@click.group(
    "state",
    epilog="\b\nExamples:\n  mdtodo state info\n  mdtodo state backup ~/backups/shop.db   while runs go on\n"
    "  mdtodo state restore ~/backups/shop.db\n  mdtodo state prune --older 30d",
)
def command() -> None:
    """Look after what this clone remembers in .git/mdtodo: show it, back it up, restore it, or delete what is old.

    Nothing in it is the truth: that is in the TODO files, and in the receipts in git's history. What a backup saves is
    history, results that have not landed yet, and claims.
    """


@command.command("info", short_help="Show what it holds, and how much of the disk it takes.")
@json_option
@click.pass_obj
def info(session: Session, as_json: bool) -> None:
    """Show what the state holds, and how much of the disk it takes."""
    from mdtodo.storage.maintenance.contents import contents

    found = contents(session.repo)
    if as_json:
        from mdtodo.reporting.json_documents import print_json

        lists = {"copies": list(found.copies), "active": list(found.active)}
        print_json({"version": 1, **found._asdict(), **lists})
        return
    for name, value in _rows(found):
        click.echo(f"{name:<12}{value}")


def _rows(found: Contents) -> Iterator[tuple[str, str]]:
    from mdtodo.core.names import counted

    yield "folder", found.folder
    if not found.exists:
        yield "state", "none: nothing has run in this clone yet"
    elif found.problem is not None:
        yield "state", f"cannot be read: {found.problem}"
    else:
        results = f"{counted(found.results, 'result')} of {counted(found.runs, 'run')}"
        yield "state", f"{_size(found.size)}: {results}, {counted(found.claims, 'claim')}"
        yield (
            "unlanded",
            f"{counted(found.waiting, 'result')}" + ("; `mdtodo run` lands them" if found.waiting else ""),
        )
        yield "uncommitted", f"{counted(found.uncommitted, 'receipt')} that no commit carries"
        yield "running", ", ".join(found.active) or "nothing"
    if found.messages:
        yield "unsent", f"{counted(found.messages, 'message')}"
    yield "output", _size(found.logs)
    yield "caches", _size(found.caches)
    yield "other", _size(found.other) + (f", with {', '.join(found.copies)}" if found.copies else "")
    yield "disk", f"{_size(found.free)} free"


@command.command(
    "backup",
    short_help="Copy it to FILE, while runs go on.",
    epilog="\b\nExample:\n  mdtodo state backup /backups/shop-$(date +%F).db",
)
@click.argument("file", type=click.Path(dir_okay=False))
@click.pass_obj
def backup(session: Session, file: str) -> None:
    """Copy the state to FILE, by SQLite's own backup: whole, as it is at one moment, while runs go on.

    An older backup in FILE is replaced. Captured output is not in it.
    """
    from mdtodo.reporting.text import one_line
    from mdtodo.storage.maintenance.backup import back_up

    size = back_up(session.repo, os.path.join(session.directory, file))
    session.say(f"backed up to {one_line(file)}, {_size(size)}")


@command.command(
    "restore",
    short_help="Let it be what the backup in FILE holds.",
    epilog="\b\nExample:\n  mdtodo state restore /backups/shop-2026-11-30.db",
)
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--force", is_flag=True, help="Also where results wait here to land; they are kept in a copy.")
@click.pass_obj
def restore(session: Session, file: str, force: bool) -> None:
    """Let the state be what the backup in FILE holds; what was there before is kept beside it.

    Refuses a state of another repository, and while a run goes on. Results that had not landed when the backup was made
    land with the next run, unless git has their receipts by now.
    """
    from mdtodo.storage.maintenance.restore import restore as restored

    _say_restored(session, restored(session.repo, os.path.join(session.directory, file), force=force), file)


def _say_restored(session: Session, found: Restored, file: str) -> None:
    from mdtodo.core.names import counted

    what = f"{counted(found.results, 'result')} of {counted(found.runs, 'run')}"
    session.say(f"restored {what} from {file}")
    if found.unlanded:
        session.say(f"{counted(found.unlanded, 'result')} in it had not landed; `mdtodo run` looks at them")
    if found.kept is not None:
        session.say(
            f"what was there is kept as {os.path.basename(found.kept)}; `mdtodo state prune` deletes it"
        )


@command.command(
    "prune",
    short_help="Delete copies, caches, and old rows.",
    epilog="\b\nExample:\n  mdtodo state prune --older 30d",
)
@duration_option("--older", "Delete history that is older.", "90d")
@json_option
@click.pass_obj
def prune(session: Session, older: float, as_json: bool) -> None:
    """Delete what is old, or can be made again: damaged and replaced copies of the state, caches, captured output
    beyond `logs`, and the history of results.

    Kept are results that have not landed, and receipts that no commit carries. Receipts in git are never touched.
    """
    from mdtodo.storage.maintenance.prune import prune as pruned

    found = pruned(session.repo, session.config.logs, age=older)
    if as_json:
        from mdtodo.reporting.json_documents import print_json

        print_json({"version": 1, **found._asdict(), "copies": list(found.copies)})
    else:
        _say_pruned(session, found)


def _say_pruned(session: Session, found: Pruned) -> None:
    from mdtodo.core.names import counted

    rows = f"{counted(found.results, 'result')}, {counted(found.runs, 'run')}"
    copies = f", {', '.join(found.copies)}" if found.copies else ""
    session.say(f"deleted {rows}{copies}; {_size(found.size)} of the disk are free again")
    if not found.compacted:
        session.say("a run goes on, so what deleted rows took is given back by the next prune")


def _size(size: int) -> str:
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} B"
