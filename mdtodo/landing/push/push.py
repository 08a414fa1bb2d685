"""Pushing receipts: push, and where the remote has moved, rebase them onto its tip and push that.

It never forces. Receipts of ours that nobody has seen yet may be rebased; the commits of a person never
are. The local branch follows only once the remote has taken them, so whatever fails before, or dies, leaves
the branch as it was, and the next push does what is left: what has arrived is known by its trailers.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mdtodo.errors import GitError
from mdtodo.git.index import index_lock
from mdtodo.git.remote import fetch, find_upstream, push_commit, without_password
from mdtodo.git.session import GitSession
from mdtodo.landing.push.fast_forward import BranchMovedError, CannotFastForwardError, fast_forward, finish
from mdtodo.landing.push.rebase import CannotRebaseError, read_commit, rebase
from mdtodo.system import process_identity
from mdtodo.system.failpoints import failpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mdtodo.core.task import Status
    from mdtodo.git.remote import Pushed, Upstream
    from mdtodo.git.repository import Repository
    from mdtodo.landing.push.rebase import Rebased

    Send = Callable[[Repository, Upstream, str], Pushed]

#: How often a push is tried, while others push at the same time.
ATTEMPTS = 10
#: Seconds of the first pause, at most, and of the longest one; each is twice the one before it.
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0
#: How often it is tried where the remote has not moved and gives no reason.
UNMOVED_LIMIT = 3
#: What pushes the receipts that could not be pushed.
AGAIN = "`mdtodo run --push`"
#: Where what was fetched has a name for a moment, which ends in that of the process.
FETCHED = "refs/mdtodo/fetched/"


@dataclass(frozen=True, slots=True)
class PushResult:
    """What a push came to. `commits`: what became of each local receipt that was rebased, None where the
    remote has its task's receipt of somebody else. `messages`: sentences for a person. `where`: the branch on the
    remote that has moved, None where nothing was to be pushed. `waiting`: by task why its result waits."""

    commits: Mapping[str, str | None]
    messages: tuple[str, ...] = ()
    where: str | None = None
    waiting: Mapping[str, str] = field(default_factory=dict)


def push(
    repo: Repository,
    statuses: Mapping[str, Status],
    wait: Callable[[str, str], bool] = lambda *_: False,
    *,
    follow: bool = True,
    send: Send | None = None,
    again: str = AGAIN,
) -> PushResult:
    """Push the branch of HEAD to its upstream, with the receipts on it rebased where that has moved; `wait` as in
    `rebase`. The branch follows, with its work tree, unless that is not asked for. `send` pushes a commit to it;
    `again` is the command that makes up for it where that fails.

    Raises GitError where there is nowhere to push to, where the remote refuses or cannot be reached, where it
    holds another history, and where commits of a person would have to be rebased. All commits are kept then.
    """
    messages = (*index_lock.remove_stale(repo), *finish(repo, statuses))
    with GitSession(repo) as git:
        upstream = find_upstream(repo, git)
        if git.look_up(upstream.branch) is None:
            return PushResult({}, messages)
        result = _Push(repo, git, statuses, upstream, wait, follow, send, again).run()
    return replace(result, messages=(*messages, *result.messages))


@dataclass(slots=True)
class _Push:
    """`head` is what the branch is at, `before` what the tracking ref was at, `tip` what the remote is at."""

    repo: Repository
    git: GitSession
    statuses: Mapping[str, Status]
    upstream: Upstream
    wait: Callable[[str, str], bool]
    follow: bool = True
    send: Send | None = None
    again: str = AGAIN
    head: str = ""
    before: str | None = None
    tip: str | None = None
    tries: int = 0
    unmoved: int = 0
    where: str | None = None

    def run(self) -> PushResult:
        """Until all receipts on the branch are on the remote, and the branch is where that is."""
        # Before anything is fetched: where the remote no longer has this commit, it was rewritten.
        self.before = self._commit_of(self.upstream.tracking)
        while True:
            self.head = self._head()
            rebased = self._deliver()
            if rebased is None:
                return PushResult({}, (), self.where)
            try:
                messages = self._follow(rebased)
            except BranchMovedError:
                continue
            return PushResult(rebased.commits, (*rebased.messages, *messages), self.where, rebased.waiting)

    def _deliver(self) -> Rebased | None:
        """Push until the remote has it all: where that has moved, what `_rebase` makes of it."""
        rebased: Rebased | None = None
        while True:
            candidate = rebased.tip if rebased else self.head
            # By id: the local branch stays where it is until the remote has the commits.
            pushed = (self.send or push_commit)(self.repo, self.upstream, candidate)
            failpoint("push.sent")
            self.tries += 1
            if pushed.code == 0:
                self.where = self.where if pushed.flag == "=" else self.upstream.name
                return rebased
            tip = self._fetched(pushed)
            # It may have arrived all the same: the connection can break after the remote has taken it.
            if tip is not None and self._contains(tip, candidate):
                self.where = self.where if pushed.words.startswith("[rejected]") else self.upstream.name
                return rebased
            self._check_retry(pushed, tip)
            _pause(self.tries)
            if tip is not None and not self._contains(candidate, tip):
                self.head = self._head()
                rebased = self._rebase(tip)
                if rebased is None or rebased.tip == tip:
                    return rebased

    def _rebase(self, tip: str) -> Rebased | None:
        """The receipts of the branch rebased onto the tip; None where there are none to push."""
        name, local = self.upstream.name, self.upstream.local
        base = self.git.run("merge-base", tip, self.head, ok=(0, 1)).decode().strip()
        if not base:
            raise self._stop(f"{name} has an unrelated history: no commit in common with {local}")
        if self.before is not None and not self._contains(tip, self.before):
            raise self._stop(f"{name} was rewritten: {self.before[:10]} is no longer on it")
        listed = self._listed("--reverse", "--topo-order", self.head, f"^{tip}")
        commits = [read_commit(self.git, oid) for oid in listed]
        theirs = [one for one in commits if len(one.parents) != 1 or not one.receipts]
        if theirs:
            some = f"{theirs[0].oid[:10]}{' and others' if len(theirs) > 1 else ''}"
            raise self._stop(f"{name} has moved on, and {local} has commits that are not receipts ({some})")
        if not commits:
            return None
        # --grep only narrows it down: `read_commit` decides what is a receipt.
        found = self._listed("--grep=^Mdtodo-Run: ", tip, f"^{base}")
        landed = {
            (run, task.task_id): oid for oid in found for run, task in read_commit(self.git, oid).receipts
        }
        try:
            return rebase(self.git, commits, tip, landed, self.statuses, where=name, wait=self.wait)
        except CannotRebaseError as error:
            raise self._stop(error.sentence) from error

    def _check_retry(self, pushed: Pushed, tip: str | None) -> None:
        """Whether there is sense in another try: not if the remote has decided, or does not move."""
        self.unmoved = self.unmoved + 1 if tip == self.tip else 0
        self.tip = tip
        if pushed.is_refused or self.unmoved >= UNMOVED_LIMIT:
            raise self._refusal(pushed)
        if self.tries >= ATTEMPTS:
            raise self._refusal(pushed, f" in {ATTEMPTS} attempts, while others pushed")

    def _follow(self, rebased: Rebased) -> tuple[str, ...]:
        """Bring the local branch to what the remote has now."""
        if not self.follow or rebased.tip == self.head:
            return ()
        try:
            return fast_forward(self.git, self.upstream.branch, self.head, rebased.tip, self.statuses)
        except CannotFastForwardError as stays:
            name, local = self.upstream.name, self.upstream.local
            sentence = f"the receipts are on {name}, but {local} is still behind, since {stays}"
            return (f"{sentence}; resolve that, then {self.again} updates {local}",)

    def _fetched(self, pushed: Pushed) -> str | None:
        # What killed pushes left; a ref would keep its commits for ever.
        for ref in self.git.run("for-each-ref", "--format=%(refname)", FETCHED).decode().split():
            if process_identity.has_ended(ref.removeprefix(FETCHED)):
                with suppress(GitError):  # what killed it may have left a lock as well
                    self.git.run("update-ref", "-d", ref)
        try:
            tip = fetch(self.repo, self.upstream, FETCHED + process_identity.current())
        except GitError as error:
            raise self._refusal(pushed) if pushed.flag else self._unreachable(pushed) from error
        tracking, known = self.upstream.tracking, self._commit_of(self.upstream.tracking)
        # Forward only: a tracking ref at a rewritten tip would hide from the next push that it was rewritten.
        if tracking and tip and known and known != tip and self._contains(tip, known):
            with suppress(GitError):  # somebody else fetches at the same time
                self.git.run("update-ref", "-m", "mdtodo: fetched", tracking, tip, known)
        return tip

    def _refusal(self, pushed: Pushed, how: str = "") -> GitError:
        name, local = self.upstream.name, self.upstream.local
        return GitError(
            f"{name} rejected the receipts{how}: {pushed.reason}",
            hint=f"the commits are kept on {local}; once that is resolved, {self.again} pushes them",
        )

    def _unreachable(self, pushed: Pushed) -> GitError:
        """Neither could it be pushed to, nor read."""
        name, local = self.upstream.name, self.upstream.local
        see = f"`git ls-remote {without_password(self.upstream.source)}` shows when it can be reached"
        return GitError(
            f"{name} could not be reached, so the receipts are not pushed: {pushed.reason}",
            hint=f"the commits are kept on {local}; {see}, and then {self.again} pushes them",
        )

    def _stop(self, sentence: str) -> GitError:
        return GitError(
            f"{sentence}: nothing was pushed",
            hint=f"the commits are kept on {self.upstream.local}; `git pull --rebase`, then {self.again}",
        )

    def _head(self) -> str:
        found = self.git.look_up(self.upstream.branch)
        if found is None:
            raise GitError(f"{self.upstream.local} is gone")
        return found[0]

    def _commit_of(self, ref: str | None) -> str | None:
        found = self.git.look_up(ref) if ref else None
        return found[0] if found else None

    def _contains(self, tip: str, commit: str) -> bool:
        """Whether the commit is the tip, or one of its ancestors."""
        if tip == commit:
            return True
        return not self._listed("-n1", commit, f"^{tip}")

    def _listed(self, *args: str) -> list[str]:
        return self.git.run("rev-list", *args, "--").decode().split()


def _pause(tries: int) -> None:
    """Longer after each try, and never as long as that of others."""
    from random import SystemRandom

    # Full jitter: clones that were rejected at the same moment do not meet again at the next.
    time.sleep(SystemRandom().uniform(0, min(FIRST_PAUSE * 2 ** (tries - 1), LONGEST_PAUSE)))
