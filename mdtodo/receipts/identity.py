"""Which task a receipt is of: by its id and what else its trailer says, against the anchors of a version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.digest import hexdigest
from mdtodo.markdown.anchors import derived_ids, place_digest

if TYPE_CHECKING:
    from mdtodo.core.task import Anchor
    from mdtodo.receipts.trailers import Trailer


def is_of(trailer: Trailer, anchor: Anchor) -> bool:
    """Whether the trailer is of this task, in the version that the result was made of, or one in which it stands as it
    stood there."""
    if trailer.at is None:
        return is_id_of(trailer.task_id, anchor) or _is_older_id_of(trailer.task_id, anchor)
    if not is_id_of(trailer.task_id, anchor):
        return False
    # a unique task may have moved; its id says that it was unique in the whole repository
    unique = trailer.task_id == anchor.explicit or (
        anchor.alone and anchor.digest.startswith(trailer.task_id)
    )
    return unique or trailer.at == place_digest(anchor)


def known_as(anchor: Anchor, name: str) -> Anchor:
    """The anchor of a task that a receipt calls so, which says whether other files had equal ones."""
    elsewhere = anchor.explicit != name and not anchor.digest.startswith(name)
    return anchor._replace(elsewhere=True) if elsewhere else anchor


def is_id_of(name: str, anchor: Anchor) -> bool:
    """Whether a task's id is this one: explicit, or derived (see `markdown.tasks`)."""
    # Derived ids have at least seven digits.
    return anchor.explicit == name or (
        len(name) > 6 and any(one.startswith(name) for one in derived_ids(anchor))
    )


def _is_older_id_of(name: str, anchor: Anchor) -> bool:
    """The same for ids from before equal tasks were told apart by file and headings: counted over the repository."""
    alike = (f"{anchor.digest}\n{number}".encode() for number in range(2, anchor.nth + _COPIES))
    return len(name) > 6 and any(hexdigest(one).startswith(name) for one in alike)


#: So many equal tasks are tried.
_COPIES = 20
