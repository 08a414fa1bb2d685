"""The ticks of a version that nothing proves: those of the work tree, of the index, or of a commit."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.config.load import load
from mdtodo.git.diff_tree import FileChange
from mdtodo.git.files.tree_files import committed_configuration, from_commit
from mdtodo.git.position import head_position
from mdtodo.proof.known import Judgements
from mdtodo.proof.rules import Rules
from mdtodo.proof.signers import signers_of
from mdtodo.proof.ticks import Parent, Tick, Unproven, Version, look_up, ticks_of, with_ticks

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

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
        unproven, unknown = _read(known)
    else:
        unproven, unknown = _judged(repo, rules, content, head, more, fresh if new_only else None)
        kept.put(json.dumps([unproven, unknown]))
    return Judgement(rules, _without_journal(repo, rules, content, unproven, head), unknown)


def _without_journal(
    repo: Repository, rules: Rules, content: TodoFiles, unproven: list[Unproven], head: str
) -> list[Unproven]:
    """Those that this clone's journal does not prove either."""
    if not unproven:
        return []
    from mdtodo.proof.journal import in_journal

    data = content.bytes_of({one.file: None for one in unproven})
    proven = in_journal(repo, rules, data, unproven, head)
    left = []
    for one in unproven:
        reason = rules.refusal(proven[one], one.processor) if one in proven else ""
        if reason is not None:
            left.append(one._replace(reason=one.reason or reason or None))
    return left


def merged_heads(repo: Repository) -> list[str]:
    """The other parents that the next commit will have, where a merge is in progress."""
    try:
        with open(os.path.join(repo.git_dir, "MERGE_HEAD"), encoding="ascii") as file:
            return file.read().split()
    except OSError:
        return []


def _read(text: str) -> tuple[list[Unproven], int]:
    rows, unknown = json.loads(text)
    return [Unproven(*row) for row in rows], unknown


def _judged(
    repo: Repository,
    rules: Rules,
    content: TodoFiles,
    head: str,
    more: Sequence[Tick],
    fresh: Collection[tuple[str, int]] | None,
) -> tuple[list[Unproven], int]:
    version = Version(content.ids, content.bytes_of(content.ids))
    ticks = with_ticks(ticks_of(version, rules, every=fresh is None), more)
    if not ticks:
        return [], 0
    parents = [
        Parent(one, changes_between(from_commit(repo, one, rules.config.files), version))
        for one in (head, *merged_heads(repo))
        if one
    ]
    found = dict(look_up(repo, rules, ticks, version, parents, walk=fresh is None))
    places = [(one.task.file, one.at) for one in ticks]
    left = [number for number, place in enumerate(places) if place in (fresh or ()) and number not in found]
    if left:
        again = look_up(repo, rules, [ticks[number] for number in left], version, parents)
        found |= {left[number]: what for number, what in again.items()}
    return unproven_of(rules, ticks, found)


def unproven_of(
    rules: Rules, ticks: Sequence[Tick], found: Mapping[int, Found]
) -> tuple[list[Unproven], int]:
    """Of these ticks those that nothing proves, by what was found of them; and how many nobody can judge."""
    unproven, unknown = [], 0
    for number, tick in enumerate(ticks):
        what = found.get(number)
        if what is None or what.evidence is not None or what.outside:
            continue
        # a tick that takes `run:` away hides nothing
        processor = tick.processor or what.named
        if processor is None:
            continue
        if what.unknown:
            unknown += 1
            continue
        task = tick.task
        reason = rules.refusal(what.weak, processor) if what.weak else None
        place = task.file, task.line, task.id, processor, tick.at
        unproven.append(Unproven(*place, what.origin, reason))
    return unproven, unknown


def changes_between(before: TodoFiles, version: Version | TodoFiles) -> list[FileChange]:
    """How a version differs from a commit."""
    paths = sorted({*before.ids, *version.ids})
    pairs = ((path, before.ids.get(path), version.ids.get(path)) for path in paths)
    return [FileChange(os.fsencode(path), _entry(old), _entry(new)) for path, old, new in pairs if old != new]


def _entry(oid: str | None) -> tuple[bytes, str] | None:
    return None if oid is None else (b"100644", oid)
