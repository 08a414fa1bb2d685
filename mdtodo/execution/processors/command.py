"""A command as a processor: how it starts, and why it did not.

A string is read by a shell, a list is a program with its arguments.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from mdtodo.core.results import Result
from mdtodo.execution.processors.spec import cut
from mdtodo.system.process import spawn

if TYPE_CHECKING:
    from mdtodo.execution.processors.attempt_log import AttemptLog

#: As a shell numbers a command that it could not start.
NOT_FOUND, NOT_EXECUTABLE = 127, 126
#: What of a task may be long, and is whole on standard input.
_TEXTS = (b"MDTODO_TASK_TITLE", b"MDTODO_TASK_TAGS", b"MDTODO_TASK_BODY")
#: Bytes of such a text that a command gets where the system takes no more in all (E2BIG).
_SHORT_VARIABLE = 1024


def start(run: str | list[str], env: dict[bytes, bytes], cwd: str, files: tuple[int, int]) -> int:
    """Start a command; its id. A text that the system finds too long is cut harder.

    `files` are the descriptors of its standard input and of its output. Raises OSError or ValueError, as `spawn`.
    This process goes to the command's folder itself, as `posix_spawn` cannot, and stays there: so it must have one
    thread, and no relative paths of its own.
    """
    source, output = files
    arguments = ["/bin/sh", "-c", run] if isinstance(run, str) else run
    os.chdir(cwd)
    try:
        return spawn(arguments, env, (source, output, output), session=True)
    except OSError as error:
        if error.errno != errno.E2BIG:
            raise
        short = {
            name: cut(value, _SHORT_VARIABLE) if name in _TEXTS else value for name, value in env.items()
        }
        return spawn(arguments, short, (source, output, output), session=True)


def not_started(run: str | list[str], error: OSError | ValueError, log: AttemptLog) -> Result:
    """The result of a command that the system would not start: as a shell numbers it, with a sentence."""
    name = run[0] if isinstance(run, list) else "/bin/sh"
    code, sentence = NOT_EXECUTABLE, f"{name} could not be started: {error}"
    if isinstance(error, FileNotFoundError):
        code, sentence = NOT_FOUND, f"{name}: command not found"
    elif isinstance(error, PermissionError):
        sentence = f"{name} is not executable"
    elif isinstance(error, OSError) and error.errno == errno.ENOEXEC:
        sentence = f"{name} is not a program: the first line of a script must name its interpreter, such as `#!/bin/sh`"
    elif isinstance(error, OSError):
        sentence = f"{name} could not be started: {error.strerror}"
    log.note(sentence)
    return Result(code, error=sentence)


def error_in_shell(code: int | None) -> str | None:
    """What the exit code of a shell says of the commands in it; None where that is nothing."""
    return {NOT_FOUND: "a command was not found", NOT_EXECUTABLE: "a command is not executable"}.get(
        code or 0
    )
