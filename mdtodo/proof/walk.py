"""The history of a branch walked back, from ticks to what proves them.

A tick is followed from each commit to those of its parents in which the same task is done, line by line. A commit on
that way proves it with a receipt of it, a commit that ticks boxes only those that it ticks itself; a receipt of another
outcome ends the way, and so does the commit that ticked it. From there it goes on only where that commit gives back
what another one had taken: an undo before the run that it undid, a revert before the commit that it reverted.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.git.true_history import is_ancestor, resolve
from mdtodo.proof.evidence import (
    ACCEPTED,
    NO_WORD,
    OTHERS,
    PROVING,
    Evidence,
    reverted_by,
    runs_of,
    says_something,
)
from mdtodo.proof.names import Named
from mdtodo.proof.state import Entry, Opposed, State
from mdtodo.proof.steps import Place, Step
from mdtodo.receipts.trailers import accepted_by

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from mdtodo.git.diff_tree import FileChange
    from mdtodo.git.repository import Repository
    from mdtodo.proof.history import Commit, History
    from mdtodo.proof.names import Names
    from mdtodo.proof.state import FileState
    from mdtodo.receipts.trailers import RunTrailers, Trailer


class Found(NamedTuple):
    """What the history says of a tick: the receipt that proves it, None for none; else the commit that made it, None
    where it is in no commit yet. `unknown`: a shallow clone does not have that commit; `outside`: it is not in the
    range; `weak`: a receipt that was not enough. `named`: the processor that its line named before that commit."""

    evidence: Evidence | None = None
    origin: str | None = None
    unknown: bool = False
    outside: bool = False
    weak: Evidence | None = None
    named: str | None = None


def _nothing(tick: int, path: str, at: int) -> None:
    """Of no tick anything is known."""


class Known(NamedTuple):
    """What is known of the ticks of a commit already: `find` says it of a tick by its number, its file and its place
    there."""

    commit: str
    find: Callable[[int, str, int], Found | None]


class Walk:
    """Follows ticks, by their numbers. `enough` says whether evidence will do for a tick; `done` are the status
    characters of done boxes; `inside` the commits of the range that is judged, None for all."""

    def __init__(
        self,
        repo: Repository,
        history: History,
        names: Names,
        enough: Callable[[int, Evidence], bool],
        *,
        done: frozenset[bytes],
        inside: Collection[str] | None = None,
        known: Known | None = None,
    ) -> None:
        self._known = known or Known("", _nothing)
        self._repo, self._history, self._names = repo, history, names
        self._enough, self._done, self._inside = enough, done, inside
        self._states: dict[str, State] = {}
        self._watched = _Watched()
        self._opposed = Opposed()
        self._resolved: set[int] = set()
        self._remembered: dict[int, Found] = {}
        self.found: dict[int, Found] = {}

    def begin(self, commit: str, files: Mapping[str, FileState]) -> None:
        """These ticks stand in this commit."""
        state = self._states.setdefault(commit, State())
        for path, file in files.items():
            state.take(path, file)

    def begin_uncommitted(
        self, parents: Sequence[str], changes: Sequence[Sequence[FileChange]], files: Mapping[str, FileState]
    ) -> None:
        """These stand in what is not committed yet, on top of these commits."""
        state = State()
        for path, file in files.items():
            state.take(path, file)
        steps = self._steps(changes)
        if not parents:
            for _, entry in state.entries():
                self._note(entry.tick)
        self._note_origins(None, state, steps)
        self._go_on(parents, state, steps)

    def places(self, commit: str) -> list[tuple[int, str, int]]:
        """The ticks that stand in this commit, before the walk begins, with their files and places there."""
        state = self._states.get(commit, State())
        return [(entry.tick, path, entry.at) for path, entry in state.entries()]

    def go(self) -> Mapping[int, Found]:
        """Walk until all is known."""
        self._look_up_known()
        for commit, changes in self._history.commits() if self._states else ():
            if commit.oid == self._known.commit:
                self._look_up_known()
            elif self._remembered and len(self._states) == 1:
                self._take_remembered()
                self._remembered.clear()
            self._visit(commit, changes)
            if not self._states and not self._watched:
                break
        return self.found

    def _look_up_known(self) -> None:
        """Resolve what is known of ticks that stand in that commit, and in no other: what another side of a merge has
        may prove them too, and which of two proofs is the newer one the history says. These are taken where both sides
        have met."""
        state = self._states.get(self._known.commit)
        if state is None or self._inside is not None:
            return
        for path, entry in state.entries():
            what = None if entry.free or entry.against else self._known.find(entry.tick, path, entry.at)
            if what is not None and (what.evidence is None or self._enough(entry.tick, what.evidence)):
                self._remembered[entry.tick], entry.known = what, True
        self._take_remembered()

    def _take_remembered(self) -> None:
        every = [entry for state in self._states.values() for _, entry in state.entries()]
        places = Counter(entry.tick for entry in every)
        for entry in every:
            if entry.known and places[entry.tick] == 1 and not self._watched.is_waiting(entry.tick):
                what, before = self._remembered[entry.tick], self.found.get(entry.tick, Found())
                if what.evidence is None:
                    origin, named = before.origin or what.origin, before.named or what.named
                    what = what._replace(origin=origin, named=named)
                self._resolve(entry.tick, what)
        for commit, state in list(self._states.items()):
            state.forget(self._resolved)
            if not state:
                del self._states[commit]

    def _steps(self, changes: Iterable[Sequence[FileChange]]) -> list[Step]:
        return [Step(self._history, one, self._done) for one in changes]

    def _visit(self, commit: Commit, changes: Sequence[Sequence[FileChange]]) -> None:
        state = self._states.pop(commit.oid, State())
        self._opposed.reach(commit.oid, commit.parents)
        steps = self._steps(((),) if commit.shallow else changes)
        self._resume(commit, steps)
        if not state:
            return
        if says_something(commit):
            self._hear(commit, state, steps[0])
        if commit.shallow:
            for _, entry in state.entries():
                self._note(entry.tick, unknown=True)
            return
        self._note_origins(commit, state, steps)
        if len(commit.parents) > 1:
            self._note_open(commit, state, steps)
        self._go_on(commit.parents, state, steps)

    def _go_on(self, parents: Sequence[str], state: State, steps: Sequence[Step]) -> None:
        """Hand the ticks on to the parents that have them done."""
        if len(parents) == 1 and parents[0] not in self._states:
            # the plain case: all but what the commit changed is handed on as it is
            steps[0].step_back(state)
            if self._inside is not None and parents[0] not in self._inside:
                self._leave_range(state)
            if state:
                self._states[parents[0]] = state
            return
        for number, (parent, step) in enumerate(zip(parents, steps, strict=False), start=1):
            target = self._states.get(parent) or State()
            for path, file in list(state.files.items()):
                one = file if number == len(parents) else file.copy(self._resolved)
                step.hand_on(path, one, target)
            if self._inside is not None and parent not in self._inside:
                self._leave_range(target)
            if target:
                self._states[parent] = target

    def _leave_range(self, state: State) -> None:
        """Ticks that the range did not make are not judged; what an undo gave back is looked for further."""
        for _, entry in state.entries():
            if not entry.free:
                self._resolve(entry.tick, Found(outside=True))
        state.forget(self._resolved)

    def _note(self, tick: int, origin: str | None = None, named: str | None = None, **said: object) -> None:
        """Know this of a tick, unless more is known. Where it goes on behind its origin, that stays what it was."""
        if tick not in self._resolved:
            before = self.found.get(tick, Found())
            first = {"origin": before.origin or origin, "named": before.named or named}
            self.found[tick] = before._replace(**first, **said)  # type: ignore[arg-type]

    def _resolve(self, tick: int, found: Found) -> None:
        if tick not in self._resolved:
            weak = self.found[tick].weak if tick in self.found and found.evidence is None else None
            self.found[tick] = found._replace(weak=found.weak or weak)
            self._resolved.add(tick)
            self._watched.forget(tick)

    # What the message of a commit says

    def _hear(self, commit: Commit, state: State, step: Step) -> None:
        """Judge what its receipts prove, or end; and the word for all that was ticked before."""
        ticks = step.ticks
        said: dict[str, tuple[RunTrailers, Trailer]] = {}
        for group in runs_of(commit, ticks=ticks):
            # a run may open a box and tick it again, and a squash has its newest commit first
            tasks = sorted(group.tasks, key=lambda one: (one.attempt, one.outcome in PROVING))
            said |= {one.task_id: (group, one) for one in tasks if one.outcome not in NO_WORD}
        trailers = {name: trailer for name, (_, trailer) in said.items()}
        for one in self._names.fitting(self._of(state, step, trailers)) if trailers else ():
            self._judge(commit, one.entry, *said[one.trailer.task_id], ticked=ticks)
            if one.entry.ended or one.entry.tick in self._resolved:
                state.remove(one.path, one.entry)
        # nobody takes ticks as they stand in the range that makes them
        judged = self._inside is not None and commit.oid in self._inside
        if not judged and (by := accepted_by(commit.trailers)) is not None:
            for path, entry in state.entries():
                if not step.ticked(path, entry):
                    self._take(entry, Evidence(commit.oid, "", "", ACCEPTED, by))
            state.forget(self._resolved)

    def _of(self, state: State, step: Step, trailers: Mapping[str, Trailer]) -> list[Named]:
        """What these trailers are of, by their ids: in a commit that ticks boxes, of those that it ticks."""
        found: list[Named] = []
        for path, file in state.files.items():
            there = step.ticked_of(path, file) if step.ticks else list(file.entries)
            for entry, trailer in self._names.trailers_of(path, file, there, trailers) if there else ():
                run = step.run_of(path, entry)
                if run is None or trailer.processor in (run, *OTHERS):
                    found.append(Named(path, file.oid, entry, trailer))
        return found

    def _judge(
        self, commit: Commit, entry: Entry, group: RunTrailers, trailer: Trailer, *, ticked: bool
    ) -> None:
        if trailer.outcome not in PROVING:
            self._note(entry.tick, origin=commit.oid)
            entry.ended = True
        elif group.undoes is not None:
            # proves nothing by itself: it gives back the proof that the undone run had ended
            if ticked:
                self._watched.note_undo(commit.oid, entry.tick, group.undoes)
        else:
            said = trailer.task_id, trailer.processor, trailer.by, trailer.tree
            self._take(entry, Evidence(commit.oid, group.run, *said))

    def _take(self, entry: Entry, evidence: Evidence) -> None:
        if (merge := self._opposed.since(entry)) is not None:
            self._note(entry.tick, origin=merge)
            entry.ended = True
        elif self._enough(entry.tick, evidence):
            self._resolve(entry.tick, Found(evidence))
        else:
            self._note(entry.tick, weak=evidence)

    # Where a tick begins, and where it may go on

    def _note_origins(self, commit: Commit | None, state: State, steps: Sequence[Step]) -> None:
        """Note which ticks no parent has; where the commit gives something back, watch for what it gives back."""
        for path, entry in list(steps[0].touched(state)) if steps else ():
            if all(step.ticked(path, entry) for step in steps):
                runs = [run for step in steps if (run := step.run_before(path, entry)) is not None]
                self._note(entry.tick, origin=commit.oid if commit else None, named=runs[0] if runs else None)
                if commit is not None:
                    place = Place(path, state.files[path].oid, steps[0].box(path, entry))
                    self._watched.add(commit, entry.tick, place)

    def _note_open(self, commit: Commit, state: State, steps: Sequence[Step]) -> None:
        """Note which parents of a merge have the boxes open that it has done."""
        for parent, step in zip(commit.parents, steps, strict=False):
            for path, entry in step.touched(state):
                place = step.place(path, entry.at)
                if place is not None and place.box.char not in self._done:
                    entry.against |= self._opposed.add(parent, commit.oid)

    def _resume(self, commit: Commit, steps: Sequence[Step]) -> None:
        """Go on with the ticks that this commit has taken and a later one gave back."""
        if not commit.parents or not self._watched:
            return
        target = self._states.get(commit.parents[0]) or State()
        meant = self._watched.taken_by(commit)
        for box, was in steps[0].opened():
            for one in self._watched.with_text(box.text):
                if not is_ancestor(self._repo, commit.oid, one.since):
                    continue
                if one in meant and not self._is_back(one, was):
                    continue
                if one in meant:
                    target.add(was.path, was.oid, [Entry(one.tick, was.box.at, free=True)])
                elif len(commit.parents) == 1:
                    # opened once more after what was given back: that has not ended the proof alone
                    self._watched.forget(one.tick)
        if target:
            self._states[commit.parents[0]] = target

    def _is_back(self, one: _Waiting, was: Place) -> bool:
        """Whether what waits is the task that was taken: in its file, or in another one where that is gone."""
        if not self._names.are_same(one.place, was):
            return False
        return one.place.path == was.path or not resolve(self._repo, f"{one.since}:{was.path}")


class _Waiting(NamedTuple):
    """A tick that the commit `since` made at this place."""

    since: str
    tick: int
    place: Place


class _Watched:
    """Ticks that go on where it is reached what they were given back from: by commit, by run."""

    def __init__(self) -> None:
        self._commits: dict[str, list[_Waiting]] = {}
        self._runs: dict[str, list[_Waiting]] = {}
        self._undone: dict[tuple[str, int], str] = {}
        self._waiting: set[int] = set()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def note_undo(self, commit: str, tick: int, run: str) -> None:
        """This commit gave the tick back by undoing this run."""
        self._undone[commit, tick] = run

    def add(self, commit: Commit, tick: int, place: Place) -> None:
        """This commit made the tick."""
        one = _Waiting(commit.oid, tick, place)
        if (run := self._undone.get((commit.oid, tick))) is not None:
            self._waiting.add(tick)
            self._runs.setdefault(run, []).append(one)
        if (reverted := reverted_by(commit)) is not None:
            self._waiting.add(tick)
            self._commits.setdefault(reverted, []).append(one)

    def is_waiting(self, tick: int) -> bool:
        """Whether it goes on somewhere."""
        return tick in self._waiting

    def forget(self, tick: int) -> None:
        """All is known of it."""
        self._waiting.discard(tick)

    def taken_by(self, commit: Commit) -> list[_Waiting]:
        """What was given back from what this commit has taken. One that says so in a receipt is not taken back but by
        an undo."""
        runs = runs_of(commit, ticks=False) if self._runs and commit.trailers else ()
        found = [one for group in runs for one in self._runs.get(group.run, ())]
        if commit.oid in self._commits and not runs_of(commit, ticks=False):
            found += self._commits[commit.oid]
        return found

    def with_text(self, text: bytes) -> list[_Waiting]:
        """The ticks of lines that say this."""
        every = {one for some in (*self._runs.values(), *self._commits.values()) for one in some}
        return [one for one in every if one.place.box.text == text and one.tick in self._waiting]
