"""The end of a run that pushes: what became of its commits, and of the push."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.results import Outcome
from mdtodo.errors import GitError, MdtodoError, UsageError

if TYPE_CHECKING:
    from mdtodo.config.settings import Config
    from mdtodo.core.results import RunReport, TaskRun
    from mdtodo.git.repository import Repository
    from mdtodo.landing.push.push import Send


def refuse_push_without_commit(commit: str, *, asked: bool) -> None:
    """Raises UsageError where nothing would be committed; `asked` says that the command line wants it so."""
    if commit == "none":
        why = "--no-commit creates none" if asked else 'the configuration has commit = "none"'
        raise UsageError(f"--push pushes commits, but {why}")


def push_receipts(
    repo: Repository,
    config: Config,
    report: RunReport,
    *,
    follow: bool = True,
    send: Send | None = None,
    again: str | None = None,
) -> tuple[RunReport, MdtodoError | None]:
    """Push the branch, with what earlier runs left on it; the report as it is then, and why it was not done.

    `follow`: the branch and its work tree are brought to what the remote has then; `send` and `again`: see `push`. The
    commits of the report are those that are on the branch in the end.
    """
    from mdtodo.landing.push.push import AGAIN, push
    from mdtodo.storage.state import StateStore

    try:
        with StateStore.open(repo) as state:
            sent = push(repo, config.status, state.take_back, follow=follow, send=send, again=again or AGAIN)
    except MdtodoError as error:
        return _unpushed(report, error)
    except OSError as error:
        return _unpushed(
            report, GitError(f"cannot push: {error.strerror or error}", hint="the commits are kept")
        )
    except KeyboardInterrupt:
        # the run is over, but its report has yet to be printed
        sentence = f"interrupted while pushing: the commits are kept, and {again or AGAIN} pushes them"
        return report._replace(interrupted=True, messages=(*report.messages, sentence)), None
    kept = (sent.commits.get(commit, commit) for commit in report.commits)
    said = (*report.messages, *sent.messages, *([f"pushed to {sent.where}"] if sent.where else []))
    report = report._replace(
        commits=tuple(dict.fromkeys(one for one in kept if one)),
        messages=said,
        tasks=tuple(_waits(task, sent.waiting.get(task.id)) for task in report.tasks),
    )
    return report._replace(refused=report.refused or bool(sent.waiting)), None


def _waits(task: TaskRun, why: str | None) -> TaskRun:
    """A task whose result has yet to land counts as failed, as where it could not land here."""
    return task if why is None else task._replace(outcome=Outcome.FAILED, reason=why)


def _unpushed(report: RunReport, error: MdtodoError) -> tuple[RunReport, MdtodoError | None]:
    """A run that was interrupted ends as such, whatever became of the push."""
    if not report.interrupted:
        return report, error
    return report._replace(
        messages=(*report.messages, f"{error}; {error.hint}" if error.hint else str(error))
    ), None


def push_to_branch(repo: Repository, name: str) -> str:
    """Push HEAD to a branch of this name on the remote that the branch of HEAD belongs to; `REMOTE/NAME`.

    Raises GitError where the remote refuses, as it does where such a branch is there and has other commits.
    """
    from mdtodo.git.remote import find_upstream, push_commit
    from mdtodo.git.repository import run
    from mdtodo.git.session import GitSession

    with GitSession(repo) as git:
        there = find_upstream(repo, git)._replace(ref=f"refs/heads/{name}")
    sent = push_commit(repo, there, run(repo, "rev-parse", "--verify", "HEAD^{commit}").decode().strip())
    if sent.code:
        why = "rejected the receipts" if sent.flag else "did not take the receipts"
        raise GitError(f"{there.name} {why}: {sent.reason}", hint="the commits are kept")
    return there.name
