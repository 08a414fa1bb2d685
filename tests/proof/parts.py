"""What is true of a part of a history: of the commits of a range, of those that a shallow clone has, of those that mail
brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from tests.proof.history import History
    from tests.proof.truth import Commit, Verdict

    Place = tuple[str, int]


def bases_of(history: History) -> list[Commit]:
    """Commits that a range up to the end may begin with: first parents, oldest first, without an acceptance after."""
    found, at = [], history.tip
    while at.parents and not history.facts[at.number].accepts:
        at = history.truth.commits[at.parents[0]]
        found.append(at)
    return found[::-1]


def truth_of_range(history: History, base: Commit) -> dict[Place, Verdict]:
    """Of the ticks at the end, as a range judges them: those that were there before it are none of its business.

    Which processor a task has is read at both ends, so what depends on it is in doubt.
    """
    return {
        place: verdict._replace(proven=_in_range(history, base, uid, verdict))
        for uid, place, verdict in _placed(history)
    }


def _in_range(history: History, base: Commit, uid: int, verdict: Verdict) -> bool | None:
    """As `Verdict.proven`: what is not to be named counts as proven."""
    before = {origin for origin in verdict.origins if base.ancestors >> origin & 1}
    if verdict.proven is not False:
        return verdict.proven
    if "run:" in verdict.kind or base.version.processors != history.version.processors:
        return None
    if not before:
        return False
    return True if before == verdict.origins and uid in base.ticks else None


def makers_of(history: History) -> dict[Place, set[str]]:
    """The commits that made each tick: several where branches ticked the same box."""
    commits = history.truth.commits
    return {place: {commits[one].oid for one in verdict.origins} for _, place, verdict in _placed(history)}


def truth_of_shallow(
    history: History, there: Collection[str], oldest: Collection[str]
) -> dict[Place, Verdict]:
    """Of the ticks at the end, in a clone with these commits, whose `oldest` have no parents there.

    What an oldest commit has already is not to be named.
    """
    return {
        place: verdict._replace(proven=_in_shallow(history, verdict, there, oldest))
        for _, place, verdict in _placed(history)
    }


def _in_shallow(
    history: History, verdict: Verdict, there: Collection[str], oldest: Collection[str]
) -> bool | None:
    # what an undo gives back may be from before
    if verdict.proven is not False or "undo" in verdict.kind:
        return None if "undo" in verdict.kind else verdict.proven
    seen = {origin for origin in verdict.origins if _is_inside(history, origin, there, oldest)}
    return False if seen == verdict.origins else None if seen else True


def truth_without_empty_commits(history: History) -> dict[Place, Verdict]:
    """Of the ticks at the end, where commits that change no file are lost, with the receipts that they were."""
    lost = ("receipt follows", "accepted")
    return {
        place: verdict._replace(proven=None) if any(kind in verdict.kind for kind in lost) else verdict
        for _, place, verdict in _placed(history)
    }


def _is_inside(history: History, origin: int, there: Collection[str], oldest: Collection[str]) -> bool:
    oid = history.truth.commits[origin].oid
    return oid in there and oid not in oldest


def _placed(history: History) -> list[tuple[int, Place, Verdict]]:
    places = history.version.places()
    return [(uid, places[uid], one) for uid, one in history.truth.verdicts(history.tip.number).items()]
