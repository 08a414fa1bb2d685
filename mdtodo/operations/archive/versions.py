"""A TODO file as the work tree, HEAD and the index have it: what may go to an archive stands in all three alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mdtodo.errors import InputError
from mdtodo.git.repository import read_blobs
from mdtodo.markdown.document import parse
from mdtodo.markdown.edits.outline import Outline, plain

if TYPE_CHECKING:
    from mdtodo.config.settings import Config
    from mdtodo.git.repository import Repository
    from mdtodo.markdown.document import Document, Item
    from mdtodo.markdown.edits.outline import Path

    #: The headings of a top-level task, and its lines with plain line ends.
    Key = tuple[Path, str]


class Versions(NamedTuple):
    """Outlines. `head` and `staged`, which is that of the index, are None where they lack the file, or have one that is
    no text."""

    here: Outline
    head: Outline | None
    staged: Outline | None

    def key(self, item: Item) -> Key:
        """What a top-level task is known by."""
        return self.here.path(item), plain(self.here.text(item))

    def is_committed(self, key: Key) -> bool:
        """Whether HEAD and the index have just as many equal tasks as the work tree."""
        number = len(self.here.tasks.get(key, ()))
        return all(
            one is not None and len(one.tasks.get(key, ())) == number for one in (self.head, self.staged)
        )

    def text(self, key: Key) -> str:
        """The lines of a task that is committed, as HEAD has them."""
        assert self.head is not None, "it is asked of what is committed"
        return self.head.text(self.head.document.items[self.head.tasks[key][0]])


def versions_of(repo: Repository, config: Config, file: str, document: Document, head: str) -> Versions:
    """Those of this file; `document` is what the work tree has, `head` the commit that is to be taken for HEAD."""
    names = f"{head}:{file}", f":{file}"
    blobs = read_blobs(repo, names)
    committed, staged = (_outline(blobs[name], config, file) for name in names)
    return Versions(Outline(document), committed, staged)


def _outline(data: bytes | None, config: Config, file: str) -> Outline | None:
    try:
        return None if data is None else Outline(parse(data, config.status, file=file))
    except InputError:
        return None
