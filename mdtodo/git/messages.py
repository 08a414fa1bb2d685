"""Messages of commits: those of a range, and what git takes for a trailer in one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mdtodo.git.repository import run
from mdtodo.git.true_history import LOG

if TYPE_CHECKING:
    from mdtodo.git.repository import Repository


class Message(NamedTuple):
    """What a commit says, whole: subject, body and trailers."""

    commit: str
    text: str


def messages(repo: Repository, revisions: str) -> list[Message]:
    """Those of the commits of `A..B`, or of a single commit, oldest first.

    Raises GitError where git knows no such revision.
    """
    walk = () if ".." in revisions else ("--no-walk",)
    # --end-of-options, as a revision may begin with a dash.
    args = (*LOG, "--reverse", "--format=%H%n%B", *walk, "--end-of-options", revisions, "--")
    out = run(repo, *args)
    found = (entry.decode(errors="replace").partition("\n") for entry in out.split(b"\0") if entry.strip())
    return [Message(commit.strip(), text) for commit, _, text in found]


def trailers(repo: Repository, text: str) -> list[tuple[str, str]]:
    """Key (in lower case) and value of each trailer, unfolded, as `%(trailers)` of `git log` has it."""
    given = text.encode("utf-8", "replace")
    # A person's trailer.separators would hide the trailers from git. --no-divider, since this is a whole message:
    # git would take a line `---` for the end of it, as in a mail with a patch.
    args = "-c", "trailer.separators=:", "interpret-trailers", "--parse", "--no-divider"
    out = run(repo, *args, stdin=given)
    pairs = (line.partition(":") for line in out.decode(errors="replace").split("\n"))
    return [(key.strip().lower(), value.strip()) for key, separator, value in pairs if separator]
