"""A program started by `posix_spawn` and talked to over its pipes.

Without `subprocess`, which takes longer to import than git takes to answer.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from mdtodo.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Bytes that any pipe takes at once.
PIPE = 4096

_CHUNK = 1 << 20


class Process:
    """A running program. It is told with `feed`, and heard with `line` and `read` or, to its end, `finish`.

    `own_group`: in a process group of its own, so that Ctrl-C does not reach it. Raises GitError where there is
    no such program.
    """

    def __init__(self, argv: list[str], env: Mapping[str, str], *, own_group: bool = False) -> None:
        import signal

        pipes = [os.pipe() for _ in range(3)]
        (child_in, to_child), (from_out, child_out), (from_err, child_err) = pipes
        child_ends = (child_in, child_out, child_err)
        actions = [(os.POSIX_SPAWN_DUP2, fd, target) for target, fd in enumerate(child_ends)]
        self._fds: list[int | None] = [to_child, from_out, from_err]
        self._out, self._err = bytearray(), bytearray()
        # Python ignores these two signals, and a program that is started inherits what is ignored.
        defaults = (signal.SIGPIPE, signal.SIGXFSZ)
        spawn = partial(os.posix_spawnp, argv[0], argv, env, file_actions=actions, setsigdef=defaults)
        try:
            self.pid = spawn(setpgroup=0) if own_group else spawn()
        except OSError as error:
            self._close(0, 1, 2)
            hint = "install git, or put it on PATH"
            raise GitError(f"cannot run {argv[0]}: {error.strerror}", hint=hint) from error
        finally:
            for fd in child_ends:
                os.close(fd)

    def feed(self, data: bytes, *, end: bool = False) -> None:
        """Give it standard input, at most PIPE bytes while none of what was given waits to be read.

        `end`: there is no more. A program that does not listen any more is not complained of here.
        """
        fd = self._fds[0]
        if fd is not None and data:
            with suppress(BrokenPipeError):
                os.write(fd, data)
        if end:
            self._close(0)

    def line(self) -> bytes:
        """The next line of standard output with its end; less than that where the program ended."""
        while (end := self._out.find(b"\n")) < 0 and self._poll_output():
            pass
        return self._taken(end + 1 if end >= 0 else len(self._out))

    def read(self, size: int) -> bytes:
        """The next `size` bytes of standard output; less where the program ended."""
        while len(self._out) < size and self._poll_output():
            pass
        return self._taken(size)

    def finish(self, stdin: bytes = b"") -> tuple[int, bytes, bytes]:
        """Exit code, and the rest of standard output and standard error of the program, which gets `stdin`.

        The code is -N for signal N.
        """
        import select

        # All three pipes at once: a program that fills one that nobody reads would wait for ever, and we for it.
        poll = select.poll()
        pending = memoryview(stdin)
        if self._fds[0] is not None and not pending:
            self._close(0)
        for number, fd in enumerate(self._fds):
            if fd is not None:
                poll.register(fd, select.POLLIN if number else select.POLLOUT)
        if (to_child := self._fds[0]) is not None:
            # poll(2) says that some bytes can be written; without O_NONBLOCK a write of more would block.
            os.set_blocking(to_child, False)
        while any(fd is not None for fd in self._fds):
            for fd, _ in poll.poll():
                if fd == to_child:
                    pending = _write(fd, pending)
                    ended = not pending
                else:
                    ended = not self._take(self._fds.index(fd))
                if ended:
                    poll.unregister(fd)
                    self._close(self._fds.index(fd))
        return self._wait(), bytes(self._out), bytes(self._err)

    def kill(self) -> None:
        """End it at once, whatever it does."""
        import signal

        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.finish()

    def _poll_output(self) -> bool:
        """Wait for more of standard output, without letting standard error fill up; False at its end."""
        out, err = self._fds[1], self._fds[2]
        if out is None:
            return False
        if err is not None:
            import select

            poll = select.poll()
            poll.register(out, select.POLLIN)
            poll.register(err, select.POLLIN)
            ready = {fd for fd, _ in poll.poll()}
            if err in ready and not self._take(2):
                self._close(2)
            if out not in ready:
                return True
        if self._take(1):
            return True
        self._close(1)
        return False

    def _take(self, number: int) -> bool:
        fd = self._fds[number]
        assert fd is not None
        chunk = os.read(fd, _CHUNK)
        (self._out if number == 1 else self._err).extend(chunk)
        return bool(chunk)

    def _taken(self, size: int) -> bytes:
        part = bytes(self._out[:size])
        del self._out[:size]
        return part

    def _close(self, *numbers: int) -> None:
        for number in numbers:
            fd = self._fds[number]
            if fd is not None:
                os.close(fd)
                self._fds[number] = None

    def _wait(self) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def _write(fd: int, pending: memoryview) -> memoryview:
    """What is left to be written; nothing where the other side closed its end."""
    try:
        return pending[os.write(fd, pending[: 1 << 16]) :]
    except BlockingIOError:
        return pending
    except BrokenPipeError:
        return pending[:0]
