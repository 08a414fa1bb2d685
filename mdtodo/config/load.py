"""The configuration of a repository, from the bytes of its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.config.settings import DEFAULT

if TYPE_CHECKING:
    from mdtodo.config.settings import Config


def load(pyproject: bytes | None, dotfile: bytes | None) -> Config:
    """What the bytes of pyproject.toml and of .mdtodo.toml say; None where there is no such file.

    The keys of both are put together. Raises one ConfigError for all that is wrong, each with file, line where known,
    key and the nearest valid name; also where both set a key and disagree.
    """
    # a pyproject.toml that does not name mdtodo is not parsed: `check` does without tomllib, and what is
    # broken in the file is for others to say
    if dotfile is None and (pyproject is None or b"mdtodo" not in pyproject):
        return DEFAULT
    from mdtodo.config.parse import read_config

    return read_config(pyproject, dotfile)
