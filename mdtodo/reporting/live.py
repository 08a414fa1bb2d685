"""Lines at the end of a terminal that are drawn again and again, below output that scrolls up.

On rich's console and its hook for what is printed, but not on `rich.live`. That one leaves the cursor below what it has
drawn and counts rows upwards to erase it: where the terminal has folded those rows meanwhile, as a window that is made
narrower does, or where it measures a character otherwise than rich, it erases too little or too much. Here the cursor
stays in the first column of the first line, so all that has to be erased lies below it, however many rows that are; and
no line is folded when it is drawn, as the terminal is told not to (DECAWM, VT100 User Guide, chapter 3).
"""

from __future__ import annotations

import os
from contextlib import suppress
from threading import Event, Thread
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderHook, RenderResult
from rich.control import Control
from rich.segment import ControlType, Segment, Segments

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import ConsoleRenderable
    from rich.text import Text

#: Seconds between two drawings.
_INTERVAL = 0.2

#: The cursor to the first column, and everything from there to the end of the screen erased: the row first, then all
#: from the second column on, as tmux moves into its history what is erased from the very first cell on.
_ERASE = "\r\x1b[K\x1b[C\x1b[J\r"
_FOLD_NOTHING, _FOLD = "\x1b[?7l", "\x1b[?7h"


def live_console(*, colored: bool, stderr: bool = False) -> Console:
    """A console for a terminal that live lines stand on; nothing that is printed to it has a meaning of its own."""
    return Console(
        stderr=stderr,
        force_terminal=True,
        no_color=not colored,
        highlight=False,
        emoji=False,
        markup=False,
    )


class LiveLines(RenderHook):
    """A context in which `lines(width, height)`, one row each, stand below whatever `console` prints.

    `lines` is called at every drawing, also in a thread of its own, and gives `height` lines at most. With `keep` the
    last drawing stays when the context ends; else nothing of it is left.
    """

    def __init__(
        self,
        console: Console,
        lines: Callable[[int, int], Sequence[Text]],
        *,
        interval: float = _INTERVAL,
        keep: bool = False,
    ) -> None:
        self._console = console
        self._lines = lines
        self._interval = interval
        self._keep = keep
        self._over = Event()
        self._thread = Thread(target=self._draw_again, name="live lines", daemon=True)

    def __enter__(self) -> LiveLines:
        self._console.show_cursor(False)
        self._console.push_render_hook(self)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # the thread ends first, else it would draw again what is erased here
        self._over.set()
        self._thread.join()
        self._console.pop_render_hook()
        with suppress(OSError):  # the terminal is gone
            self._console.print(_raw(_ERASE), end="", soft_wrap=True)
            for row in self._shown() if self._keep else ():
                self._console.print(row, soft_wrap=True)
            self._console.show_cursor(True)

    def draw(self) -> None:
        """Draw the lines as they are now."""
        # prints nothing of its own: the hook adds the lines
        self._console.print(Control(), end="", soft_wrap=True)

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """What is printed takes the place of the lines, which move down."""
        return [_raw(_ERASE), *renderables, self]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rows = self._shown()
        yield _raw(_FOLD_NOTHING)
        # all of it anew: rich hands on the options of what is printed above, as soft_wrap
        one_row = options.update(width=self._size()[0], no_wrap=True, overflow="ellipsis", height=None)
        for number, row in enumerate(rows):
            yield Segment("\n" if number else "")
            yield from console.render_lines(row, one_row, pad=False)[0]
        up = f"\x1b[{len(rows) - 1}A" if len(rows) > 1 else ""
        yield _raw(f"\r{up}{_FOLD}")

    def _shown(self) -> Sequence[Text]:
        width, height = self._size()
        return self._lines(width, height)[:height]

    def _size(self) -> tuple[int, int]:
        """Columns and rows that the lines may take, of the terminal itself, whatever COLUMNS says: one less than it
        has, so that no row is full and none scrolls away."""
        try:
            columns, rows = os.get_terminal_size(self._console.file.fileno())
        except (OSError, ValueError):
            columns, rows = 0, 0
        return max(1, (columns or self._console.width) - 1), max(1, (rows or self._console.height) - 1)

    def _draw_again(self) -> None:
        while not self._over.wait(self._interval):
            try:
                self.draw()
            except OSError:
                return  # the terminal is gone; who prints next is told


def _raw(text: str) -> Segments:
    # rich counts no columns for a control segment, and leaves its text as it is
    return Segments([Segment(text, None, [(ControlType.CARRIAGE_RETURN,)])])
