"""The demo: a small repository with real processors, made anew in a temporary folder."""

from __future__ import annotations

import os
from importlib.resources import as_file, files
from pathlib import Path
from shutil import copytree, ignore_patterns
from tempfile import mkdtemp

from mdtodo.errors import UsageError
from mdtodo.repo.git import Repository, discover, porcelain

#: Files of the package that stand under another name there, as they would be taken for the package's own.
RENAMED = {"mdtodo.toml": ".mdtodo.toml", "gitignore": ".gitignore"}

#: Who commits in the demo, so that it also works where git does not know who is there.
IDENTITY = (("user.name", "mdtodo demo"), ("user.email", "demo@mdtodo.invalid"), ("commit.gpgsign", "false"))


def make(folder: str | None = None) -> Repository:
    """The demo repository with its first commit, in `folder` or a temporary one; UsageError where `folder` is there
    already."""
    if folder and os.path.lexists(folder):
        raise UsageError(f"{folder} is there already: name a folder that is not, or none for a temporary one")
    target = Path(folder) if folder else Path(mkdtemp(prefix="mdtodo-demo-")) / "shop"
    with as_file(files("mdtodo") / "demo") as source:
        copytree(source, target, ignore=ignore_patterns("__pycache__", "*.pyc"))
    for packed, name in RENAMED.items():
        (target / packed).rename(target / name)
    with porcelain(os.fspath(target)) as git:
        git.init("-q", "-b", "main")
        for key, value in IDENTITY:
            git.config(key, value)
        git.add("-A")
        git.commit("-q", "-m", "A corner shop, and what is left to do")
    return discover(os.fspath(target))


def boxes(repo: Repository) -> str:
    """The TODO files as they stand now, each under its name."""
    from mdtodo.running.board import read_board, read_config

    board = read_board(repo, read_config(repo))
    return "\n".join(f"--- {file}\n{document.data.decode()}" for file, document in board.documents.items())


def commits(repo: Repository) -> str:
    """The log of the repository, with messages and changed files."""
    with porcelain(repo.root) as git:
        return f"{git.log('--stat', '--format=%C(auto)commit %h%n%n%w(0,4,4)%B')}\n"
