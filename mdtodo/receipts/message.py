"""The message of a landing's commit: subject, titles, and the trailers, which `trailers` writes and reads.

    todo: 2 done

    - done: Tests pass
    - done: The changelog is written

    Mdtodo-Run: 20261121T101500-3f2a
    ...

Subject and list are for people, and give `log` its titles. Only the trailers prove anything.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from mdtodo.receipts.trailers import one_line, one_word, trailers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdtodo.core.receipt import Receipt
    from mdtodo.receipts.trailers import Trailer

#: Characters of a subject line; a longer title is cut.
WIDTH = 120


def subject(receipts: Sequence[Receipt]) -> str:
    """`todo: <title>` for one task that was done, `todo: failed: <title>` for one that failed, `todo: 3 done, 1 failed`
    for more, `todo: undo <run>` where one is undone."""
    if (undone := _undone(receipts)) is not None:
        return f"todo: undo {one_word(undone)}"
    if len(receipts) == 1:
        one = receipts[0]
        return _cut(f"todo: {before_title(one.outcome)}{one_line(one.title) or one.task_id}")
    return counted(receipt.outcome for receipt in receipts)


def counted(outcomes: Iterable[str]) -> str:
    """The subject of a commit for several tasks: `todo: 3 done, 1 failed`."""
    counts: Counter[str] = Counter()
    each = Counter(outcomes)
    for outcome in sorted(each, key=lambda outcome: _RANK.get(outcome, len(_RANK))):
        counts[said(outcome)] += each[outcome]
    return "todo: " + ", ".join(f"{count} {word}" for word, count in counts.items())


def before_title(outcome: str) -> str:
    """What stands before the title in the subject of a commit for one task: nothing where the task is done."""
    return "" if outcome in ("done", "cached") else f"{said(outcome)}: "


@lru_cache(64)
def said(outcome: str) -> str:
    """An outcome as subjects and lists of titles have it: a task whose status is `todo` again was reopened."""
    return "reopened" if outcome == "todo" else one_word(outcome)


def message(receipts: Sequence[Receipt], run_id: str) -> str:
    """The whole commit message: subject, with several tasks their titles, trailers."""
    lines, undone = [subject(receipts), ""], _undone(receipts)
    if len(receipts) > 1 or undone is not None:
        lines += [_cut(f"- {said(r.outcome)}: {one_line(r.title)}") for r in receipts] + [""]
    lines += trailers_of(receipts, run_id, undone)
    return "\n".join(lines) + "\n"


def titles(subject: str, body: str, tasks: Sequence[Trailer]) -> tuple[str | None, ...]:
    """The titles of these tasks, as far as the message of their commit holds them whole."""
    if len(tasks) == 1 and (named := _SUBJECT.fullmatch(subject)):
        return (named[1].removeprefix(before_title(tasks[0].outcome)),)
    lines = [line for line in map(_BULLET.fullmatch, body.split("\n")) if line]
    if [line[1] for line in lines] != [said(task.outcome) for task in tasks]:
        return (None,) * len(tasks)
    return tuple(None if line[2].endswith("…") else line[2] for line in lines)


_RANK = {outcome: rank for rank, outcome in enumerate(("done", "cached", "cancelled", "todo", "failed"))}


_SUBJECT = re.compile(r"todo: (?!undo \S+$)(.*[^…])")
_BULLET = re.compile(r"- (\S+): (.*)")


def _undone(receipts: Sequence[Receipt]) -> str | None:
    return next((one.undoes for one in receipts if one.undoes is not None), None)


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else line[: WIDTH - 1].rstrip() + "…"
