"""Which ticks are proven, by what is known of each line, and not by what files and messages say.

Two readings of the rule are followed at once: by the letter (a receipt among the ancestors that nothing has ended
since), and commit by commit (a tick is as good as that of a parent). Where they differ, and where nobody could tell,
a tick is in doubt: to name it is no false alarm, and to pass it over is no missed forgery.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tests.proof.versions import Line, Version

#: Receipts of these count whatever the task's processor is.
OF_ANYBODY = ("rollup", "person")


class Credit(NamedTuple):
    """A true receipt: what became of which task by which processor."""

    uid: int
    outcome: str
    processor: str

    @property
    def proves(self) -> bool:
        return self.outcome in ("done", "cached") and self.processor != "undo"


@dataclass(slots=True)
class Tick:
    """A ticked box as it is at one commit. `origins` are the commits that ticked it, or whose receipts
    count; `words` those of its title there; `ran` whether it had a processor then, `run` which one."""

    proven: bool
    kind: str
    origins: frozenset[int]
    words: tuple[str, ...]
    processor: str | None
    ran: bool
    run: str | None
    doubt: str | None = None


@dataclass(slots=True)
class Commit:
    """A commit, and what is true there. `ancestors` has a bit for each, itself among them."""

    number: int
    oid: str
    parents: tuple[int, ...]
    version: Version
    message: str
    credits: tuple[Credit, ...]
    kind: str
    ancestors: int
    looks: Mapping[int, tuple[object, ...]]
    ticks: dict[int, Tick] = field(default_factory=dict)


class Verdict(NamedTuple):
    """Of a ticked task: whether it is proven, None where that is in doubt; `kind` says what made it so."""

    proven: bool | None
    kind: str
    origins: frozenset[int]


class Facts(NamedTuple):
    """What an operation knows of the ticks it makes: true receipts, doubts by uid, the run, and a run it takes back."""

    credits: tuple[Credit, ...] = ()
    doubts: Mapping[int, str] = {}
    kinds: Mapping[int, str] = {}
    run: str | None = None
    undoes: str | None = None
    accepts: bool = False


NOTHING = Facts()


class Truth:
    """All commits of a history, by number."""

    def __init__(self) -> None:
        self.commits: list[Commit] = []
        self._receipts: dict[int, list[int]] = {}
        self._ends: dict[int, list[tuple[int, str | None]]] = {}
        self._undone: list[tuple[int, str]] = []

    def add(
        self,
        oid: str,
        parents: Sequence[int],
        version: Version,
        message: str,
        kind: str,
        facts: Facts = NOTHING,
    ) -> Commit:
        """The commit, with the ticks that it has."""
        number, ancestors = len(self.commits), 0
        for parent in parents:
            ancestors |= self.commits[parent].ancestors
        one = Commit(
            number,
            oid,
            tuple(parents),
            version,
            message,
            facts.credits,
            kind,
            ancestors | 1 << number,
            version.looks(),
        )
        self.commits.append(one)
        self._undone += [(number, facts.undoes)] if facts.undoes else []
        self._note(one, facts)
        for uid, line in version.tasks().items():
            if line.done:
                one.ticks[uid] = self._tick(one, line, facts)
        self._doubt_twins(one)
        return one

    def _note(self, one: Commit, facts: Facts) -> None:
        """Which proofs begin and end here."""
        for credit in facts.credits:
            if credit.proves:
                self._receipts.setdefault(credit.uid, []).append(one.number)
            elif credit.processor != "undo":
                self._ends.setdefault(credit.uid, []).append((one.number, facts.run))
        lines = one.version.tasks()
        for parent in map(self.commits.__getitem__, one.parents):
            for uid in parent.ticks:
                if facts.accepts:
                    self._receipts.setdefault(uid, []).append(one.number)
                if uid in lines and not lines[uid].done:
                    self._ends.setdefault(uid, []).append((one.number, facts.run))

    def _tick(self, one: Commit, line: Line, facts: Facts) -> Tick:
        own = next((c for c in facts.credits if c.uid == line.uid and c.proves), None)
        before = [
            _seen_from(self.commits[parent], one, line)
            for parent in one.parents
            if line.uid in self.commits[parent].ticks
        ]
        words, at = tuple(line.title.split()), frozenset({one.number})
        kind = facts.kinds.get(line.uid, one.kind)
        if own:
            tick = Tick(True, kind, at, words, own.processor, bool(line.run), line.run)
        elif facts.accepts:
            tick = Tick(True, kind, at, words, "person", bool(line.run), line.run)
        elif before:
            tick = _best(before, line.run)
        else:
            tick = self._new(one, line, kind, facts)
        tick.doubt = (
            tick.doubt or self._in_place_of(one, line) or facts.doubts.get(line.uid) if not own else None
        )
        return self._agree(one, line, tick)

    def _in_place_of(self, one: Commit, line: Line) -> str | None:
        """A doubt, where a parent has an equal task that is done, and that is gone: nobody sees that it is another."""
        for parent in map(self.commits.__getitem__, one.parents):
            if line.uid not in parent.looks:
                gone = (uid for uid in parent.ticks if uid not in one.looks)
                if any(parent.looks[uid][3:5] == (line.title, line.run) for uid in gone):
                    return "in the place of an equal one"
        return None

    def _new(self, one: Commit, line: Line, kind: str, facts: Facts) -> Tick:
        """A box ticked without a receipt."""
        had = [self.commits[p].version.tasks().get(line.uid) for p in one.parents]
        ran = bool(line.run) or any(was and was.run for was in had)
        tick = Tick(False, kind, frozenset({one.number}), tuple(line.title.split()), None, ran, line.run)
        if facts.undoes and self._by_the_letter(one, line.uid):
            tick.proven = True
        elif self._same_before(one, line.uid):
            tick.doubt = "same tree as one that had it proven"
        return tick

    def _same_before(self, one: Commit, uid: int) -> bool:
        same = (c for c in self._above(one) if uid in c.ticks and c.version.files == one.version.files)
        return any(c.ticks[uid].proven or c.ticks[uid].doubt for c in same)

    def _above(self, one: Commit) -> Iterator[Commit]:
        return (c for c in self.commits[: one.number] if one.ancestors >> c.number & 1)

    def _agree(self, one: Commit, line: Line, tick: Tick) -> Tick:
        """In doubt, where the two readings differ."""
        if not tick.doubt and self._by_the_letter(one, line.uid) != tick.proven:
            reading = "on this side, opened on another" if tick.proven else "never opened, ticked again"
            tick.doubt = f"two readings: {reading}"
        return tick

    def _by_the_letter(self, one: Commit, uid: int) -> bool:
        undone = {run for number, run in self._undone if one.ancestors >> number & 1}
        ends = [
            number
            for number, run in self._ends.get(uid, ())
            if one.ancestors >> number & 1 and run not in undone
        ]
        receipts = [number for number in self._receipts.get(uid, ()) if one.ancestors >> number & 1]
        return any(not self._ended(number, ends) for number in receipts)

    def _ended(self, receipt: int, ends: Iterable[int]) -> bool:
        return any(end != receipt and self.commits[end].ancestors >> receipt & 1 for end in ends)

    def _doubt_twins(self, one: Commit) -> None:
        """Tasks that are equal in all that can be seen, of which one is proven, may be taken for each other."""
        times = Counter(one.looks.values())
        for uid, tick in one.ticks.items():
            if times[one.looks[uid]] > 1:
                tick.doubt = tick.doubt or "equal in all that can be told"

    def verdicts(self, number: int) -> dict[int, Verdict]:
        """Of each ticked task that has a processor, or had one when it was ticked, by uid."""
        one = self.commits[number]
        lines, titles = one.version.tasks(), Counter(line.title for line in one.version.tasks().values())
        found = {}
        for uid, tick in one.ticks.items():
            verdict = _judged(lines[uid], tick, one.version.processors)
            if verdict:
                more = ", same title" if titles[lines[uid].title] > 1 else ""
                found[uid] = verdict._replace(kind=verdict.kind + more)
        return found


def _seen_from(parent: Commit, one: Commit, line: Line) -> Tick:
    """A parent's tick; in doubt, if the line is neither where it was nor what it was."""
    tick, before, after = parent.ticks[line.uid], parent.looks[line.uid], one.looks[line.uid]
    if not tick.doubt and tick.proven and before[:3] != after[:3] and before[3] != after[3]:
        return replace(tick, doubt="reworded and moved at once")
    return tick


def _best(before: Sequence[Tick], run: str | None) -> Tick:
    """The tick that a commit has of its parents: of several the one that has most to say for it."""
    best = max(
        before,
        key=lambda tick: (
            tick.proven and not tick.doubt,
            bool(tick.doubt),
            tick.processor in (run, *OF_ANYBODY),
        ),
    )
    alike = [tick for tick in before if tick.proven == best.proven]
    kind = best.kind if len(alike) == len(before) else f"{best.kind}, merged with a hand tick"
    return replace(best, kind=kind, origins=frozenset[int]().union(*(tick.origins for tick in alike)))


def _judged(line: Line, tick: Tick, processors: Sequence[str]) -> Verdict | None:
    """None where there is nothing to prove."""
    if not line.run and not tick.ran:
        return None
    proven, kind = (None, tick.doubt) if tick.doubt else _by_processor(line, tick, processors)
    return Verdict(proven, kind, tick.origins)


def _by_processor(line: Line, tick: Tick, processors: Sequence[str]) -> tuple[bool | None, str]:
    if line.run and line.run not in processors:
        return None, "no such processor"
    if not tick.proven:
        return _forged(line, tick)
    if not line.run:
        return None, "run: taken away of a proven one"
    if not _keeps_words(tick.words, line.title):
        return None, "reworded many times"
    if tick.processor not in (*OF_ANYBODY, *processors):
        return True, tick.kind
    if tick.processor in OF_ANYBODY:
        return (
            (True, tick.kind) if tick.run == line.run else (None, f"run: changed, {tick.processor} said so")
        )
    return tick.processor == line.run, tick.kind if tick.processor == line.run else "run: changed"


def _forged(line: Line, tick: Tick) -> tuple[bool | None, str]:
    if not line.run:
        return (
            (False, f"{tick.kind}, run: taken away") if tick.run is None else (None, "run: taken away later")
        )
    return False, tick.kind if tick.ran else f"{tick.kind}, run: added"


def _keeps_words(before: Sequence[str], title: str) -> bool:
    """Whether four of five words stay."""
    words = title.split()
    same = sum((Counter(before) & Counter(words)).values())
    return same >= 0.8 * max(len(before), len(words))
