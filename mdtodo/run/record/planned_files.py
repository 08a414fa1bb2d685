"""What the plan of a run knows of its files, for its landing: as long as a file is as it was, what its tasks are called
need not be read again."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

from mdtodo.errors import MdtodoError
from mdtodo.landing.parse_cache import LARGEST, ParsedFile, keep
from mdtodo.markdown.task_index import TaskIndex
from mdtodo.project.cache.task_cache import anchors_alone
from mdtodo.project.documents import bytes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.core.receipt import Receipt
    from mdtodo.project.project import Project

#: With so many receipts in a file it pays; for fewer, tasks are looked for by the words of their titles.
_MANY = 100


def keep_planned(project: Project, receipts: Sequence[Receipt]) -> None:
    """Keep the files in which many of these receipts land."""
    count = Counter(edit.anchor.file for receipt in receipts for edit in receipt.edits)
    for file in [file for file, edits in count.items() if edits >= _MANY and file in project.documents]:
        with suppress(MdtodoError):  # a file that was changed since is read as it is now
            if len(bytes_of(project.documents, file)) > LARGEST:
                continue
            document = project.documents[file]
            tasks = [task for task in project.tasks.values() if task.file == file]
            places = TaskIndex(document, file, anchors_alone(file, tasks))
            keep(ParsedFile(document, places), project.config.status)
