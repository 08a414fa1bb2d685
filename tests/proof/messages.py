"""Messages of commits: receipts as mdtodo writes them, and what git and forges make of several messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.edits import SetStatus
from mdtodo.core.receipt import Receipt
from mdtodo.core.task import Status
from mdtodo.receipts.message import message

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdtodo.core.task import Task
    from tests.proof.truth import Commit, Credit


def of_run(told: Iterable[Credit], tasks: dict[int, Task], run: str, undoes: str | None = None) -> str:
    """What mdtodo writes for these receipts, with the tasks as their commit's parent has them."""
    return message([_receipt(one, tasks[one.uid], undoes) for one in told], run)


def _receipt(credit: Credit, task: Task, undoes: str | None) -> Receipt:
    done = credit.outcome in ("done", "cached")
    edit = SetStatus(task.anchor, Status.DONE if done else Status.TODO)
    judged = credit.processor not in ("person", "rollup", "undo")
    return Receipt(
        task_id=task.id,
        title=task.title,
        outcome=credit.outcome,
        processor=credit.processor,
        exit_code=1 if credit.outcome == "failed" else 0,
        seconds=0.25 if judged else 0.0,
        attempt=1 if judged else 0,
        edits=(edit,),
        undoes=undoes,
        tree="5b1d3c9f0a27" if judged else None,
    )


def trailers(text: str) -> str:
    """The last paragraph of a message."""
    return text.rstrip("\n").rpartition("\n\n")[2] + "\n"


def in_a_persons(text: str) -> str:
    """A commit of a person's own, into which a hook has put the trailers of this one."""
    return f"Work on the list\n\nThe boxes are ticked by the hook.\n\n{trailers(text)}"


def quoted(text: str) -> str:
    """In the middle of prose."""
    return f"Tick it\n\nThe log of the other machine says\n{trailers(text)}so that is fine.\n"


def as_subject(text: str) -> str:
    """In the place of a subject, where git never looks for trailers."""
    return trailers(text)


def squashed_by_git(commits: Sequence[Commit]) -> str:
    """As `git merge --squash` writes it: the newest first, each indented."""
    found = ["Squashed commit of the following:\n"]
    for one in reversed(commits):
        found.append(
            f"commit {one.oid}\nAuthor: Ada Tester <ada@example.com>\nDate:   Wed Nov 15 01:00:00 2023 +0000\n"
        )
        found.append(
            "".join(f"    {line}\n" if line else "    \n" for line in one.message.rstrip("\n").split("\n"))
        )
    return "\n".join(found)


def squashed_by_forge(commits: Sequence[Commit], number: int) -> str:
    """As forges write it: the oldest first, each subject a bullet, and who took part."""
    each = "\n".join(f"* {one.message}" for one in commits)
    return f"Work on the list (#{number})\n\n{each}\nCo-authored-by: Bob Tester <bob@example.com>\n"


def picked(text: str, oid: str) -> str:
    """As `git cherry-pick -x` writes it."""
    has_trailers = trailers(text).startswith("Mdtodo-")
    gap = "" if has_trailers else "\n"
    return f"{text.rstrip()}\n{gap}(cherry picked from commit {oid})\n"


def reverting(one: Commit) -> str:
    """As `git revert` writes it."""
    subject = one.message.partition("\n")[0]
    return f'Revert "{subject}"\n\nThis reverts commit {one.oid}.\n'
