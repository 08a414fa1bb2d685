"""What the fast path knows of the command line, made of the commands: `python -m tests.cli.completion_table`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import mdtodo.fast_path
from mdtodo.cli import cli

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE = Path(mdtodo.fast_path.__file__).with_name("completion.txt")
HEAD = """\
Made by `python -m tests.cli.completion_table`, and read by completion.py beside it.
argument: what it is completed by, and how many; option: names, what its value is completed by, how often it is offered,
help; command: name, help. The whole program completes what says `ask`, and the commands that are not here.
"""


def table() -> str:
    """The whole file."""
    return HEAD + "".join(_section("", cli, _context(cli, "mdtodo", None)))


def _section(path: str, command: click.Command, ctx: click.Context) -> Iterator[str]:
    """The command, and all that is below it."""
    settings = set(command.context_settings) - {"help_option_names"}
    assert not settings, f"{path} reads its words in a way that the fast path does not: {settings}"
    params = command.get_params(ctx)
    yield f"\n[{path}]\n"
    arguments = [param for param in params if isinstance(param, click.Argument)]
    if arguments:
        many = len(arguments) > 1 or arguments[0].nargs != 1
        kind = "ask" if len(arguments) > 1 else _kind(arguments[0])
        yield f"argument\t{kind}\t{'many' if many else 'one'}\n"
    for param in params:
        if isinstance(param, click.Option):
            yield _option(param)
    if not isinstance(command, click.Group):
        return
    for item in command.shell_complete(ctx, ""):
        yield f"command\t{item.value}\t{_plain(item.help)}\n"
    for name in command.list_commands(ctx):
        inner = command.get_command(ctx, name)
        assert inner is not None
        yield from _section(f"{path} {name}".strip(), inner, _context(inner, name, ctx))


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    """As the command has it when nothing is given."""
    return command.make_context(name, [], parent=parent, resilient_parsing=True)


def _option(option: click.Option) -> str:
    """One value at most, and named by nobody else, or the words would have to be read in another way."""
    assert option.nargs == 1
    assert not getattr(option, "_flag_needs_value", False)
    often = "hidden" if option.hidden else "many" if option.multiple else "once"
    kind = "flag" if option.is_flag or option.count else _kind(option)
    # click 8.1 has the names of the help in no order
    names = sorted(option.opts, key=len) if option.name == "help" else [*option.opts, *option.secondary_opts]
    return f"option\t{' '.join(names)}\t{kind}\t{often}\t{_plain(option.help)}\n"


def _kind(param: click.Parameter) -> str:
    custom: Any = param._custom_shell_complete
    kind = param.type if custom is None else getattr(custom, "__self__", custom)
    if isinstance(kind, click.Path):
        return "dir" if kind.dir_okay and not kind.file_okay else "file"
    if custom is not None:
        return "ask"
    if isinstance(kind, click.Choice):
        assert kind.case_sensitive
        return " ".join(["choice", *map(str, kind.choices)])
    return "plain" if type(kind).shell_complete is click.ParamType.shell_complete else "ask"


def _plain(line: str | None) -> str:
    """Help that every version of click prints as it is, to any terminal."""
    assert (line or "").isascii()
    assert not set(line or "") & set("\t\n\r")
    return line or ""


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
