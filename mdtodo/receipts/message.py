"""Receipts: the message of a landing's commit, written and read.

    todo: Tests pass

    Mdtodo-Run: 20261121T101500-3f2a
    Mdtodo-Task: 1f3c9aa done tests exit=0 time=2.310 attempt=1 tree=5b1d3c9f0a27
    Mdtodo-Inputs: 1f3c9aa 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

The trailers are git's (`git interpret-trailers`): the last paragraph, one for each task. Nothing else of a
message is ever read, so text that looks like a trailer in a title or body proves nothing. Words that are not known
here are passed over: a newer mdtodo may have more to say.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.receipt import DIRTY
from mdtodo.markdown.anchors import place_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdtodo.core.receipt import Receipt

#: Characters of a subject line; a longer title is cut.
WIDTH = 120


class Trailer(NamedTuple):
    """One `Mdtodo-Task:` line. `exit_code` is None where the process never ran to an end; `seconds` over all
    attempts of the run. `at` tells the task from equal ones, see `markdown.anchors.place_digest`; None in receipts from
    before there was that. `tree` as in a Receipt."""

    task_id: str
    outcome: str
    processor: str
    exit_code: int | None
    seconds: float
    attempt: int
    at: str | None = None
    tree: str | None = None

    def __str__(self) -> str:
        code = "-" if self.exit_code is None else self.exit_code
        tree = "" if self.tree is None else f" tree={_word(self.tree)}"
        return (
            f"Mdtodo-Task: {_word(self.task_id)} {_word(self.outcome)} {_word(self.processor)}"
            f" exit={code} time={self.seconds:.3f} attempt={self.attempt}"
            + (f" at={self.at}" if self.at else "")
            + tree
        )

    @classmethod
    def of(cls, receipt: Receipt) -> Trailer:
        """The line of this receipt."""
        anchor = receipt.edits[0].anchor if receipt.edits else None
        at = place_digest(anchor) if anchor is not None and anchor.keys is not None else None
        return cls(
            *(receipt.task_id, receipt.outcome, receipt.processor, receipt.exit_code),
            *(receipt.seconds, receipt.attempt, at, receipt.tree),
        )

    @classmethod
    def read(cls, value: str) -> Trailer | None:
        """What stands after `Mdtodo-Task: `; None for what is no receipt. Further words may follow those known here."""
        m = _TRAILER.fullmatch(value)
        if m is None:
            return None
        at = _AT.search(m[7])
        tree = _TREE.search(m[7])
        code = None if m[4] == "-" else int(m[4])
        known = at[1] if at else None, tree[1] if tree else None
        return cls(m[1], m[2], m[3], code, float(m[5]), int(m[6]), *known)


def subject(receipts: Sequence[Receipt]) -> str:
    """`todo: <title>` for one task that was done, `todo: failed: <title>` for one that failed, `todo: 3 done, 1 failed`
    for more, `todo: undo <run>` where one is undone."""
    if (undone := _undone(receipts)) is not None:
        return f"todo: undo {_word(undone)}"
    if len(receipts) == 1:
        one = receipts[0]
        return _cut(f"todo: {before_title(one.outcome)}{_one_line(one.title) or one.task_id}")
    return counted(receipt.outcome for receipt in receipts)


def counted(outcomes: Iterable[str]) -> str:
    """The subject of a commit for several tasks: `todo: 3 done, 1 failed`."""
    counts: dict[str, int] = {}
    for outcome in sorted(outcomes, key=lambda outcome: _RANK.get(outcome, len(_RANK))):
        counts[said(outcome)] = counts.get(said(outcome), 0) + 1
    return "todo: " + ", ".join(f"{count} {word}" for word, count in counts.items())


def before_title(outcome: str) -> str:
    """What stands before the title in the subject of a commit for one task: nothing where the task is done."""
    return "" if outcome in ("done", "cached") else f"{said(outcome)}: "


def said(outcome: str) -> str:
    """An outcome as subjects and lists of titles have it: a task whose status is `todo` again was reopened."""
    return "reopened" if outcome == "todo" else _word(outcome)


def message(receipts: Sequence[Receipt], run_id: str) -> str:
    """The whole commit message: subject, with several tasks their titles, trailers."""
    lines, undone = [subject(receipts), ""], _undone(receipts)
    if len(receipts) > 1 or undone is not None:
        lines += [_cut(f"- {said(r.outcome)}: {_one_line(r.title)}") for r in receipts] + [""]
    lines.append(f"Mdtodo-Run: {_word(run_id)}")
    lines += [f"Mdtodo-Undo: {_word(undone)}"] if undone is not None else []
    for r in receipts:
        lines.append(str(Trailer.of(r)))
        lines += [f"Mdtodo-Inputs: {_word(r.task_id)} {r.inputs}"] if r.inputs else []
        lines += [f"Mdtodo-Commit: {_word(r.task_id)} {_word(r.said_in)}"] if r.said_in else []
    return "\n".join(lines) + "\n"


def parse(text: str) -> tuple[str | None, tuple[Trailer, ...]]:
    """The run and the tasks that a commit message is a receipt for; `(None, ())` for a commit of others."""
    last = text.rstrip("\n").rpartition("\n\n")[2].split("\n")
    run = next((line[12:].strip() for line in last if line.startswith("Mdtodo-Run: ")), None)
    if run is None:
        return None, ()
    found = (Trailer.read(line[13:].rstrip()) for line in last if line.startswith("Mdtodo-Task: "))
    return run, tuple(one for one in found if one is not None)


_RANK = {outcome: rank for rank, outcome in enumerate(("done", "cached", "cancelled", "todo", "failed"))}
#: The digits are counted, since anybody can write a message, and `int` raises ValueError for 4,301 of them.
_TRAILER = re.compile(
    r"(\S+) (\S+) (\S+) exit=(-?[0-9]{1,10}|-) time=([0-9]{1,12}(?:\.[0-9]{1,9})?) attempt=([0-9]{1,9})((?: \S+)*)"
)
_AT = re.compile(r" at=([0-9a-f]{12})(?: |$)")
_TREE = re.compile(rf" tree=([0-9a-f]{{12}}|{DIRTY})(?: |$)")
#: Lone surrogates among them, from bytes that are no UTF-8: a message with one cannot be encoded.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+|\s+")


def _undone(receipts: Sequence[Receipt]) -> str | None:
    return next((one.undoes for one in receipts if one.undoes is not None), None)


def _one_line(text: str) -> str:
    """Without line ends, control characters and those that turn the direction of writing."""
    return " ".join(_UNSEEN.sub(" ", text).split())


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else line[: WIDTH - 1].rstrip() + "…"


def _word(text: str) -> str:
    """One word of a trailer: never empty, no blanks."""
    return _one_line(text).replace(" ", "_") or "-"
