"""Starting a command in a session of its own, by `posix_spawn` where that can do it.

It takes three quarters of the CPU time of `subprocess.Popen`, which is most of what a short command costs.
The calling process goes to the command's folder itself, as `posix_spawn` cannot, and stays there; so it must have
one thread, and no relative paths of its own.
"""

from __future__ import annotations

import errno
import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Signals that Python ignores, and that a command should not. SIGXFZ is no slip: `subprocess` restores that name too.
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
    os.chdir(cwd)
    # posix_spawnp(3) would look in the PATH of this process, not in that of `env`
    program = _found(arguments[0], env)
    try:
        return os.posix_spawn(program, arguments, env, file_actions=actions, setsid=True, setsigdef=_IGNORED)
    except NotImplementedError:
        # a C library without POSIX_SPAWN_SETSID
        return _popen(arguments, env, source, output)


#: Where programs were found, by name and PATH; as in a shell, one that stays there is not looked for again.
_known: dict[tuple[bytes, bytes], bytes] = {}


def _found(program: str, env: Mapping[bytes, bytes]) -> bytes:
    """Where the program is, by the rules of execvp(3): the first that can be run, else the first error but absence."""
    name = os.fsencode(program)
    if b"/" in name or not name:
        return name
    search = env.get(b"PATH", os.fsencode(os.defpath))
    known = _known.get((name, search))
    if known is not None and os.access(known, os.X_OK):
        return known
    paths = [folder + b"/" + name if folder else name for folder in search.split(os.fsencode(os.pathsep))]
    for path in paths:
        if os.access(path, os.X_OK) and not os.path.isdir(path):
            # where a relative one leads depends on the folder
            if path.startswith(b"/"):
                _known[name, search] = path
            return path
    code = errno.EACCES if any(os.path.isfile(path) for path in paths) else errno.ENOENT
    raise OSError(code, os.strerror(code), program)


def _popen(arguments: list[str], env: Mapping[bytes, bytes], source: int, output: int) -> int:
    import subprocess

    # nothing has to be closed: no descriptor of a pool process is inheritable (PEP 446)
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
