"""The file of a commit's message, as git gives it to its hooks: trailers added to what a person wrote, or will read.

Sources: githooks(5), git-interpret-trailers(1), and `message_is_empty` and `template_untouched` of git's sequencer.c.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from mdtodo.git.repository import run
from mdtodo.receipts.trailers import in_message
from mdtodo.system import files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.git.repository import Repository


def is_empty(repo: Repository, text: str, *, edited: bool) -> bool:
    """Whether git would find nothing in this message, and give up. `edited`: in an editor, whose comments go."""
    if edited or run(repo, "config", "commit.cleanup", ok=(0, 1)).strip() == b"strip":
        left = _said(repo, text)
        template = run(repo, "config", "--type=path", "commit.template", ok=(0, 1)).removesuffix(b"\n")
        if edited and template and left == _said(repo, _template(repo, template)):
            return True
    else:
        left = text
    return not [line for line in left.split("\n") if line.strip() and not line.startswith("Signed-off-by: ")]


def known(text: str) -> frozenset[tuple[str, str, int]]:
    """Run, id of the task and attempt of each receipt that the message has, wherever it is one."""
    written = _SCISSORS.split(text)[0]
    return frozenset(
        (one.run, task.task_id, task.attempt) for one in in_message(written) for task in one.tasks
    )


def add(repo: Repository, path: str, lines: Sequence[str], *, edited: bool) -> None:
    """Append these trailers to the file's message, below what is there and above an editor's comments."""
    with open(path, "ab+") as file:
        file.seek(-min(1, file.seek(0, os.SEEK_END)), os.SEEK_END)
        if file.read(1) not in (b"\n", b""):
            file.write(
                b"\n"
            )  # a merge's message ends without, and git would put the trailers on its last line
    # what no editor has shown has no comments, and `#12: ...` is text
    settings = ("trailer.separators=:", *(() if edited else ("core.commentChar=\x01",)))
    options = ("--in-place", "--no-divider", "--where", "end", "--if-exists", "add", "--if-missing", "add")
    trailers = [part for line in lines for part in ("--trailer", line)]
    config = [part for setting in settings for part in ("-c", setting)]
    run(repo, *config, "interpret-trailers", *options, *trailers, path)


def _said(repo: Repository, text: str) -> str:
    """What git takes from an editor's file: nothing below the scissors, and no comment."""
    written = _SCISSORS.split(text)[0].encode("utf-8", "surrogateescape")
    out = run(repo, "stripspace", "--strip-comments", stdin=written)
    return out.decode("utf-8", "surrogateescape")


def _template(repo: Repository, path: bytes) -> str:
    found = (
        files.read_optional(repo.root, os.fsdecode(path)) if not os.path.isabs(path) else files.read_any(path)
    )
    return (found or b"").decode("utf-8", "surrogateescape")


_SCISSORS = re.compile(r"(?m)^\S+ -{24} >8 -{24}$")
