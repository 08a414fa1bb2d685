"""Whether what processors judge is what HEAD has: the work tree, looked at when they begin and end, and before each
landing. Those that begin or end within a short moment share a look, so that looking takes a fixed share of the time.

TODO files are aside, which people and mdtodo write at any time, and so are declared outputs: those that are declared by
name; of a pattern, which may stand for all sources, only what a processor has left so, or may be writing now.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import field
from typing import TYPE_CHECKING

from mdtodo.core.path_patterns import matcher
from mdtodo.core.receipt import DIRTY
from mdtodo.core.titles import few
from mdtodo.errors import GitError
from mdtodo.git.files.tracked_files import HeadTree, TrackedFiles
from mdtodo.git.repository import calling_index, run
from mdtodo.outputs.declared import DeclaredOutputs
from mdtodo.outputs.marks import fingerprint, marked

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence
    from dataclasses import dataclass

    from mdtodo.config.settings import Config
    from mdtodo.git.diff_tree import FileChange
    from mdtodo.git.repository import Repository
    from mdtodo.git.session import GitSession
else:
    from mdtodo.core.light.dataclasses import dataclass

#: Hexadecimal digits of a tree in a receipt.
_DIGITS = 12
#: What a look takes, so many times that, is the moment in which no other is taken for a task that begins or ends.
_REST = 50
#: Seconds that a look is taken to last at least, so that of a quick one not every task takes another.
_QUICK = 0.02


@dataclass(slots=True, eq=False, repr=False)
class WorkTree:
    """The work tree, as far as it was looked at. `documents` are TODO files, besides those that the patterns fit.

    `opens`: boxes may be opened for what fails also where files differ. `changed`: the tracked files that differed at
    the last look; `doubt`: why git could not say that, which counts as much. `late` are tasks that a look has shown to
    be of other content after they had ended.
    """

    repo: Repository
    config: Config
    documents: Container[str] = frozenset()
    opens: bool = True
    changed: tuple[str, ...] = ()
    doubt: str = ""
    late: set[str] = field(default_factory=set)
    _head: HeadTree = field(init=False)
    _files: TrackedFiles = field(init=False)
    _outputs: dict[str, DeclaredOutputs] = field(init=False)
    _is_document: Callable[[str], bool] | None = None
    _at_work: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    _ended: set[str] = field(default_factory=set)
    _seen: tuple[str, ...] = ()
    _due: float = 0.0
    _removed: dict[str | None, bool] = field(default_factory=dict)
    _told: bool = False
    _sure: bool = False

    def __post_init__(self) -> None:
        self._head = HeadTree(self.repo)
        self._files = TrackedFiles(self.repo)
        processors = self.config.processors.items()
        self._outputs = {name: DeclaredOutputs.of(one.outputs) for name, one in processors if one.outputs}

    def begin(
        self, task_id: str, processor: str, untracked: Sequence[str] = (), git: GitSession | None = None
    ) -> str | None:
        """What the receipt of a task says of the content that its processor begins with; None without a commit.
        `untracked`: its inputs that git does not have.

        It is looked at the first time, where HEAD has moved since, and where the last look was some time ago.
        """
        self.late.discard(task_id)
        if (not self._sure and self._head.moved) or time.monotonic() >= self._due:
            self.look(git)
        self._sure, tree = True, self._head.tree
        differs = self.differs or (untracked and self._not_aside(untracked))
        self._at_work[task_id] = processor, DIRTY if differs else tree and tree[:_DIGITS]
        return self._at_work[task_id][1]

    def forget(self) -> None:
        """Time has passed: HEAD may have moved."""
        self._sure = False

    def end(self, task_id: str, untracked: Sequence[str] = (), git: GitSession | None = None) -> str | None:
        """The same at the end of the task: dirty also where a look now, or in between, has shown that."""
        if task_id in self._at_work and time.monotonic() >= self._due:
            self.look(git)
        _, tree = self._at_work.pop(task_id, ("", None))
        self._ended.add(task_id)
        return DIRTY if tree and untracked and self._not_aside(untracked) else tree

    def look(self, git: GitSession | None = None) -> bool:
        """Whether tracked files differ now: then no task that is at work, or has ended since the last look, is one of
        HEAD's content. `git`: of a caller who looks many times."""
        began = time.monotonic()
        unborn = self._head.read(git) is None
        try:
            self.changed = self._files.changed(self._is_aside, of_index=unborn or self._in_hook)
            self.doubt = ""
        except (
            GitError
        ) as error:  # as of a filter that fails: no reason not to run, but one not to vouch for anything
            self.changed, self.doubt = (), str(error)
        if self.differs:
            self._seen = self.changed or self._seen
            self.late |= self._ended
            self._at_work = {task: (name, DIRTY) for task, (name, _) in self._at_work.items()}
        self._ended.clear()
        now = time.monotonic()
        self._due = now + _REST * max(now - began, _QUICK)
        return self.differs

    def newest_change(self) -> float:
        """When a tracked file was last written, renamed or given other rights, in Unix time; 0 for never."""
        env = calling_index() if self._in_hook else {}
        names = run(self.repo, "ls-files", "-z", env=env).split(b"\0")[:-1]
        newest = 0.0
        for name in names:
            with suppress(OSError):  # one that is not there has no content that anybody could have seen
                now = os.lstat(os.path.join(os.fsencode(self.repo.root), name))
                if max(now.st_mtime, now.st_ctime) > newest and not self._is_aside(os.fsdecode(name)):
                    newest = max(now.st_mtime, now.st_ctime)
        return newest

    def removed_since(self, base: str | None) -> bool:
        """Whether the index lacks a file of that commit, or has a submodule at another commit, or nobody knows."""
        if base not in self._removed:
            from mdtodo.git.diff_tree import staged_changes

            try:
                changes = staged_changes(self.repo, base) if base else []
                paths = {os.fsdecode(one.path) for one in changes if one.after is None or _is_link(one)}
                self._removed[base] = bool(self._not_aside(sorted(paths)))
            except GitError:
                self._removed[base] = True
        return self._removed[base]

    @property
    def differs(self) -> bool:
        """Whether files differed at the last look, or may have."""
        return bool(self.changed or self.doubt)

    def landed(self, git: GitSession | None) -> None:
        """HEAD was moved by a landing of our own, which is no reason to look."""
        if git is not None:
            self._head.read(git)

    def tell(self, untracked: Sequence[str] = (), *, refused: bool = False) -> tuple[str, ...]:
        """A sentence on the files that differ, with what that means; only once. `refused`: no box was opened."""
        if self._told or not (self.differs or self._seen or untracked):
            return ()
        paths = [*(self.changed or self._seen), *self._not_aside(untracked)]
        if not (paths or self.doubt):
            return ()
        self._told = True
        what, them = "what is staged" if self._in_hook else "HEAD", "it" if len(paths) == 1 else "them"
        if refused:
            meaning = f"no box is opened for what fails with {them}; commit or stash {them}, or use --dirty"
        else:
            meaning = f"what is proven with {them} is not proven of {what}, and receipts say so (tree=dirty)"
            meaning += f"; commit or stash {them} first"
        if self.doubt:
            meaning = "no box is opened without --dirty" if refused else "receipts say tree=dirty"
        return (f"{self._finding(paths, what)}: {meaning}",)

    def _finding(self, paths: Sequence[str], what: str) -> str:
        if self.doubt:
            return f"nobody knows whether tracked files differ from {what} ({self.doubt})"
        return f"{few(paths)} {'differs' if len(paths) == 1 else 'differ'} from {what}"

    @property
    def _in_hook(self) -> bool:
        return "GIT_INDEX_FILE" in os.environ

    def _not_aside(self, paths: Sequence[str]) -> list[str]:
        return [path for path in paths if not self._is_aside(path)]

    def _is_aside(self, path: str) -> bool:
        return self._is_todo(path) or self._is_output(path)

    def _is_todo(self, path: str) -> bool:
        if path in self.documents:
            return True
        if self._is_document is None:
            self._is_document = matcher(self.config.files_and_archives)
        return self._is_document(path)

    def _is_output(self, path: str) -> bool:
        names = {name for name, one in self._outputs.items() if one.matches(path)}
        if any(path in self._outputs[name].names for name in names):
            return True
        if names.isdisjoint(name for name, _ in self._at_work.values()):
            return bool(names) and marked(self.repo, path, fingerprint(self.repo.root, path)) != (None, None)
        return True


def _is_link(change: FileChange) -> bool:
    """Whether that is a submodule, whose files are not looked at."""
    return b"160000" in (side[0] for side in (change.before, change.after) if side is not None)
