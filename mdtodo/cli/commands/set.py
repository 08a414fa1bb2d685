"""`mdtodo set ID WORDS...`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mdtodo.cli._change import change_and_report, change_options
from mdtodo.cli.options import complete_id

if TYPE_CHECKING:
    from mdtodo.cli.context import Session

#: Before a word that click would take for options; no argument can hold it.
_WORD = "\0"


class _SetCommand(click.Command):
    """`-#tag` is a word, and not the options `-#`, `-t`, `-a` and `-g`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, but for such words."""
        return super().parse_args(ctx, [_WORD + arg if arg.startswith("-#") else arg for arg in args])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """As click does, which takes what begins with a dash for an option."""
        if incomplete.startswith("-#"):
            from click.shell_completion import CompletionItem

            return [CompletionItem(word) for word in _complete(ctx, self.params[0], incomplete)]
        return super().shell_complete(ctx, incomplete)


def _words(_ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word.removeprefix(_WORD) for word in given)


def _complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[Any]:
    """Tags of the repository, and names of keys."""
    from mdtodo.cli.context import Session
    from mdtodo.errors import MdtodoError
    from mdtodo.markdown.keys.dialects import PLAIN

    try:
        session = Session.start(ctx.find_root().params.get("directory") or (), "never", False)
        tags = {tag for task in session.project(tolerant=True).tasks.values() for tag in task.tags}
    except (MdtodoError, OSError):
        tags = set()
    keys = [f"{key}:" for key in PLAIN if key not in ("failed", "done")]
    priorities = ["!critical", "!high", "!medium", "!low"]
    known = [*keys, *priorities, *sorted(f"#{tag}" for tag in tags), *sorted(f"-#{tag}" for tag in tags)]
    return [word for word in known if word.startswith(incomplete)]


@click.command(
    "set",
    cls=_SetCommand,
    epilog="\b\nExamples:\n  mdtodo set 3f2a due:friday '!high' '#backend'   add or replace\n"
    "  mdtodo set 3f2a due: '-#backend'                take away\n"
    "  mdtodo set 3f2a --title 'Write the guide'       other words, the same keys\n"
    "  mdtodo set 3f2a after:build,test --commit",
)
@click.argument("name", metavar="ID", shell_complete=complete_id)
@click.argument("words", nargs=-1, metavar="[WORDS...]", callback=_words, shell_complete=_complete)
@click.option("--title", metavar="TEXT", help="The words of the task; its keys and tags stay.")
@change_options
@click.pass_obj
def command(
    session: Session,
    name: str,
    words: tuple[str, ...],
    title: str | None,
    commit: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Change the keys and tags of a task's line, or its title.

    A key is added or replaced, in the form that the line already uses, else that the file uses; `due:` with nothing
    takes it away, and `-#tag` a tag. A date may be relative: due:tomorrow, from:friday, due:+2w. It is written as
    YYYY-MM-DD. Either all of it is changed, or nothing.
    """
    from mdtodo.errors import UsageError
    from mdtodo.operations.edit.set_words import set_words

    if not words and title is None:
        raise UsageError("set takes words, as due:friday or '#tag', or --title TEXT")
    return change_and_report(
        session,
        lambda project: set_words(project, project.find(name), words, title=title),
        commit=commit,
        dry_run=dry_run,
        as_json=as_json,
    )
