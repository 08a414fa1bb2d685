"""GitHub's workflow commands (actions/toolkit, command.ts), and text that must never be one."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mdtodo.reporting.text import one_line, printable

if TYPE_CHECKING:
    from collections.abc import Iterator


def annotate(level: str, message: str, *, file: str = "", line: int | None = None, title: str = "") -> None:
    """`::error file=...,line=...,title=...::message`; `level` is `error`, `warning` or `notice`.

    One line, whatever is in it: escaped as the runner reads it, and control characters made visible.
    """
    properties = [f"file={_property(file)}"] if file else []
    properties += [f"line={line}"] if file and line is not None else []
    properties += [f"title={_property(one_line(title))}"] if title else []
    say(f"::{level}{' ' if properties else ''}{','.join(properties)}::{_data(message)}")


@contextmanager
def quoted() -> Iterator[None]:
    """Until its end the runner takes nothing that is printed for a command (`::stop-commands::`)."""
    import secrets

    # not to be guessed: output with the token in it would end the quotation, and then give commands
    token = secrets.token_hex(16)
    say(f"::stop-commands::{token}")
    try:
        yield
    finally:
        # both streams go into one log: what is left of the output must not come after the token
        sys.stderr.flush()
        say(f"::{token}::")


def say(line: str) -> None:
    """A line on standard output, now."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _data(text: str) -> str:
    # `%` first: it is in what the others are replaced by
    return printable(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
