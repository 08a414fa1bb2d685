"""The submodules of a clone: those that the person has checked out are there too, each with a shadow of its own."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.clones.changes import RefusedChangesError, take
from mdtodo.clones.shadow import Shadow, remove
from mdtodo.errors import GitError
from mdtodo.git.repository import run
from mdtodo.system.safe_open import READ

if TYPE_CHECKING:
    from mdtodo.clones.slots import Slot
    from mdtodo.clones.source import CloneSource

_MODULE = b"160000"
_PATH = re.compile(r"submodule\.(.*)\.path\n(.*)", re.DOTALL)
_HEX = re.compile(r"[0-9a-f]{40,64}")


class Submodule(NamedTuple):
    """One that is checked out: its `path` in the clone, the `commit` that it stands at, and where it comes from."""

    path: str
    commit: str
    source: CloneSource
    shadow: Shadow

    @property
    def _own(self) -> str:
        return os.path.join(self.shadow.tree, ".git")

    def show(self) -> None:
        """Bring its files to the commit. Raises GitError or OSError."""
        os.makedirs(os.path.dirname(self.shadow.git_dir), exist_ok=True)
        self.shadow.show(self.source, self.commit)

    def settle(self) -> None:
        """Give it a `.git` of ours again, which stands where that of the processor does.

        Raises RefusedChangesError where what was changed in it would be lost.
        """
        now = self._head() or self.commit
        folder = self.source.common_dir
        kind = run(None, "cat-file", "-t", now, env={"GIT_DIR": folder}, cwd=folder, ok=(0, 128))
        if kind != b"commit\n":
            raise RefusedChangesError(
                f"the submodule {self.path} was moved to {now[:12]}, a commit that only the clone has: push it first"
            )
        remove(self._own)
        self.shadow.take_back(self.source)
        tree = take(self.shadow)
        if tree != self.shadow.git("rev-parse", f"{now}^{{tree}}").decode().strip():
            raise RefusedChangesError(
                f"it changed files of the submodule {self.path}, which cannot land from here"
            )
        self.shadow.show(self.source, now)

    def _head(self) -> str | None:
        """The commit that the processor's `.git` stands at, read without git."""
        name = "HEAD"
        for _ in range(5):
            try:
                # it may be a pipe, for which open() would wait
                with open(os.open(os.path.join(self._own, name), READ), encoding="utf-8") as file:
                    text = file.read(1000).strip()
            except (OSError, ValueError):
                return None
            if _HEX.fullmatch(text):
                return text
            name = text.removeprefix("ref: ")
            if name == text or ".." in name or os.path.isabs(name):
                return None
        return None


def submodules(slot: Slot, source: CloneSource, commit: str) -> list[Submodule]:
    """Those of the commit that the person has checked out at it."""
    found = []
    for name, path, at in recorded(slot.shadow.git_dir, commit):
        found += _checked_out(slot, source, name, path, at)
    return found


@lru_cache
def recorded(git_dir: str, commit: str) -> tuple[tuple[str, str, str], ...]:
    """The submodules that a commit says where to find: name, path, and the commit that each stands at."""
    env = {"GIT_DIR": git_dir}
    listed = run(None, "ls-tree", "-rz", commit, env=env, cwd=git_dir).split(b"\0")
    links = {
        os.fsdecode(path): about.split()[2].decode()
        for about, _, path in (one.partition(b"\t") for one in listed)
        if about.startswith(_MODULE)
    }
    if not links:
        return ()
    out = b""
    with suppress(GitError):  # links without .gitmodules: nobody knows where they come from
        wanted = ("config", "--blob", f"{commit}:.gitmodules", "-z", "--get-regexp", r"^submodule\..*\.path$")
        out = run(None, *wanted, env=env, cwd=git_dir)
    pairs = [_PATH.fullmatch(one) for one in out.decode("utf-8", "surrogateescape").split("\0")]
    return tuple((one[1], one[2], links[one[2]]) for one in pairs if one and one[2] in links)


def _checked_out(slot: Slot, source: CloneSource, name: str, path: str, commit: str) -> list[Submodule]:
    folder = os.path.realpath(os.path.join(source.common_dir, "modules", name))
    inside = folder.startswith(os.path.join(source.common_dir, "modules") + os.sep)
    if not inside or not os.path.isdir(os.path.join(folder, "objects")):
        return []
    its = source._replace(common_dir=folder, partial=())
    if run(None, "cat-file", "-t", commit, env={"GIT_DIR": folder}, cwd=folder, ok=(0, 128)) != b"commit\n":
        return []
    tree = os.path.join(slot.tree, path)
    _make_real(slot.tree, path)
    return [Submodule(path, commit, its, Shadow(os.path.join(slot.folder, "modules", name, "git"), tree))]


def _make_real(root: str, path: str) -> None:
    """Make the folder, and let no symlink lead elsewhere on the way to it."""
    place = root
    for part in path.split("/"):
        place = os.path.join(place, part)
        if os.path.islink(place) or not os.path.isdir(place):
            remove(place)
            os.mkdir(place)
