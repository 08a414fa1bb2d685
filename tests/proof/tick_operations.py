"""Operations that tick and open boxes, and that tell of it, in truth or not. Each makes a commit, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.receipts.identity import is_id_of
from tests.proof import edits, messages
from tests.proof.truth import Credit, Facts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.proof.history import History
    from tests.proof.truth import Commit
    from tests.proof.versions import Line, Version


def done(line: Line) -> Line:
    return line._replace(done=True, failures=0)


def _credits(h: History, lines: Iterable[Line], outcome: str = "done") -> list[Credit]:
    return [Credit(line.uid, outcome, line.run or "person") for line in lines]


def run(h: History) -> None:
    """Some tasks are run, and the parents that follow are ticked."""
    lines = h.some(h.open(), 3)
    if lines:
        outcome = h.chance.choices(["done", "cached"], [9, 1])[0]
        version = h.version.changed(*map(done, lines))
        parents = _rolled_up(version)
        rollups = [Credit(parent.uid, "done", "rollup") for parent in parents]
        h.land(version.changed(*map(done, parents)), _credits(h, lines, outcome) + rollups, "run")


def _rolled_up(version: Version) -> list[Line]:
    tasks = version.tasks()
    below: dict[int, list[Line]] = {}
    for uid, parent in version.parents().items():
        if parent is not None:
            below.setdefault(parent, []).append(tasks[uid])
    closed = (tasks[uid] for uid, lines in below.items() if all(line.done for line in lines))
    return [parent for parent in closed if not parent.done and not parent.run]


def run_and_fail(h: History) -> None:
    """One fails, and perhaps another one is done in the same commit."""
    lines = h.some(h.open(), 2)
    if lines:
        bad, good = lines[0], lines[1:]
        version = h.version.changed(bad._replace(failures=bad.failures + 1), *map(done, good))
        outcome = h.chance.choice(["failed", "failed", "blocked"])
        h.land(version, _credits(h, [bad], outcome) + _credits(h, good), "run, another one failed")


def person(h: History) -> None:
    """`done --commit`."""
    lines = h.some(h.open(), 2)
    if lines:
        told = [Credit(line.uid, "done", "person") for line in lines]
        h.land(h.version.changed(*map(done, lines)), told, "a person's word")


def hand(h: History) -> None:
    """An editor."""
    lines = h.some(h.open(), 2)
    if lines:
        h.commit(h.version.changed(*map(done, lines)), "hand tick")


def receipt_in_persons_commit(h: History) -> None:
    """A hook puts the trailers into a commit that does more, and ticks another box by hand now and then."""
    base = h.chance.choice(edits.PLAIN)(h, h.version) or h.version
    base = base.changed(*_hand_ticked(h, base))
    lines = h.some(h.open(base), 2)
    if lines:
        version = base.changed(*map(done, lines))
        told = _credits(h, lines)
        others = [uid for uid, line in base.tasks().items() if line.done]
        kinds = dict.fromkeys(others, "hand tick in a commit with a receipt")
        h.land(version, told, "receipt in a person's commit", messages.in_a_persons, base=base, kinds=kinds)


def _hand_ticked(h: History, version: Version) -> list[Line]:
    return [done(line) for line in h.some(h.open(version))] if h.chance.random() < 0.3 else []


def receipt_follows(h: History) -> None:
    """A tick of a run that a person commits; the receipt is a commit of trailers alone."""
    lines = h.some(h.open(), 2)
    if lines:
        h.commit(h.version.changed(*map(done, lines)), "receipt lost")
        if h.chance.random() < 0.4:
            edit = h.chance.choice(edits.PLAIN)
            h.commit(edit(h, h.version) or h.version, edit.__name__)
        h.land(h.version, _credits(h, lines), "receipt follows")


def reopen(h: History) -> None:
    """`reopen --commit`."""
    lines = h.some(h.ticked())
    if lines:
        told = [Credit(line.uid, "todo", "person") for line in lines]
        h.land(h.version.changed(*(line._replace(done=False) for line in lines)), told, "reopen")


def reopen_by_hand(h: History) -> None:
    lines = h.some(h.ticked())
    if lines:
        h.commit(h.version.changed(*(line._replace(done=False) for line in lines)), "reopen by hand")


def hand_again(h: History) -> None:
    """Ticked by an editor, opened by whatever way, perhaps something else, ticked by an editor."""
    h.chance.choice([reopen, reopen_by_hand])(h)
    opened = (
        [uid for uid in h.truth.commits[h.tip.parents[0]].ticks if uid not in h.tip.ticks]
        if h.tip.parents
        else []
    )
    if h.chance.random() < 0.5:
        h.commit(edits.add(h, h.version) or h.version, "add")
    lines = [line for uid, line in h.version.tasks().items() if uid in opened]
    if lines:
        h.commit(h.version.changed(*map(done, lines)), "hand tick after an opening")


def undo(h: History) -> None:
    """The newest run that can be taken back: nothing that it made was changed since."""
    for commit in reversed(h.truth.commits):
        facts = h.facts[commit.number]
        if facts.run and len(commit.parents) == 1 and _can_undo(h, commit) and h.chance.random() < 0.5:
            _undo(h, commit, h.truth.commits[commit.parents[0]])
            return


def _can_undo(h: History, commit: Commit) -> bool:
    if not h.tip.ancestors >> commit.number & 1:
        return False
    run_id = h.facts[commit.number].run
    if any(h.tip.ancestors >> n & 1 and facts.undoes == run_id for n, facts in h.facts.items()):
        return False
    now, then = h.version.tasks(), commit.version.tasks()
    told = [one.uid for one in commit.credits]
    same = all(uid in now and now[uid] == then[uid]._replace(depth=now[uid].depth) for uid in told)
    return bool(told) and same and not _told_since(h, commit, told)


def _told_since(h: History, commit: Commit, uids: list[int]) -> bool:
    since = h.truth.commits[commit.number + 1 :]
    return any(one.uid in uids for c in since if h.tip.ancestors >> c.number & 1 for one in c.credits)


def _undo(h: History, commit: Commit, before: Commit) -> None:
    then, now = before.version.tasks(), h.version.tasks()
    uids = [one.uid for one in commit.credits if one.uid in then]
    back = [now[uid]._replace(done=then[uid].done, failures=then[uid].failures) for uid in uids]
    told = [Credit(line.uid, "done" if line.done else "todo", "undo") for line in back]
    doubts = {uid: f"undo: {tick.doubt}" for uid in uids if (tick := before.ticks.get(uid)) and tick.doubt}
    if told:
        h.land(
            h.version.changed(*back),
            told,
            "undo of a reopening",
            undoes=h.facts[commit.number].run,
            doubts=doubts,
        )


def accept(h: History) -> None:
    """All that is ticked is accepted as it stands."""
    count = sum(verdict.proven is False for verdict in h.truth.verdicts(h.tip.number).values())
    if count:
        text = f"todo: accept {count}\n\nMdtodo-Accept: {count} by=ada@example.com\n"
        h.commit(h.version, "accepted", text, Facts(accepts=True))


def _forge(h: History, kind: str, told: Credit, line: Line, wrap: object = str) -> None:
    text = h.receipt_text([told])
    h.commit(h.version.changed(done(line)), kind, wrap(text))  # type: ignore[operator]


def receipt_of_another(h: History) -> None:
    """A proven task's receipt, copied into a commit that ticks another one."""
    proven = [uid for uid, one in h.truth.verdicts(h.tip.number).items() if one.proven]
    line = h.one(h.open())
    if proven and line:
        other = h.version.tasks()[h.chance.choice(proven)]
        same = [one for one in h.open() if one.title == other.title]
        _forge(h, "receipt of another task", Credit(other.uid, "done", "a"), h.one(same) or line)


def receipt_copied(h: History) -> None:
    """A task's own receipt from before it was opened, copied: if its id is still the same, nobody can know."""
    line = h.one(line for line in h.open() if any(line.uid in one.ids for one in h.runs.values()))
    if line:
        number = next(n for n, one in h.runs.items() if line.uid in one.ids)
        anchor = h.version.read()[line.uid].anchor
        same = any(is_id_of(one.ids[line.uid], anchor) for one in h.runs.values() if line.uid in one.ids)
        doubts = {line.uid: "its own receipt copied"} if same else {}
        version = h.version.changed(done(line))
        h.commit(version, "an old receipt copied", h.truth.commits[number].message, Facts(doubts=doubts))


def receipt_in_prose(h: History) -> None:
    """Trailers where they are none."""
    line = h.one(h.open())
    if line:
        wrap, kind = h.chance.choice(
            [
                (messages.quoted, "receipt in the middle of prose"),
                (messages.as_subject, "receipt as the subject"),
            ]
        )
        _forge(h, kind, Credit(line.uid, "done", line.run or "a"), line, wrap)


def receipt_of_another_kind(h: History) -> None:
    """Of a processor that the task does not have, or of a failure."""
    line = h.one(line for line in h.open() if line.run in ("a", "b"))
    if line:
        other = "b" if line.run == "a" else "a"
        told, kind = h.chance.choice(
            [
                (Credit(line.uid, "done", other), "receipt of another processor"),
                (Credit(line.uid, "failed", line.run or ""), "receipt of a failure"),
                (Credit(line.uid, "blocked", line.run or ""), "receipt of a failure"),
            ]
        )
        _forge(h, kind, told, line)
