"""Receipts as git's history has them: what was landed on this branch, by whom, newest first.

Only the messages of commits are read, so it is the same in any clone, whatever became of the TODO files and of
`.git/mdtodo`. git itself says what a trailer is (`%(trailers)` of `git log`): a line that looks like one in a
title, a body or a quotation is text.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mdtodo.core.results import PastRun
from mdtodo.git.repository import error_from
from mdtodo.git.true_history import LOG, records, resolve, start_history
from mdtodo.receipts.message import titles
from mdtodo.receipts.trailers import GREP, TRAILERS, groups

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterator, Mapping, Sequence
    from typing import NamedTuple

    from mdtodo.git.repository import Repository
    from mdtodo.receipts.trailers import RunTrailers, Trailer
else:
    from mdtodo.core.light.named_tuples import NamedTuple


def past_run(one: Trailer) -> PastRun:
    """A receipt of a commit as the history of runs has it. Not later than now: a commit's date is what somebody's clock
    said."""
    from datetime import datetime

    try:
        then = min(time.time(), datetime.fromisoformat(one.date).timestamp())
    except (ValueError, OverflowError):
        then = None
    what = one.run, one.task_id, one.processor, one.outcome, one.attempt, one.seconds, then
    return PastRun(*what, one.inputs, one.title, one.exit_code, metrics=one.metrics, worker=one.worker)


class LoggedCommit(NamedTuple):
    """A commit with receipts, the `number`-th of them, from the newest on. There are several `groups` only where
    commits of several runs were squashed."""

    number: int
    oid: str
    date: str
    author: str
    groups: tuple[RunTrailers, ...]
    titles: tuple[str | None, ...]

    def receipts(self) -> Iterator[Trailer]:
        """In the order of the message."""
        titles = iter(self.titles)
        for group in self.groups:
            for task in group.tasks:
                said = task._replace(title=next(titles, None), run=group.run)
                yield said._replace(commit=self.oid, date=self.date, author=self.author)


def logged_commits(
    repo: Repository, revision: str = "HEAD", *, newest: int | None = None, measured: str | None = None
) -> Iterator[LoggedCommit]:
    """The commits with receipts that are reachable from `revision`, newest first, as one git process finds them.

    None on an unborn branch. `newest`: look at so many commits at most. `measured`: only those that may have metrics of
    the task with this id, for which git has to read all messages, and no more. Close the iterator, or let go of it,
    to end that process early.
    """
    limit = () if newest is None else (f"--max-count={newest}",)
    both = () if measured is None else ("--all-match", f"--grep=^Mdtodo-Metric *: *{measured} ")
    command = (*_LOG, *both, f"--format={'%x00'.join(_FIELDS)}", *limit, revision, "--")
    git = start_history(repo, *command)
    number = 0
    try:
        for fields in records(git, len(_FIELDS), _BLOCK):
            if (found := _commit(number, fields)) is not None:
                number += 1
                yield found
        code, _, err = git.finish()
    finally:
        git.kill()
    if code and (revision != "HEAD" or resolve(repo, "HEAD^{commit}")):
        raise error_from(err, ("log",))


def logged_receipts(repo: Repository, *, newest: int | None = None) -> Iterator[Trailer]:
    """Every receipt on this branch, newest first; with `newest` those of no more than so many commits of
    whatever kind.
    """
    for commit in logged_commits(repo, newest=newest):
        yield from commit.receipts()


class Newest(NamedTuple):
    """The newest receipt of each of some tasks, and the runs that are undone, as far as the history was read."""

    receipts: Mapping[str, Trailer]
    undone: frozenset[str]


def newest(
    repo: Repository, task_ids: Collection[str], *, without: Container[str] = (), revision: str = "HEAD"
) -> Newest:
    """The newest receipts of these tasks, but for those of undone runs, and those with an outcome in `without`.
    `revision` is a commit, or a range of them.

    The history is read only as far as it takes to find them all.
    """
    left = set(task_ids)
    found: dict[str, Trailer] = {}
    undone: set[str] = set()
    for commit in logged_commits(repo, revision) if left else ():
        # An undo that was itself undone takes nothing back; newer commits come first, so that is known by now.
        gone = {group.run for group in commit.groups} & undone
        undone |= {group.undoes for group in commit.groups if group.undoes and group.run not in gone}
        for one in commit.receipts():
            if one.task_id in left and one.run not in undone and one.outcome not in without:
                found[one.task_id] = one
        left.difference_update(found)
        if not left:
            break
    return Newest(found, frozenset(undone))


#: %(trailers) decides what is a receipt.
_LOG = (*LOG, *GREP)
_FIELDS = ("%H", "%aI", "%an <%ae>", "%s", "%b", TRAILERS)
_BLOCK = 1 << 12


def _commit(number: int, fields: Sequence[bytes]) -> LoggedCommit | None:
    oid, date, author, subject, body, trailers = (field.decode(errors="replace") for field in fields)
    found = groups(trailers.split("\n"))
    if not found:
        return None
    tasks = [task for group in found for task in group.tasks]
    return LoggedCommit(number, oid.strip(), date, author, found, titles(subject, body, tasks))
