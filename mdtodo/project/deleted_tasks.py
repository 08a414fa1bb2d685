"""Tasks that are no longer there, and were done: what waits for them need not wait any more.

The receipts on the branch say so. They are only asked for names in `after:` that no task has, so a repository where
every name is known pays nothing; and what they said is kept in `.git/mdtodo/receipts/` with the commit that HEAD was,
so that later only the commits since then are read. Deleting that costs time alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.digest import hexdigest
from mdtodo.core.names import is_name
from mdtodo.core.results import REWRITTEN
from mdtodo.errors import GitError
from mdtodo.git.position import head_position
from mdtodo.git.true_history import is_ancestor, shallow_commits
from mdtodo.planning.findings import unknown_in, unknown_in_shallow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from mdtodo.core.task import Finding, Task
    from mdtodo.git.repository import Repository


class DeletedTasks:
    """What the receipts say of ids that no task has; each is looked up once, when it is first asked for."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._done: dict[str, bool] = {}

    def done(self, names: Collection[str]) -> frozenset[str]:
        """Those of these ids whose newest receipt on the branch says `done`, as far as the history is here."""
        if new := [name for name in names if name not in self._done]:
            found = _looked_up(self._repo, new)
            self._done |= {name: name in found for name in new}
        return frozenset(name for name in names if self._done[name])

    def awaited_by(self, tasks: Collection[Task]) -> frozenset[str]:
        """Those that open tasks wait for, and that were done."""
        waits = {task.after for task in tasks if task.after and not task.status.closed}
        if not waits:
            return frozenset()
        missing = set().union(*waits).difference(task.explicit_id for task in tasks if task.explicit_id)
        return self.done(missing) if missing else frozenset()


def without_deleted(repo: Repository, found: Iterable[Finding]) -> list[Finding]:
    """The findings without `unknown-id` of tasks that were done before they were deleted; in a shallow clone, which may
    not know of that, those that are left are warnings."""
    findings = list(found)
    names = [unknown_in(finding) for finding in findings]
    asked = {name for name in names if name is not None}
    if not asked:
        return findings
    done, shallow = DeletedTasks(repo).done(asked), bool(shallow_commits(repo))
    kept = [(one, name) for one, name in zip(findings, names, strict=True) if name not in done]
    return [unknown_in_shallow(one, name) if shallow and name is not None else one for one, name in kept]


#: Outcomes that leave the box as it is.
_NO_WORD = frozenset({"skipped", "deferred", "interrupted"}) | REWRITTEN
_DONE = frozenset({"done", "cached"})


def _looked_up(repo: Repository, names: Collection[str]) -> set[str]:
    names = [name for name in names if is_name(name)]
    head = head_position(repo).commit
    if not names or not head:
        return set()
    from mdtodo.storage.caches.blob_cache import FindingCache

    cache = FindingCache(repo, _history(repo), "receipts")
    kept: dict[str, dict[str, bool]] = {}
    for name in names:
        commit, _, said = (cache.get(name) or "").partition(" ")
        kept.setdefault(commit, {})[name] = said == "done"
    done: dict[str, bool] = {}
    for commit, before in kept.items():
        done |= before if commit == head else _read(repo, head, commit, before)
    for name in names:
        cache.put(name, f"{head} {'done' if done[name] else 'unknown'}")
    cache.save()
    return {name for name in names if done[name]}


def _read(repo: Repository, head: str, since: str, before: Mapping[str, bool]) -> Mapping[str, bool]:
    """What the receipts up to `head` say, where those up to the commit `since` have said `before`."""
    from mdtodo.receipts.log import newest

    try:
        if since and is_ancestor(repo, since, head):
            new = newest(repo, before, without=_NO_WORD, revision=f"{since}..{head}")
            # A run that was undone may be one from before.
            if not new.undone:
                said = {name: one.outcome in _DONE for name, one in new.receipts.items()}
                return {**before, **said}
        every = newest(repo, before, without=_NO_WORD, revision=head).receipts
    except GitError:  # a history with holes says nothing
        return dict.fromkeys(before, False)
    return {name: name in every and every[name].outcome in _DONE for name in before}


def _history(repo: Repository) -> str:
    """Another one when a shallow clone gets more of its history, which moves no HEAD."""
    shallow = " ".join(sorted(shallow_commits(repo)))
    return hexdigest(shallow.encode())[:12] if shallow else "whole"
