"""Whether bubblewrap can be used here; if not, why not, and what to do about it."""

from __future__ import annotations

import os
import sys
from functools import cache
from shutil import which

from mdtodo.errors import MdtodoError
from mdtodo.system.process import Process

#: No other processes are seen, none of the rights of root are left, and what is inside ends with what is outside.
_FLAGS = (
    *("--die-with-parent", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"),
    *("--unshare-cgroup-try", "--cap-drop", "ALL"),
)
#: Nor can a namespace be made inside, from which more of the kernel can be reached; from version 0.8 on.
_NO_MORE = "--disable-userns"
_SECONDS = 20.0
_PROBE = ("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--", "/bin/sh", "-c", ":")

#: Words of bubblewrap's, and what to do.
_ADVICE = {
    "uid map: Permission denied": (
        "AppArmor keeps programs from user namespaces: give bwrap a profile with `userns`, or set "
        "kernel.apparmor_restrict_unprivileged_userns=0"
    ),
    "ENOSPC": "user namespaces are off: raise user.max_user_namespaces",
    "No permissions to create": (
        "user namespaces are off for you: set kernel.unprivileged_userns_clone=1; a container must be started so that "
        "they are allowed, in Docker by another seccomp profile"
    ),
    "namespace failed: Operation not permitted": (
        "user namespaces are forbidden here: a container must be started so that they are allowed, in Docker by "
        "another seccomp profile"
    ),
    "mount proc": (
        "the container that this runs in hides parts of /proc: in Docker, start it with "
        "`--security-opt systempaths=unconfined`"
    ),
}


class BubblewrapError(MdtodoError):
    """bubblewrap cannot be used here; the sentence says why."""


def missing() -> str | None:
    """Why there can be no sandbox here, None where there can be one. Looked at once in a process."""
    try:
        bubblewrap()
    except BubblewrapError as error:
        return f"{error.sentence}; {error.hint}" if error.hint else error.sentence
    return None


def bubblewrap() -> tuple[str, ...]:
    """The program, and the options that every sandbox has. Raises BubblewrapError where it cannot be used."""
    if sys.platform != "linux":
        raise BubblewrapError("`sandbox` needs bubblewrap, which is for Linux alone")
    program = which("bwrap")
    if program is None:
        raise BubblewrapError(
            "`sandbox` needs bubblewrap: no program bwrap in PATH", hint="install the package bubblewrap"
        )
    answer = _probed(os.path.abspath(program))
    if isinstance(answer, str):
        raise _error(answer)
    return answer


@cache
def _probed(program: str) -> tuple[str, ...] | str:
    """The command line that works, else what it says."""
    # its exit code is 1 for everything, so what it cannot do is found out before anything depends on it
    words = ""
    for flags in ((*_FLAGS, _NO_MORE), _FLAGS):
        code, words = _run([program, *flags, *_PROBE])
        if code == 0:
            return (program, *flags)
        if _NO_MORE not in words:
            break
    return words


def _run(argv: list[str]) -> tuple[int, str]:
    process = None
    try:
        process = Process(argv, dict(os.environ))
        code, _, err = process.finish(timeout=_SECONDS)
    except OSError as error:  # TimeoutError too
        if process is not None:
            process.kill()
        return 1, error.strerror or f"no answer within {_SECONDS:g} s"
    lines = err.decode(errors="replace").strip().splitlines()
    return code, lines[-1] if lines else f"exit code {code}"


def _error(words: str) -> BubblewrapError:
    hint = next((advice for part, advice in _ADVICE.items() if part in words), None)
    said = words.removeprefix("bwrap: ").removesuffix(".")
    return BubblewrapError(f"bubblewrap cannot make a sandbox here: {said}", hint=hint)
