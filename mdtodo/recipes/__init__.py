"""Built-in commands that use the tool of their field, where the repository has what that tool reads.

Here are their names, which routing and `check` know on the way of every command; `catalogue` has what they are.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mdtodo.config.processor_settings import Processor

#: The names of all recipes: the kinds of the categories, and the categories that have no kinds.
NAMES = (
    "theme", "css", "component", "api", "database", "service", "auth", "encryption", "audit", "model", "training",
    "prediction", "documentation", "testing", "implementation",
)  # fmt: skip


@cache
def processor(name: str) -> Processor | None:
    """The processor that carries out the recipe of this name; None where there is none.

    `-P`: a folder `mdtodo` in the repository's root is not imported instead of this package.
    """
    from mdtodo.config.processor_settings import Processor

    if name not in NAMES:
        return None
    return Processor(name, run=(sys.executable, "-P", "-m", "mdtodo.recipes", name))
