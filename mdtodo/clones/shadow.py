"""A git directory of ours beside the files of a clone.

Whoever works in a clone may do what they like with its `.git`: git of ours never reads that. A `core.worktree` in it
would lead our `reset` to another folder, its filters would run our `add`, its index could hide changes. So there are
two git directories: the shadow, which nobody else is told of, with an index and a configuration of its own, and the
clone's `.git`, which is written anew each time the clone is used. Both take their objects from the repository.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.errors import GitError
from mdtodo.git.repository import run
from mdtodo.system.files import read_any
from mdtodo.system.process import Process

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdtodo.clones.source import CloneSource

#: git reads the configuration that is written here, and no other.
_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_COUNT": "0",
    "GIT_CONFIG_PARAMETERS": "",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
}
_SETTINGS = (
    ("core.bare", "false"),
    ("core.logAllRefUpdates", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("advice.detachedHead", "false"),
)
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\b": "\\b"})


class Shadow(NamedTuple):
    """The git directory `git_dir` for the files in `tree`."""

    git_dir: str
    tree: str

    @property
    def index_path(self) -> str:
        """The index, which has the commit that was shown."""
        return os.path.join(self.git_dir, "index")

    @property
    def own(self) -> str:
        """The clone's own git directory."""
        return os.path.join(self.tree, ".git")

    def count_files(self) -> int:
        """How many the index has. Raises OSError where there is none."""
        with open(self.index_path, "rb") as file:
            return int.from_bytes(file.read(12)[8:])

    def git(
        self, *args: str, stdin: bytes = b"", ok: Iterable[int] = (0,), index: str | None = None
    ) -> bytes:
        """Standard output of git on these files, with another `index` if one is named. Raises GitError, with git's
        words, where it refuses."""
        places = {"GIT_DIR": self.git_dir, "GIT_WORK_TREE": self.tree}
        places |= {} if index is None else {"GIT_INDEX_FILE": index}
        return run(None, *args, stdin=stdin, env=_ENVIRONMENT | places, cwd=self.tree, ok=ok)

    @contextmanager
    def spare_index(self) -> Iterator[str]:
        """A copy of the index, for looking at what became of the files."""
        path = os.path.join(self.git_dir, "index.spare")
        with suppress(FileNotFoundError):
            shutil.copy2(self.index_path, path)
        try:
            yield path
        finally:
            _drop(self.git_dir, "index.spare")

    def remove_pipes(self) -> None:
        """Remove the pipes, sockets and devices among the files, which git keeps none of. Raises OSError."""
        _sweep(self.tree, repositories=False)

    def show(
        self, source: CloneSource, commit: str, *, excludes: Sequence[str] = (), borrow: Sequence[str] = ()
    ) -> None:
        """Bring the files to the commit, whatever became of them, with a `.git` that stands at it.

        `excludes` are patterns of what the clone sees and never gives back. `borrow` are further folders of objects.
        Raises GitError or OSError where that cannot be done; then the clone is of no use.
        """
        _drop(self.tree, ".git")
        self.take_back(source, excludes=excludes, borrow=borrow)
        self._clean()
        self.git("read-tree", "--reset", "-u", commit)
        self._write_clone(source, commit, borrow)

    def renew(
        self,
        source: CloneSource,
        commit: str,
        *,
        excludes: Sequence[str] = (),
        borrow: Sequence[str] = (),
        files: bool,
    ) -> None:
        """As `show`, where no file is there but those of the index, as they are in it; `files`: some of these are
        missing, or it is another commit."""
        _drop(self.tree, ".git")
        self.take_back(source, excludes=excludes, borrow=borrow)
        if files:
            self.git("read-tree", "--reset", "-u", commit)
        self._write_clone(source, commit, borrow)

    def take_back(
        self, source: CloneSource, *, excludes: Sequence[str] = (), borrow: Sequence[str] = ()
    ) -> None:
        """Make the git directory ours again, whatever became of it while somebody worked in the clone.

        Raises GitError where the files are in another place than they were.
        """
        if os.path.realpath(self.tree) != self.tree or not os.path.isdir(self.tree):
            raise GitError("its clone is not where it was")
        self._keep_ours()
        self._write(source, excludes, borrow)

    def _keep_ours(self) -> None:
        """Leave nothing of the git directory but its objects and its index; whoever found it may have added to it.

        A link in it would lead what we write, or git, to another place.
        """
        if os.path.islink(self.git_dir):
            os.unlink(self.git_dir)
        os.makedirs(self.git_dir, exist_ok=True)
        for name in os.listdir(self.git_dir):
            if name not in ("objects", "index") or os.path.islink(os.path.join(self.git_dir, name)):
                _drop(self.git_dir, name)
        objects = os.path.join(self.git_dir, "objects")
        for name in os.listdir(objects) if os.path.isdir(objects) else ():
            if name == "info" or os.path.islink(os.path.join(objects, name)):
                _drop(objects, name)

    def _write(self, source: CloneSource, excludes: Sequence[str], borrow: Sequence[str]) -> None:
        for folder in ("objects/info", "refs/heads", "info"):
            os.makedirs(os.path.join(self.git_dir, folder), exist_ok=True)
        _write_git_dir(self.git_dir, source, "ref: refs/heads/none", source.partial, borrow)
        _copy_rules(self.git_dir, source, excludes)

    def _clean(self) -> None:
        """Remove all that the index does not know."""
        try:
            self.git("clean", "-ffdxq")
        except GitError:
            _make_writable(self.tree)
            try:
                self.git("clean", "-ffdxq")
            except GitError:  # a broken index: all goes, and comes again
                _drop(self.git_dir, "index")
                self.git("clean", "-ffdxq")
        _sweep(self.tree, repositories=True)

    def _write_clone(self, source: CloneSource, commit: str, borrow: Sequence[str]) -> None:
        own = self.own
        for folder in ("objects/info", "refs/heads", "refs/tags", "info"):
            os.makedirs(os.path.join(own, folder))
        _write_git_dir(own, source, commit, (), borrow)
        shutil.copyfile(os.path.join(self.git_dir, "info/exclude"), os.path.join(own, "info/exclude"))
        if os.path.exists(attributes := os.path.join(self.git_dir, "info/attributes")):
            shutil.copyfile(attributes, os.path.join(own, "info/attributes"))
        # with its times, so that the first `git status` in there reads no file
        shutil.copyfile(self.index_path, os.path.join(own, "index"))


def _write_git_dir(
    folder: str,
    source: CloneSource,
    head: str,
    more: Sequence[tuple[str, str]],
    borrow: Sequence[str],
) -> None:
    """What makes a folder a git directory, with the objects of the repository."""
    is_sha1 = source.algorithm == "sha1"
    format_of = () if is_sha1 else (("extensions.objectFormat", source.algorithm),)
    version = ("core.repositoryFormatVersion", "0" if is_sha1 and not more else "1")
    _put(folder, "config", _config_text((version, *format_of, *_SETTINGS, *source.config, *more)))
    _put(folder, "HEAD", head.encode() + b"\n")
    alternates = "".join(f"{_quoted(path)}\n" for path in (source.objects, *borrow))
    _put(folder, "objects/info/alternates", os.fsencode(alternates))
    shallow = os.path.join(source.common_dir, "shallow")
    if os.path.exists(shallow):
        shutil.copyfile(shallow, os.path.join(folder, "shallow"))
    else:
        _drop(folder, "shallow")


def _config_text(pairs: Iterable[tuple[str, str]]) -> bytes:
    """A file of git's configuration with these names and values, such as `("core.bare", "false")`: see git-config(1),
    "Syntax"."""
    lines: list[str] = []
    for name, value in pairs:
        section, _, rest = name.partition(".")
        subsection, dot, key = rest.rpartition(".")
        # in the name of a subsection nothing but these two is escaped
        inner = subsection.replace("\\", "\\\\").replace('"', '\\"')
        lines += [
            f'[{section} "{inner}"]' if dot else f"[{section}]",
            f'\t{key} = "{value.translate(_ESCAPES)}"',
        ]
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")


def rules(source: CloneSource) -> tuple[bytes | None, ...]:
    """What of the repository, beside commit and configuration, a clone is made of."""
    names = ("info/exclude", "info/attributes", "shallow")
    return tuple(read_any(os.path.join(source.common_dir, name)) for name in names)


def _copy_rules(git_dir: str, source: CloneSource, excludes: Sequence[str]) -> None:
    """What is ignored, and what git's attributes say, where that is no file of the commit."""
    ignored = read_any(os.path.join(source.common_dir, "info/exclude")) or b""
    _put(git_dir, "info/exclude", ignored + os.fsencode("".join(f"\n{one}" for one in excludes)) + b"\n")
    if attributes := read_any(os.path.join(source.common_dir, "info/attributes")):
        _put(git_dir, "info/attributes", attributes)
    else:
        _drop(git_dir, "info/attributes")


def _quoted(path: str) -> str:
    """A path in `alternates`, which has one a line: see gitrepository-layout(5)."""
    if "\n" not in path and not path.startswith(('"', "#")):
        return path
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _put(folder: str, name: str, data: bytes) -> None:
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)


def _drop(folder: str, name: str) -> None:
    """Remove what is there, of whatever kind; a symlink is not followed."""
    remove(os.path.join(folder, name))


def remove(path: str) -> None:
    """Remove a file, a link, or a folder with all that is in it, also where its owner may not write into it now.

    Raises OSError where something is left.
    """
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(mode):
        os.unlink(path)
        return
    try:
        shutil.rmtree(path)
    except (OSError, RecursionError):
        _make_writable(path)
        _program("rm", "-rf", "--", path)
    if os.path.lexists(path):
        raise OSError(errno.ENOTEMPTY, "cannot be removed", path)


def _sweep(top: str, *, repositories: bool) -> None:
    """Remove what `git clean` never looks at: pipes, sockets, and, if wanted, the `.git` of folders below."""
    folders = [top]
    while folders:
        with os.scandir(folder := folders.pop()) as entries:
            for entry in entries:
                if repositories and entry.name.casefold() == ".git" and folder != top:
                    remove(entry.path)
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                elif not entry.is_file(follow_symlinks=False) and not entry.is_symlink():
                    os.unlink(entry.path)


def _make_writable(path: str) -> None:
    """Give the owner of all that is in a folder, which is ours, the right to change it."""
    _program("chmod", "-R", "u+rwX", "--", path)


def _program(*argv: str) -> None:
    """Run a program that goes deeper into folders than a path can be long, and than calls can be nested."""
    Process(argv, dict(os.environ)).finish()
