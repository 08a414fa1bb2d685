"""The tasks of many files, without parsing again what was parsed before: by the digest of each file's bytes.

What `markdown.tasks.tasks_of_file` makes of a file is kept in `.git/mdtodo/check/` beside what `check` found there,
under the same key: the source of the rooms that read tasks, and the configuration. Deleting it costs time alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mdtodo.core.digest import sha1
from mdtodo.core.task import Anchor, Priority, Status, Task
from mdtodo.markdown.document import Document, parse
from mdtodo.markdown.tasks import FileTasks, tasks_of_file
from mdtodo.project.rules_key import rules_key
from mdtodo.storage.blob_cache import FindingCache

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.config.settings import Config
    from mdtodo.errors import InputError
    from mdtodo.git.repository import Repository

_STATUSES = {status.value: status for status in Status}
_PRIORITIES = {priority.value: priority for priority in Priority}


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
        name = sha1(data, usedforsecurity=False).hexdigest()
        if (text := cache.get(name)) is not None:
            by_file[file] = _from_rows(file, json.loads(text))
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
    """A line of JSON: for each task its fields but for those that depend on other files, then its place."""
    rows = [
        # the same bytes may be another file's as well
        (*task._replace(file="", anchor=Anchor("", *task.anchor[1:])), *place)
        for task, place in zip(given.tasks, given.places, strict=True)
    ]
    return json.dumps(rows, separators=(",", ":"))


def _from_rows(file: str, rows: Sequence[list[Any]]) -> FileTasks:
    places: list[Any] = [tuple(row[_WIDTH:]) for row in rows]
    return FileTasks(tuple([_task(file, row[:_WIDTH]) for row in rows]), tuple(places))


def _task(file: str, values: list[Any]) -> Task:
    for number in _SEVERAL:
        values[number] = tuple(values[number])
    values[_FILE] = file
    values[_STATUS] = _STATUSES[values[_STATUS]]
    values[_PRIORITY] = _PRIORITIES[values[_PRIORITY]]
    *anchor, peers = values[_ANCHOR][1:]
    values[_ANCHOR] = Anchor._make([file, *anchor, tuple(peers)])
    return Task._make(values)


_WIDTH = len(Task._fields)
_FILE, _STATUS, _PRIORITY, _ANCHOR = map(Task._fields.index, ("file", "status", "priority", "anchor"))
#: The fields that are tuples, which JSON knows as lists.
_SEVERAL = [number for number, name in enumerate(Task._fields) if Task._field_defaults.get(name) == ()]
