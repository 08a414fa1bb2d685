"""Where a branch is pushed to: as `git push` has it, by `branch.*`, `remote.*` and `push.default`."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.errors import GitError
from mdtodo.git.repository import SETTINGS, environment, error_from, gitpython, run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdtodo.git.repository import Repository
    from mdtodo.git.session import GitSession


class Upstream(NamedTuple):
    """`branch` is the local one that HEAD names, `ref` the one on `remote` that it is pushed to, both in full.
    `source` is what to fetch that from: the remote's name, or the address it is pushed to where that is another
    one. `tracking` is the local ref that follows it, if there is one."""

    branch: str
    remote: str
    source: str
    ref: str
    tracking: str | None

    @property
    def name(self) -> str:
        """For people: `origin/main`."""
        return f"{without_password(self.remote)}/{self.ref.removeprefix('refs/heads/')}"

    @property
    def local(self) -> str:
        """For people: the name of the local branch."""
        return self.branch.removeprefix("refs/heads/")


class Pushed(NamedTuple):
    """What git says of one push. `flag` and `words` are of the line for the ref in `git push --porcelain`, empty
    where there is none; `code` 0 where all went well."""

    code: int
    flag: str
    words: str
    errors: str

    @property
    def is_refused(self) -> bool:
        """The remote has decided against it, whatever its branch is at."""
        return (
            self.flag == "!" and self.words.startswith("[remote rejected]") and not _RACE.search(self.words)
        )

    @property
    def reason(self) -> str:
        """Why, in the words of git, of the remote, and of hooks; no more than some lines of it."""
        lines = (
            _PREFIX.sub("", line).strip() for line in self.errors.split("\n") if not _NO_REASON.match(line)
        )
        said = dict.fromkeys([self.words if self.flag == "!" else "", *lines])
        words = "; ".join(line for line in said if line) or "git push failed without a message"
        return without_password(words if len(words) <= _MUCH else f"{words[:_MUCH]}…")


def find_upstream(repo: Repository, git: GitSession) -> Upstream:
    """Where the branch that HEAD names is pushed to.

    Raises GitError where HEAD names none, and where nothing says where to, or several things.
    """
    branch = run(repo, "symbolic-ref", "-q", "HEAD", ok=(0, 1)).decode(errors="surrogateescape").strip()
    if not branch.startswith("refs/heads/"):
        raise GitError(
            "HEAD is detached, so there is no branch to push; the commits are kept",
            hint="`git switch -c NAME` creates a branch for them",
        )
    out = run(repo, "for-each-ref", f"--format={_FORMAT}", branch).decode(errors="surrogateescape")
    (tracked_on, tracked), (pushed_to, pushed_as), tracking = _fields(out)
    if not (pushed_to or tracked_on):
        remote, ref = _only_remote(repo, branch), branch
    else:
        remote = pushed_to or tracked_on
        ref = pushed_as or _by_default(git, branch, remote, tracked if tracked_on == remote else "")
    if remote == ".":
        raise GitError(
            f"{branch.removeprefix('refs/heads/')} tracks a branch of this same repository: nowhere to push to",
            hint="`git push -u REMOTE BRANCH` sets a remote",
        )
    return Upstream(branch, remote, push_source(repo, remote), ref, _tracking(repo, remote, ref, tracking))


def push_commit(repo: Repository, upstream: Upstream, commit: str) -> Pushed:
    """Push the commit to the branch on the remote, if that only moves forward by it.

    As `git push`, so the repository's own `pre-push` hook runs; a password is asked for on a terminal alone.
    """
    args = "--porcelain", "--no-follow-tags", "--", upstream.remote, f"{commit}:{upstream.ref}"
    with gitpython(repo.root) as git:
        code, *said = git.push(*args, **_options(repo))
    out, err = (text.encode(errors="surrogateescape") for text in said)
    return verdicts(code, out, err, [upstream.ref])[upstream.ref]


def verdicts(code: int, out: bytes, err: bytes, refs: Iterable[str]) -> dict[str, Pushed]:
    """What `git push --porcelain` says of each of these refs."""
    errors = err.decode(errors="replace")
    said: dict[str, tuple[str, str]] = {}
    for line in out.decode(errors="replace").split("\n"):
        fields = line.split("\t")
        if len(fields) == 3:
            said[fields[1].rpartition(":")[2]] = fields[0], fields[2]
    return {ref: Pushed(code, *said.get(ref, ("", "")), errors) for ref in refs}


def fetch(repo: Repository, upstream: Upstream, ref: str) -> str | None:
    """The commit that the branch on the remote is at, brought here; None where the remote has no such branch.

    `ref` is one of ours that names it for a moment. Raises GitError where the remote cannot be read.
    """
    args = (
        # FETCH_HEAD, tags and tracking refs stay as a person left them.
        *("--quiet", "--no-tags", "--no-prune", "--no-write-fetch-head", "--no-recurse-submodules"),
        *("--refmap=", "--", upstream.source, f"{upstream.ref}:{ref}"),
    )
    with gitpython(repo.root) as git:
        code, _, err = git(c=_FETCHING).fetch(*args, **_options(repo))
    # The exit code is the same where the remote cannot be reached.
    if code and "couldn't find remote ref" in err:
        return None
    if code:
        raise unreadable(err.encode(errors="surrogateescape"), "fetch")
    found = run(repo, "rev-parse", "--verify", f"{ref}^{{commit}}").decode().strip()
    run(repo, "update-ref", "-d", ref, found)
    return found


def unreadable(err: bytes, command: str) -> GitError:
    """Why a remote could not be read, in git's words."""
    error = error_from(err, (command,))
    return GitError(without_password(error.sentence), hint=error.hint)


def push_source(repo: Repository, remote: str) -> str:
    """What to read to see what was pushed to the remote: its name, or its address where it is pushed to another one."""
    urls: list[Sequence[str]] = []
    for which in ((), ("--push", "--all")):
        out = run(repo, "remote", "get-url", *which, "--", remote, ok=(0, 2, 128))
        urls.append(out.decode(errors="surrogateescape").split("\n")[:-1])
    return urls[1][0] if all(urls) and urls[1][0] != urls[0][0] else remote


def without_prompts() -> dict[str, str]:
    """So that no git waits for somebody to type a password where nobody is."""
    if sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty():
        return {}
    never = {"GCM_INTERACTIVE": "never", "SSH_ASKPASS_REQUIRE": "never"}
    return {name: os.environ.get(name, value) for name, value in never.items()} | {"GIT_TERMINAL_PROMPT": "0"}


def without_password(text: str) -> str:
    """The text with what stands before the host in an address taken out."""
    return _PASSWORD.sub(r"\1", text)


#: No gc in the background, and none of the repository's hooks.
_FETCHING = (SETTINGS[1], "gc.auto=0", "maintenance.auto=false")
_FORMAT = "%(upstream:remotename)%00%(upstream:remoteref)%00%(push:remotename)%00%(push:remoteref)%00%(push)"
_PASSWORD = re.compile(r"(://)[^/@\s'\"]*@")
#: Characters of a reason.
_MUCH = 1000
_PREFIX = re.compile(r"(remote|fatal|error): ?")
_NO_REASON = re.compile(r"hint:|To |error: failed to push some refs|Everything up-to-date")
#: What a remote says when somebody else was faster.
_RACE = re.compile(
    r"lock|incorrect old value|already exists|failed to update ref|non-fast-forward|fetch first|stale|but expected"
    # of one ref, where another one of the same push was in the way
    r"|atomic (?:push|transaction) fail"
)


def _options(repo: Repository) -> dict[str, object]:
    """For a command of GitPython's: with our environment, and to get code, output and errors."""
    env = environment(repo) | without_prompts()
    return {"env": env, "with_extended_output": True, "with_exceptions": False}


def _fields(out: str) -> tuple[tuple[str, str], tuple[str, str], str]:
    fields = [*out.rstrip("\n").split("\n")[0].split("\0"), *[""] * 5]
    return (fields[0], fields[1]), (fields[2], fields[3]), fields[4]


def _only_remote(repo: Repository, branch: str) -> str:
    remotes = run(repo, "remote").decode(errors="surrogateescape").split("\n")[:-1]
    name = branch.removeprefix("refs/heads/")
    if not remotes:
        raise GitError(
            "there is no remote to push to; the commits are kept", hint="`git remote add origin URL`"
        )
    if len(remotes) > 1:
        raise GitError(
            f"{name} has no upstream, and there are {len(remotes)} remotes; the commits are kept",
            hint=f"`git push -u {remotes[0]} {name}` sets one",
        )
    return remotes[0]


def _by_default(git: GitSession, branch: str, remote: str, tracked: str) -> str:
    """The ref by `push.default`; `tracked` is the upstream if that is on the same remote."""
    way = git.settings().push_default()
    if way in ("current", "matching") or (way != "upstream" and not tracked):
        return branch
    # push.default=nothing only forbids a push that names no branch.
    if way in ("upstream", "tracking", "nothing") and tracked:
        return tracked
    if way == "upstream":
        raise GitError(
            f"push.default is {way}, but the upstream is not on {remote}, so it is unclear where to push",
            hint=f"`git push -u {remote} {branch.removeprefix('refs/heads/')}` sets it",
        )
    if tracked != branch:
        names = [ref.removeprefix("refs/heads/") for ref in (branch, tracked)]
        raise GitError(
            f"the branch {names[0]} tracks {remote}/{names[1]}, which has another name; the commits are kept",
            hint="`git config push.default upstream` allows pushing there",
        )
    return tracked


def _tracking(repo: Repository, remote: str, ref: str, known: str) -> str | None:
    name = known or f"refs/remotes/{remote}/{ref.removeprefix('refs/heads/')}"
    # Compared, since for-each-ref takes `…/a` for a folder too, and lists `…/a/b`.
    return name if run(repo, "for-each-ref", "--format=%(refname)", name).decode().strip() == name else None
