"""The command line: one command a file, loaded when it is called, and one place where errors become
sentences."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING, Any

import click

from mdtodo import __version__
from mdtodo.errors import MdtodoError

if TYPE_CHECKING:
    from collections.abc import Callable

#: Every command and the line of help that the overview shows, so that none has to be loaded for it.
COMMANDS = {
    "init": "Set up a starter TODO.md and configuration; never overwrites.",
    "demo": "Make a small repository in a temporary folder, run the main job on it, show the commits.",
    "list": "List tasks, filtered.",
    "next": "Show what to do next, in plan order.",
    "show": "Show one task: what it waits for, and how it would be done.",
    "add": "Add a task.",
    "expand": "Break tasks down into subtasks, in place.",
    "done": "Tick tasks: a person's word.",
    "reopen": "Open tasks again, and forget their failures.",
    "cancel": "Cancel tasks.",
    "plan": "Show the order, what waits for what, and the critical path.",
    "check": "Find what is wrong in the TODO files; reads only.",
    "run": "Run what is ready, tick what is proven, commit.",
    "verify": "Run the processors of done tasks again; open what no longer holds.",
    "undo": "Take back what a run committed, with a new commit.",
    "close-from": "Tick the tasks that messages of commits close.",
    "log": "Show receipts, as the commits of this branch have them.",
    "status": "Show what is going on: tasks by state, what runs now, what each lane came to.",
    "stats": "Show success, durations, flaky tasks, and estimates beside what was measured.",
    "logs": "Show the captured output of a task.",
    "config": "Print the configuration that holds, and where each value comes from.",
    "patterns": "List the patterns that tasks are broken down by.",
    "recipes": "List the built-in processors: what they check, available here or why not.",
    "hook": "Call an editing command as a hook: commit nothing, exit 1 where it changed a file.",
    "install": "Set up git hooks, beside those that are there.",
    "uninstall": "Take the lines of install out of the git hooks again.",
    "merge-driver": "Merge a TODO file by task; called by git.",
    "completion": "Print the completion script for a shell.",
}

EPILOG = """\b
Examples:
  mdtodo list --state ready      what could be done now
  mdtodo run                     run it, tick what is proven, commit
  mdtodo -C ~/project check      find mistakes in another checkout

Exit codes: 0 all well; 1 findings, or a task failed; 2 wrong usage; 3 cannot work here; 130 interrupted."""


class LazyGroup(click.Group):
    """A group whose commands live in `commands/` that are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of use, not of the alphabet."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        command: click.Command = import_module(f"mdtodo.cli.commands.{cmd_name.replace('-', '_')}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; an unknown command is told the nearest one."""
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in COMMANDS:
            from difflib import get_close_matches

            near = get_close_matches(name, COMMANDS, n=1)
            ctx.fail(f"no such command {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The overview, without importing a single command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _folders(_ctx: click.Context, _: click.Parameter, incomplete: str) -> list[Any]:
    """Folders, as the shell knows them."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="dir")]


@click.command(cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mdtodo")
@click.option(
    "-C",
    "directory",
    metavar="DIR",
    multiple=True,
    shell_complete=_folders,
    help="Run as if started in DIR, as in git.",
)
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Colour; NO_COLOR is respected.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error in mdtodo itself.")
@click.pass_context
def cli(ctx: click.Context, directory: tuple[str, ...], color: str, debug: bool) -> None:
    """Your TODO.md is the queue, and a box is ticked only when something proves it."""
    from mdtodo.cli.session import Session

    ctx.obj = Session.start(directory, color, debug)
    ctx.color = ctx.obj.color


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit with the code of the contract: 0, 1, 2, 3 or 130."""
    gc.set_threshold(50_000)  # most of what a command makes is in use until its end
    if None in (sys.stdin, sys.stdout, sys.stderr):
        _open_what_is_closed()
    try:
        code = guarded(lambda: cli.main(args=args, prog_name="mdtodo", standalone_mode=False))
        sys.stdout.flush()
    except BrokenPipeError:
        code = _stdout_is_gone()
    sys.exit(code)


def guarded(action: Callable[[], Any]) -> int:
    """The one place where an exception becomes a sentence, a hint and an exit code."""
    try:
        returned = action()
    except MdtodoError as error:
        _say(str(error), error.hint)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (click.Abort, KeyboardInterrupt):
        _say("interrupted")
        return 130
    except BrokenPipeError:
        raise
    except OSError as error:
        place = f"{error.filename}: " if isinstance(error.filename, str) else ""
        _say(f"{place}{error.strerror or error}")
        return 3
    except MemoryError:
        _say("there is not enough memory for this")
        return 3
    except Exception as error:
        if isinstance(error, OverflowError | ValueError) and not _clock_is_usable():
            _say(
                "the clock of this machine shows a date that cannot be worked with", "set it; `date` shows it"
            )
            return 3
        return _report_bug(error)
    return returned if isinstance(returned, int) else 0


def _clock_is_usable() -> bool:
    """Whether Python can tell the date: not in the year 1, 2500 or 9999, depending on the time zone."""
    import time
    from datetime import UTC, datetime

    try:
        return datetime.fromtimestamp(time.time(), UTC).astimezone().year > 1
    except (OverflowError, ValueError, OSError):
        return False


def _say(sentence: str, hint: str | None = None) -> None:
    from mdtodo.reporting.text import printable

    click.echo(f"mdtodo: {printable(sentence)}", err=True)
    if hint:
        click.echo(f"  hint: {printable(hint)}", err=True)


def _report_bug(error: Exception) -> int:
    """A bug of ours: a sentence and where the report lies; the traceback itself only with --debug."""
    import tempfile
    import traceback

    if "--debug" in sys.argv:
        traceback.print_exc()
        return 3
    report = "".join(traceback.format_exception(error))
    with tempfile.NamedTemporaryFile(
        "w", prefix="mdtodo-", suffix=".log", delete=False, encoding="utf-8"
    ) as file:
        file.write(f"mdtodo {__version__}, Python {sys.version}\n{report}")
    _say(f"this is a bug in mdtodo: {error!r}", f"the report is in {file.name}; --debug shows it here")
    return 3


def _open_what_is_closed() -> None:
    """Started with a standard stream closed (`2>&-`): no file of ours may come to have its number."""
    import os

    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8", closefd=False))  # noqa: SIM115


def _stdout_is_gone() -> int:
    """`mdtodo list | head`: nobody reads on, and that is no error."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
