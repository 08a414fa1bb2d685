"""Claims on a remote: made, renewed, taken over and deleted by compare-and-swap, many of them in one push.

What a push came to is known where git says that a ref was updated. Everything else is no answer, and the remote is
looked at: a claim is ours where the ref is at an object of ours, which nobody else can have.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from random import SystemRandom
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.errors import GitError
from mdtodo.git.remote import push_source, without_password
from mdtodo.git.remotes.refs import RefUpdate, fetch_objects, list_refs, new_commit, push_refs
from mdtodo.git.repository import batch_answers, run
from mdtodo.system.clock import boot_clock
from mdtodo.system.failpoints import failpoint
from mdtodo.workers.claim import CLAIMS, Claim, read_claim
from mdtodo.workers.sightings import Sightings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from mdtodo.git.remote import Pushed
    from mdtodo.git.repository import Repository

#: How often a claim is tried whose push came to nothing known.
ROUNDS = 3
#: Seconds of the longest pause between two of them.
PAUSE = 1.0
#: A claim counts as lost to its own worker after this share of its time without a renewal: others, who have seen it
#: since later than that, wait for all of it.
OWN_SHARE = 0.9
#: Of refusals those that say nothing of whether the remote takes claims at all.
_PASSING = re.compile(r"error|fail|lock|timed? ?out|try again", re.IGNORECASE)


class ClaimsRefusedError(GitError):
    """The remote takes no such refs."""


class Held(NamedTuple):
    """A claim of ours: the object that its ref is at, and until when it is ours without a renewal, by `boot_clock`."""

    oid: str
    until: float


@dataclass(slots=True, eq=False, repr=False)
class Claims:
    """The claims of one worker on one remote, by ref. `own` says who that is; `held` are those that are its own.

    `tip` is what `branch` on the remote was at when that was looked at last. One thread at a time.
    """

    repo: Repository
    remote: str
    own: Claim
    branch: str | None = None
    held: dict[str, Held] = field(default_factory=dict)
    tip: str | None = None
    _there: dict[str, str] = field(default_factory=dict)
    _who: dict[str, Claim | None] = field(default_factory=dict)
    _ours: set[str] = field(default_factory=set)
    _returned: dict[str, str] = field(default_factory=dict)
    _seen: Sightings = field(init=False)

    def __post_init__(self) -> None:
        self._seen = Sightings(self.repo, without_password(push_source(self.repo, self.remote)))

    def look(self) -> None:
        """See what the remote has now. Raises GitError where it cannot be read."""
        began = boot_clock()
        refs = list_refs(self.repo, self.remote, [f"{CLAIMS}*", *([self.branch] if self.branch else [])])
        self.tip = refs.pop(self.branch, None) if self.branch else None
        self._there = refs
        self._seen.look(refs, began)
        self._read_claims({oid for oid in refs.values() if oid not in self._ours and oid not in self._who})

    def check(self) -> None:
        """Look, and let go what is not ours any more. Raises GitError where the remote cannot be read."""
        self.look()
        for ref, held in list(self.held.items()):
            if self._there.get(ref) != held.oid:
                del self.held[ref]

    def take(self, refs: Iterable[str]) -> dict[str, str]:
        """Claim these; why those that are not ours are not, as part of a sentence.

        Raises GitError where the remote cannot be read, ClaimsRefusedError where it takes no claims.
        """
        began, reasons = boot_clock(), dict[str, str]()
        left = [ref for ref in dict.fromkeys(refs) if ref not in self.held]
        self.look()
        for number in range(ROUNDS):
            taken = [ref for ref in left if not self._is_free(ref)]
            reasons |= {ref: self._taken(ref) for ref in taken}
            left = [ref for ref in left if ref not in taken]
            if not left:
                break
            time.sleep(SystemRandom().uniform(0, PAUSE) if number else 0)
            left = self._try(left, reasons)
            # also where all are ours: what the branch is at now has all that was done before they were
            try:
                self.look()
            except GitError:
                self.tip = None
                break
            arrived = {ref: oid for ref in left if (oid := self._there.get(ref)) in self._ours}
            self.held |= {ref: self._held(oid, began) for ref, oid in arrived.items()}
            left = [ref for ref in left if ref not in arrived]
        return {ref: reason for ref, reason in reasons.items() if ref not in self.held}

    def renew(self) -> frozenset[str]:
        """Renew all that are held; those that are not ours any more. One whose answer is lost is ours for its time.

        Claims may be released meanwhile, by another thread.
        """
        before = dict(self.held)
        if not before:
            return frozenset()
        began, oid = boot_clock(), self._new_object(self.own)
        said = self._push([RefUpdate(ref, held.oid, oid) for ref, held in before.items()])
        unclear = [ref for ref in before if not _is_made(said[ref])]
        if unclear:
            self.look()
        renewed = [ref for ref in before if ref not in unclear or self._there.get(ref) == oid]
        for ref in renewed:
            if self.held.get(ref) == before[ref]:
                self.held[ref] = self._held(oid, began)
            elif ref in self._returned:
                self._returned[ref] = oid
        gone = [ref for ref in unclear if self._there.get(ref) not in (oid, before[ref].oid)]
        for ref in gone:
            self.held.pop(ref, None)
        return frozenset(gone)

    def release(self, refs: Iterable[str]) -> None:
        """Give these back: with the next push, whatever that is for."""
        self._returned |= {ref: held.oid for ref in refs if (held := self.held.pop(ref, None)) is not None}

    def keep(self, refs: Collection[str]) -> None:
        """Let these outlive this process, until they run out: their ticks are still to be pushed."""
        kept = self.own._replace(process="", kept=True)
        began, oid = boot_clock(), self._new_object(kept)
        updates = [RefUpdate(ref, held.oid, oid) for ref in refs if (held := self.held.get(ref))]
        said = self._push(updates)
        for one in updates:
            if _is_made(said[one.ref]):
                self.held[one.ref] = self._held(oid, began)

    def sweep(self) -> None:
        """Give back what is ours on the remote and not held: a push whose answer was lost may have arrived late.

        Raises GitError where the remote cannot be read."""
        for number in range(ROUNDS):
            if number and not self._returned:
                return
            self.look()
            late = [ref for ref, oid in self._there.items() if oid in self._ours and ref not in self.held]
            self._returned |= {ref: self._there[ref] for ref in late}
            self._push([])

    def take_back(self) -> None:
        """Give back what earlier runs of this clone have left."""
        self._returned |= self.left_behind()

    def left_behind(self) -> dict[str, str]:
        """The claims, with their objects, that earlier runs of this clone have left on the remote, as of the last
        look."""
        return {ref: oid for ref, oid in self._there.items() if self._is_left(self._who.get(oid))}

    def holder(self, ref: str) -> Claim | None:
        """Who has it, as of the last look; None for nobody, and for one that cannot be read."""
        return self._who.get(self._there.get(ref, ""))

    # What is there

    def _is_free(self, ref: str) -> bool:
        """Whether it may be taken: nobody has it, or it was left, or nobody has renewed it for so long."""
        oid = self._there.get(ref)
        if oid is None or oid in self._ours:
            return True
        claim = self._who.get(oid)
        if claim is not None and (claim.has_ended or self._is_left(claim)):
            return True
        lease = max(self.own.lease, claim.lease if claim is not None else 0.0)
        return self._seen.unchanged_for(ref, oid) >= lease

    def _is_left(self, claim: Claim | None) -> bool:
        return claim is not None and claim.clone == self.own.clone and (claim.kept or claim.has_ended)

    def _taken(self, ref: str) -> str:
        """Who has it, as part of a sentence."""
        claim = self.holder(ref)
        if claim is None:
            return f"another worker has it, by a claim on {self._name} that cannot be read"
        if claim.kept:
            return f"{claim.who} has done it, and its tick is still to be pushed to {self._name}"
        return f"{claim.who} has it"

    def _read_claims(self, oids: set[str]) -> None:
        """Read what these objects say; where they cannot be had, nobody knows whose they are."""
        if not oids:
            return
        try:
            fetch_objects(self.repo, self.remote, sorted(oids))
        except GitError:
            # one may have gone since the look: then each for itself
            for oid in sorted(oids) if len(oids) > 1 else ():
                self._read_claims({oid})
            if len(oids) == 1:
                self._who[oids.pop()] = None
            return
        names = sorted(oids)
        out = run(
            self.repo, "cat-file", "--batch", "--buffer", stdin="".join(f"{n}\n" for n in names).encode()
        )
        for oid, found in zip(names, batch_answers(out), strict=True):
            self._who[oid] = read_claim(found[1]) if found is not None and found[0] == b"commit" else None

    # What is pushed

    def _try(self, refs: Sequence[str], reasons: dict[str, str]) -> list[str]:
        """Push a claim for each; those that are not known to be ours, and why, as far as that is known."""
        began, oid = boot_clock(), self._new_object(self.own)
        said = self._push([RefUpdate(ref, self._there.get(ref), oid) for ref in refs])
        failpoint("claims.sent")
        if refusals := [
            one for ref in refs if (one := said[ref]).is_refused and not _PASSING.search(one.words)
        ]:
            raise ClaimsRefusedError(f"{self._name} takes no claims: {refusals[0].words}")
        left: list[str] = []
        for ref in refs:
            if _is_made(said[ref]):
                self.held[ref] = self._held(oid, began)
                reasons.pop(ref, None)
            else:
                left.append(ref)
                reasons[ref] = f"it is not known whether another worker has it: {said[ref].reason}"
        return left

    def _push(self, updates: Sequence[RefUpdate]) -> Mapping[str, Pushed]:
        """Push these, with what is to be given back."""
        deleted = self.returning({one.ref for one in updates})
        if not updates and not deleted:
            return {}
        said = push_refs(self.repo, self.remote, [*updates, *deleted])
        self.done(one for one in [*updates, *deleted] if _is_made(said[one.ref]))
        return said

    def returning(self, but: Collection[str] = ()) -> list[RefUpdate]:
        """What is to be given back with the next push. Only what is there still, or git would push nothing at all."""
        returned = {ref: oid for ref, oid in list(self._returned.items()) if self._there.get(ref) == oid}
        self._returned = returned
        return [RefUpdate(ref, oid, None) for ref, oid in returned.items() if ref not in but]

    def done(self, updates: Iterable[RefUpdate]) -> None:
        """These were made on the remote."""
        for one in updates:
            if one.new is not None:
                self._there[one.ref] = one.new
                continue
            self._there.pop(one.ref, None)
            for known in (self.held, self._returned):
                known.pop(one.ref, None)

    def _new_object(self, claim: Claim) -> str:
        oid = new_commit(self.repo, claim.message())
        self._ours.add(oid)
        return oid

    def _held(self, oid: str, began: float) -> Held:
        return Held(oid, began + self.own.lease * OWN_SHARE)

    @property
    def _name(self) -> str:
        return without_password(self.remote)


def _is_made(pushed: Pushed) -> bool:
    return pushed.flag in ("*", "+", " ", "=", "-")
