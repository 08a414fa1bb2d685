"""A real terminal: a process of its own on a pty, and what its screen and its scrollback show, by pyte."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from typing import TYPE_CHECKING
from unicodedata import normalize

import pyte
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.conftest import Checkout

#: Of many widths: long, wide, joined and combining characters.
TITLES = (
    *("Short", "A title that is longer than a narrow terminal, and goes on and on until nobody reads it"),
    *("日本語の題名はとても長いので折り返される日本語の題名はとても長い", "Flag 🇩🇪 and 👍🏽 and 🚀"),
    *("Cafe\u0301 a\u0308\u0302\u0301 combining", "Plain"),
)


class Terminal:
    """`mdtodo *args` on a terminal of so many columns and lines; `raw` is all that it wrote."""

    def __init__(self, args: Sequence[str], cwd: Path, columns: int, lines: int, **variables: str) -> None:
        self.screen = pyte.HistoryScreen(columns, lines, history=10_000, ratio=1)
        self.raw = b""
        self._stream = pyte.ByteStream(self.screen)
        self._ours, theirs = pty.openpty()
        self._set_size(columns, lines)
        kept = {
            key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES", "NO_COLOR")
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mdtodo", *args],
            cwd=cwd,
            env=kept | {"TERM": "xterm-256color"} | variables,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.hang_up()

    def read(self, patience: float = 0.1) -> bool:
        """Show what was written in the meantime; whether the terminal is still in use."""
        if select.select([self._ours], [], [], patience)[0]:
            try:
                part = os.read(self._ours, 65536)
            except OSError:  # how the end of a pty is told on Linux
                return False
            self.raw += part
            self._stream.feed(part)
            return bool(part)
        return True

    def read_until(self, words: str, patience: float = 240.0) -> None:
        """Until these words stand on the screen."""
        deadline = time.monotonic() + patience
        while words not in self.text:
            assert time.monotonic() < deadline, self.text
            assert self.read(), self.text

    def end(self, patience: float = 240.0) -> int:
        """Read until the process is over; its exit code."""
        deadline = time.monotonic() + patience
        while self.read():
            assert time.monotonic() < deadline, self.text
        return self.process.wait(timeout=30)

    def resize(self, columns: int, lines: int) -> None:
        """As when a window is dragged."""
        self._set_size(columns, lines)
        self.screen.resize(lines, columns)
        self.process.send_signal(signal.SIGWINCH)

    def type(self, keys: str) -> None:
        """As a person does; the terminal shows what is typed."""
        os.write(self._ours, keys.encode())

    def hang_up(self) -> None:
        """Close the window."""
        if self._ours >= 0:
            os.close(self._ours)
        self._ours = -1

    @property
    def rows(self) -> list[str]:
        """Every row, those that have scrolled up first."""
        return [*map(self._row, self.screen.history.top), *self.screen.display]

    @property
    def text(self) -> str:
        """The rows without blanks at their ends, as a person sees them."""
        return "\n".join(row.rstrip() for row in self.rows).rstrip()

    def _row(self, cells: dict[int, pyte.screens.Char]) -> str:
        return "".join(cells[column].data for column in range(self.screen.columns))

    def _set_size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


class Tmux:
    """The same in a window of tmux, which folds lines anew when it is resized, as most terminals do."""

    #: Seconds after which a tmux that does not answer is asked once more, and then given up.
    PATIENCE = 30

    def __init__(self, command: str, cwd: Path, columns: int, lines: int) -> None:
        self._socket = f"mdtodo-{os.getpid()}-{time.monotonic_ns()}"  # none that another one is just leaving
        options = cwd / ".git" / "tmux.conf"
        options.write_text("set -g remain-on-exit on\nset -g history-limit 10000\n")
        size = ("-x", str(columns), "-y", str(lines))
        self._tmux("-f", str(options), "new-session", "-d", *size, "-c", str(cwd), command)

    def __enter__(self) -> Tmux:
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["tmux", "-L", self._socket, "kill-server"], check=False, timeout=self.PATIENCE)

    @property
    def alive(self) -> bool:
        """Whether the command still runs."""
        return self._tmux("display-message", "-p", "#{pane_dead}").strip() != "1"

    def resize(self, columns: int, lines: int) -> None:
        """As when a window is dragged."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(lines))

    @property
    def text(self) -> str:
        """All that has been shown, folded lines joined."""
        return self._tmux("capture-pane", "-p", "-J", "-S", "-")

    def _tmux(self, *args: str) -> str:
        command = ["tmux", "-L", self._socket, *args]
        for _ in range(2):
            with contextlib.suppress(subprocess.TimeoutExpired):
                return subprocess.run(
                    command, check=True, capture_output=True, text=True, timeout=self.PATIENCE
                ).stdout
        pytest.skip(f"tmux itself does not answer: {args}")


def visible(text: str) -> str:
    """Text without white space, which wrapping and padding change, and composed, as pyte has it."""
    return normalize("NFC", "".join(text.split()))


def in_order(words: Sequence[str], text: str) -> Iterator[str]:
    """Those of the words that do not stand in the text after the one before them, or stand there twice."""
    position = 0
    for word in map(visible, words):
        found = text.find(word, position)
        if found < 0 or text.count(word) != 1:
            yield f"{word} ({text.count(word)} times)"
        else:
            position = found + len(word)


def shown(repo: Checkout, *args: str, columns: int = 80, **variables: str) -> list[str]:
    """The lines that `mdtodo` prints on a terminal."""
    ours, theirs = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    env = kept | {"COLUMNS": str(columns), "TERM": "xterm"} | variables
    command = [sys.executable, "-m", "mdtodo", *args]
    with subprocess.Popen(
        command, cwd=repo.root, env=env, stdout=theirs, stdin=subprocess.DEVNULL
    ) as process:
        os.close(theirs)
        parts = []
        try:
            while part := os.read(ours, 65536):
                parts.append(part)
        except OSError:  # the end of a terminal
            pass
        os.close(ours)
    assert process.returncode == 0
    text = b"".join(parts).decode(errors="replace").replace("\r\n", "\n")
    return text.split("\n")[:-1]
