"""What a check without a finding leaves to `mdtodo.fast_path`, which answers the next one."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from mdtodo.core.archive_paths import is_archive
from mdtodo.core.digest import hexdigest
from mdtodo.core.task import STATUS_CHARS
from mdtodo.fast_path import memory
from mdtodo.git.files.worktree_files import all_simple
from mdtodo.markdown.document import parse
from mdtodo.markdown.tasks import read_tasks
from mdtodo.recipes import NAMES
from mdtodo.system.files import keep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.config.settings import Config
    from mdtodo.git.files.tree_files import TodoFiles
    from mdtodo.git.repository import Repository

#: More files than this are not for the fast path.
FILES = 300


def remember(
    repo: Repository, content: TodoFiles, settings: tuple[Config, Sequence[bytes | None]], *, clean: bool
) -> None:
    """Keep it if these files are `clean`, in checkouts and with settings that the fast path knows. Where it cannot be
    written, the next check takes longer."""
    config, configuration = settings
    if not clean or not _is_usual(repo, content, config):
        return
    known = memory.read(os.fsencode(repo.root))
    files = _files(content, config, known.files if known else {})
    ids = {name for file in files.values() for name in file.ids}
    if not all(ids.issuperset(file.outside) for file in files.values()):
        return  # what the history knows of a name holds on this branch
    new = memory.Memory(
        [
            b"-" if data is None else hexdigest(b"blob %d\0" % len(data) + data).encode()
            for data in configuration
        ],
        list(config.files_and_archives),
        frozenset({*config.processors, *NAMES} - {"inline"}),
        frozenset(config.lanes),
        files,
        matches=any(processor.match is not None for processor in config.processors.values()),
    )
    made = new.dump()
    if made is not None and (known is None or made != known.dump()):
        with suppress(OSError):
            _write(os.path.join(repo.root, os.fsdecode(memory.PATH)), made)


def _write(path: str, data: bytes) -> None:
    keep(path, data)
    folder, own = os.path.split(path)
    for name in os.listdir(folder):  # what a killed check has left; one that is being written is made again
        if name != own:
            os.unlink(os.path.join(folder, name))


def _is_usual(repo: Repository, content: TodoFiles, config: Config) -> bool:
    own = repo.git_dir == repo.common_dir == os.path.join(repo.root, ".git")
    settings = not (config.signers or config.check.require) and dict(config.status) == dict(STATUS_CHARS)
    return own and settings and all_simple(config.files_and_archives) and len(content.ids) <= FILES


def _files(content: TodoFiles, config: Config, known: dict[bytes, memory.File]) -> dict[bytes, memory.File]:
    found: dict[bytes, memory.File] = {}
    for path, oid in content.ids.items():
        name = os.fsencode(path)
        if name in known and known[name].oid == oid.encode():
            found[name] = known[name]
        elif is_archive(config.archive, path):
            found[name] = memory.File(oid.encode(), frozenset(), frozenset(), archive=True)
        else:
            found[name] = _file(path, oid, content.bytes_of([path])[path], config)
    return found


def _file(path: str, oid: str, data: bytes, config: Config) -> memory.File:
    tasks = read_tasks({path: parse(data, config.status, file=path)})
    ids = frozenset(task.explicit_id for task in tasks if task.explicit_id is not None)
    names = frozenset(name for task in tasks if not task.status.closed for name in task.after)
    return memory.File(oid.encode(), ids, names - ids)
