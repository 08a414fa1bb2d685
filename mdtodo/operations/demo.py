"""The demo: a small repository with real processors, made anew in a temporary folder."""

from __future__ import annotations

import os
from importlib.resources import as_file, files
from pathlib import Path
from shutil import copytree, ignore_patterns
from tempfile import mkdtemp

from mdtodo.errors import UsageError
from mdtodo.git.repository import Repository, discover, gitpython

#: Files of the package that stand under another name there, as they would be taken for the package's own.
RENAMED = {"mdtodo.toml": ".mdtodo.toml", "gitignore": ".gitignore"}

_WIDTH = 80

#: Who commits in the demo, so that it also works where git does not know who is there. Unsigned, as a signature may ask
#: for a passphrase; nobody gets mail at `.invalid` (RFC 2606).
IDENTITY = (("user.name", "mdtodo demo"), ("user.email", "demo@mdtodo.invalid"), ("commit.gpgsign", "false"))


def create(folder: str | None = None) -> Repository:
    """The demo repository with its first commit, in `folder` or a temporary one; UsageError where `folder` is there
    already."""
    if folder and os.path.lexists(folder):
        raise UsageError(f"{folder} already exists: name a new folder, or none for a temporary one")
    target = Path(folder) if folder else Path(mkdtemp(prefix="mdtodo-demo-")) / "shop"
    # as_file: the package may be in an archive
    with as_file(files("mdtodo") / "demo") as source:
        copytree(source, target, ignore=ignore_patterns("__pycache__", "*.pyc"))
    for packed, name in RENAMED.items():
        (target / packed).rename(target / name)
    with gitpython(os.fspath(target)) as git:
        git.init("-q", "-b", "main")
        for key, value in IDENTITY:
            git.config(key, value)
        git.add("-A")
        git.commit("-q", "-m", "Add a corner shop and its tasks")
    return discover(os.fspath(target))


def tasks(repo: Repository) -> str:
    """The TODO file as it stands now."""
    return (Path(repo.root) / "TODO.md").read_text(encoding="utf-8")


#: The format of git log that shows a commit of mdtodo's in few lines.
LOG_FORMAT = "%s%n%n%(trailers:separator=%n)"


def last_commit(repo: Repository) -> str:
    """The last commit, its receipts and changed files; trailers that are too long are folded, as git reads them."""
    from textwrap import fill

    with gitpython(repo.root) as git:
        shown: str = git.log("-1", "--stat=80", f"--format={LOG_FORMAT}")
    lines = (
        line if len(line) <= _WIDTH else fill(line, _WIDTH, subsequent_indent="  ")
        for line in shown.splitlines()
    )
    return "\n".join(lines) + "\n"
