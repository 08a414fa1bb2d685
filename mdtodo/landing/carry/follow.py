"""Receipts that follow: of ticks that HEAD has, this clone has proven, and no commit of HEAD's history carries.

So it is where HEAD did not have the line when its task was ticked, or a person's word was not committed, and the line
came with a commit that no hook of ours saw; and where an amend, a reset or a squash has lost the message. They land in
commits of trailers alone, one for each run: a commit that ticks boxes proves those, and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.results import Outcome
from mdtodo.core.task import Status
from mdtodo.core.titles import few, quoted
from mdtodo.git.files.tree_files import from_commit
from mdtodo.git.head import read_head
from mdtodo.git.position import head_position
from mdtodo.git.repository import read_blobs
from mdtodo.git.session import GitSession
from mdtodo.landing.carry.commit_message import commit_messages
from mdtodo.landing.carry.uncarried import History, Version, newest_receipts, with_content
from mdtodo.landing.land import persist
from mdtodo.receipts.message import message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdtodo.config.settings import Config
    from mdtodo.git.head import Head
    from mdtodo.git.repository import Repository
    from mdtodo.landing.carry.uncarried import Place
    from mdtodo.storage.rows import JournalEntry
    from mdtodo.storage.state import StateStore

_DONE = (Outcome.DONE, Outcome.CACHED)


def land_what_follows(
    repo: Repository, state: StateStore, config: Config, lost: set[str | None]
) -> tuple[list[str], list[str]]:
    """Commit the receipts of ticks in HEAD that no commit carries, each once; sentences, and commits. `lost`: see
    `lost_commits`.

    Raises GitError where git refuses; the next call does it then.
    """
    if not head_position(repo).commit:
        return [], []
    with GitSession(repo) as git:
        return persist(lambda _: _land(repo, state, config, lost, git))


def _land(
    repo: Repository, state: StateStore, config: Config, lost: set[str | None], git: GitSession
) -> tuple[list[str], list[str]]:
    head = read_head(git)
    if head.commit is None or head.tree is None:
        return [], []
    history = History(repo, head.commit, config.status)
    uncarried: dict[tuple[str, int], JournalEntry] = {}
    carried: dict[int, str] = {}
    newest, version = _newest(repo, state, config, lost, head.commit)
    for place, found in newest.items():
        commits = {one.number: history.commit_of(one) for one in found if one.commit in lost}
        carried |= {number: commit for number, commit in commits.items() if commit is not None}
        if all(one.commit in lost for one in found) and (one := history.uncarried(found, place)) is not None:
            uncarried[version.line_of(place)] = one
    state.carry(carried)
    left = _unproven(repo, uncarried)
    # of one that was in a commit it is known what its processor had seen
    never = [one for one in left if one.commit is None]
    told = {one.number: one for one in with_content(repo, config, never, tree=head.tree)}
    runs: dict[str, list[JournalEntry]] = {}
    for one in sorted(left, key=lambda one: one.number):
        runs.setdefault(one.run_id, []).append(told.get(one.number, one))
    return _commit(state, git, head, runs) if runs else ([], [])


def _unproven(repo: Repository, found: Mapping[tuple[str, int], JournalEntry]) -> list[JournalEntry]:
    """Those of lines that HEAD's history does not prove: another run may have, as one that was killed after its
    commit."""
    if not found:
        return []
    from mdtodo.proof.judge import proven_in_head

    proven = proven_in_head(repo, found.keys())
    return [one for line, one in found.items() if line not in proven]


def _newest(
    repo: Repository, state: StateStore, config: Config, lost: set[str | None], head: str
) -> tuple[dict[Place, list[JournalEntry]], Version]:
    """The newest receipts of each task that is ticked in HEAD, where they prove it, and one is not known to be
    carried; and where the tasks stand there."""
    asked = [
        one.receipt.edits[0].anchor
        for one in state.receipts(within=lost)
        if one.landed and one.receipt.outcome in _DONE and one.receipt.edits
    ]
    if not asked:
        return {}, Version({}, config.status)
    names = {name for anchor in asked for name in (anchor.explicit, anchor.digest) if name}
    version = _version(repo, config, head, {anchor.file for anchor in asked})
    found = newest_receipts(version, state.receipts(of=names))
    landed = {place: [one for one in receipts if one.landed] for place, receipts in found.items()}
    ticked = {
        place: receipts
        for place, receipts in landed.items()
        if receipts and version.says(place)[0] is Status.DONE
    }
    return ticked, version


def _version(repo: Repository, config: Config, head: str, paths: set[str]) -> Version:
    """These files as HEAD has them; all TODO files where one is not there any more."""
    blobs = read_blobs(repo, [f"{head}:{path}" for path in paths])
    data = {path: content for path in paths if (content := blobs[f"{head}:{path}"]) is not None}
    if gone := paths - data.keys():
        others = from_commit(repo, head, config.files_and_archives)
        data = {**others.bytes_of(others.ids), **data}
    return Version(data, config.status, gone)


def _commit(
    state: StateStore, git: GitSession, head: Head, runs: Mapping[str, Sequence[JournalEntry]]
) -> tuple[list[str], list[str]]:
    """A commit for each run, on top of HEAD and of the same tree."""
    texts = [message([one.receipt for one in found], run_id) for run_id, found in runs.items()]
    made = commit_messages(git, head, texts)
    state.carry({one.number: oid for oid, found in zip(made, runs.values(), strict=True) for one in found})
    names = [quoted(one.receipt.title, one.receipt.task_id) for found in runs.values() for one in found]
    return [f"committed what follows a tick that HEAD has: {few(names)}"], made
