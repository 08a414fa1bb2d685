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
    """`todo: <title>` for one task that was done, `todo: failed: <title>` for one that failed, `todo: proven: <title>`
    for a tick that has its proof now, `todo: 3 done, 1 failed` for more, `todo: undo <run>` where one is undone."""
    if (undone := _undone(receipts)) is not None:
        return f"todo: undo {one_word(undone)}"
    if len(receipts) == 1:
        one = receipts[0]
        return _cut(f"todo: {before_title(_word(one))}{one_line(one.title) or one.task_id}")
    return counted(map(_word, receipts))


def counted(words: Iterable[str]) -> str:
    """The subject of a commit for several tasks, by the words of its list: `todo: 3 done, 1 failed`."""
    counts = Counter(words)
    ranked = sorted(counts, key=lambda word: _RANK.get(word, len(_RANK)))
    return "todo: " + ", ".join(f"{counts[word]} {word}" for word in ranked)


def before_title(word: str) -> str:
    """What stands before the title in the subject of a commit for one task: nothing where the task is done."""
    return "" if word in ("done", "cached") else f"{word}: "


def is_listed(word: str, title: str) -> bool:
    """Whether a message for one task has its title in a list too: one that is done, and that the subject alone would
    show as proven."""
    return word == "done" and title.startswith(before_title(_PROVEN))


@lru_cache(64)
def _said(outcome: str) -> str:
    """An outcome as subjects and lists of titles have it: a task whose status is `todo` again was reopened, one that is
    `doing` claimed."""
    return _STATUSES.get(outcome) or one_word(outcome)


def _word(receipt: Receipt) -> str:
    proven = receipt.proves and receipt.outcome == "done" and receipt.processor != "person"
    return _PROVEN if proven else _said(receipt.outcome)


def message(receipts: Sequence[Receipt], run_id: str) -> str:
    """The whole commit message: subject, with several tasks their titles, trailers."""
    lines, undone = [subject(receipts), ""], _undone(receipts)
    listed = len(receipts) > 1 or undone is not None
    if listed or any(is_listed(_word(r), one_line(r.title)) for r in receipts):
        lines += [_cut(f"- {_word(r)}: {one_line(r.title)}") for r in receipts] + [""]
    lines += trailers_of(receipts, run_id, undone)
    return "\n".join(lines) + "\n"


def acceptance(number: int, by: str) -> str:
    """The message of a commit that takes all ticks of its parent as they stand; `number` of them nothing had proven,
    and `by` is the e-mail of whose word it is."""
    ticks = f"{number} tick" if number == 1 else f"{number} ticks"
    lines = [
        f"todo: accepted: {ticks}",
        "",
        "What is ticked in the parent of this commit is taken as it stands.",
    ]
    return "\n".join([*lines, "", f"Mdtodo-Accept: {number} by={one_word(by)}"]) + "\n"


def titles(subject: str, body: str, tasks: Sequence[Trailer]) -> tuple[str | None, ...]:
    """The titles of these tasks, as far as the message of their commit holds them whole."""
    if len(tasks) == 1 and (named := _SUBJECT.fullmatch(subject)):
        word = _said(tasks[0].outcome)
        if word == "done" and f"- done: {named[1]}" not in body.split("\n"):
            word = _PROVEN
        return (named[1].removeprefix(before_title(word)),)
    lines = [line for line in map(_BULLET.fullmatch, body.split("\n")) if line]
    words = ["done" if line[1] == _PROVEN else line[1] for line in lines]
    if words != [_said(task.outcome) for task in tasks]:
        return (None,) * len(tasks)
    return tuple(None if line[2].endswith("…") else line[2] for line in lines)


#: The word for a task whose box was ticked before, and that has its proof now.
_PROVEN = "proven"
_RANK = {
    word: rank for rank, word in enumerate(("done", _PROVEN, "cached", "cancelled", "reopened", "failed"))
}


_STATUSES = {"todo": "reopened", "doing": "claimed"}
_SUBJECT = re.compile(r"todo: (?!undo \S+$)(.*[^…])")
_BULLET = re.compile(r"- (\S+): (.*)")


def _undone(receipts: Sequence[Receipt]) -> str | None:
    return next((one.undoes for one in receipts if one.undoes is not None), None)


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else line[: WIDTH - 1].rstrip() + "…"
