"""The processor that stands in the task itself: its first fenced block of `sh`, `bash` or `python`.

Only with `inline = true`, and only for a task that says `run:inline`: whoever may edit the file may then run
code.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mdtodo.config.processor_settings import Processor

if TYPE_CHECKING:
    from mdtodo.core.task import Task

#: What `run:` says for it.
INLINE = "inline"

_COMMANDS = {"sh": ("sh", "-c"), "bash": ("bash", "-c"), "python": ("python3", "-c")}
_OPENING = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*(\w*)[^`]*")


def inline_processor(task: Task) -> Processor | None:
    """The block as a processor; None where the task holds none."""
    fence, kind, code = "", "", list[str]()
    for line in task.above.split("\n"):
        if not fence:
            opening = _OPENING.fullmatch(line)
            if opening:
                fence, kind, code = opening[1], opening[2].lower(), []
        # As long as the opening fence or longer, of its character, and nothing behind it (GFM 4.5).
        elif re.fullmatch(rf" {{0,3}}{fence[0]}{{{len(fence)},}}[ \t]*", line):
            if kind in _COMMANDS:
                return _processor(kind, code)
            fence = ""
        else:
            code.append(line)
    # A fence that is never closed reaches to the end of what holds it (GFM 4.5).
    return _processor(kind, code) if fence and kind in _COMMANDS else None


def _processor(kind: str, code: list[str]) -> Processor:
    return Processor(INLINE, run=(*_COMMANDS[kind], "\n".join(code)))
