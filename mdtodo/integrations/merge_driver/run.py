"""The merge driver: three files that git hands over, merged by task, or as git's own text merge would.

gitattributes(5), "Defining a custom merge driver": the result is left in the file of our version; exit 0 for a
clean merge, up to 128 for conflicts, more for a failure, which ends the whole merge.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.task import STATUS_CHARS
from mdtodo.errors import ConfigError, InputError, MdtodoError
from mdtodo.git.files import worktree_files
from mdtodo.git.repository import environment, start
from mdtodo.markdown.merge.three_way import merge
from mdtodo.system import files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mdtodo.core.task import Status
    from mdtodo.markdown.merge.result import Markers
    from mdtodo.markdown.merge.three_way import Merged


class MergeFiles(NamedTuple):
    """The files of a merge, as paths from the current folder; `ours` gets the result."""

    base: str
    ours: str
    theirs: str


class DriverResult(NamedTuple):
    """What a merge came to: the exit code of the driver, and a sentence where it was no merge by task."""

    code: int
    sentence: str = ""


#: Bytes above which a file is merged as text: a merge by task would take seconds, and much memory.
LARGEST = 32 << 20


def merge_files(paths: MergeFiles, markers: Markers, *, histogram: bool = False) -> DriverResult:
    """Merge by task; where that cannot be done, for whatever reason, as `git merge-file` does.

    `markers` says how conflicts are written; its style is taken from git's configuration. `histogram` asks git
    for the line differences that its own merges use, which needs git 2.44.
    """
    try:
        versions = [_read(path) for path in paths]
        merged = _by_task(versions, markers, histogram=histogram)
    except InputError as error:
        return _as_text(paths, markers, f"{error.sentence}; merged as text", histogram=histogram)
    except Exception as error:
        # git takes an exit code above 128 for the end of the whole merge: no bug here may be that
        return _as_text(
            paths, markers, f"cannot be merged by task ({error!r}); merged as text", histogram=histogram
        )
    if merged is None:
        return _as_text(paths, markers, "", histogram=histogram)
    try:
        if merged.data != versions[1]:
            # a rename is not needed: this is git's temporary file, which nobody else reads
            with open(paths.ours, "wb") as file:
                file.write(merged.data)
    except OSError as error:
        return DriverResult(_FAILED, f"the result cannot be written: {error.strerror}")
    return DriverResult(min(merged.conflicts, _MOST_CONFLICTS))


def labels_of(environ: Mapping[str, str]) -> tuple[str, str, str]:
    """What to call the versions where git does not say it, which it does from 2.44 on: ours, base, theirs.

    `git merge` leaves the name of what is merged in `GITHEAD_<object id>`.
    """
    heads = {value for name, value in environ.items() if name.startswith("GITHEAD_")}
    return ("HEAD", "base", heads.pop()) if len(heads) == 1 else ("ours", "base", "theirs")


_FAILED = 255
_MOST_CONFLICTS = 125  # a shell says 126 and 127 of what it cannot start
_GIT_MOST = 127
_USAGE = 129
# the result is parsed again, so the user's conflict style must not change it
_PLAIN = ("-c", "merge.conflictStyle=merge")


def _read(path: str) -> bytes:
    data = files.read(".", path)
    if len(data) > LARGEST:
        raise InputError("is too large to be merged by task")
    return data


def _by_task(versions: list[bytes], markers: Markers, *, histogram: bool) -> Merged | None:
    base, ours, theirs = versions
    with _folder() as folder:
        return merge(
            base,
            ours,
            theirs,
            _statuses(),
            text_merge=partial(_merge_text, folder, histogram=histogram),
            # lazily: it asks git, and conflicts alone need it
            markers=lambda: markers._replace(style=_style()),
        )


def _statuses() -> Mapping[str, Status]:
    """What the boxes mean, by the configuration of the work tree that git merges in; a broken one says
    nothing."""
    try:
        given = worktree_files.read_configuration(os.path.realpath("."))
        # most repositories configure no status, and need no TOML parser to be imported
        if not any(b"status" in data for data in given if data):
            return STATUS_CHARS
        from mdtodo.config.load import load

        return load(*given).status
    except (ConfigError, InputError):
        return STATUS_CHARS


def _style() -> str:
    code, out, _ = start(".", ("config", "--get", "merge.conflictStyle"), _environment()).finish()
    style = out.decode(errors="replace").strip()
    return style if code == 0 and style in ("diff3", "zdiff3") else "merge"


def _merge_text(
    folder: str, base: bytes, ours: bytes, theirs: bytes, style: str, *, histogram: bool
) -> bytes:
    """What `git merge-file` makes of these, with markers of seven characters."""
    for name, data in (("base", base), ("ours", ours), ("theirs", theirs)):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
    style_option = [f"--{style}"] if style != "merge" else []
    paths = [os.path.join(folder, name) for name in ("ours", "base", "theirs")]
    code, out, err = _merge_file("-p", "--marker-size=7", *style_option, *paths, histogram=histogram)
    if not 0 <= code <= _GIT_MOST:
        raise InputError(err.decode(errors="replace").strip() or "git merge-file failed")
    return out


def _merge_file(*args: str, histogram: bool, settings: tuple[str, ...] = _PLAIN) -> tuple[int, bytes, bytes]:
    """Exit code and output of `git merge-file`; without the histogram where this git does not know it."""
    algorithm = ("--diff-algorithm=histogram",) if histogram else ()
    argv = (*settings, "merge-file", "-q", *algorithm, *args)
    code, out, err = start(".", argv, _environment()).finish()
    if code == _USAGE and histogram:
        return _merge_file(*args, histogram=False, settings=settings)
    return code, out, err


def _as_text(paths: MergeFiles, markers: Markers, sentence: str, *, histogram: bool) -> DriverResult:
    """git's own merge of lines. A file that it takes for binary stays ours, in conflict, as in git."""
    labels = [word for label in markers[:3] for word in ("-L", label)]
    args = (f"--marker-size={markers.size}", *labels, "--", paths.ours, paths.base, paths.theirs)
    try:
        code, _, _ = _merge_file(*args, histogram=histogram, settings=())
    except MdtodoError as error:
        return DriverResult(1, error.sentence)
    if 0 <= code <= _GIT_MOST:
        return DriverResult(min(code, _MOST_CONFLICTS), sentence)
    return DriverResult(1, "cannot be merged, not even as text; ours is kept")


def _environment() -> dict[str, str]:
    """That of our git commands, in the repository in which git called the driver."""
    kept = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR")
    return environment(None) | {name: os.environ[name] for name in kept if name in os.environ}


@contextmanager
def _folder() -> Iterator[str]:
    """A folder of our own for what `git merge-file` reads, gone in the end. `tempfile` takes longer to import
    than git to merge."""
    root = os.environ.get("TMPDIR") or "/tmp"  # noqa: S108 - the folder in it is ours alone
    folder = os.path.join(root, f"mdtodo-merge-{os.getpid()}-{os.urandom(6).hex()}")
    os.mkdir(folder, 0o700)
    try:
        yield folder
    finally:
        for name in os.listdir(folder):
            os.unlink(os.path.join(folder, name))
        os.rmdir(folder)
