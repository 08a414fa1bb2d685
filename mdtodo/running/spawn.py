"""Starting a command in a session of its own, by `posix_spawn` where that can do it.

It takes three quarters of the processor time of `subprocess.Popen`, which is most of what a short command costs.
The calling process goes to the command's folder itself and back, as `posix_spawn` cannot; so it must have one
thread.
"""

from __future__ import annotations

import errno
import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Signals that Python ignores, and that a command should not.
_IGNORED = tuple(getattr(signal, name) for name in ("SIGPIPE", "SIGXFSZ", "SIGXFZ") if hasattr(signal, name))


def spawn(arguments: list[str], env: Mapping[bytes, bytes], cwd: str, source: int, output: int) -> int:
    """Start it with `source` as standard input and `output` for both outputs; the process id, which is also that of
    its group and session.

    A program without a slash is looked for in the PATH of `env`. Raises OSError where the system will not start it,
    FileNotFoundError where it is not there, and ValueError for a null byte.
    """
    if any("\0" in argument for argument in arguments):
        raise ValueError("embedded null byte")
    actions = [(os.POSIX_SPAWN_DUP2, fd, target) for target, fd in enumerate((source, output, output))]
    home = os.getcwd()
    os.chdir(cwd)
    try:
        program = _found(arguments[0], env)
        return os.posix_spawn(program, arguments, env, file_actions=actions, setsid=True, setsigdef=_IGNORED)
    except NotImplementedError:
        return _popen(arguments, env, source, output)
    finally:
        os.chdir(home)


def _found(program: str, env: Mapping[bytes, bytes]) -> bytes:
    """Where the program is, by the rules of execvp(3): the first that can be run, else the first error but absence."""
    name = os.fsencode(program)
    if b"/" in name or not name:
        return name
    folders = env.get(b"PATH", os.fsencode(os.defpath)).split(os.fsencode(os.pathsep))
    paths = [folder + b"/" + name if folder else name for folder in folders]
    for path in paths:
        if os.access(path, os.X_OK) and not os.path.isdir(path):
            return path
    code = errno.EACCES if any(os.path.isfile(path) for path in paths) else errno.ENOENT
    raise OSError(code, os.strerror(code), program)


def _popen(arguments: list[str], env: Mapping[bytes, bytes], source: int, output: int) -> int:
    import subprocess

    process = subprocess.Popen(
        arguments,
        stdin=source,
        stdout=output,
        stderr=output,
        env=env,
        start_new_session=True,
        close_fds=False,
    )
    process.returncode = 0  # the supervision waits for it, not this object
    return process.pid
