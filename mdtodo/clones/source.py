"""The repository that clones are made of, as far as they need it: plain JSON, so that it can cross to a pool process.

Nothing is copied but what changes how git shows and reads files. Refs, remotes, stash, hooks and all other
configuration stay where they are.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.git.repository import run

if TYPE_CHECKING:
    from mdtodo.git.repository import Repository

#: The settings that a clone has from the person's configuration: how files are shown, and who writes commits. Of
#: filters none but that of LFS: another one may be a script of the clone, which git of ours would then run.
_COPIED = re.compile(
    r"core\.(autocrlf|eol|filemode|symlinks|ignorecase|precomposeunicode|quotepath|excludesfile|attributesfile)"
    r"|core\.(protecthfs|protectntfs|bigfilethreshold|longpaths)"
    r"|filter\.lfs\..*|lfs\.[a-z]*|user\.(name|email)|i18n\.commitencoding"
)
#: Without these git cannot read what a partial clone has not fetched yet.
#: Where a machine without the checkout finds submodules, and the content of LFS files.
_REACH = re.compile(r"submodule\..*\.url|remote\.origin\.url", re.DOTALL)
_PARTIAL = re.compile(r"extensions\.partialclone|remote\..*\.(url|promisor|partialclonefilter)")


class CloneSource(NamedTuple):
    """`common_dir` is its git directory, `root` the work tree of whoever runs; `config` are names and values, as
    `git config --list` has them, `partial` those that say where missing objects come from, and `reach` those that say
    where submodules and LFS files do."""

    common_dir: str
    root: str
    algorithm: str = "sha1"
    config: tuple[tuple[str, str], ...] = ()
    partial: tuple[tuple[str, str], ...] = ()
    reach: tuple[tuple[str, str], ...] = ()

    @property
    def objects(self) -> str:
        """Where its objects are."""
        return os.path.join(self.common_dir, "objects")


def read_source(repo: Repository) -> CloneSource:
    """The repository, with what its configuration says now. Raises GitError where git refuses."""
    listed = run(repo, "config", "--list", "-z", "--includes").decode("utf-8", "surrogateescape").split("\0")
    # a name alone means true
    pairs = [
        (name, value if given else "true") for name, given, value in (one.partition("\n") for one in listed)
    ]
    known = dict(pairs)
    is_partial = any(_PARTIAL.fullmatch(name) and not name.endswith(".url") for name in known)
    return CloneSource(
        repo.common_dir,
        repo.root,
        known.get("extensions.objectformat", "sha1").lower(),
        tuple(pair for pair in pairs if _COPIED.fullmatch(pair[0])),
        tuple(pair for pair in pairs if is_partial and _PARTIAL.fullmatch(pair[0])),
        tuple(pair for pair in pairs if _REACH.fullmatch(pair[0])),
    )
