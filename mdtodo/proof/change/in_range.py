"""What a change did beside ticking boxes: to what ticks are judged by, and to open tasks. Here that of a range of
commits; `uncommitted_change` has the other one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.config.load import load
from mdtodo.core.task import Status
from mdtodo.git.diff_tree import FileChange, changes_in
from mdtodo.git.files.tree_files import committed_configuration, from_commit
from mdtodo.git.files.worktree_files import specs_like
from mdtodo.git.true_history import read_history
from mdtodo.proof.change.settings_changes import SettingChange, Settings
from mdtodo.proof.change.task_changes import TaskChanges, task_changes
from mdtodo.proof.change.trace import Trace
from mdtodo.proof.history import History
from mdtodo.proof.signers import signers_of
from mdtodo.proof.steps import of_files
from mdtodo.proof.ticks import Version

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdtodo.git.files.tree_files import TodoFiles
    from mdtodo.git.repository import Repository
    from mdtodo.proof.change.commit_range import CommitRange
    from mdtodo.proof.rules import Rules


class Change(NamedTuple):
    """What it altered of settings, and what it did to tasks."""

    settings: list[SettingChange]
    tasks: TaskChanges


def settings_at(repo: Repository, revision: str) -> Settings:
    """The configuration of a commit. Raises ConfigError where it is broken."""
    files = committed_configuration(repo, revision)
    return Settings(load(*files), files)


def changed_signers(repo: Repository, rules: Rules, commits: CommitRange) -> list[SettingChange]:
    """What these commits did to the file of allowed signers."""
    now = signers_of(repo, rules.config, commits.end)
    same = rules.signers is None or now is None or rules.signers.key == now.key
    return [] if same else [signers_changed(rules.config.signers)]


def tasks_in_range(repo: Repository, rules: Rules, commits: CommitRange, here: TodoFiles) -> TaskChanges:
    """What these commits did to tasks, beside their base; `here` are the TODO files of their end."""
    there = from_commit(repo, commits.base, rules.config.files_and_archives)
    out = read_history(repo, *_DIFF, commits.base, commits.end, "--", *specs_like({**there.ids, **here.ids}))
    changes = list(of_files(changes_in(out)))
    with History(repo, commits.end, f"^{commits.start}", paths={**there.ids, **here.ids}) as history:
        trace = Trace(history, rules.characters(Status.DONE, Status.CANCELLED), changes)
        traced = trace.over_commits(commits.base, commits.end, commits.inside)
        return task_changes(history, rules, version_of(there, changes), version_of(here, changes), traced)


_DIFF = ("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev")


def signers_changed(path: str) -> SettingChange:
    """The content of the file of signers is another one."""
    return SettingChange(path, 1, ("signers", path), "the file of allowed signers is another one")


def version_of(files: TodoFiles, changes: Iterable[FileChange]) -> Version:
    """These files, with the bytes of those alone that a change has changed."""
    changed = {os.fsdecode(one.path) for one in changes}
    return Version(files.ids, files.bytes_of([path for path in files.ids if path in changed]))
