"""Operations on the graph of commits: branches, merges, and commits that are made again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.proof import edits, messages
from tests.proof.history import Run
from tests.proof.tick_operations import done
from tests.proof.truth import Credit, Facts
from tests.proof.versions import three_way

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.proof.history import History
    from tests.proof.truth import Commit
    from tests.proof.versions import Version


def fork(h: History) -> None:
    """A new branch, checked out. Those that main has all of are deleted."""
    main = h.truth.commits[h.branches["main"]]
    kept = (h.on, "main")
    h.branches = {
        name: tip for name, tip in h.branches.items() if name in kept or not main.ancestors >> tip & 1
    }
    if len(h.branches) < 4:
        name = f"side{h.uid()}"
        h.branches[name] = h.branches[h.on]
        h.on = name


def switch(h: History) -> None:
    h.on = h.chance.choice([*h.branches, "main", "main"])


def _other(h: History) -> Commit | None:
    """The tip of a branch that has what this one has not."""
    tips = [h.truth.commits[number] for name, number in h.branches.items() if name != h.on]
    new = [tip for tip in tips if not h.tip.ancestors >> tip.number & 1]
    return h.chance.choice(new) if new else None


def base_of(h: History, one: Commit, other: Commit) -> Commit:
    """The newest commit that both have."""
    return h.truth.commits[(one.ancestors & other.ancestors).bit_length() - 1]


def merge(h: History) -> None:
    """With both sides' changes, with ours alone, or with a tick that no side has."""
    other = _other(h)
    if other is None:
        return
    merged = three_way(base_of(h, h.tip, other).version, h.version, other.version)
    how = h.chance.choices(["both", "ours", "hand", "receipt"], [5, 1, 2, 2])[0]
    parents, line = [h.tip.number, other.number], h.one(h.open(merged))
    if how == "ours":
        h.commit(h.version, "merge -s ours", "Merge branch 'side'\n", parents=parents)
    elif how == "both" or line is None:
        h.commit(merged, "merge", "Merge branch 'side'\n", parents=parents)
    elif how == "hand":
        h.commit(merged.changed(done(line)), "hand tick in a merge", "Merge branch 'side'\n", parents=parents)
    else:
        told = (Credit(line.uid, "done", line.run or "a"),)
        text = messages.in_a_persons(h.receipt_text(told, merged))
        facts = Facts(told, run=h.run_id())
        h.commit(merged.changed(done(line)), "receipt in a merge", text, facts, parents=parents)


def revert(h: History) -> None:
    """`git revert` of a recent commit: what it ticked is open, and what it opened is ticked."""
    recent = [c for c in h.truth.commits[-15:] if h.tip.ancestors >> c.number & 1 and len(c.parents) == 1]
    _revert(h, h.chance.choice(recent)) if recent else None


def revert_twice(h: History) -> None:
    """A revert of a commit that ticks, then one of the revert, with or without something between."""
    for commit in reversed(h.truth.commits[-15:]):
        if h.tip.ancestors >> commit.number & 1 and len(commit.parents) == 1 and commit.credits:
            if _revert(h, commit):
                first = h.tip
                if h.chance.random() < 0.5:
                    h.commit(edits.add(h, h.version) or h.version, "add")
                _revert(h, first)
            return


def _revert(h: History, commit: Commit) -> bool:
    before = h.truth.commits[commit.parents[0]]
    version = three_way(commit.version, h.version, before.version)
    if version == h.version:
        return False
    facts = _ticked_by(h, version, before, "revert of an opening")
    h.commit(version, "revert", messages.reverting(commit), facts)
    return True


def _ticked_by(h: History, version: Version, source: Commit, kind: str) -> Facts:
    """What is ticked newly is as it was in the source, by no receipt: in doubt, where it was proven there."""
    doubts, kinds = {}, {}
    for uid in _new(h, version):
        tick = source.ticks.get(uid)
        kinds[uid] = f"{kind}: {tick.kind}" if tick else kind
        if tick and (tick.proven or tick.doubt):
            doubts[uid] = f"{kind} of a proven one"
    return Facts(doubts=doubts, kinds=kinds)


def _new(h: History, version: Version) -> list[int]:
    """The tasks that this version ticks."""
    return [uid for uid, line in version.tasks().items() if line.done and uid not in h.tip.ticks]


def cherry_pick(h: History) -> None:
    """A commit of another branch, perhaps with -x."""
    there = [c for c in h.truth.commits[-25:] if not h.tip.ancestors >> c.number & 1 and len(c.parents) == 1]
    if there:
        commit = h.chance.choice(there)
        text = messages.picked(commit.message, commit.oid) if h.chance.random() < 0.5 else commit.message
        pick(h, commit, text, "cherry-pick")


def pick(h: History, commit: Commit, text: str, kind: str) -> None:
    """The commit's change on top of this branch, with its message."""
    before = h.truth.commits[commit.parents[0]].version
    version = three_way(before, h.version, commit.version)
    if version == h.version and before != commit.version:
        return
    facts, run = h.facts[commit.number], h.runs.get(commit.number)
    if facts.accepts or facts.undoes:
        return
    more = _ticked_by(h, version, commit, kind)
    told, doubts = _carried(h, version, commit.credits, run, kind)
    doubts = {uid: why for uid, why in more.doubts.items() if uid not in {c.uid for c in told}} | doubts
    h.commit(version, f"{kind}: {commit.kind}", text, Facts(told, doubts, more.kinds, facts.run), run=run)


def _carried(
    h: History, version: Version, receipts: Sequence[Credit], run: Run | None, kind: str
) -> tuple[tuple[Credit, ...], dict[int, str]]:
    """The receipts that are true here too: of tasks that go by the same id, and that are ticked here first, unless
    there is nothing but receipts."""
    told, doubts, new, tasks = [], {}, _new(h, version), version.tasks()
    ids = {uid: task.id for uid, task in version.read().items()}
    for one in receipts:
        if one.uid not in tasks:
            continue
        if not one.proves:
            if tasks[one.uid].done:
                doubts[one.uid] = f"{kind}: told to have failed, or opened, where it is ticked"
            else:
                told.append(one)
        elif run is None or run.ids.get(one.uid) != ids[one.uid]:
            doubts[one.uid] = f"{kind}: it has another id here"
        elif one.uid in new or not new:
            told += [one] if tasks[one.uid].done else []
        elif not h.tip.ticks[one.uid].proven:
            doubts[one.uid] = f"{kind}: ticked here before"
    return tuple(told), doubts


def rebase(h: History) -> None:
    """A side branch onto main, commit by commit."""
    sides = [name for name in h.branches if name != "main"]
    if not sides:
        return
    name, was = h.chance.choice(sides), h.on
    main = h.truth.commits[h.branches["main"]]
    commits = _since(h, main, h.truth.commits[h.branches[name]])
    if commits:
        h.on, h.branches[name] = name, main.number
        for commit in commits:
            pick(h, commit, commit.message, "rebase")
        h.on = was


def _since(h: History, base: Commit, tip: Commit) -> list[Commit]:
    """The commits of a branch that another one has not, oldest first; none if there is a merge among them."""
    new = tip.ancestors & ~base.ancestors
    found = [one for one in h.truth.commits if new >> one.number & 1]
    return found if all(len(one.parents) == 1 for one in found) else []


def squash(h: History) -> None:
    """Another branch as one commit, with git's message or a forge's."""
    other = _other(h)
    commits = _since(h, h.tip, other) if other else []
    if other is None or not commits or any(h.facts[one.number].accepts for one in commits):
        return
    version = three_way(base_of(h, h.tip, other).version, h.version, other.version)
    if version == h.version:
        return
    by_git = h.chance.random() < 0.5
    text = messages.squashed_by_git(commits) if by_git else messages.squashed_by_forge(commits, h.uid())
    kind = "git's squash" if by_git else "a forge's squash"
    told, doubts, ids = _squashed(h, version, other, commits, kind)
    kinds = {uid: f"{kind}: {tick.kind}" for uid, tick in other.ticks.items()}
    name = next((h.facts[one.number].run for one in commits if h.facts[one.number].run), None)
    h.branches = {name: tip for name, tip in h.branches.items() if tip != other.number or name == "main"}
    h.commit(version, kind, text, Facts(told, doubts, kinds, name), run=Run(name or "", ids))


def _squashed(
    h: History, version: Version, other: Commit, commits: Sequence[Commit], kind: str
) -> tuple[tuple[Credit, ...], dict[int, str], dict[int, str]]:
    told, doubts, kept = [], {}, {}
    ids, new = {uid: task.id for uid, task in version.read().items()}, _new(h, version)
    for uid in (uid for uid in ids if version.tasks()[uid].done):
        receipts = [(c, one) for c in commits for one in c.credits if one.uid == uid]
        names = [h.runs[c.number].ids.get(uid) for c, one in receipts if one.proves and c.number in h.runs]
        state = _squash_of(h, uid, uid in new, other, [one for _, one in receipts], ids[uid] in names)
        if isinstance(state, Credit):
            told.append(state)
            kept[uid] = ids[uid]
        elif state:
            doubts[uid] = f"{kind} {state}"
    return tuple(told), doubts, kept


def _squash_of(
    h: History, uid: int, new: bool, other: Commit, receipts: Sequence[Credit], named: bool
) -> Credit | str | None:
    """The receipt that counts for a task, or why that is in doubt; None where there is none."""
    tick = other.ticks.get(uid)
    if not new:
        doubtful = not h.tip.ticks[uid].proven or not all(one.proves for one in receipts)
        return "over a tick that was there" if receipts and doubtful else None
    if any(one.outcome == "todo" for one in receipts) or (tick and tick.doubt):
        return "of one that was opened between"
    if tick and "receipt as the subject" in tick.kind:
        return "of a receipt as the subject, which is a paragraph now"
    if not tick or not tick.proven:
        return "of tick, opening and hand tick" if named else None
    if len({one.processor for one in receipts if one.proves}) > 1:
        return "of one that two processors have proven"
    processor = tick.processor or "a"
    return Credit(uid, "done", processor) if named else "of one that had another id when it was proven"


def amend(h: History) -> None:
    """The newest commit again: with its message and a further edit, a further tick by hand, or with another message."""
    tip = h.tip
    if len(tip.parents) != 1 or list(h.branches.values()).count(tip.number) > 1:
        return
    facts = h.facts[tip.number]
    if facts.accepts or facts.undoes:
        return
    how = h.chance.choice(["edit", "hand tick", "message"])
    edit = edits.tick if how == "hand tick" else h.chance.choice(edits.PLAIN)
    version = (edit(h, tip.version) if how != "message" else None) or tip.version
    run, text = h.runs.get(tip.number), tip.message if how != "message" else None
    h.branches[h.on] = tip.parents[0]
    kinds = {uid: f"amend, {how}: {tick.kind}" for uid, tick in tip.ticks.items()}
    told, doubts = _carried(h, version, facts.credits, run, "amend") if text else ((), {})
    new = Facts(told, dict(facts.doubts) | doubts, kinds | dict(facts.kinds), facts.run if text else None)
    h.commit(version, f"amend, {how}", text, new, run=run if text else None)
