"""Tasks that are in no list any more, and were done: what waits for them need not wait any more.

An archive has them, or the receipts on the branch say so. Both are only asked for names in `after:` that no task has,
so a repository where every name is known pays nothing; and what the receipts said is kept in `.git/mdtodo/receipts/`
with the commit that HEAD was, so that later only the commits since then are read. Deleting that costs time alone.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from mdtodo.core.archive_paths import archive_patterns
from mdtodo.core.digest import hexdigest
from mdtodo.core.names import is_name
from mdtodo.errors import GitError, InputError
from mdtodo.git.position import head_position

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from mdtodo.config.settings import Config
    from mdtodo.core.task import Finding, Task
    from mdtodo.git.repository import Repository


class DeletedTasks:
    """What archives and receipts say of ids that no task has; each is looked up once, when it is first asked for."""

    def __init__(self, repo: Repository, config: Config) -> None:
        self._repo, self._config = repo, config
        self._done: dict[str, bool] = {}

    def done(self, names: Collection[str]) -> frozenset[str]:
        """Those of these ids that a closed task of an archive has, or whose newest receipt says `done`, as far as the
        history is here."""
        if new := [name for name in names if name not in self._done]:
            found = archived_ids(self._repo, self._config).intersection(new)
            found |= _looked_up(self._repo, [name for name in new if name not in found])
            self._done |= {name: name in found for name in new}
        return frozenset(name for name in names if self._done[name])

    def awaited_by(self, tasks: Collection[Task]) -> frozenset[str]:
        """Those that open tasks wait for, and that were done."""
        missing = self.missing(tasks)
        return self.done(missing) if missing else frozenset()

    @staticmethod
    def missing(tasks: Collection[Task]) -> set[str]:
        """The ids that open tasks wait for, and that no task has."""
        waits = {task.after for task in tasks if task.after and not task.status.closed}
        if not waits:
            return set()
        return set().union(*waits).difference(task.explicit_id for task in tasks if task.explicit_id)


def without_deleted(repo: Repository, config: Config, found: Iterable[Finding]) -> list[Finding]:
    """The findings without `unknown-id` of tasks that were done before they were deleted; in a shallow clone, which may
    not know of that, those that are left are warnings."""
    from mdtodo.git.true_history import shallow_commits
    from mdtodo.planning.findings import unknown_in, unknown_in_shallow

    findings = list(found)
    names = [unknown_in(finding) for finding in findings]
    asked = {name for name in names if name is not None}
    if not asked:
        return findings
    done, shallow = DeletedTasks(repo, config).done(asked), bool(shallow_commits(repo))
    kept = [(one, name) for one, name in zip(findings, names, strict=True) if name not in done]
    return [unknown_in_shallow(one, name) if shallow and name is not None else one for one, name in kept]


def archived_ids(repo: Repository, config: Config) -> set[str]:
    """The explicit ids of the closed tasks in the archives of the work tree; one that cannot be read has none."""
    from mdtodo.git.files.worktree_files import find
    from mdtodo.markdown.document import parse
    from mdtodo.markdown.keys.read import read_keys
    from mdtodo.system import files

    found: set[str] = set()
    for file in find(repo, archive_patterns(config.archive)):
        with suppress(InputError):
            items = parse(files.read(repo.root, file), config.status, file=file).items
            found |= {own for item in items if item.status.closed and (own := read_keys(item.text).id)}
    return found


#: Outcomes that leave the box as it is, beside those of lines that were written anew.
_NO_WORD = frozenset({"skipped", "deferred", "interrupted"})
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
        with suppress(GitError):  # a history with holes says nothing, and may be whole the next time
            done |= before if commit == head else _read(repo, head, commit, before)
    for name, is_done in done.items():
        cache.put(name, f"{head} {'done' if is_done else 'unknown'}")
    cache.save()
    return {name for name, is_done in done.items() if is_done}


def _read(repo: Repository, head: str, since: str, before: Mapping[str, bool]) -> Mapping[str, bool]:
    """What the receipts up to `head` say, where those up to the commit `since` have said `before`. Raises GitError
    where git cannot read them."""
    from mdtodo.core.results import REWRITTEN
    from mdtodo.git.true_history import is_straight
    from mdtodo.receipts.log import newest

    silent = _NO_WORD | REWRITTEN
    # what a merge brings may be older than what was read before
    if since and is_straight(repo, since, head):
        new = newest(repo, before, without=silent, revision=f"{since}..{head}")
        # A run that was undone may be one from before.
        if not new.undone:
            said = {name: one.outcome in _DONE for name, one in new.receipts.items()}
            return {**before, **said}
    every = newest(repo, before, without=silent, revision=head).receipts
    return {name: name in every and every[name].outcome in _DONE for name in before}


def _history(repo: Repository) -> str:
    """Another one when a shallow clone gets more of its history, which moves no HEAD."""
    from mdtodo.git.true_history import shallow_commits

    shallow = " ".join(sorted(shallow_commits(repo)))
    return hexdigest(shallow.encode())[:12] if shallow else "whole"
