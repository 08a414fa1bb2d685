"""Pushing receipts: push, and where the remote has moved, rebase them onto its tip and push that.

It never forces. Receipts of ours that nobody has seen yet may be rebased; the commits of a person never
are. The local branch follows only once the remote has taken them, so whatever fails before, or dies, leaves
the branch as it was, and the next push does what is left: what has arrived is known by its trailers.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mdtodo.errors import GitError
from mdtodo.git.index import index_lock
from mdtodo.git.remote import fetch, find_upstream, send
from mdtodo.git.session import Plumbing
from mdtodo.landing.push.fast_forward import BranchMovedError, StaysError, advance, finish
from mdtodo.landing.push.rebase import read_commit, remake
from mdtodo.system import process_identity
from mdtodo.system.failpoints import reached

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.core.task import Status
    from mdtodo.git.remote import Pushed, Upstream
    from mdtodo.git.repository import Repository
    from mdtodo.landing.push.rebase import Remade

#: How often a push is tried, while others push at the same time.
ATTEMPTS = 10
#: Seconds of the first pause, at most, and of the longest one; each is twice the one before it.
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0
#: How often it is tried where the remote has not moved and gives no reason.
STILL = 3
#: Where what was fetched has a name for a moment, which ends in that of the process.
FETCHED = "refs/mdtodo/fetched/"


@dataclass(frozen=True, slots=True)
class Sent:
    """What a push came to. `commits`: what became of each local receipt that was rebased, None where the
    remote has its task's receipt of somebody else. `messages`: sentences for a person. `where`: the branch on the
    remote that has moved, None where nothing was to be pushed."""

    commits: Mapping[str, str | None]
    messages: tuple[str, ...] = ()
    where: str | None = None


def push(repo: Repository, statuses: Mapping[str, Status]) -> Sent:
    """Push the branch of HEAD to its upstream, with the receipts on it rebased where that has moved.

    Raises GitError where there is nowhere to push to, where the remote refuses or cannot be reached, where it
    holds another history, and where commits of a person would have to be rebased. All commits are kept then.
    """
    messages = (*index_lock.recover(repo), *finish(repo, statuses))
    with Plumbing(repo) as git:
        upstream = find_upstream(repo, git)
        if git.look_up(upstream.branch) is None:
            return Sent({}, messages)
        sent = _Push(repo, git, statuses, upstream).run()
    return replace(sent, messages=(*messages, *sent.messages))


@dataclass(slots=True)
class _Push:
    """`head` is what the branch is at, `before` what the tracking ref was at, `tip` what the remote is at."""

    repo: Repository
    git: Plumbing
    statuses: Mapping[str, Status]
    upstream: Upstream
    head: str = ""
    before: str | None = None
    tip: str | None = None
    tries: int = 0
    still: int = 0
    where: str | None = None

    def run(self) -> Sent:
        """Until all receipts on the branch are on the remote, and the branch is where that is."""
        # Before anything is fetched: where the remote no longer has this commit, it was rewritten.
        self.before = self._commit_of(self.upstream.tracking)
        while True:
            self.head = self._head()
            remade = self._deliver()
            if remade is None:
                return Sent({}, (), self.where)
            try:
                messages = self._follow(remade)
            except BranchMovedError:
                continue
            return Sent(remade.commits, (*remade.messages, *messages), self.where)

    def _deliver(self) -> Remade | None:
        """Push until the remote has it all: where that has moved, what `_again` makes of it."""
        remade: Remade | None = None
        while True:
            candidate = remade.tip if remade else self.head
            # By id: the local branch stays where it is until the remote has the commits.
            pushed = send(self.repo, self.upstream, candidate)
            reached("push.sent")
            self.tries += 1
            if pushed.code == 0:
                self.where = self.where if pushed.flag == "=" else self.upstream.name
                return remade
            tip = self._fetched(pushed)
            # It may have arrived all the same: the connection can break after the remote has taken it.
            if tip is not None and self._holds(tip, candidate):
                self.where = self.where if pushed.words.startswith("[rejected]") else self.upstream.name
                return remade
            self._heed(pushed, tip)
            _pause(self.tries)
            if tip is not None and not self._holds(candidate, tip):
                self.head = self._head()
                remade = self._again(tip)
                if remade is None or remade.tip == tip:
                    return remade

    def _again(self, tip: str) -> Remade | None:
        """The receipts of the branch rebased onto the tip; None where there are none to push."""
        name, local = self.upstream.name, self.upstream.local
        base = self.git.run("merge-base", tip, self.head, ok=(0, 1)).decode().strip()
        if not base:
            raise self._stop(f"{name} has an unrelated history: no commit in common with {local}")
        if self.before is not None and not self._holds(tip, self.before):
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
        return remake(self.git, commits, tip, landed, self.statuses, where=name)

    def _heed(self, pushed: Pushed, tip: str | None) -> None:
        """Whether there is sense in another try: not if the remote has decided, or does not move."""
        self.still = self.still + 1 if tip == self.tip else 0
        self.tip = tip
        if pushed.is_refused or self.still >= STILL:
            raise self._refusal(pushed)
        if self.tries >= ATTEMPTS:
            raise self._refusal(pushed, f" in {ATTEMPTS} attempts, while others pushed")

    def _follow(self, remade: Remade) -> tuple[str, ...]:
        """Bring the local branch to what the remote has now."""
        if remade.tip == self.head:
            return ()
        try:
            return advance(self.git, self.upstream.branch, self.head, remade.tip, self.statuses)
        except StaysError as stays:
            name, local = self.upstream.name, self.upstream.local
            sentence = f"the receipts are on {name}, but {local} is still behind, since {stays}"
            return (f"{sentence}; resolve that, then `mdtodo run --push` updates {local}",)

    def _fetched(self, pushed: Pushed) -> str | None:
        # What killed pushes left; a ref would keep its commits for ever.
        for ref in self.git.run("for-each-ref", "--format=%(refname)", FETCHED).decode().split():
            if process_identity.is_gone(ref.removeprefix(FETCHED)):
                self.git.run("update-ref", "-d", ref)
        try:
            tip = fetch(self.repo, self.upstream, FETCHED + process_identity.myself())
        except GitError as error:
            raise self._refusal(pushed) from error
        tracking, known = self.upstream.tracking, self._commit_of(self.upstream.tracking)
        # Forward only: a tracking ref at a rewritten tip would hide from the next push that it was rewritten.
        if tracking and tip and known and known != tip and self._holds(tip, known):
            with suppress(GitError):  # somebody else fetches at the same time
                self.git.run("update-ref", "-m", "mdtodo: fetched", tracking, tip, known)
        return tip

    def _refusal(self, pushed: Pushed, how: str = "") -> GitError:
        name, local = self.upstream.name, self.upstream.local
        return GitError(
            f"{name} rejected the receipts{how}: {pushed.reason}",
            hint=f"the commits are kept on {local}; once that is resolved, `mdtodo run --push` pushes them",
        )

    def _stop(self, sentence: str) -> GitError:
        return GitError(
            f"{sentence}: nothing was pushed",
            hint=f"the commits are kept on {self.upstream.local}; `git pull --rebase`, then `mdtodo run --push`",
        )

    def _head(self) -> str:
        found = self.git.look_up(self.upstream.branch)
        if found is None:
            raise GitError(f"{self.upstream.local} is gone")
        return found[0]

    def _commit_of(self, ref: str | None) -> str | None:
        found = self.git.look_up(ref) if ref else None
        return found[0] if found else None

    def _holds(self, tip: str, commit: str) -> bool:
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
