"""The ticks of a version that nothing proves: those of the work tree, of the index, or of a commit; and when the others
were proven."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.config.load import load
from mdtodo.core import codec
from mdtodo.core.archive_paths import is_archive
from mdtodo.git.diff_tree import FileChange
from mdtodo.git.files.tree_files import committed_configuration, from_commit
from mdtodo.git.files.worktree_files import name_ends
from mdtodo.git.position import head_position
from mdtodo.git.true_history import read_history
from mdtodo.proof.known import Judgements
from mdtodo.proof.rules import Rules
from mdtodo.proof.signers import signers_of
from mdtodo.proof.steps import REGULAR
from mdtodo.proof.ticks import Parent, Tick, Unproven, Version, is_unproven, look_up, ticks_of, with_ticks
from mdtodo.system.files import read_any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from mdtodo.git.files.tree_files import TodoFiles
    from mdtodo.git.repository import Repository
    from mdtodo.proof.walk import Found


class Judgement(NamedTuple):
    """By which rules ticks were judged, which are unproven, and how many cannot be judged in a shallow clone."""

    rules: Rules
    unproven: list[Unproven]
    unknown: int = 0


def judge(
    repo: Repository,
    content: TodoFiles,
    *,
    new_only: bool = False,
    more: Sequence[Tick] = (),
    fresh: Collection[tuple[str, int]] = (),
    asked: bool = False,
) -> Judgement:
    """The unproven ticks of a version on top of HEAD, by the configuration in HEAD; `new_only` those that HEAD does not
    have, for which the history is not read. `more` are ticks of tasks that have another processor in HEAD; `fresh` the
    places of ticks that were none of a task there, for which it is read then too. None with
    `proof = "off"`, unless somebody has `asked`."""
    head = head_position(repo).commit
    config = load(*committed_configuration(repo, "HEAD"))
    rules = Rules(config, signers_of(repo, config, head))
    if rules.config.proof == "off" and not asked:
        return Judgement(rules, [])
    others = (f"{one.task.file}:{one.at}:{one.processor}" for one in more)
    places = sorted(f"{path}:{at}" for path, at in fresh)
    version = (*content.ids, *content.ids.values(), *others, *places)
    kept = Judgements(repo, rules, (head, *merged_heads(repo), str(new_only), *version))
    if (known := kept.get()) is not None:
        unproven, unknown = codec.loads(tuple[list[Unproven], int], known)
    else:
        unproven, unknown = _judged(repo, rules, content, head, more, fresh if new_only else None, kept)
        kept.put(codec.dumps((unproven, unknown)))
    return Judgement(rules, _without_journal(repo, rules, content, unproven, head), unknown)


def _without_journal(
    repo: Repository, rules: Rules, content: TodoFiles, unproven: list[Unproven], head: str
) -> list[Unproven]:
    """Those that this clone's journal does not prove either."""
    if not unproven:
        return []
    from mdtodo.proof.journal import in_journal

    archived = any(is_archive(rules.config.archive, one.file) for one in unproven)
    # of what went to an archive it has to be known that no other file has it still
    data = content.bytes_of(content.ids if archived else {one.file: None for one in unproven})
    proven = in_journal(repo, rules, data, unproven, head)
    left = []
    for one in unproven:
        reason = rules.refusal(proven[one], one.processor or proven[one].processor) if one in proven else ""
        if reason is not None:
            left.append(one._replace(reason=one.reason or reason or None))
    return left


def proven_in_head(repo: Repository, lines: Collection[tuple[str, int]]) -> frozenset[tuple[str, int]]:
    """Of these lines of files in HEAD, which are ticked, those of which commits that HEAD reaches carry a proof."""
    head = head_position(repo).commit
    config = load(*committed_configuration(repo, "HEAD"))
    rules = Rules(config, signers_of(repo, config, head))
    content = from_commit(repo, head, config.files_and_archives)
    version = Version(content.ids, content.bytes_of({file: None for file, _ in lines if file in content.ids}))
    ticks = [tick for tick in ticks_of(version, rules, every=True) if _line(tick) in lines]
    found = look_up(repo, rules, ticks, version, head) if ticks else {}
    return frozenset(_line(ticks[number]) for number, one in found.items() if one.evidence is not None)


def proven_at(
    repo: Repository, content: TodoFiles, places: Collection[tuple[str, int]]
) -> Mapping[tuple[str, int], float]:
    """When the ticks at these lines of files were proven last, in Unix time; without those that nothing proves, or of
    which a shallow clone does not know it.

    The author's date counts, which a rebase keeps.
    """
    head = head_position(repo).commit
    config = load(*committed_configuration(repo, "HEAD"))
    rules = Rules(config, signers_of(repo, config, head))
    version = Version(content.ids, content.bytes_of(content.ids))
    ticks = [tick for tick in ticks_of(version, rules, every=True) if _line(tick) in places]
    if not ticks:
        return {}
    found = look_up(repo, rules, ticks, version, parents_of(repo, head, version))
    commits = {
        _line(ticks[number]): one.evidence.commit
        for number, one in found.items()
        if one.evidence is not None and one.evidence.commit is not None
    }
    dates = _dates(repo, set(commits.values()))
    return {place: dates[commit] for place, commit in commits.items()} | _in_journal(
        repo, rules, version, ticks, head
    )


def _in_journal(
    repo: Repository, rules: Rules, version: Version, ticks: Iterable[Tick], head: str
) -> dict[tuple[str, int], float]:
    """What no commit carries is newer than what one does."""
    asked = [
        Unproven(one.task.file, one.task.line, one.task.id, one.processor, one.at, None, None)
        for one in ticks
    ]
    from mdtodo.proof.journal import proving_in_journal

    found = proving_in_journal(repo, rules, version.data, asked, head)
    return {
        (tick.file, tick.line): finished
        for tick, (evidence, finished) in found.items()
        if rules.refusal(evidence, tick.processor or evidence.processor) is None
    }


def _dates(repo: Repository, commits: Collection[str]) -> dict[str, float]:
    """Of each the author's."""
    if not commits:
        return {}
    names = "".join(f"{commit}\n" for commit in sorted(commits)).encode()
    command = ("log", "--no-walk=unsorted", "--no-patch", "--no-show-signature", "--format=%H %at", "--stdin")
    lines = read_history(repo, *command, stdin=names).decode().split("\n")
    return {commit: float(date) for commit, _, date in (line.partition(" ") for line in lines if line)}


def _line(tick: Tick) -> tuple[str, int]:
    return tick.task.file, tick.task.line


def merged_heads(repo: Repository) -> list[str]:
    """The other parents that the next commit will have, where a merge is in progress."""
    return (read_any(os.path.join(repo.git_dir, "MERGE_HEAD")) or b"").decode().split()


def _judged(
    repo: Repository,
    rules: Rules,
    content: TodoFiles,
    head: str,
    more: Sequence[Tick],
    fresh: Collection[tuple[str, int]] | None,
    kept: Judgements,
) -> tuple[list[Unproven], int]:
    every = fresh is None and bool(rules.config.processors)
    ticks = with_ticks(_ticks_of(rules, content, kept, every=every), more)
    if not ticks:
        return [], 0
    parents = parents_of(repo, head, Version(content.ids, {}))
    # what git has, with the same id, it is asked for where a line may come from there
    here = {os.fsdecode(change.path) for parent in parents for change in parent.changes}
    here |= {tick.task.file for tick in ticks}
    version = Version(content.ids, content.bytes_of([path for path in content.ids if path in here]))
    found = dict(look_up(repo, rules, ticks, version, parents, walk=fresh is None))
    places = [(one.task.file, one.at) for one in ticks]
    left = [number for number, place in enumerate(places) if place in (fresh or ()) and number not in found]
    if left:
        again = look_up(repo, rules, [ticks[number] for number in left], version, parents)
        found |= {left[number]: what for number, what in again.items()}
    return unproven_of(rules, ticks, found)


def _ticks_of(rules: Rules, content: TodoFiles, kept: Judgements, *, every: bool) -> list[Tick]:
    """`ticks_of` the files that are not known to have none."""
    silent = kept.silent_files(rules, every=every)
    asked = [path for path, oid in content.ids.items() if silent.get(path) != oid]
    ticks = ticks_of(Version(content.ids, content.bytes_of(asked)), rules, every=every)
    loud = {tick.task.file for tick in ticks}
    now = {path: oid for path, oid in content.ids.items() if path not in loud}
    if now != silent:
        kept.put_silent_files(rules, now, every=every)
    return ticks


def parents_of(repo: Repository, head: str, version: Version) -> list[Parent]:
    """The commits that a version which is not committed is on top of: HEAD, and what is being merged."""
    return [
        Parent(one, changes_between(markdown_files(repo, one, version.ids), version))
        for one in (head, *merged_heads(repo))
        if one
    ]


def unproven_of(
    rules: Rules, ticks: Sequence[Tick], found: Mapping[int, Found]
) -> tuple[list[Unproven], int]:
    """Of these ticks those that nothing proves, by what was found of them; and how many nobody can judge."""
    unproven, unknown = [], 0
    for number, tick in enumerate(ticks):
        what = found.get(number)
        if what is None or what.evidence is not None or what.outside:
            continue
        processor = is_unproven(tick, what.named)
        if processor is None:
            continue
        if what.unknown:
            unknown += 1
            continue
        task = tick.task
        reason = rules.refusal(what.weak, processor or what.weak.processor) if what.weak else None
        place = task.file, task.line, task.id, processor, tick.at
        unproven.append(Unproven(*place, what.origin, reason))
    return unproven, unknown


def markdown_files(repo: Repository, commit: str, paths: Iterable[str]) -> Version:
    """The ids of all markdown files in a commit, and of those with names like `paths`: a line may have moved from any
    of them. What the patterns say of them does not matter, and takes long to find out."""
    found: dict[str, str] = {}
    ends = name_ends(paths)
    for line in read_history(repo, "ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0")[:-1]:
        about, _, name = line.partition(b"\t")
        mode, _, oid = about.split(b" ")
        path = os.fsdecode(name)
        if mode in REGULAR and f"/{path}".lower().endswith(ends):
            found[path] = oid.decode()
    return Version(found, {})


def changes_between(before: Version | TodoFiles, version: Version | TodoFiles) -> list[FileChange]:
    """How a version differs from a commit."""
    paths = sorted({*before.ids, *version.ids})
    pairs = ((path, before.ids.get(path), version.ids.get(path)) for path in paths)
    return [FileChange(os.fsencode(path), _entry(old), _entry(new)) for path, old, new in pairs if old != new]


def _entry(oid: str | None) -> tuple[bytes, str] | None:
    return None if oid is None else (b"100644", oid)
