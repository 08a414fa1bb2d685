"""Whether commits that come from where processors ran are receipts, and nothing else.

By rules that the server has: the configuration at the tip of its branch. What is asked here is who may change what
with a token that can write, not whether a proof is true: that is the gate's.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from mdtodo.action.event import is_receipt
from mdtodo.config.load import load
from mdtodo.errors import GitError, MdtodoError
from mdtodo.git.diff_tree import changes_of
from mdtodo.git.files.tree_files import committed_configuration, from_commit
from mdtodo.git.files.worktree_files import CONFIGURATION
from mdtodo.git.true_history import read_history
from mdtodo.landing.merge.merge_tasks import changes_between
from mdtodo.landing.new_subtasks import refused_key
from mdtodo.landing.push.rebase import read_commit
from mdtodo.landing.push.replay import REGULAR
from mdtodo.markdown.document import parse
from mdtodo.markdown.keys.read import read_keys
from mdtodo.outputs.declared import DeclaredOutputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.config.settings import Config
    from mdtodo.git.diff_tree import FileChange
    from mdtodo.git.session import GitSession
    from mdtodo.landing.push.rebase import Commit

#: Commits of one run.
MOST = 10_000
#: Bytes of a TODO file.
LARGEST = 10 << 20
#: What decides how git and GitHub treat the others. No processor changes it with the token, declared or not.
PROTECTED = frozenset({".gitattributes", ".gitmodules", ".github"})


def commits_of(git: GitSession, base: str, tip: str) -> list[str]:
    """The commits from `base` to `tip`, oldest first. Raises GitError where they are not one line of commits."""
    out = read_history(git.repo, "rev-list", "--reverse", "--topo-order", "--parents", tip, f"^{base}", "--")
    listed = [line.split(" ") for line in out.decode().splitlines()]
    if len(listed) > MOST:
        raise GitError(f"{len(listed)} commits are more than a run makes: nothing was pushed")
    above = base
    for oid, *parents in listed:
        if parents != [above]:
            raise _refused(oid, "is a merge, or does not descend from what was checked out")
        above = oid
    return [oid for oid, *_ in listed]


def inspect(git: GitSession, base: str, tip: str, oids: Sequence[str], *, identity: str | None) -> None:
    """Raises GitError where one of the commits does more than a receipt does.

    `base`: what they are made on; `tip`: what the server's branch has now, whose rules hold. `identity`: who must
    have made them, None for anybody.
    """
    rules = _Rules(git, base, tip)
    changed = changes_of(git, oids)
    for oid in oids:
        commit = read_commit(git, oid)
        rules.check_commit(commit, identity)
        for change in changed.get(oid, []):
            rules.check_change(commit, change)


class _Rules:
    def __init__(self, git: GitSession, base: str, tip: str) -> None:
        self.git, self.base = git, base
        self.config: Config = load(*committed_configuration(git.repo, tip))
        self.todo = frozenset(from_commit(git.repo, base, self.config.files_and_archives).ids)

    def check_commit(self, commit: Commit, identity: str | None) -> None:
        if not is_receipt(commit.message):
            raise _refused(commit.oid, "is no receipt of a run")
        head = self.git.content(commit.oid).partition(b"\n\n")[0].decode("utf-8", "replace").split("\n")
        who = {line.split(" ", 1)[1].rpartition("> ")[0] for line in head if line.startswith(_NAMED)}
        if identity is not None and who != {identity.rstrip(">")}:
            raise _refused(commit.oid, "was made by somebody else than the Action")

    def check_change(self, commit: Commit, change: FileChange) -> None:
        path = os.fsdecode(change.path)
        modes = {entry[0] for entry in (change.before, change.after) if entry is not None}
        if not modes <= set(REGULAR):
            raise _refused(commit.oid, f"changes {path!r}, which is a link or a submodule")
        if PROTECTED.intersection(path.split("/")) or path == self.config.signers or not _is_plain(path):
            raise _refused(commit.oid, f"changes {path!r}, which no processor may")
        if path in self.todo:
            self._check_todo(commit, path, change)
        elif not self._is_output(commit, path):
            raise _refused(commit.oid, f"changes {path!r}, which is no TODO file and no declared output")
        elif path in CONFIGURATION:
            self._check_configuration(commit, path)

    def _is_output(self, commit: Commit, path: str) -> bool:
        names = {task.processor for _, task in commit.receipts}
        declared = [one.outputs for name in names if (one := self.config.processors.get(name)) is not None]
        return any(DeclaredOutputs.of(outputs, self.todo).matches(path) for outputs in declared)

    def _check_configuration(self, commit: Commit, path: str) -> None:
        """An output may lie beside the configuration in one file, as the version in `pyproject.toml`."""
        try:
            now = load(*committed_configuration(self.git.repo, commit.oid))
        except MdtodoError:
            now = None
        before = load(*committed_configuration(self.git.repo, commit.parents[0]))
        if now != before:
            raise _refused(commit.oid, f"changes the configuration of mdtodo in {path!r}")

    def _check_todo(self, commit: Commit, path: str, change: FileChange) -> None:
        if change.before is None or change.after is None or change.before[0] != change.after[0]:
            raise _refused(commit.oid, f"makes, removes or changes the mode of {path!r}")
        self._check_size(commit, path, change.after[1])
        before, after = self.git.content(change.before[1]), self.git.content(change.after[1])
        changes = changes_between(before, after, self.config.status, path)
        gone = self._tasks(before, path) - self._tasks(after, path)
        # a task that the configuration breaks down gets what that says, and no processor writes it
        expands = self.config.auto_expand and any(task.processor == "expand" for _, task in commit.receipts)
        if gone or (changes is None and not self._adds_no_processor(before, after, path)):
            raise _refused(commit.oid, f"changes more of {path!r} than a run does")
        items = () if expands or changes is None else [changes.new.items[added] for added in changes.added]
        lines = [f"- [ ] {' '.join(item.text.split())}" for item in items]
        why = next((why for line in lines if (why := refused_key(self.config, line))), None)
        if why is not None:
            raise _refused(commit.oid, f"adds a subtask to {path!r} that no processor may: {why}")

    def _adds_no_processor(self, before: bytes, after: bytes, path: str) -> bool:
        """For what is not of tasks alone, as where equal ones were added: whether what is new has no `run:`."""
        return all(run is None for _, run in self._tasks(after, path) - self._tasks(before, path))

    def _tasks(self, data: bytes, path: str) -> Counter[tuple[str, str | None]]:
        items = parse(data, self.config.status, file=path).items
        return Counter((keys.title, keys.run) for keys in (read_keys(item.text) for item in items))

    def _check_size(self, commit: Commit, path: str, oid: str) -> None:
        size = int(read_history(self.git.repo, "cat-file", "-s", oid))
        if size > LARGEST:
            raise _refused(commit.oid, f"makes {path!r} larger than {LARGEST} bytes")


_NAMED = ("author ", "committer ")


def _is_plain(path: str) -> bool:
    """Whether it stays in the work tree, on any system that checks it out, and out of a `.git`."""
    names = path.split("/")
    return all(
        name not in ("", ".", "..") and name.rstrip(". ").casefold() not in (".git", "git~1")
        for name in names
    ) and not any(sign in path for sign in "\\\n\r\0")


def _refused(oid: str, why: str) -> GitError:
    return GitError(
        f"{oid[:10]} {why}: nothing was pushed",
        hint="only receipts are pushed, with TODO files and declared outputs; "
        "a processor, or a step before, has committed something else",
    )
