"""The trailers of a receipt, read: which runs a commit tells of, and what became of which task in each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.receipts.message import Trailer, before_title, said

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class RunTrailers(NamedTuple):
    """What one run landed with a commit. `undoes`: the run that it took back; `inputs`: digests by task."""

    run: str
    undoes: str | None
    tasks: tuple[Trailer, ...]
    inputs: Mapping[str, str]


def groups(trailers: Iterable[str]) -> tuple[RunTrailers, ...]:
    """Trailers as git lists them, unfolded, by their runs: each belongs to the `Mdtodo-Run:` before it.

    So the runs of commits that somebody squashed with all their trailers stay apart. A value that is not of the
    form of a receipt is passed over.
    """
    found: dict[str, _RunTrailersBuilder] = {}
    early = builder = _RunTrailersBuilder()
    for trailer in trailers:
        key, _, value = trailer.partition(": ")
        name, value = key.casefold(), value.strip()
        if name == "mdtodo-run":
            builder = (
                found.setdefault(value, _RunTrailersBuilder())
                if _WORD.fullmatch(value)
                else _RunTrailersBuilder()
            )
        else:
            builder.add(name, value)
    # Somebody may have reordered the trailers, so what came before the first run is counted as that run's.
    if found:
        first = next(iter(found.values()))
        first.tasks[:0], first.inputs = early.tasks, early.inputs | first.inputs
        first.undoes = first.undoes or early.undoes
    return tuple(RunTrailers(run, one.undoes, tuple(one.tasks), one.inputs) for run, one in found.items())


def titles(subject: str, body: str, tasks: Sequence[Trailer]) -> tuple[str | None, ...]:
    """The titles of these tasks, as far as the message of their commit holds them whole."""
    if len(tasks) == 1 and (named := _SUBJECT.fullmatch(subject)):
        return (named[1].removeprefix(before_title(tasks[0].outcome)),)
    lines = [line for line in map(_BULLET.fullmatch, body.split("\n")) if line]
    if [line[1] for line in lines] != [said(task.outcome) for task in tasks]:
        return (None,) * len(tasks)
    return tuple(None if line[2].endswith("…") else line[2] for line in lines)


_WORD = re.compile(r"\S+")
_INPUTS = re.compile(r"(\S+) ([0-9a-f]{40,64})")
_SUBJECT = re.compile(r"todo: (?!undo \S+$)(.*[^…])")
_BULLET = re.compile(r"- (\S+): (.*)")


@dataclass(slots=True)
class _RunTrailersBuilder:
    undoes: str | None = None
    tasks: list[Trailer] = field(default_factory=list)
    inputs: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, value: str) -> None:
        if name == "mdtodo-task" and (task := Trailer.read(value)):
            self.tasks.append(task)
        elif name == "mdtodo-inputs" and (m := _INPUTS.fullmatch(value)):
            self.inputs[m[1]] = m[2]
        elif name == "mdtodo-undo" and _WORD.fullmatch(value):
            self.undoes = value
