"""A copy of the work tree for tools that write beside what they read."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mdtodo.recipes.detect import Tree

#: Where Node.js finds packages, from the folder of a file upwards. Git does not list it, so the copy has a link.
_PACKAGES = "node_modules"


def copy_tree(tree: Tree, target: str) -> None:
    """Copy the files that git lists into the new folder `target`: contents, modes, and symlinks as they are.

    Raises OSError where one cannot be read or written.
    """
    os.makedirs(target)
    for name in tree.files:
        copy = os.path.join(target, name)
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        shutil.copy(os.path.join(tree.root, name), copy, follow_symlinks=False)
    for folder in _folders(tree.files):
        packages = os.path.join(tree.root, folder, _PACKAGES)
        link = os.path.join(target, folder, _PACKAGES)
        if os.path.isdir(packages) and not os.path.lexists(link):
            os.symlink(os.path.abspath(packages), link)


def _folders(names: tuple[str, ...]) -> set[str]:
    """All folders that these files are in, `""` for the root."""
    found = {""}
    for name in names:
        folder = os.path.dirname(name)
        while folder not in found:
            found.add(folder)
            folder = os.path.dirname(folder)
    return found
