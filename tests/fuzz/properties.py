"""All that must hold of some versions of a file, one function each: it raises where that is not so."""

from tests.fuzz.costs import costs
from tests.fuzz.editing import additions, archives, marks, merges, moves_across, rewordings
from tests.fuzz.hooks import boxes, gates, hooks
from tests.fuzz.reading import reads, renames, rereads

__all__ = [
    "additions",
    "archives",
    "boxes",
    "costs",
    "gates",
    "hooks",
    "marks",
    "merges",
    "moves_across",
    "reads",
    "renames",
    "rereads",
    "rewordings",
]
