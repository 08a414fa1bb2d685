"""What lands for a task: its receipt, and the files that go with it. Frozen, without I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mdtodo.core.edits import Edit  # noqa: TC001  # the codec looks it up

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdtodo.core.results import Result
    from mdtodo.core.task import Task

#: In the place of a tree's digits: a file of the work tree was not what HEAD has.
DIRTY = "dirty"


class Output(NamedTuple):
    """A file that a processor has changed.

    `digest` stands for what it left there, None where it deleted it; `base` is what HEAD and the index had,
    `<mode> <object id>`, None for nothing; `entry` what they are to have, "" for nothing, None where that is not in
    git's object store yet.
    """

    path: str
    digest: str | None
    base: str | None
    entry: str | None = None


class Restore(NamedTuple):
    """A file that goes back from what a commit made of it to what it was, each `<mode> <object id>`, None for no
    file."""

    path: str
    after: str | None
    before: str | None


class Receipt(NamedTuple):
    """What lands for one task: the edits that tick it, and the words of its trailer.

    `outcome` is an Outcome, or a Status where a person spoke (`cancelled`, `todo`); `processor` is the
    processor's name, `rollup` for a parent ticked with its last subtask, `person` for a person's word.
    `outputs` is what its processor declares; `held` the files of it that go with the tick, as the task's end found
    them, None where it wrote none. `inputs` is a digest of what its processor had read, None where that does
    not count. `undoes` is the run that all receipts of this landing take back, `restores` its files. `said_in` is
    the commit whose message was the person's word. `tree` is the content that its processor has judged: 12 hex digits
    of HEAD's tree, or DIRTY; None where no processor judged anything, or it is not known. `reason` says how it failed,
    a Failure; `by` is the e-mail of the person whose word it is, None where git knows none; `metrics` are what its
    processor has measured. `proves`: the box was ticked before, and this is the proof, or the word, that it lacked.
    `began`: when its processor did, in Unix time: what was changed since then it may not have seen.
    """

    task_id: str
    title: str
    outcome: str
    processor: str
    exit_code: int | None
    seconds: float
    attempt: int
    edits: tuple[Edit, ...]
    outputs: tuple[str, ...] = ()
    held: tuple[Output, ...] | None = None
    inputs: str | None = None
    undoes: str | None = None
    restores: tuple[Restore, ...] = ()
    said_in: str | None = None
    tree: str | None = None
    reason: str | None = None
    by: str | None = None
    metrics: tuple[tuple[str, float], ...] = ()
    proves: bool = False
    began: float | None = None

    @classmethod
    def of(cls, task: Task, outcome: str, result: Result, edits: Iterable[Edit], **words: Any) -> Receipt:
        """That of a result; `words` are those fields that neither it nor the task says."""
        return cls(
            task_id=task.id,
            title=task.title,
            outcome=outcome,
            exit_code=result.exit_code,
            edits=tuple(edits),
            reason=result.failure if outcome == "failed" else None,
            metrics=tuple(result.metrics.items()),
            **words,
        )


def entry_of(text: str | None) -> tuple[bytes, str] | None:
    """Mode and object id of an Output's or a Restore's `<mode> <object id>`; None for no file."""
    mode, _, oid = (text or "").partition(" ")
    return (mode.encode(), oid) if text else None
