"""What `undo` refuses, and what it says then: of a run as a whole (`undo` asks), of its commits, files and tasks
(`reversal` asks). One of these reasons, and nothing is taken back."""

from __future__ import annotations

from mdtodo.errors import GitError


def still_running(run: str) -> GitError:
    """The run goes on: what it lands next would be missed."""
    return GitError(f"run {run} is still running", hint="wait until it ends, or stop it with Ctrl-C")


def changed_by_later_run(task_id: str, title: str, run: str) -> str:
    """A later run landed a result for the task, which would be taken back with this one's."""
    return f"{task_id} ({title}): run {run} changed it since"


def of_several_runs(short: str) -> GitError:
    """Squashed: what of the commit is whose cannot be told."""
    return GitError(
        f"{short} contains the receipts of several runs", hint=f"git revert {short} undoes all of it"
    )


def without_one_parent(short: str, parents: int) -> GitError:
    """A merge, or a first commit: there is no single version before it."""
    what = "is a merge" if parents else "has no parent"
    return GitError(f"{short} {what}, which no run creates", hint=f"git revert {short} may undo it")


def parent_not_here(short: str) -> GitError:
    """A shallow clone ends right below the commit."""
    return GitError(f"the commit before {short} is not in this clone", hint="git fetch --deepen=1 fetches it")


def fails_since(task_id: str, title: str, processor: str, how: str) -> str:
    """The run has opened the box as it found that the task no longer holds: nothing would prove a tick."""
    return (
        f"{task_id} ({title}): the run found that {processor} fails ({how}), so the box stays open;"
        f" `mdtodo run {task_id}` ticks it as soon as that passes, and `mdtodo done {task_id}` on your word"
    )


def changed_between_commits(path: str) -> str:
    """Somebody else's change lies between two of the run's own, and it is no change of tasks alone."""
    return f"{path}: other commits changed it between those of the run"


def of_file(path: str, reason: str) -> str:
    """An output that is not as the run left it, or an edit that cannot be taken back in the file."""
    return f"{path}: {reason}"


def of_task(path: str, title: str, reason: str) -> str:
    """A task that is not where it was, or cannot be told from equal ones."""
    return f"{path}: {title}: {reason}"
