"""The inputs of the Action, as text from the environment, and what they mean."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.names import suggestion
from mdtodo.errors import UsageError
from mdtodo.proof.rules import WORDS

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence

COMMANDS = ("run", "verify", "check")
_PREFIX = "MDTODO_INPUT_"


class Inputs(NamedTuple):
    """`args` as words, `files` as lines; `proof` how strict the gate is at least, or empty; `directory` relative to the
    workspace."""

    command: str
    args: tuple[str, ...]
    files: tuple[str, ...]
    jobs: int
    push: bool
    branch: str
    pull_request: bool
    in_fork: bool
    proof: str
    directory: str


def take_inputs(environ: MutableMapping[str, str]) -> Inputs:
    """Read the inputs, and take them out of the environment, which processors inherit.

    Raises UsageError for what an input cannot be.
    """
    given = {name: environ.pop(name) for name in list(environ) if name.startswith(_PREFIX)}

    def text(name: str) -> str:
        return given.get(_PREFIX + name, "").strip()

    return Inputs(
        _one_of("command", text("COMMAND") or "run", COMMANDS),
        _words(text("ARGS")),
        tuple(line.strip() for line in text("FILES").split("\n") if line.strip()),
        _jobs(text("JOBS")),
        flag("push", text("PUSH"), default=True),
        text("BRANCH"),
        flag("pull-request", text("PULL_REQUEST"), default=False),
        flag("run-in-fork", text("RUN_IN_FORK"), default=False),
        _one_of("proof", text("PROOF"), WORDS) if text("PROOF") else "",
        text("WORKING_DIRECTORY") or ".",
    )


def _one_of(name: str, text: str, words: Sequence[str]) -> str:
    if text not in words:
        listed = f"{', '.join(words[:-1])} or {words[-1]}"
        raise UsageError(f"the input {name} must be {listed}, not {text!r}{suggestion(text, words)}")
    return text


def _words(text: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(f"the input args cannot be split into words: {error}") from None
    # `work` has no token to push with; `deliver` has it, and runs no processor.
    if "--push" in words:
        raise UsageError("the input args must not contain --push", hint="use the input push instead")
    return words


def _jobs(text: str) -> int:
    # isascii too: `²`.isdigit() is true, and int() refuses it.
    if text and not (text.isascii() and text.isdigit() and len(text) < 6):
        raise UsageError(f"the input jobs must be 0 or a positive number, not {text!r}")
    return int(text or 0)


def flag(name: str, text: str, *, default: bool) -> bool:
    """Whether an input is `true`. Raises UsageError where it is neither that, nor `false`, nor empty."""
    if text.lower() not in ("", "true", "false"):
        raise UsageError(f"the input {name} must be true or false, not {text!r}")
    return text.lower() == "true" if text else default
