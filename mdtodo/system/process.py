"""How a program is started, talked to over its pipes, and ended.

By `posix_spawn`, without `subprocess`: that takes longer to import than git takes to answer, and a third more CPU time
for each start.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from functools import cache, partial
from math import inf
from time import monotonic, sleep
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    Environment = Mapping[str, str] | Mapping[bytes, bytes]

#: Bytes that any pipe takes at once.
PIPE = 4096

#: In the place of standard error: where standard output goes.
STDOUT = -1

_CHUNK = 1 << 20
#: Seconds between two looks whether a program has ended.
_POLL_EVERY, _REAP_EVERY = 0.05, 0.005


def available_cpus() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Process:
    """A running program. It is told with `feed`, and heard with `line` and `read` or, to its end, `finish`.

    `files` are its standard input, output and error: descriptors, or None for a pipe. `on_output`, if given, gets what
    is read of 1 or 2, which is not kept then. The other words, and what is raised, as in `spawn`.
    """

    def __init__(
        self,
        argv: Sequence[str],
        env: Environment,
        files: Sequence[int | None] = (None, None, None),
        *,
        own_group: bool = False,
        session: bool = False,
        on_output: Callable[[int, bytes], None] | None = None,
    ) -> None:
        pipes = {number: os.pipe() for number, file in enumerate(files) if file is None}
        # it reads from the first end of the first pipe, and writes to the second end of the others
        given = [pipes[number][number > 0] if file is None else file for number, file in enumerate(files)]
        self._fds = {number: pipe[number == 0] for number, pipe in pipes.items()}
        self._kept = {1: bytearray(), 2: bytearray()}
        self._on_output = on_output or (lambda number, data: self._kept[number].extend(data))
        self._code: int | None = None
        try:
            given[2] = given[1] if given[2] == STDOUT else given[2]
            self.pid = spawn(argv, env, given, own_group=own_group, session=session)
        except BaseException:
            self._close(0, 1, 2)
            raise
        finally:
            for number, pipe in pipes.items():
                os.close(pipe[number > 0])

    def feed(self, data: bytes, *, end: bool = False) -> None:
        """Give it standard input, at most PIPE bytes while none of what was given waits to be read.

        `end`: there is no more. A program that does not listen any more is not complained of here.
        """
        if 0 in self._fds and data:
            with suppress(BrokenPipeError):
                os.write(self._fds[0], data)
        if end:
            self._close(0)

    def line(self) -> bytes:
        """The next line of standard output with its end; less than that where the program ended."""
        while (end := self._kept[1].find(b"\n")) < 0 and 1 in self._fds:
            self._take(self._ready(1, 2))
        return self._taken(end + 1 if end >= 0 else len(self._kept[1]))

    def read(self, size: int) -> bytes:
        """The next `size` bytes of standard output; less where the program ended."""
        while len(self._kept[1]) < size and 1 in self._fds:
            self._take(self._ready(1, 2))
        return self._taken(size)

    def finish(
        self, stdin: bytes = b"", *, timeout: float | None = None, linger: float | None = None
    ) -> tuple[int, bytes, bytes]:
        """Exit code (-N for signal N), and the rest of standard output and standard error of the program, which gets
        `stdin`. What it leaves running may hold its pipes open for `linger` seconds more (None: for ever).

        Raises TimeoutError where it takes longer than `timeout` seconds: it runs on then.
        """
        pending = memoryview(stdin)
        if 0 in self._fds:
            # poll(2) says that some bytes can be written; without O_NONBLOCK a write of more would block.
            os.set_blocking(self._fds[0], False)
            if not pending:
                self._close(0)
        running, bounded = True, timeout is not None or linger is not None
        until = inf if timeout is None else monotonic() + timeout
        while self._fds or (running and timeout is not None):
            if bounded and running and self.ended():
                running, until = False, inf if linger is None else monotonic() + linger
            if bounded and monotonic() >= until:
                break
            # All three pipes at once: a program that fills one that nobody reads would wait for ever, and we for it.
            ready = self._ready(0, 1, 2, seconds=_POLL_EVERY if bounded else None)
            if 0 in ready and not (pending := _write(self._fds[0], pending)):
                self._close(0)
            self._take(ready)
        self._close(0, 1, 2)
        if running and timeout is not None:
            raise TimeoutError
        return self._wait(), bytes(self._kept[1]), bytes(self._kept[2])

    def signal(self, number: int) -> None:
        """Send it a signal, if nobody has found it ended."""
        if self._code is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once, whatever it does."""
        self.signal(9)
        self.finish()

    def end_group(self, grace: float) -> None:
        """End what is left of the group or session that it leads: TERM, and KILL once it has ended, or after the grace
        in seconds."""
        give_up = monotonic() + grace
        for number in (15, 9):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)
            while number == 15 and not self.ended() and monotonic() < give_up:
                sleep(_REAP_EVERY)
        self._wait()
        self._close(0, 1, 2)

    def ended(self) -> bool:
        """Whether it has ended; what it started may go on."""
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._code = os.waitstatus_to_exitcode(status) if pid else None
        return self._code is not None

    def _wait(self) -> int:
        if self._code is None:
            self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._code

    def _ready(self, *numbers: int, seconds: float | None = None) -> set[int]:
        """Which of its pipes can be written to or read from now, or within the seconds (None: ever)."""
        import select

        poll, fds = select.poll(), {self._fds[number]: number for number in numbers if number in self._fds}
        for fd, number in fds.items():
            poll.register(fd, select.POLLIN if number else select.POLLOUT)
        return {fds[fd] for fd, _ in poll.poll(None if seconds is None else seconds * 1000)}

    def _take(self, ready: set[int]) -> None:
        for number in ready - {0}:
            if data := os.read(self._fds[number], _CHUNK):
                self._on_output(number, data)
            else:
                self._close(number)

    def _taken(self, size: int) -> bytes:
        part = bytes(self._kept[1][:size])
        del self._kept[1][:size]
        return part

    def _close(self, *numbers: int) -> None:
        for number in numbers:
            if number in self._fds:
                os.close(self._fds.pop(number))


def spawn(
    argv: Sequence[str],
    env: Environment,
    files: Sequence[int],
    *,
    own_group: bool = False,
    session: bool = False,
) -> int:
    """Start a program with `files` as its standard input, output and error; its id, also that of a group or session of
    its own, which Ctrl-C does not reach.

    It runs in the folder of this process. One without a slash is looked for in the PATH of `env`. Raises OSError where
    the system will not start it, FileNotFoundError where it is not there, and ValueError for a null byte.
    """
    if any("\0" in argument for argument in argv):
        raise ValueError("embedded null byte")
    # posix_spawnp(3) would look in the PATH of this process
    program = _found(argv[0], env)
    actions = [(os.POSIX_SPAWN_DUP2, fd, target) for target, fd in enumerate(files)]
    start = partial(os.posix_spawn, program, list(argv), env, file_actions=actions, setsigdef=_ignored())
    if not session:
        return start(setpgroup=0) if own_group else start()
    try:
        return start(setsid=True)
    except NotImplementedError:
        # a C library without POSIX_SPAWN_SETSID
        return _popen(argv, env, files)


@cache
def _ignored() -> tuple[int, ...]:
    """Signals that Python ignores, and that a program should not. SIGXFZ is no slip: `subprocess` has that name too."""
    import signal

    names = ("SIGPIPE", "SIGXFSZ", "SIGXFZ")
    return tuple(getattr(signal, name) for name in names if hasattr(signal, name))


#: Where programs were found, by name and PATH; as in a shell, one that stays there is not looked for again.
_known: dict[tuple[bytes, bytes], bytes] = {}


def _found(program: str, env: Environment) -> bytes:
    """Where the program is, by the rules of execvp(3): the first that can be run, else the first error but absence."""
    name = os.fsencode(program)
    if b"/" in name or not name:
        return name
    variables: Mapping[Any, str | bytes] = env
    search = os.fsencode(variables.get("PATH", variables.get(b"PATH", os.defpath)))
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


def _popen(argv: Sequence[str], env: Environment, files: Sequence[int]) -> int:
    import subprocess

    source, output, errors = files
    # nothing has to be closed: no descriptor of ours is inheritable (PEP 446)
    process = subprocess.Popen(
        argv, env=env, stdin=source, stdout=output, stderr=errors, start_new_session=True, close_fds=False
    )
    process.returncode = 0  # whoever asked for it waits for it, not this object
    return process.pid


def _write(fd: int, pending: memoryview) -> memoryview:
    """What is left to be written; nothing where the other side closed its end."""
    try:
        return pending[os.write(fd, pending[: 1 << 16]) :]
    except BlockingIOError:
        return pending
    except BrokenPipeError:
        return pending[:0]
