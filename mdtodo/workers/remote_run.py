"""A run whose tasks are claimed on a remote, from its first claim until its ticks are pushed there."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mdtodo.config.value_types import format_duration
from mdtodo.errors import GitError, UsageError
from mdtodo.git.remote import find_upstream, push_commit, without_password
from mdtodo.git.remotes.refs import RefUpdate, push_branch
from mdtodo.git.repository import run
from mdtodo.git.session import GitSession
from mdtodo.workers.claim import own_claim
from mdtodo.workers.claims import ROUNDS, Claims
from mdtodo.workers.remote_leases import RemoteLeases

if TYPE_CHECKING:
    from collections.abc import Callable

    from mdtodo.config.settings import Config
    from mdtodo.git.remote import Pushed, Upstream
    from mdtodo.git.repository import Repository
    from mdtodo.run.journal import RunJournal

#: Claims that one push of the branch deletes.
MOST_DELETED = 4000


@dataclass(slots=True, eq=False, repr=False)
class RemoteRun:
    """`over` is for `run.run`, `send` for the push after it, and `finish` for the end, whatever came before it.

    `arrived`: a push of the branch came to a good end, as far as was told.
    """

    repo: Repository
    config: Config
    remote: str
    upstream: Upstream | None
    arrived: bool = False
    _leases: RemoteLeases | None = None

    @classmethod
    def of(cls, repo: Repository, config: Config, remote: str, *, push: bool) -> RemoteRun:
        """Raises UsageError where there is no such remote, and where what is pushed would go to another one."""
        names = run(repo, "remote").decode(errors="surrogateescape").split("\n")[:-1]
        if remote not in names:
            known = f" (there is {', '.join(names)})" if names else " (there is none)"
            raise UsageError(f"--remote: no remote is called {without_password(remote)!r}{known}")
        upstream = _upstream_on(repo, remote, needed=push)
        return cls(repo, config, remote, upstream)

    def over(self, journal: RunJournal, say: Callable[[str], None]) -> RemoteLeases:
        """The leases of a run, above those of this clone."""
        own = own_claim(self.repo, journal.worker, journal.run_id, self.config.remote_lease)
        claims = Claims(self.repo, self.remote, own, self.upstream.ref if self.upstream else None)
        self._leases = RemoteLeases(journal.local, claims, self.upstream, self.config.status, say)
        return self._leases

    def send(self, repo: Repository, upstream: Upstream, commit: str) -> Pushed:
        """Push the commit to the branch, and delete the claims of what it ticks, all of it or nothing.

        A claim that somebody has taken over meanwhile is theirs: then the ticks go without it. That they are still due
        is for `landing.push` to find out, by the boxes on the branch.
        """
        for _ in range(ROUNDS):
            updates = self._deletions()
            if not updates:
                break
            said = push_branch(repo, upstream.remote, commit, upstream.ref, updates)
            answer, claims = said[upstream.ref], self._claims
            if answer.code == 0 and claims is not None:
                self.arrived = True
                claims.done(updates)
                return answer
            if "does not support --atomic" in answer.errors or any(
                said[one.ref].is_refused for one in updates
            ):
                break  # then `finish` deletes them, if they can be deleted
            if not _may_be_a_claim(answer) or not self._changed(updates):
                return answer
        alone = push_commit(repo, upstream, commit)
        self.arrived = alone.code == 0
        return alone

    def finish(self, *, pushed: bool) -> tuple[str, ...]:
        """Give back what is left; sentences for a person. `pushed`: the remote has all that was done. Otherwise that
        stays claimed, until its time is over, since others cannot see that it is done."""
        claims, leases = self._claims, self._leases
        if claims is None or leases is None or leases.refused:
            return ()
        try:
            claims.look()
            if pushed:
                claims.release([*claims.held])
                claims.take_back()
            elif kept := sorted(leases.ended & claims.held.keys()):
                claims.keep(kept)
                return (self._kept(len(kept)),)
            claims.sweep()
        except GitError as error:
            lasts = format_duration(self.config.remote_lease)
            return (
                f"the claims on {claims.remote} could not be given back, and last up to {lasts}: {error}",
            )
        return ()

    @property
    def again(self) -> str:
        """What pushes, for a person, where this run could not."""
        return f"`mdtodo run --remote {without_password(self.remote)} --push`"

    @property
    def _claims(self) -> Claims | None:
        return self._leases.claims if self._leases is not None else None

    def _deletions(self) -> list[RefUpdate]:
        """The claims of what has been done, what is to be given back anyhow, and what earlier runs of this clone have
        left; no more than a command line holds, the others are for `finish`."""
        claims, leases = self._claims, self._leases
        if claims is None or leases is None or leases.refused:
            return []
        ended = {ref: held.oid for ref, held in list(claims.held.items()) if ref in leases.ended}
        back = {one.ref: one.expected for one in claims.returning()}
        refs = {**ended, **back, **claims.left_behind()}
        return [RefUpdate(ref, oid, None) for ref, oid in [*refs.items()][:MOST_DELETED]]

    def _changed(self, updates: list[RefUpdate]) -> bool:
        """Whether a claim is not what it was; then it is let go."""
        if self._claims is None:
            return False
        with suppress(GitError):
            self._claims.check()
        return self._deletions() != updates

    def _kept(self, count: int) -> str:
        claims = "1 claim stays" if count == 1 else f"{count} claims stay"
        lasts = format_duration(self.config.remote_lease)
        return (
            f"{claims} on {without_password(self.remote)} for {lasts}, as what was done is not pushed yet; "
            f"{self.again} pushes it"
        )


def _upstream_on(repo: Repository, remote: str, *, needed: bool) -> Upstream | None:
    """What the branch is pushed to, where that is on this remote."""
    try:
        with GitSession(repo) as git:
            upstream = find_upstream(repo, git)
    except GitError:
        if needed:
            raise
        return None
    if upstream.remote == remote:
        return upstream
    if needed:
        raise UsageError(
            f"--remote {without_password(remote)}, but --push pushes to {upstream.name}: "
            "claims and ticks must be on the same remote"
        )
    return None


def _may_be_a_claim(branch: Pushed) -> bool:
    """Whether it may be for a claim that the branch was not moved. Where no answer came, it may have been."""
    if not branch.flag:
        return "remote ref does not exist" in branch.errors
    return "atomic" in branch.words or branch.words.startswith("[remote rejected]")
