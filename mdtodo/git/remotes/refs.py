"""Refs on a remote, changed by compare-and-swap: each is pushed with a lease on what it is expected to be at.

Never by `+` and never by `--force`, which would defeat the lease in silence. A ref that is at the new object already
counts as pushed without any check, so whoever competes for one has to push an object that nobody else can have.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.git.remote import Pushed, push_source, unreadable, verdicts, without_prompts
from mdtodo.git.repository import SETTINGS, environment, run
from mdtodo.system.process import Process

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdtodo.git.repository import Repository

#: Seconds after which a remote that does not answer is given up, where nothing large is sent.
TIMEOUT = 30.0
#: Refs in one push: their names stand on its command line.
BATCH = 400


class RefUpdate(NamedTuple):
    """The ref goes from the object `expected` (None: it is not there) to `new` (None: it is deleted)."""

    ref: str
    expected: str | None
    new: str | None

    @property
    def lease(self) -> str:
        """The option that makes the remote's ref be compared before it is changed."""
        return f"--force-with-lease={self.ref}:{self.expected or ''}"

    @property
    def refspec(self) -> str:
        """What is pushed."""
        return f"{self.new or ''}:{self.ref}"


def push_refs(
    repo: Repository, remote: str, updates: Sequence[RefUpdate], *, timeout: float = TIMEOUT
) -> dict[str, Pushed]:
    """Push these updates, each of which is made or refused by itself; what git says of each, by ref.

    None of the repository's hooks run. A push that ends without a word on a ref, as where its answer is lost, may have
    changed it all the same: its `flag` is empty then.
    """
    found: dict[str, Pushed] = {}
    for start in range(0, len(updates), BATCH):
        some = updates[start : start + BATCH]
        args = [*SETTINGS, *_PUSH, "--no-verify", *(one.lease for one in some), "--", remote]
        code, out, err = _talk(repo, [*args, *(one.refspec for one in some)], timeout)
        found |= verdicts(code, out, err, [one.ref for one in some])
    return found


def push_branch(
    repo: Repository, remote: str, commit: str, branch: str, updates: Sequence[RefUpdate]
) -> dict[str, Pushed]:
    """Move the branch on the remote forward to the commit, and make these updates with it: all of it or nothing.

    As `git push`, so the repository's own `pre-push` hook runs, and it takes as long as it takes.
    """
    args = [*_PUSH, "--atomic", *(one.lease for one in updates), "--", remote, f"{commit}:{branch}"]
    code, out, err = _talk(repo, [*args, *(one.refspec for one in updates)], None)
    return verdicts(code, out, err, [branch, *(one.ref for one in updates)])


def list_refs(
    repo: Repository, remote: str, patterns: Iterable[str], *, timeout: float = TIMEOUT
) -> dict[str, str]:
    """The refs that the remote has now of these, by name: a pattern is a name, or `PREFIX*`.

    Raises GitError where the remote cannot be read.
    """
    wanted = tuple(patterns)
    source = push_source(repo, remote)
    code, out, err = _talk(repo, [*SETTINGS, "ls-remote", "--quiet", "--", source, *wanted], timeout)
    if code:
        raise unreadable(err, "ls-remote")
    lines = (line.partition("\t") for line in out.decode(errors="surrogateescape").split("\n") if line)
    # A pattern fits at the end of a name for git, so `refs/other/refs/heads/main` would be among them.
    return {ref: oid for oid, _, ref in lines if any(fnmatchcase(ref, pattern) for pattern in wanted)}


def fetch_objects(repo: Repository, remote: str, oids: Sequence[str], *, timeout: float = TIMEOUT) -> None:
    """Bring these commits here, each without what is before it, and without a ref: for a look, not to be kept.

    Raises GitError where the remote does not give them.
    """
    args = ("-c", "gc.auto=0", "-c", "maintenance.auto=false", "fetch", "--quiet", "--no-tags", "--no-prune")
    more = ("--no-write-fetch-head", "--no-recurse-submodules", "--refmap=", "--", push_source(repo, remote))
    code, _, err = _talk(repo, [*SETTINGS, *args, *more, *dict.fromkeys(oids)], timeout)
    if code:
        raise unreadable(err, "fetch")


def new_commit(repo: Repository, message: str) -> str:
    """A commit of no files and without a parent, which no ref names yet. Raises GitError where git does not know who
    commits."""
    tree = run(repo, "mktree").decode().strip()
    return run(repo, "commit-tree", tree, stdin=message.encode()).decode().strip()


_PUSH = ("push", "--porcelain", "--no-follow-tags", "--recurse-submodules=no")


#: Seconds for which what git leaves running, as a connection that ssh shares, may hold its output open.
_LINGER = 1.0
#: These may come at any moment of a run, when nobody sits there to type a password.
_NEVER_ASK = {"GIT_TERMINAL_PROMPT": "0", "GCM_INTERACTIVE": "never", "SSH_ASKPASS_REQUIRE": "never"}


def _talk(repo: Repository, args: Sequence[str], timeout: float | None) -> tuple[int, bytes, bytes]:
    """Exit code, standard output and standard error of git; one that does not end in time is ended, and nobody knows
    what it has done. With a `timeout` it has no terminal, so that neither git nor ssh asks anybody for a password."""
    asks = timeout is None
    env = environment(repo) | (without_prompts() if asks else _NEVER_ASK)
    process = Process(["git", "-C", repo.root, *args], env, session=not asks)
    try:
        return process.finish(timeout=timeout, linger=_LINGER)
    except TimeoutError:
        process.end_group(0)  # it leads one, and its helpers are in it
        return -15, b"", f"error: no answer in {timeout:g} s\n".encode()
    except BaseException:
        process.finish(linger=_LINGER)  # Ctrl-C has reached it as well, or it ends by itself
        raise
