"""Whether a file of the work tree is what the index says, where that can be told without git's filters.

What git stores may be something else than what the work tree shows: other line ends, another encoding, `$Id$`
without its id, whatever a filter makes of it (gitattributes(5)). Here only contents are compared that none of
these can touch; of all others git must be asked.
"""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

from mdtodo.git.loose_objects import read_with_stat
from mdtodo.git.objects import object_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdtodo.git.index_format import IndexFile
    from mdtodo.git.session import GitSession

#: Attributes, or macros of them, that change more than line ends.
_CONVERTING = re.compile(rb"filter|encoding|ident")

_REGULAR = (b"100644", b"100755")
#: Bytes of the largest file that is read into memory here.
_LARGEST = 1 << 26


def matches_index(git: GitSession, index: IndexFile, name: bytes, status: os.stat_result) -> bool | None:
    """Whether the content of the file at this path, of which `status` was read before, is what its entry says;
    None where only git can tell. Whether it may be executed git sees by itself.
    """
    entry = index.entry(name)
    full = os.path.join(os.fsencode(git.repo.root), name)
    if entry is None or status.st_size > _LARGEST:
        return None
    try:
        if stat.S_ISLNK(status.st_mode):
            is_link = entry.mode == b"120000"
            return is_link and object_id(index.algorithm, "blob", os.readlink(full)) == entry.oid
        if not stat.S_ISREG(status.st_mode) or entry.mode not in _REGULAR:
            return None
        data, _ = read_with_stat(full)
    except OSError:
        return None
    if not _is_unconverted(git, index, name, data):
        return None
    known = git.kept(entry.oid)
    return object_id(index.algorithm, "blob", data) == entry.oid if known is None else data == known


def _is_unconverted(git: GitSession, index: IndexFile, name: bytes, data: bytes) -> bool:
    """Whether no setting and no attribute could make git store something else than this content."""
    # Searched whole, not matched with the path: asking git once too often is slow, once too seldom wrong.
    attributes = list(_attributes(git, index, name))
    if None in attributes or any(_CONVERTING.search(found) for found in attributes if found):
        return False
    # Into the index, git converts line ends by removing CR, never by adding it (gitattributes(5), `text`).
    if b"\r" not in data:
        return True
    converts = git.settings().converts_line_ends()
    return not converts and not any(attributes)


def _attributes(git: GitSession, index: IndexFile, name: bytes) -> Iterator[bytes | None]:
    """The content of each file with attributes that may apply to the path; None for one that is not there to
    be read, but in the index alone, or known to git alone.
    """
    root, folder = os.fsencode(git.repo.root), name
    while folder:
        folder = folder.rpartition(b"/")[0]
        inside = folder + b"/.gitattributes" if folder else b".gitattributes"
        found = _content(os.path.join(root, inside))
        # Where the work tree lacks the file, git reads it from the index.
        yield None if found is None and inside in index else found or b""
    yield _content(os.path.join(git.repo.common_dir, "info/attributes")) or b""
    settings = git.settings()
    home = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    default = os.path.join(home, "git/attributes")
    # Only newer gits list GIT_ATTR_GLOBAL and GIT_ATTR_SYSTEM; the defaults are those of gitattributes(5).
    own = os.fsdecode(settings.get(b"core.attributesfile", settings.get(b"GIT_ATTR_GLOBAL", b""))) or default
    # %(prefix)/ is where git is installed, which only git knows (git-config(1), `pathname`).
    if own.startswith("%"):
        yield None
    yield _content(os.path.expanduser(own)) or b""
    yield _content(os.fsdecode(settings.get(b"GIT_ATTR_SYSTEM", b"")) or "/etc/gitattributes") or b""


def _content(path: str | bytes) -> bytes | None:
    try:
        return read_with_stat(path)[0]
    except OSError:
        return None
