"""What `init` writes: enough to see a box ticked by the next `mdtodo run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.config.load import load
from mdtodo.errors import ChangedError
from mdtodo.git.files import worktree_files
from mdtodo.system import files

if TYPE_CHECKING:
    from mdtodo.git.repository import Repository

TODO = """\
# TODO

- [ ] The work tree has no whitespace errors run:whitespace
- [ ] Describe what is to be done, with `run:` and the processor that proves it
"""

CONFIGURATION = """\
# mdtodo: a box is ticked when its processor exits 0. All keys: `mdtodo config --all`.

[processors.whitespace]
run = "git diff --check && git diff --check --cached"
timeout = "1m"

# [processors.tests]
# run = "pytest -q"                   # a string goes through the shell, a list does not
# match = { title = "(?i)tests? pass" }
# retries = 1
"""


def create_starter(repo: Repository) -> list[tuple[str, bool]]:
    """Each path of the starter, and whether it was made; what is there already is kept.

    A repository whose pyproject.toml configures mdtodo gets no second configuration. Raises ConfigError
    where the configuration that is there is broken.
    """
    pyproject, dotfile = worktree_files.read_configuration(repo.root)
    # called for its errors: nothing is made beside a configuration that is broken
    load(pyproject, dotfile)
    rows = [("TODO.md", _make(repo, "TODO.md", TODO))]
    if pyproject is not None and b"[tool.mdtodo" in pyproject:
        return [*rows, ("pyproject.toml", False)]
    return [*rows, (".mdtodo.toml", _make(repo, ".mdtodo.toml", CONFIGURATION))]


def is_started(repo: Repository) -> bool:
    """Whether there is a TODO file, by the configuration that holds; ConfigError where it is broken."""
    given = worktree_files.read_configuration(repo.root)
    return bool(worktree_files.find(repo, load(*given).files))


def _make(repo: Repository, path: str, content: str) -> bool:
    if files.read_optional(repo.root, path) is not None:
        return False
    try:
        files.create(repo.root, path, content.encode())
    except ChangedError:  # somebody else was faster
        return False
    return True
