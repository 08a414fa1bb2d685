"""The command line: one command a file, loaded when it is called, and one place where errors become
sentences."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING, Any

import click

from mdtodo import __version__
from mdtodo.cli.read_command import ReadCommand
from mdtodo.cli.recovery import recover
from mdtodo.errors import MdtodoError

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.shell_completion import CompletionItem

#: What the overview shows: every command with a line of help, in groups, so that none has to be loaded for it.
GROUPS = {
    "See": {
        "list": "List tasks, with filters.",
        "next": "Show what to do next, in plan order.",
        "show": "Show one task: what it waits for, and what proves it.",
        "plan": "Show the order, the dependencies, and the critical path.",
        "status": "Show tasks by state, what is running, and results by lane.",
        "stats": "Show success rates, durations, flaky tasks, and estimates.",
        "log": "Show the receipts on this branch: what was done, and how.",
        "output": "Show the captured output of a task.",
    },
    "Change": {
        "add": "Add a task.",
        "set": "Change the keys, the tags or the title of a task.",
        "move": "Move a task, with all that is below it.",
        "note": "Add a note to a task, or say how far it is.",
        "done": "Mark tasks as done by hand.",
        "reopen": "Reopen tasks, and reset their failure counts.",
        "cancel": "Cancel tasks.",
        "claim": "Take a task for a person or another program.",
        "release": "Give a claimed task back.",
        "archive": "Move closed tasks to an archive, in one commit.",
        "expand": "Break tasks down into subtasks, in place.",
        "undo": "Undo what a run committed, with a new commit.",
    },
    "Run": {
        "run": "Run the tasks that are ready, tick what passes, commit.",
        "worker": "Run as one of several workers, until nothing is left.",
        "watch": "Run again and again: when files change, and in between.",
        "verify": "Rerun done tasks; reopen those that no longer pass.",
        "prove": "Run the processors of ticks that nothing proves.",
        "check": "Find mistakes in the TODO files; changes nothing.",
        "mcp": "Serve coding agents over the Model Context Protocol.",
        "serve": "Serve a page and an API over HTTP.",
    },
    "Set up": {
        "init": "Create a starter TODO.md and configuration.",
        "demo": "Try mdtodo in a small repository in a temporary folder.",
        "config": "Show the effective configuration, and its sources.",
        "doctor": "Look for what is wrong with this setup, and what mends it.",
        "state": "Show, back up, restore or prune what this clone remembers.",
        "recipes": "List the built-in processors, and what each needs.",
        "patterns": "List the patterns for breaking tasks down.",
        "install": "Install git hooks, next to existing ones.",
        "uninstall": "Remove these git hooks.",
        "completion": "Print the completion script for a shell.",
        "help": "Show the help of a command.",
    },
}

#: What git, hooks and CI call: not in the overview.
PLUMBING = {
    "close-from": "Mark as done the tasks that commit messages close.",
    "hook": "Run an editing command as a hook: no commit, exit 1 on changes.",
    "merge-driver": "Merge a TODO file by task; called by git.",
}

COMMANDS = {name: line for group in (*GROUPS.values(), PLUMBING) for name, line in group.items()}

#: Names that commands had before.
RENAMED = {"logs": "output"}

EPILOG = """\b
Examples:
  mdtodo list --state ready      what can be done now
  mdtodo run                     run it, tick what passes, commit
  mdtodo -C ~/project check      find mistakes in another checkout
  mdtodo help run                options and examples of a command

Exit codes: 0 success; 1 errors found, a failed task, or a refused command; 2 usage error; 3 cannot work here (no
repository, bad configuration, unreadable file, git refused); 130 interrupted."""


class LazyGroup(click.Group):
    """A group whose commands live in `commands/` that are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of use, not of the alphabet; for completion too, so without plumbing."""
        return [name for group in GROUPS.values() for name in group]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        name = RENAMED.get(cmd_name, cmd_name)
        if name not in COMMANDS:
            return None
        # this one alone: all of them take some 65 ms to import, nearly as long as all that comes before
        from importlib import import_module

        command: click.Command = import_module(f"mdtodo.cli.commands.{name.replace('-', '_')}").command
        if isinstance(command, ReadCommand):
            command.before = recover
        if name not in PLUMBING:
            shown = name in ("run", "worker", "watch", "verify", "prove", "expand")
            for one in (command, *(command.commands.values() if isinstance(command, click.Group) else ())):
                _accept_verbosity(one, shown=shown)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """As click does, without importing the commands for their lines of help."""
        from click.shell_completion import CompletionItem

        lines = {name: line for group in GROUPS.values() for name, line in group.items()}
        found = [
            CompletionItem(name, help=line) for name, line in lines.items() if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; an unknown command is told the nearest one."""
        name = args[0] if args else ""
        if name and not name.startswith("-"):
            refuse_unknown(ctx, name)
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The overview, without importing a single command, then the options."""
        longest = max(len(name) for group in GROUPS.values() for name in group)
        for title, commands in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:<{longest}}", line) for name, line in commands.items()])
        # not super()'s, which imports every command for its line of help
        click.Command.format_options(self, ctx, formatter)


def refuse_unknown(ctx: click.Context, name: str) -> None:
    """Wrong usage, with the nearest name, where no command is called so."""
    if name in COMMANDS or name in RENAMED:
        return
    from difflib import get_close_matches

    near = get_close_matches(name, COMMANDS, n=1)
    ctx.fail(f"no such command {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))


def _accept_verbosity(command: click.Command, *, shown: bool) -> None:
    """`-q` and `-v` after the command's name too; `shown` in its help, where they make the most of a difference."""
    if not any(param.name == "quiet" for param in command.params):
        for names, how in _VERBOSITY:
            click.option(*names, **how, hidden=not shown)(command)


def _set_verbosity(ctx: click.Context, param: click.Parameter, given: bool) -> None:
    """Before or after the command's name, where both count."""
    if not given or ctx.resilient_parsing:
        return
    root = ctx.find_root()
    # kept at the root: the option of a command is read after `cli` has made the session
    root.meta[f"mdtodo.{param.name}"] = True
    if len(root.meta.keys() & {"mdtodo.quiet", "mdtodo.verbose"}) > 1:
        ctx.fail("-q and -v cannot be used together")
    if root.obj is not None:
        root.obj.verbosity = _verbosity(root)


def _verbosity(root: click.Context) -> int:
    return ("mdtodo.verbose" in root.meta) - ("mdtodo.quiet" in root.meta)


_VERBOSITY: tuple[tuple[tuple[str, str], dict[str, Any]], ...] = tuple(
    (names, {"is_flag": True, "expose_value": False, "callback": _set_verbosity, "help": line})
    for names, line in (
        (("-v", "--verbose"), "Print more details."),
        (("-q", "--quiet"), "Print only errors and results."),
    )
)


@click.command(cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mdtodo")
@click.option(
    "-C",
    "directory",
    metavar="DIR",
    multiple=True,
    # not type=: click would look for the second -C here, not inside of the first
    shell_complete=click.Path(file_okay=False).shell_complete,
    help="Run as if started in DIR, as in git.",
)
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Colour; NO_COLOR is respected.",
)
@click.option(*_VERBOSITY[1][0], **_VERBOSITY[1][1])
@click.option(*_VERBOSITY[0][0], **_VERBOSITY[0][1])
@click.option("--debug", is_flag=True, help="Show tracebacks of bugs in mdtodo.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    help="Log each lease, attempt, result and commit; without --log-file on standard error.",
)
@click.option("--log-file", metavar="FILE", help="Log there; renamed when it has 10 MB, five are kept.")
@click.pass_context
def cli(
    ctx: click.Context,
    directory: tuple[str, ...],
    color: str,
    debug: bool,
    log_format: str | None,
    log_file: str | None,
) -> None:
    """Your TODO.md is the queue, and a box is ticked only when something proves it."""
    from mdtodo.cli.context import Session

    ctx.obj = Session.start(directory, color, debug)
    ctx.obj.verbosity = _verbosity(ctx)
    ctx.color = ctx.obj.color
    if log_format or log_file:
        from mdtodo.system.audit import open_log

        open_log(log_file, as_json=log_format == "json")


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit with the code of the contract: 0, 1, 2, 3 or 130."""
    gc.set_threshold(50_000)  # most of what a command makes is in use until its end
    if None in (sys.stdin, sys.stdout, sys.stderr):
        _open_what_is_closed()
    try:
        # standalone, click would choose exit codes of its own, and report Ctrl-C itself
        code = guarded(lambda: cli.main(args=args, prog_name="mdtodo", standalone_mode=False))
        # here, where a closed pipe can still be caught: at exit the interpreter only complains of it
        sys.stdout.flush()
    except BrokenPipeError:
        code = _stdout_is_gone()
    sys.exit(code)


def guarded(action: Callable[[], Any]) -> int:
    """The one place where an exception becomes a sentence, a hint and an exit code."""
    try:
        returned = action()
    except MdtodoError as error:
        for sentence in error.sentences[:-1]:
            _say(sentence)
        _say(error.sentences[-1], error.hint)
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
        # an OSError, but none to tell of: see `main`
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
    from mdtodo.reporting.text import tell

    tell(sentence)
    if hint:
        tell(hint, first="  hint: ", rest="    ")


def _report_bug(error: Exception) -> int:
    """A bug of ours: a sentence and where the report lies; the traceback itself only with --debug."""
    import tempfile
    import traceback

    # a bug may come before click has read the options
    if "--debug" in sys.argv:
        traceback.print_exc()
        return 3
    report = "".join(traceback.format_exception(error))
    with tempfile.NamedTemporaryFile(
        "w", prefix="mdtodo-", suffix=".log", delete=False, encoding="utf-8"
    ) as file:
        file.write(f"mdtodo {__version__}, Python {sys.version}\n{report}")
    _say(f"this is a bug in mdtodo: {error!r}", f"the report is in {file.name}; --debug prints it here")
    return 3


def _open_what_is_closed() -> None:
    """Started with a standard stream closed (`2>&-`): no file of ours may come to have its number."""
    import os

    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDWR)
            # open(2) takes the lowest free number, so mostly it is this one already
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8", closefd=False))  # noqa: SIM115


def _stdout_is_gone() -> int:
    """`mdtodo list | head`: nobody reads on, and that is no error."""
    import os

    # what is buffered still goes somewhere when the interpreter flushes (Python's docs of `signal`, on SIGPIPE)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
