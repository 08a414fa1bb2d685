"""The tasks of many files, without parsing again what was parsed before: by the digest of each file's bytes.

What `markdown.tasks.tasks_of_file` makes of a file is kept in `.git/mdtodo/check/` beside what `check` found there,
under the same key: the source of the rooms that read tasks, and the configuration. Deleting it costs time alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from mdtodo.core import codec
from mdtodo.core.digest import hexdigest
from mdtodo.core.task import Task
from mdtodo.markdown.document import Document, parse
from mdtodo.markdown.tasks import FileTasks, tasks_of_file
from mdtodo.project.rules_key import rules_key
from mdtodo.storage.caches.blob_cache import FindingCache

if TYPE_CHECKING:
    from mdtodo.config.settings import Config
    from mdtodo.core.task import Status
    from mdtodo.errors import InputError
    from mdtodo.git.repository import Repository


class Documents(Mapping[str, Document]):
    """Files, each parsed when it is first asked for. They parse: that was tried before, with the same bytes."""

    def __init__(self, contents: Mapping[str, bytes], statuses: Mapping[str, Status]) -> None:
        self._contents = contents
        self._statuses = statuses
        self._parsed: dict[str, Document] = {}

    def __getitem__(self, file: str) -> Document:
        if file not in self._parsed:
            self._parsed[file] = parse(self._contents[file], self._statuses, file=file)
        return self._parsed[file]

    def __iter__(self) -> Iterator[str]:
        return iter(self._contents)

    def __len__(self) -> int:
        return len(self._contents)

    def __contains__(self, file: object) -> bool:
        return file in self._contents

    def containing(self, fragment: bytes) -> list[str]:
        """The files with these bytes; none is parsed for it."""
        return [file for file, data in self._contents.items() if fragment in data]


def read_file_tasks(
    repo: Repository, config: Config, contents: Mapping[str, bytes]
) -> tuple[dict[str, FileTasks], list[InputError]]:
    """The tasks of each file, and why others cannot be read."""
    from mdtodo.errors import InputError

    cache = FindingCache(repo, rules_key(config) + "-tasks")
    by_file: dict[str, FileTasks] = {}
    unreadable: list[InputError] = []
    for file, data in contents.items():
        name = hexdigest(data)
        if (text := cache.get(name)) is not None:
            by_file[file] = _read(file, text)
            continue
        try:
            by_file[file] = tasks_of_file(file, parse(data, config.status, file=file))
        except InputError as error:
            unreadable.append(error)
            continue
        cache.put(name, _text(by_file[file]))
    cache.save()
    return by_file, unreadable


def _text(given: FileTasks) -> str:
    """A line of JSON. The same bytes may be another file's as well, so the name of this one is left out."""
    tasks = [task._replace(file="", anchor=task.anchor._replace(file="")) for task in given.tasks]
    return codec.dumps((tasks, given.places))


def _read(file: str, text: str) -> FileTasks:
    tasks, places = json.loads(text)
    for task in tasks:
        task[_FILE] = task[_ANCHOR][0] = file
    return codec.decode(FileTasks, [tasks, places])


_FILE, _ANCHOR = map(Task._fields.index, ("file", "anchor"))
