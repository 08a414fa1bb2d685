"""One command, run to its end in this process group, with its output passed through."""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import FrameType

_CHUNK = 64 * 1024

#: Bytes of what was read before that are looked at again, so that a match may lie across two reads.
_OVERLAP = 4096

#: What a terminal takes for a change of colour; a tool that is told to use colour puts it between the words.
_COLOUR = re.compile(rb"\x1b\[[0-9;]*m")


class Execution:
    """A program to run in `folder`; after `run`, `matched` has those of `patterns` that its output has but for its
    colours, and `interrupted` is the signal that asked this process to end, 0 if none did.

    Its output is this process's own, read on the way only where there are patterns. It has no input.
    """

    def __init__(
        self, argv: Sequence[str], env: Mapping[str, str], folder: str, patterns: Iterable[str] = ()
    ) -> None:
        self._argv, self._env, self._folder = argv, env, folder
        self._wanted = compiled(patterns)
        self._child: subprocess.Popen[bytes] | None = None
        self.matched = set[str]()
        self.interrupted = 0

    def run(self) -> int | None:
        """The exit code, 128 and the signal's number where a signal ended it; None and a sentence where it does not
        start."""
        handlers = {
            one: signal.signal(one, self._pass_on) for one in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
        }
        try:
            code = self._run()
        except OSError as error:
            write(
                2,
                f"{self._argv[0]} could not be started: {error.strerror}\n".encode(
                    "utf-8", "backslashreplace"
                ),
            )
            return None
        finally:
            for one, handler in handlers.items():
                signal.signal(one, handler)
        return 128 - code if code < 0 else code

    def _run(self) -> int:
        output = subprocess.PIPE if self._wanted else None
        with subprocess.Popen(
            self._argv,
            env=self._env,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            # If both go to the same place, one pipe keeps their order.
            stderr=subprocess.STDOUT if output is not None and os.path.sameopenfile(1, 2) else output,
        ) as child:
            self._child = child
            if self.interrupted:  # it came before there was anything to end
                self._pass_on(self.interrupted, None)
            if self._wanted:
                self._pass_through(child)
            return child.wait()

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        """End the tool as well; Ctrl-C reaches it by itself."""
        self.interrupted = number
        if self._child is not None and number != signal.SIGINT:
            self._child.send_signal(number)

    def _pass_through(self, child: subprocess.Popen[bytes]) -> None:
        """Copy both streams until they end, or until the tool is gone and what it left behind is silent, or had its
        second."""
        gone = None
        with selectors.DefaultSelector() as streams:
            for source, target in ((child.stdout, 1), (child.stderr, 2)):
                if source is not None:
                    streams.register(source, selectors.EVENT_READ, [target, b""])
            while streams.get_map():
                # Asked before the streams are: a tool that writes and ends between the two would lose its last words.
                ended = child.poll() is not None
                ready = streams.select(timeout=0.2)
                if ended:
                    gone = gone or time.monotonic()
                    if not ready or time.monotonic() > gone + 1:
                        return
                for key, _ in ready:
                    data = os.read(key.fd, _CHUNK)
                    if not data:
                        streams.unregister(key.fileobj)
                    self._take(key.data, data)

    def _take(self, stream: list[object], data: bytes) -> None:
        target, before = stream
        assert isinstance(target, int)
        assert isinstance(before, bytes)
        write(target, data)
        seen = before + data
        # Of both reads together: a sequence may lie across them.
        bare = _COLOUR.sub(b"", seen)
        self.matched |= {one for one, pattern in self._wanted.items() if pattern.search(bare)}
        stream[1] = seen[-_OVERLAP:]


def match_and_remove(path: str, patterns: Iterable[str]) -> set[str]:
    """Those of `patterns` that the file has, which is gone afterwards; none where there is no such file."""
    try:
        with open(path, "rb") as file:
            text = file.read()
        os.unlink(path)
    except OSError:
        return set()
    return {one for one, pattern in compiled(patterns).items() if pattern.search(text)}


def compiled(patterns: Iterable[str]) -> dict[str, re.Pattern[bytes]]:
    """Each pattern, for bytes."""
    return {one: re.compile(one.encode()) for one in patterns}


def write(target: int, data: bytes) -> None:
    """Write all of it to this descriptor; nobody has to read it."""
    with suppress(BrokenPipeError):
        while data:
            # `os.write` may write only a part of it.
            data = data[os.write(target, data) :]
