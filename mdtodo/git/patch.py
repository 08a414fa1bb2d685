"""A patch from versions of files that are nowhere in the repository, as git itself writes it."""

from __future__ import annotations

import os
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from mdtodo.git.repository import run

if TYPE_CHECKING:
    from collections.abc import Mapping


def patch(contents: Mapping[str, tuple[bytes | None, bytes]]) -> bytes:
    """What `git apply` in the root of a work tree takes: by path, the bytes now, None for no file, and then.

    Exact for any line ends and any name, whatever the configuration says of diffs and line ends.
    """
    if all(before == after for before, after in contents.values()):
        return b""
    with TemporaryDirectory(prefix="mdtodo-") as folder:
        for path, versions in contents.items():
            for side, data in zip("ab", versions, strict=True):
                target = os.path.join(folder, side, path)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                if data is None:
                    continue
                with open(target, "wb") as file:
                    file.write(data)
        # The folders a and b are the prefixes. Exit code 1: there are differences.
        return run(None, *_SETTINGS, "diff", *_OPTIONS, "--", "a", "b", cwd=folder, env=_ENV, ok=(0, 1))


_SETTINGS = (
    *("-c", "core.autocrlf=false", "-c", "core.safecrlf=false", "-c", f"core.attributesFile={os.devnull}"),
    *("-c", "diff.suppressBlankEmpty=false", "-c", f"diff.orderFile={os.devnull}"),
)
_OPTIONS = (
    *("--no-index", "--no-prefix", "--unified=3", "--inter-hunk-context=0", "--no-renames"),
    *(
        "--no-color",
        "--no-ext-diff",
        "--no-textconv",
        "--ignore-submodules=none",
        "--patch",
        "--ws-error-highlight=none",
    ),
)
# A .git that is not there, so that git does not look for one: a repository around the temporary folder would have its
# say by attributes and configuration. GIT_CEILING_DIRECTORIES could not name a folder with a colon in its path.
_ENV = {"GIT_DIR": ".git", "GIT_ATTR_NOSYSTEM": "1"}
