"""What pool processes write down for the case that the runner is dead before it has read it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from mdtodo.execution.local.channel import encoded

if TYPE_CHECKING:
    from mdtodo.core.task import Json


class Spool:
    """The files of this process, one for each run."""

    __slots__ = ("_files",)

    def __init__(self) -> None:
        self._files: dict[str, int] = {}

    def write(self, spec: Json, entry: Json) -> int:
        """Write down what is to be known of an attempt; the descriptor, -1 where that cannot be done."""
        place, task = spec.get("spool"), cast("Json", spec["task"])
        if not isinstance(place, str):
            return -1
        try:
            if place not in self._files:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
                # a file of its own for each process, so that no lines are mixed
                self._files[place] = os.open(f"{place}.{os.getpid()}", flags, 0o600)
            known = {"processor": task.get("processor"), "root": spec["cwd"]}
            known |= {name: spec.get(name) for name in ("anchor", "tree")}
            # not synced: a kill takes nothing of what was written, and a power cut only costs time
            os.write(self._files[place], encoded({**entry, **known}))
        except OSError:  # a full disk: then it may run again after a kill
            return -1
        return self._files[place]
