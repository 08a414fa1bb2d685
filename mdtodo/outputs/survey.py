"""What processors declare as their outputs: which of it is theirs, and goes with the tick, and which is a person's.

Who wrote a file cannot be seen from outside. So a file is a processor's if it is declared by its name, or named by the
processor itself, and if it held nothing of a person's when the attempt began: it was what HEAD has, or what an earlier
attempt of ours had left there. What an attempt leaves is marked, whatever became of it, by path and digest; so it is
known again after a failure, an interruption or a kill. Everything else that differs from HEAD is a person's.

The content that an attempt has left goes into git's object store at its end, and that is what a landing commits. What
somebody changes between the two is theirs.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.receipt import Output, entry_of
from mdtodo.git.files.status import status
from mdtodo.git.index.index_copy import IndexCopy, IndexEntry
from mdtodo.git.repository import run
from mdtodo.outputs.marks import fingerprint, left_by, marked

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence

    from mdtodo.git.repository import Repository
    from mdtodo.outputs.declared import DeclaredOutputs

    _Entry = tuple[bytes, str] | None


class OutputChange(NamedTuple):
    """A file that differs from HEAD or the index, or is untracked.

    `digest` is its `fingerprint`, `base` what HEAD has (`<mode> <id>`, None for nothing). `left_by`: the id of the task
    whose attempt left exactly this, None for a person's. `unnamed_by`: the one during whose attempt it came to be this,
    without a name for it; it may be a person's.
    """

    digest: str | None
    base: str | None
    staged: bool
    left_by: str | None = None
    unnamed_by: str | None = None

    @property
    def theirs(self) -> bool:
        """Whether it is, or may be, a person's."""
        return self.staged or self.left_by is None


Survey = dict[str, OutputChange]


class Verdict(NamedTuple):
    """What an attempt has written. `held` may be committed with its task; `unnamed` changed while it ran, and it did
    not say that it was the one; `theirs` are a person's, each with the reason."""

    held: tuple[Output, ...] = ()
    unnamed: tuple[str, ...] = ()
    theirs: Mapping[str, str] = {}  # a default that nobody changes


def survey(repo: Repository, declared: DeclaredOutputs) -> Survey:
    """Those declared outputs that are not what HEAD and the index have, as they are now. Raises GitError."""
    found: Survey = {}
    if not declared.names and not declared.patterns:
        return found
    for path, change in _dirty(repo, declared.pathspecs()).items():
        if declared.matches(path):
            digest = fingerprint(repo.root, path)
            left, unnamed = marked(repo, path, digest)
            found[path] = change._replace(digest=digest, left_by=left, unnamed_by=unnamed)
    return found


def blocking(before: Survey, declared: DeclaredOutputs) -> dict[str, str]:
    """Why an attempt that writes these names must not begin: what it would overwrite is a person's. A file that
    somebody has deleted is none."""
    return {
        path: "it is staged" if change.staged else "it has changes that are not committed"
        for path, change in before.items()
        if path in declared.names and change.theirs and (change.digest is not None or change.staged)
    }


def unseen(repo: Repository, names: Iterable[str], after: Survey) -> dict[str, str]:
    """Why git does not commit these declared names, of those that are files and differ from what it has, by path: it
    would see nothing of them. Raises GitError."""
    there = [path for path in sorted(names) if path not in after and _is_file(os.path.join(repo.root, path))]
    if not there:
        return {}
    places = [f":(top,literal){path}" for path in there]
    out = run(repo, "ls-files", "-z", "-v", "-s", "--cached", "--others", "--", *places)
    listed: dict[str, tuple[str, str]] = {}
    for line in filter(None, out.split(b"\0")):
        if line.startswith(b"? "):
            listed[os.fsdecode(line[2:])] = "?", ""
        else:
            fields, _, path = line.partition(b"\t")
            tag, _, oid = fields.decode().split(" ")[:3]
            listed[os.fsdecode(path)] = tag, oid
    found = {path: _unseen(repo, path, listed.get(path)) for path in there}
    return {path: reason for path, reason in found.items() if reason}


def _unseen(repo: Repository, path: str, listed: tuple[str, str] | None) -> str | None:
    if listed is None:
        return "it is in another repository"
    tag, oid = listed
    if tag == "?":
        return "git ignores it, so it cannot be committed"
    flag = "skip-worktree" if tag in "Ss" else "assume-unchanged" if tag.islower() else None
    if flag is None or run(repo, "hash-object", "--", f"./{path}").strip().decode() == oid:
        return None
    return f"git does not look at it ({flag}), so it cannot be committed; see `git update-index --no-{flag}`"


def _is_file(full: str) -> bool:
    return os.path.lexists(full) and (os.path.islink(full) or not os.path.isdir(full))


def judge(
    before: Survey, after: Survey, declared: DeclaredOutputs, named: Container[str], task_id: str
) -> Verdict:
    """Whose the files are that an attempt of the task has left, from how they were before and after it.

    What changed in an earlier attempt of it without a name is no longer in the way of one that names what it writes.
    """
    held: list[Output] = []
    unnamed: list[str] = []
    theirs: dict[str, str] = {}

    def is_named(path: str) -> bool:
        return path in declared.names or path in named

    for path, now in sorted(after.items()):
        was = before.get(path)
        unchanged = was is not None and was.digest == now.digest
        mine = is_named(path) or (was is not None and unchanged and was.left_by == task_id)
        if not mine and now.digest is None:  # a folder gave way to a file that is the processor's
            mine = any(above in after and is_named(above) for above in _above(path))
        if not mine:
            again = was is not None and was.unnamed_by == task_id and not named
            unnamed += [] if unchanged and not again else [path]
        elif now.digest == "-":
            theirs[path] = "git cannot commit it: it cannot be read, or is neither a file nor a symlink"
        elif now.staged:
            theirs[path] = "it is staged"
        elif was is not None and was.theirs:
            theirs[path] = "it had changes that were not committed before the task began"
        else:
            held.append(Output(path, now.digest, now.base))
    return Verdict(tuple(held), tuple(unnamed), theirs)


def hold(
    git_index: IndexCopy, root: str, held: Sequence[Output]
) -> tuple[tuple[Output, ...], dict[str, str]]:
    """The outputs with what git keeps of each, which is in its object store then; and why others are not held.

    `git_index` is a copy of the index that nobody installs.
    """
    git_index.stage_files([output.path for output in held])
    entries = git_index.entries(output.path for output in held)
    kept: list[Output] = []
    left: dict[str, str] = {}
    for output in held:
        entry = entries.get(output.path)
        # only after git has read it: where both looks agree, that is what git has read in between
        if fingerprint(root, output.path) != output.digest:
            left[output.path] = "it was changed after the end of its task"
        else:
            kept.append(output._replace(entry="" if entry is None else f"{entry.mode.decode()} {entry.oid}"))
    return tuple(kept), left


def take(
    repo: Repository,
    held: Sequence[tuple[Output, bool]],
    in_head: Callable[[str], _Entry],
    copy: IndexCopy,
) -> tuple[list[_Entry], dict[str, str]]:
    """Stage in `copy` what was held, and give what each of them becomes in HEAD's tree; or why some are left.

    `held`: in the order of their landings, each with whether it is committed now. Of those that are not, only the
    index is made up for, where an earlier landing came as far as HEAD. Where something is left nothing is staged.
    """
    paths = {output.path for output, _ in held}
    staged = {path: (one.mode, one.oid) for path, one in copy.entries(paths).items()}
    heads = {path: in_head(path) for path in paths}
    ours: dict[str, list[_Entry]] = {path: [] for path in paths}
    left: dict[str, str] = {}
    index: dict[str, _Entry] = {}
    for output, committed in held:
        path, base, new = output.path, entry_of(output.base), entry_of(output.entry)
        # HEAD may have it already, where a landing was killed before it came to the index
        known = [base, *ours[path], *([new] if heads[path] == new else [])]
        if committed and (reason := _why_not(repo, output, staged.get(path), known)):
            left[path] = reason
        elif committed and heads[path] not in known:
            left[path] = "it was committed in the meantime"
        elif committed or (staged.get(path) == base and heads[path] == new):
            index[path] = new
        ours[path].append(new)
    if not left:
        _stage(copy, {path: new for path, new in index.items() if new != staged.get(path)})
    return [entry_of(output.entry) for output, _ in held], left


def _why_not(repo: Repository, output: Output, staged: _Entry, bases: Sequence[_Entry]) -> str | None:
    """Why it cannot be committed any more: somebody has staged it, or changed it since the end of its task."""
    now = fingerprint(repo.root, output.path)
    if now != output.digest and left_by(repo, output.path, now) is None:
        return "it was changed after the end of its task"
    return None if staged in bases else "it is staged"


def _stage(copy: IndexCopy, entries: Mapping[str, _Entry]) -> None:
    if entries:
        copy.restore({path: IndexEntry(*new, "H") if new else None for path, new in entries.items()})
        copy.changed = True


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def _dirty(repo: Repository, pathspecs: Sequence[str]) -> Survey:
    """Files that differ between work tree, index and HEAD, or are untracked and not ignored; no submodules. Digests are
    not taken here."""
    return {
        one.path: OutputChange(None, one.head, one.staged)
        for one in status(repo, *pathspecs)
        if not one.submodule
    }
