"""The trailers of a receipt, written and read: which run a commit is of, and what became of which task in it.

    Mdtodo-Run: 20261121T101500-3f2a
    Mdtodo-Task: 1f3c9aa done tests exit=0 time=2.310 attempt=1 at=89e3b98fc7cc tree=5b1d3c9f0a27
    Mdtodo-Inputs: 1f3c9aa 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    Mdtodo-Metric: 1f3c9aa coverage=0.875

They are git's (`git interpret-trailers`): the last paragraph of the message. Nothing else of a message proves anything,
so text that looks like a trailer in a title or body does not either. Words that are not known here are passed over: a
newer mdtodo may have more to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import isfinite
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mdtodo.core.light.patterns import lazy_pattern
from mdtodo.core.names import WORKER
from mdtodo.core.receipt import DIRTY
from mdtodo.markdown.anchors import place_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import NamedTuple

    from mdtodo.core.receipt import Receipt
else:
    from mdtodo.core.light.named_tuples import NamedTuple


#: The trailers that begin with the id of a task.
OF_A_TASK = ("Mdtodo-Task:", "Mdtodo-Inputs:", "Mdtodo-Commit:", "Mdtodo-Metric:")
#: All of them, unfolded, one a line, as a format of `git log` has it.
TRAILERS = "%(trailers:{},unfold)".format(
    ",".join(f"key=Mdtodo-{name}" for name in ("Run", "Undo", "Task", "Inputs", "Commit", "Metric", "Accept"))
)


class Trailer(NamedTuple):
    """What a message says of one task: its `Mdtodo-Task:` line, then, where they are read in the trailers of a run,
    `inputs`, `said_in` and `metrics` of the others, and the `title` in the message, None where that does not hold it
    whole. Of a receipt in the history also `run` and `commit`, the author's `date`, ISO 8601 with offset, and the
    `author`, as `Name <email>`.

    `exit_code` is None where the process never ran to an end; `seconds` over all attempts of the run. `at` tells the
    task from equal ones, see `markdown.anchors.place_digest`; None in receipts from before there was that. The rest as
    in a Receipt; a newer mdtodo may know more reasons."""

    task_id: str
    outcome: str
    processor: str
    exit_code: int | None
    seconds: float
    attempt: int
    at: str | None = None
    tree: str | None = None
    reason: str | None = None
    by: str | None = None
    worker: str | None = None
    inputs: str | None = None
    said_in: str | None = None
    metrics: Mapping[str, float] = MappingProxyType({})
    title: str | None = None
    run: str = ""
    commit: str = ""
    date: str = ""
    author: str = ""

    def __str__(self) -> str:
        code = "-" if self.exit_code is None else self.exit_code
        further = {key: value for key in _FURTHER if (value := getattr(self, key)) is not None}
        return (
            f"Mdtodo-Task: {one_word(self.task_id)} {one_word(self.outcome)} {one_word(self.processor)}"
            f" exit={code} time={self.seconds:.3f} attempt={self.attempt}"
            + "".join(f" {key}={one_word(value)}" for key, value in further.items())
        )

    @classmethod
    def of(cls, receipt: Receipt) -> Trailer:
        """The line of this receipt."""
        anchor = receipt.edits[0].anchor if receipt.edits else None
        at = place_digest(anchor) if anchor is not None and anchor.keys is not None else None
        return cls(
            *(receipt.task_id, receipt.outcome, receipt.processor, receipt.exit_code),
            receipt.seconds,
            receipt.attempt,
            at,
            receipt.tree,
            receipt.reason,
            receipt.by,
            receipt.worker,
        )

    @classmethod
    def read(cls, value: str) -> Trailer | None:
        """What stands after `Mdtodo-Task: `; None for what is no receipt. Further words may follow those known here."""
        m = _TRAILER.fullmatch(value)
        if m is None:
            return None
        code = None if m[4] == "-" else int(m[4])
        known: dict[str, Any] = {
            key: found[1] for key, pattern in _FURTHER.items() if (found := pattern.search(m[7]))
        }
        return cls(m[1], m[2], m[3], code, float(m[5]), int(m[6]), **known)


#: For `git log` and `git rev-list`, so that they list what may be a receipt: it only spares work, since it finds quoted
#: ones too, and no setting decides how it is read.
GREP = ("--basic-regexp", "--regexp-ignore-case", "--grep=^[ \t]*Mdtodo-Run *:")


class RunTrailers(NamedTuple):
    """What one run landed with a commit. `undoes`: the run that it took back."""

    run: str
    undoes: str | None
    tasks: tuple[Trailer, ...]


def trailers_of(receipts: Sequence[Receipt], run_id: str, undoes: str | None) -> list[str]:
    """The lines of the trailers for these receipts: the run, and what became of each task. Whoever adds one here also
    names it in `TRAILERS`, and in `OF_A_TASK`, if it begins with a task's id."""
    lines = [f"Mdtodo-Run: {one_word(run_id)}"]
    lines += [f"Mdtodo-Undo: {one_word(undoes)}"] if undoes is not None else []
    for r in receipts:
        lines.append(str(Trailer.of(r)))
        lines += [f"Mdtodo-Inputs: {one_word(r.task_id)} {r.inputs}"] if r.inputs else []
        lines += [f"Mdtodo-Commit: {one_word(r.task_id)} {one_word(r.said_in)}"] if r.said_in else []
        lines += [
            f"Mdtodo-Metric: {one_word(r.task_id)} {one_word(name)}={_shortest(value)}"
            for name, value in r.metrics
        ]
    return lines


def _shortest(value: float) -> str:
    """A number that is read as the same one: `3`, `0.875`."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def parse(text: str) -> tuple[str | None, tuple[Trailer, ...]]:
    """The run and the tasks that a commit message is a receipt for; `(None, ())` for a commit of others."""
    found = groups(text.rstrip("\n").rpartition("\n\n")[2].split("\n"))
    return (found[0].run if found else None), tuple(task for group in found for task in group.tasks)


def in_message(text: str) -> tuple[RunTrailers, ...]:
    """What a whole message says, by runs: in its last paragraph, and in any other one of nothing else, indented or not,
    as in the message of `git merge --squash`."""
    *others, last = _paragraphs(text)
    return groups([*_alone(others), *(line.strip() for line in last.split("\n"))])


def in_paragraphs(text: str) -> list[str]:
    """The lines of all paragraphs of a message, but for its subject, that are of nothing else, indented or not."""
    return _alone(_paragraphs(text)[1:])


def _paragraphs(text: str) -> list[str]:
    return re.split(r"\n[ \t]*(?:\n[ \t]*)+", text.replace("\r", "").strip("\n"))


def _alone(paragraphs: Iterable[str]) -> list[str]:
    found: list[str] = []
    for part in paragraphs:
        lines = [line.strip() for line in part.split("\n")]
        found += lines if all(line.startswith("Mdtodo-") for line in lines) else []
    return found


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
        first.tasks[:0] = early.tasks
        known = first.more
        first.more = {task: early.more.get(task, {}) | known.get(task, {}) for task in early.more | known}
        first.undoes = first.undoes or early.undoes
    return tuple(RunTrailers(run, one.undoes, one.whole()) for run, one in found.items())


def accepted_by(trailers: str) -> str | None:
    """Who takes all ticks that the parent of a commit with these trailers has as they stand; None where nobody does."""
    found = _ACCEPT.search(trailers)
    return found[1] if found else None


def one_line(text: str) -> str:
    """Without line ends, control characters and those that turn the direction of writing."""
    # a quick look first: of all that `_UNSEEN` has, only the blank is printable to Python
    return " ".join((text if text.isprintable() else _UNSEEN.sub(" ", text)).split())


def one_word(text: str) -> str:
    """One word of a trailer: never empty, no blanks."""
    if text.isalnum():  # as nearly all ids and names of processors are
        return text
    return one_line(text).replace(" ", "_") or "-"


#: Lone surrogates among them, from bytes that are no UTF-8: a message with one cannot be encoded.
_UNSEEN = lazy_pattern(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+|\s+")
#: The digits are counted, since anybody can write a message, and `int` raises ValueError for 4,301 of them.
_TRAILER = lazy_pattern(
    r"(\S+) (\S+) (\S+) exit=(-?[0-9]{1,10}|-) time=([0-9]{1,12}(?:\.[0-9]{1,9})?) attempt=([0-9]{1,9})((?: \S+)*)"
)
#: The words that may follow, in the order in which they are written.
_FURTHER = {
    key: lazy_pattern(rf" {key}=({value})(?: |$)")
    for key, value in {
        "at": "[0-9a-f]{12}",
        "reason": "[a-z]+",
        "worker": WORKER,
        "by": r"\S+",
        "tree": f"[0-9a-f]{{12}}|{DIRTY}",
    }.items()
}
_WORD = lazy_pattern(r"\S+")
_INPUTS = lazy_pattern(r"(\S+) ([0-9a-f]{40,64})")
_SAID_IN = lazy_pattern(r"(\S+) (\S+)")
_ACCEPT = lazy_pattern(r"^Mdtodo-Accept: [0-9]{1,9} by=(\S+)$", re.MULTILINE | re.IGNORECASE)
_METRIC = lazy_pattern(r"(\S+) (\S+)=(-?[0-9]{1,309}(?:\.[0-9]{1,20})?(?:e[+-]?[0-9]{1,3})?)")


@dataclass(slots=True, eq=False, repr=False)
class _RunTrailersBuilder:
    undoes: str | None = None
    tasks: list[Trailer] = field(default_factory=list)
    more: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, name: str, value: str) -> None:
        if name == "mdtodo-task" and (task := Trailer.read(value)):
            self.tasks.append(task)
        elif name == "mdtodo-inputs" and (m := _INPUTS.fullmatch(value)):
            self._of(m[1])["inputs"] = m[2]
        elif name == "mdtodo-commit" and (m := _SAID_IN.fullmatch(value)):
            self._of(m[1])["said_in"] = m[2]
        elif name == "mdtodo-metric" and (m := _METRIC.fullmatch(value)) and isfinite(float(m[3])):
            self._of(m[1]).setdefault("metrics", {})[m[2]] = float(m[3])
        elif name == "mdtodo-undo" and _WORD.fullmatch(value):
            self.undoes = value

    def whole(self) -> tuple[Trailer, ...]:
        """The tasks, each with what the other trailers say of it."""
        return tuple(task._replace(**self.more.get(task.task_id, {})) for task in self.tasks)

    def _of(self, task_id: str) -> dict[str, Any]:
        return self.more.setdefault(task_id, {})
