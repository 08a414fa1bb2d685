"""Ignored folders of the checkout, such as node_modules, that a clone sees by symlink."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from mdtodo.errors import MdtodoError
from mdtodo.git.repository import run

if TYPE_CHECKING:
    from collections.abc import Sequence


class LinkError(MdtodoError):
    """A folder that is not to be linked; the sentence says why."""


def excludes(names: Sequence[str]) -> list[str]:
    """The patterns that keep git from taking the links for changes, for `Shadow.show`, which comes before `link`."""
    # without a slash at its end: a pattern with one fits folders, and a link is none
    return ["/" + re.sub(r"([\\*?\[\] ])", r"\\\1", name) for name in names]


def link(root: str, tree: str, names: Sequence[str]) -> list[str]:
    """Make the links in a clone that `show` has brought to its commit; the folders that they lead to.

    `names` are relative to `root`, the checkout. What is not there is passed over. Raises LinkError for what git
    tracks, in the checkout or in the clone, and for what leads out of the checkout.
    """
    found = [name for name in names if os.path.lexists(os.path.join(root, name))]
    targets = [_target(root, name) for name in found]
    if found:
        _refuse_tracked(root, found)
    for name, target in zip(found, targets, strict=True):
        place = os.path.join(tree, name)
        _make_folders(tree, name)
        if os.path.lexists(place):
            raise LinkError(f"link: {name} is tracked by git, so the clone has its own")
        os.symlink(target, place)
    return targets


def _target(root: str, name: str) -> str:
    target, inside = os.path.realpath(os.path.join(root, name)), os.path.realpath(root)
    parts = target.removeprefix(f"{inside}/").split("/")
    if not target.startswith(f"{inside}/") or parts[0].casefold() == ".git":
        raise LinkError(f"link: {name} leads out of the checkout, to {target}")
    return target


def _refuse_tracked(root: str, names: Sequence[str]) -> None:
    out = run(None, "--literal-pathspecs", "ls-files", "-z", "--", *names, cwd=root)
    for path in map(os.fsdecode, filter(None, out.split(b"\0"))):
        name = next(name for name in names if f"{path}/".startswith(f"{name}/"))
        raise LinkError(f"link: {name} is tracked by git, so the clone has its own")


def _make_folders(tree: str, name: str) -> None:
    """The folders above the link. None of them may be a link itself, which would lead elsewhere."""
    place = tree
    for part in name.split("/")[:-1]:
        place = os.path.join(place, part)
        if os.path.islink(place) or (os.path.lexists(place) and not os.path.isdir(place)):
            raise LinkError(
                f"link: {name} is below {os.path.relpath(place, tree)}, which is no folder in the clone"
            )
        os.makedirs(place, exist_ok=True)
