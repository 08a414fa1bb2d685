"""`mdtodo output ID`, which was called `logs`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import complete_id, json_option

if TYPE_CHECKING:
    from mdtodo.cli.context import Session
    from mdtodo.core.task import Task


@click.command(
    "output",
    epilog="\b\nExamples:\n  mdtodo output 3f2a               the last attempt of a task\n"
    "  mdtodo output 3f2a -f            one that runs, as it writes\n"
    "  mdtodo output 3f2a --list        all attempts\n"
    "  mdtodo output 3f2a --attempt 1\n"
    "  less $(mdtodo output 3f2a --path)\n  mdtodo output 3f2a --raw | less -R",
)
@click.argument("task_id", metavar="ID", shell_complete=complete_id)
@click.option("--attempt", type=click.IntRange(min=1), metavar="N", help="The attempt with this number.")
@click.option("--run", metavar="RUN", help="An attempt in the run whose id begins so.")
@click.option("--list", "listed", is_flag=True, help="List the attempts: run, outcome, time, size.")
@click.option("-f", "--follow", "follows", is_flag=True, help="Show it as it grows, until the task is over.")
@click.option("--path", "only_path", is_flag=True, help="Print the path of the log file.")
@click.option("--raw", is_flag=True, help="Print it byte for byte, to a terminal too.")
@json_option
@click.pass_obj
def command(
    session: Session,
    task_id: str,
    attempt: int | None,
    run: str | None,
    listed: bool,
    follows: bool,
    only_path: bool,
    raw: bool,
    as_json: bool,
) -> None:
    r"""Show the captured output of a task: what its processor printed in its last attempt in this clone.

    A terminal gets plain text: colors are dropped, other control characters shown as \xNN. A pipe or a file gets every
    byte. --json goes with --list.
    """
    from mdtodo.errors import UsageError
    from mdtodo.storage.task_logs import last_log

    if follows and (listed or only_path or attempt or run):
        raise UsageError("-f follows what runs now: leave --list, --path, --attempt and --run out")
    if as_json and not listed:
        raise UsageError("--json is for --list: output itself is none")
    task = session.project(tolerant=True).find(task_id)
    if listed:
        _list(session, task, run, attempt, as_json=as_json)
    elif not (follows and _follow(session, task, raw=raw)):
        path = last_log(session.repo, task.id, run=run, number=attempt)
        if path is None:
            which = "the last attempt" if attempt is None and run is None else "that attempt"
            session.say(f"{which} of {task.id} had no output")
        elif only_path:
            click.echo(path)
        else:
            _print(path, raw=raw)


def _list(session: Session, task: Task, run: str | None, number: int | None, *, as_json: bool) -> None:
    from mdtodo.reporting.attempts import print_attempts, print_attempts_json
    from mdtodo.storage.task_logs import attempts_of

    found = [
        one
        for one in attempts_of(session.repo, task.id)
        if (run is None or one.run.startswith(run)) and number in (None, one.number)
    ]
    if as_json:
        print_attempts_json(found)
        return
    print_attempts(found, colored=session.colored())
    if not found:
        session.say(f"no attempt of {task.id} in this clone")


def _follow(session: Session, task: Task, *, raw: bool) -> bool:
    """Whether it ran."""
    import sys

    from mdtodo.reporting.text import printable_output
    from mdtodo.storage.task_logs import follow

    plain = sys.stdout.isatty() and not raw

    def write(block: bytes) -> None:
        click.echo(printable_output(block) if plain else block, nl=False)
        sys.stdout.flush()

    return follow(session.repo, task.id, write)


def _print(path: str, *, raw: bool) -> None:
    import sys

    with open(path, "rb") as log:
        if sys.stdout.isatty() and not raw:
            from mdtodo.reporting.text import printable_output

            click.echo(printable_output(log.read()), nl=False)
            return
        # bytes, so that nothing is decoded: a log may hold anything
        while block := log.read(1 << 16):
            click.echo(block, nl=False)
