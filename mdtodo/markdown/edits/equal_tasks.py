"""Two versions of a file of which one has tasks that the other has not, equal to some that both have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.markdown.anchors import TaskIndex, anchors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.markdown.document import Document


def are_told_apart(old: Document, new: Document, pairs: Mapping[int, int], file: str) -> bool:
    """Whether each task of the old version is the one that `pairs` says (new to old), also where one with the same
    title and parents came: as `TaskIndex.find` says it, and not by which of them stands first."""
    if len(pairs) == len(new.items):
        return True
    before = anchors(old, file)
    known = {one.digest for one in before}
    index = TaskIndex(new, file)
    came = {index[at].digest for at in range(len(new.items)) if at not in pairs} & known
    return all(index.find(before[was]) == at for at, was in pairs.items() if before[was].digest in came)
