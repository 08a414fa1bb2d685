"""One command, run to its end in this process group, with its output passed through."""

from __future__ import annotations

import os
import re
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from mdtodo.system.process import STDOUT, Process

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import FrameType

#: Seconds that what a tool leaves running may go on to write.
_LINGER = 1.0

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
        self._tool: Process | None = None
        self._before = {1: b"", 2: b""}
        self.matched = set[str]()
        self.interrupted = 0

    def run(self) -> int | None:
        """The exit code, 128 and the signal's number where a signal ended it; None and a sentence where it does not
        start. This process goes to the folder, and stays there."""
        handlers = {
            one: signal.signal(one, self._pass_on) for one in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
        }
        try:
            code = self._run()
        except OSError as error:
            said = f"{self._argv[0]} could not be started: {error.strerror}\n"
            write(2, said.encode("utf-8", "backslashreplace"))
            return None
        finally:
            for one, handler in handlers.items():
                signal.signal(one, handler)
        return 128 - code if code < 0 else code

    def _run(self) -> int:
        os.chdir(self._folder)
        outputs: tuple[int | None, ...] = (1, 2)
        if self._wanted:
            # If both go to the same place, one pipe keeps their order.
            outputs = (None, STDOUT if os.path.sameopenfile(1, 2) else None)
        with open(os.devnull, "rb") as nothing:
            files = (nothing.fileno(), *outputs)
            self._tool = Process(self._argv, self._env, files, on_output=self._take)
        if self.interrupted:  # it came before there was anything to end
            self._pass_on(self.interrupted, None)
        return self._tool.finish(linger=_LINGER)[0]

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        """End the tool as well; Ctrl-C reaches it by itself."""
        self.interrupted = number
        if self._tool is not None and number != signal.SIGINT:
            self._tool.signal(number)

    def _take(self, number: int, data: bytes) -> None:
        write(number, data)
        seen = self._before[number] + data
        # Of both reads together: a sequence may lie across them.
        bare = _COLOUR.sub(b"", seen)
        self.matched |= {one for one, pattern in self._wanted.items() if pattern.search(bare)}
        self._before[number] = seen[-_OVERLAP:]


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
