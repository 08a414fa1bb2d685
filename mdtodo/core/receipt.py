"""What lands for a task: its receipt, and the files that go with it. Frozen, without I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.edits import Edit  # noqa: TC001  # the codec looks it up

if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from mdtodo.core.light.named_tuples import NamedTuple

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
    """A file that becomes `before` where it is `after` now, each `<mode> <object id>`, None for no file: it goes back
    from what a commit made of it to what it was, or, from a clone, on to what was proven."""

    path: str
    after: str | None
    before: str | None


class Receipt(NamedTuple):
    """What lands for one task: the edits that tick it, and the words of its trailer.

    `outcome` is an Outcome, or a Status where a person spoke (`cancelled`, `todo`); `processor` is the processor's
    name, `rollup` for a parent ticked with its last subtask, `person` for a person's word. `outputs` is what its
    processor declares; `held` the files of it that go with the tick, as the task's end found them, None where it wrote
    none. `inputs` is a digest of what its processor had read, None where that does not count. `undoes` is the run that
    all receipts of this landing take back, `restores` its files. `said_in` is the commit whose message was the person's
    word. `tree` is the content that its processor has judged: 12 hex digits of HEAD's tree, or DIRTY; None where no
    processor judged anything, or it is not known. `reason` says how it failed, a Failure; `worker` is the name of the
    worker whose it is, None where it was given none; `by` is the e-mail of the person whose word it is, None where git
    knows none; `metrics` are what its processor has measured. `proves`: the box was ticked before, and this is the
    proof, or the word, that it lacked. `began`: when its processor did, in Unix time: what was changed since then it
    may not have seen. `error` says in words how it failed; a trailer has its `reason` alone.
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
    worker: str | None = None
    metrics: tuple[tuple[str, float], ...] = ()
    proves: bool = False
    began: float | None = None
    error: str | None = None
    proven: str | None = None


def entry_of(text: str | None) -> tuple[bytes, str] | None:
    """Mode and object id of an Output's or a Restore's `<mode> <object id>`; None for no file."""
    mode, _, oid = (text or "").partition(" ")
    return (mode.encode(), oid) if text else None


def text_of(entry: tuple[bytes, str] | None) -> str | None:
    """The text that `entry_of` reads."""
    return f"{entry[0].decode()} {entry[1]}" if entry else None
