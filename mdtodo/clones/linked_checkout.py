"""Whether a linked folder leads back to the checkout, as an editable install does in a virtual environment, and a
workspace in node_modules: then a processor in a clone would prove the files of the checkout, and not its own.
"""

from __future__ import annotations

import json
import os
import re
from itertools import chain, islice
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Entries of a linked folder that are looked at, and bytes of one file: it is not to cost more than the rest.
_MOST_ENTRIES, _MOST_BYTES = 20_000, 1 << 20
_QUOTED = re.compile(r"""['"](/[^'"]*)['"]""")


def leads_back(root: str, name: str) -> str | None:
    """The first file in the linked folder that leads to a file of the checkout outside of it, relative to `root`; None
    where none is found. `root` is the checkout without symlinks, `name` the folder's, relative to it."""
    folder = os.path.realpath(os.path.join(root, name))
    if not os.path.isdir(folder):
        return None
    for path in islice(chain(_links(folder), _python(folder)), _MOST_ENTRIES):
        if any(_is_outside(target, root, folder) for target in _targets(path)):
            return os.path.relpath(path, root)
    return None


def _is_outside(target: str, root: str, folder: str) -> bool:
    """Whether it is in the checkout, and not in the linked folder. What is ignored as that is may be another one."""
    return f"{target}/".startswith(f"{root}/") and not f"{target}/".startswith(f"{folder}/")


def _links(folder: str) -> Iterator[str]:
    """The links at the places where npm, pnpm and yarn put one for each workspace."""
    for entry in _entries(folder):
        if entry.is_symlink():
            yield entry.path
        elif entry.name.startswith("@") and entry.is_dir(follow_symlinks=False):
            yield from (inner.path for inner in _entries(entry.path) if inner.is_symlink())


def _python(folder: str) -> Iterator[str]:
    """The files in which installers say where an editable install is, in a virtual environment."""
    for packages in _site_packages(folder):
        for entry in _entries(packages):
            if entry.name.endswith((".pth", ".egg-link")) or entry.name.startswith("__editable__"):
                yield entry.path
            elif entry.name.endswith(".dist-info"):
                yield os.path.join(entry.path, "direct_url.json")


def _site_packages(folder: str) -> Iterator[str]:
    for lib in ("lib", "lib64"):
        for version in _entries(os.path.join(folder, lib)):
            if version.name.startswith(("python", "pypy")) and not os.path.islink(os.path.join(folder, lib)):
                yield os.path.join(version.path, "site-packages")


def _targets(path: str) -> Iterator[str]:
    """The absolute paths that a file names, or that a link leads to."""
    if os.path.islink(path):
        yield os.path.realpath(path)
        return
    text = _text(path)
    if path.endswith("direct_url.json"):
        yield from _editable(text)
    elif path.endswith(".py"):
        # the mapping of setuptools' finder, a dictionary with texts
        yield from map(os.path.realpath, _QUOTED.findall(text))
    else:
        lines = (line.strip() for line in text.splitlines())
        yield from (
            os.path.realpath(os.path.join(os.path.dirname(path), line))
            for line in lines
            if line and not line.startswith(("import ", "import\t", "#"))
        )


def _editable(text: str) -> Iterator[str]:
    try:
        about = json.loads(text)
        if about["dir_info"].get("editable"):
            yield os.path.realpath(unquote(urlsplit(about["url"]).path))
    except (ValueError, LookupError, TypeError, AttributeError):
        return


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from sorted(islice(entries, _MOST_ENTRIES), key=lambda entry: entry.name)
    except OSError:
        return


def _text(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return file.read(_MOST_BYTES).decode(errors="surrogateescape")
    except OSError:
        return ""
