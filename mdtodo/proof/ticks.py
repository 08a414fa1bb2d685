"""The ticks of a version that something should prove, and the walk that looks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.task import Status
from mdtodo.errors import InputError
from mdtodo.markdown.document import parse
from mdtodo.markdown.tasks import read_tasks
from mdtodo.proof.history import History
from mdtodo.proof.known import KnownTicks
from mdtodo.proof.line_map import normalized
from mdtodo.proof.names import Names
from mdtodo.proof.state import Entry, FileState
from mdtodo.proof.walk import Known, Walk

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from mdtodo.core.task import Task
    from mdtodo.git.diff_tree import FileChange
    from mdtodo.git.repository import Repository
    from mdtodo.markdown.document import Item
    from mdtodo.proof.evidence import Evidence
    from mdtodo.proof.rules import Rules
    from mdtodo.proof.walk import Found


class Tick(NamedTuple):
    """A ticked task, the processor that should have proven it, "" where none is named now, and the place of its status
    character, line ends normalized."""

    task: Task
    processor: str
    at: int


class Unproven(NamedTuple):
    """A tick that has a processor and no proof, or `every:` and no processor, "", and none. `commit` is the one that
    made it, None where it is not committed; `reason` why a receipt of it does not count, None where there is none."""

    file: str
    line: int
    task_id: str
    processor: str
    at: int
    commit: str | None
    reason: str | None


class Version(NamedTuple):
    """TODO files of a version, by path: git's ids of their bytes, and the bytes."""

    ids: Mapping[str, str]
    data: Mapping[str, bytes]


def ticks_of(version: Version, rules: Rules, *, every: bool = False) -> list[Tick]:
    """Those that have a processor, or a proof that may become too old; with `every` also those that may have had
    one. Files that cannot be read have none."""
    found: list[Tick] = []
    for item, task in tasks_of(version, rules, only_with=Status.DONE):
        processor = rules.processor_of(task) if task.status is Status.DONE else None
        if processor is not None or (task.status is Status.DONE and (every or _expires(task))):
            found.append(Tick(task, processor or "", item.box))
    return found


def tasks_of(
    version: Version, rules: Rules, *, only_with: Status | None = None
) -> Iterator[tuple[Item, Task]]:
    """The tasks of a version, of those files alone that have one with this status. Files that cannot be read have
    none."""
    for path, data in version.data.items():
        try:
            document = parse(normalized(data), rules.config.status, file=path)
        except InputError:
            continue
        if only_with is None or any(item.status is only_with for item in document.items):
            yield from zip(document.items, read_tasks({path: document}), strict=True)


def _expires(task: Task) -> bool:
    """Whether its proof may become too old, whoever gives it; that of a parent is its subtasks'."""
    return task.every is not None and not task.children


def is_unproven(tick: Tick, named: str | None) -> str | None:
    """The processor of a tick that nothing proves, "" where a person's word would do and `every:` goes by its date;
    None where it needs no proof. `named` is the one that its line named before."""
    # a tick that takes `run:` away hides nothing
    return tick.processor or named or ("" if _expires(tick.task) else None)


def with_ticks(ticks: Iterable[Tick], more: Sequence[Tick]) -> list[Tick]:
    """These, with more, each of which takes the place of the same tick among them."""
    places = {(tick.task.file, tick.at) for tick in more}
    return [*(tick for tick in ticks if (tick.task.file, tick.at) not in places), *more]


class Parent(NamedTuple):
    """A commit that a version is on top of, and how the version differs from it."""

    oid: str
    changes: Sequence[FileChange]


def look_up(
    repo: Repository,
    rules: Rules,
    ticks: Sequence[Tick],
    version: Version,
    tip: str | Sequence[Parent],
    *,
    walk: bool = True,
    inside: Collection[str] | None = None,
    fresh: Collection[tuple[str, int]] = (),
    routed: Collection[tuple[str, int]] = (),
) -> Mapping[int, Found]:
    """What the history says of these ticks of a version, by their numbers: of the commit `tip`, or of what is on top of
    these parents and in no commit yet. Without `walk` only what is in no commit is found. Those that are `fresh`, by
    file and place, are looked for before the range too, which has made tasks of them; those that are `routed` had a
    processor before it, and nothing that the range had on its way alone proves them there."""
    tips = [tip] if isinstance(tip, str) else [parent.oid for parent in tip]
    with History(repo, *tips, paths=version.ids) as history:
        for path, oid in version.ids.items():
            if path in version.data:
                history.know(oid, version.data[path])

        def enough(number: int, evidence: Evidence) -> bool:
            if rules.signers:
                rules.signers.expected = history.with_receipts
            tick = ticks[number]
            judged = (tick.task.file, tick.at) in routed and evidence.commit in (inside or ())
            if judged and rules.is_passing(evidence, tick.processor):
                return False
            return rules.refusal(evidence, tick.processor or evidence.processor) is None

        names = Names(history, rules.config)
        kept = KnownTicks(repo, rules) if inside is None else None
        known = _known(kept, ticks) if kept else None
        done = rules.characters(Status.DONE)
        way = Walk(repo, history, names, enough, done=done, inside=inside, known=known)
        files = _files(ticks, version, fresh)
        if isinstance(tip, str):
            way.begin(tip, files)
        else:
            way.begin_uncommitted(tips, [parent.changes for parent in tip], files)
        if not walk or not tips:
            return way.found
        places = way.places(tips[0])
        found = way.go()
        # what another side of a merge in progress proves, its first parent does not
        if kept and kept.commit != tips[0] and len(tips) == 1:
            there = [one for one in places if one[0] in found]
            kept.keep(tips[0], [(path, at, ticks[n].processor, found[n]) for n, path, at in there])
        return found


def _known(kept: KnownTicks, ticks: Sequence[Tick]) -> Known:
    """What is kept, of these ticks."""
    return Known(kept.commit, lambda tick, path, at: kept.find(path, at, ticks[tick].processor))


def _files(
    ticks: Iterable[Tick], version: Version, fresh: Collection[tuple[str, int]]
) -> dict[str, FileState]:
    entries: dict[str, list[Entry]] = {}
    for number, tick in enumerate(ticks):
        free = (tick.task.file, tick.at) in fresh
        entries.setdefault(tick.task.file, []).append(Entry(number, tick.at, free=free))
    return {path: FileState(version.ids[path], found) for path, found in entries.items()}
