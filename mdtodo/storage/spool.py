"""The spool of results: each pool process writes down what succeeded before it tells the runner.

A file for each pool process in `mdtodo/unread` of the git common directory, named `<run>.<pid>`, with a line of JSON
for each result. It is deleted with the end of its run; what a killed run leaves is taken up by the next call, so that a
task which was done is not run again because its result still lay in a socket.

Of a task with outputs it also says, before it begins, how they were then; while the attempt goes on, the file's time is
set again and again. So what it had written when it was killed can be told from what a person wrote after that.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mdtodo.core import codec
from mdtodo.core.results import Result
from mdtodo.core.task import Anchor  # noqa: TC001  # the codec looks it up

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from typing import NamedTuple

    from mdtodo.git.repository import Repository
else:
    from mdtodo.core.light.named_tuples import NamedTuple


class SpoolLine(NamedTuple):
    """A line of a file, by the names of its fields: that an attempt (`<run>/<task>/<number>`, from 1 on) has `begun`,
    or has `finished` with this `result`.

    `outputs` is what `outputs.snapshot.adopt` needs; `owner` the pool process; `root` that of the work tree; `anchor`
    that of the task, None from before there was that; `tree` as in a Receipt. `last_sign`: when it was alive last, in
    Unix time, as the file says.
    """

    begun: str | None = None
    finished: str | None = None
    result: Result = Result(None)
    outputs: Mapping[str, Any] | None = None
    owner: str = ""
    processor: str | None = None
    root: str | None = None
    anchor: Anchor | None = None
    tree: str | None = None
    last_sign: float = 0.0

    @property
    def task_id(self) -> str:
        """The task that was tried."""
        return (self.finished or self.begun or "//").split("/")[1]

    @property
    def attempt(self) -> int:
        """Which attempt it was."""
        return int((self.finished or self.begun or "//0").split("/")[2])


def spool_folder(repo: Repository) -> str:
    """The folder of these files."""
    return os.path.join(repo.common_dir, "mdtodo", "unread")


def prepare(repo: Repository) -> None:
    """Make the folder; where that cannot be done, nothing is written down, and a kill costs more time."""
    with suppress(OSError):
        os.makedirs(spool_folder(repo), 0o700, exist_ok=True)


def of_dead_runs(repo: Repository, active: Collection[str]) -> dict[str, list[str]]:
    """The files of runs that are not `active`, by run."""
    try:
        names = sorted(os.listdir(spool_folder(repo)))
    except OSError:
        return {}
    found: dict[str, list[str]] = {}
    for name in names:
        run = name.rpartition(".")[0]
        if run not in active:
            found.setdefault(run, []).append(os.path.join(spool_folder(repo), name))
    return found


def read(path: str) -> list[SpoolLine]:
    """The results that a file holds; a line that was not written to its end is passed over."""
    return [line for line in _lines(path) if line.finished and line.processor]


def unfinished_attempt(path: str) -> SpoolLine | None:
    """The attempt that the file's pool process was at last, if it has not come to an end."""
    with suppress(OSError):
        sign = os.stat(path).st_mtime
        # Whatever line follows `begun`, that attempt has come to its end.
        *_, last = [SpoolLine(), *_lines(path)]
        return last._replace(last_sign=sign) if last.begun and last.outputs is not None else None
    return None


def is_other_worktree(path: str, root: str) -> bool:
    """Whether the file is of a run in another work tree, which is still there."""
    roots = {line.root for line in _lines(path)} - {root, None}
    return any(os.path.isdir(one) for one in roots if one is not None)


def _lines(path: str) -> Iterator[SpoolLine]:
    with suppress(OSError), open(path, "rb") as file:
        for text in file:
            with suppress(ValueError):
                line = codec.loads(SpoolLine, text)
                if re.fullmatch("[^/]*/[^/]*/[0-9]+", line.finished or line.begun or "//0"):
                    yield line


def delete(paths: Collection[str]) -> None:
    """Take files away, as far as that is possible."""
    for path in paths:
        with suppress(OSError):
            os.unlink(path)
