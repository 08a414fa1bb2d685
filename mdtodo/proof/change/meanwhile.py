"""What commits of a range did to processors, and later ones took back: at the end nothing of it is to be seen, and what
was proven meanwhile was proven by that."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mdtodo.config.load import load
from mdtodo.errors import ConfigError
from mdtodo.git.files.worktree_files import CONFIGURATION
from mdtodo.git.repository import read_blobs
from mdtodo.git.true_history import ENVIRONMENT, LOG, read_history
from mdtodo.proof.change.settings_changes import Settings, settings_changes
from mdtodo.proof.evidence import PROVING
from mdtodo.receipts.trailers import in_message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mdtodo.git.repository import Repository
    from mdtodo.proof.change.commit_range import CommitRange
    from mdtodo.proof.change.settings_changes import Path, SettingChange


class Meanwhile(NamedTuple):
    """Changes of processors that the end of a range does not have; and the names of all that it had on its way."""

    changes: list[SettingChange]
    processors: frozenset[str]


def meanwhile(repo: Repository, commits: CommitRange, before: Settings, after: Settings) -> Meanwhile:
    """Those of a range, beside its merge base: what a commit changed beside all of its parents, of processors that a
    receipt of the range is of."""
    versions = _Versions(repo, commits)
    known = {one.path for one in settings_changes(before, after)}
    found: dict[Path, SettingChange] = {}
    names: set[str] = set()
    for commit in versions.commits:
        now = versions.settings(commit)
        if now is None:
            continue
        names |= now.config.processors.keys()
        made = _made(versions, commit, now, before)
        for one in settings_changes(before, now, shown=after):
            if one.path in made - known and one.path[0] == "processors":
                what = one.sentence.removesuffix(" now")
                sentence = f"{what} in {commit[:10]}, which a later commit takes back"
                found.setdefault(one.path, one._replace(sentence=sentence))
    used = _proving(repo, commits) if found else frozenset()
    return Meanwhile([one for path, one in found.items() if path[1] in used], frozenset(names))


def _made(versions: _Versions, commit: str, now: Settings, before: Settings) -> set[Path]:
    """What this commit itself changed."""
    parents = [versions.settings(parent) or before for parent in versions.parents[commit]]
    made = [{one.path for one in settings_changes(parent, now)} for parent in parents]
    return set.intersection(*made) if made else set()


class _Versions:
    """The configurations of those commits of a range that changed its files, and of their parents."""

    def __init__(self, repo: Repository, commits: CommitRange) -> None:
        specs = [f":(top,literal){name}" for name in CONFIGURATION]
        limits = commits.end, f"^{commits.start}", "--"
        self.commits = read_history(repo, "rev-list", "--full-history", *limits, *specs).decode().split()
        self.parents = commits.parents
        every = dict.fromkeys([*self.commits, *(p for one in self.commits for p in self.parents[one])])
        names = [f"{commit}:{name}" for commit in every for name in CONFIGURATION]
        self._blobs: Mapping[str, bytes | None] = read_blobs(repo, names, ENVIRONMENT) if names else {}
        self._known: dict[tuple[bytes | None, ...], Settings | None] = {}

    def settings(self, commit: str) -> Settings | None:
        """None where the configuration is broken: nothing runs by that."""
        python, own = (self._blobs[f"{commit}:{name}"] for name in CONFIGURATION)
        if python and b"mdtodo" not in python and b"\\" not in python:
            python = None  # most of its changes are of others; a backslash may spell the name otherwise
        files = python, own
        if files not in self._known:
            try:
                self._known[files] = Settings(load(*files), files)
            except ConfigError:
                self._known[files] = None
        return self._known[files]


def _proving(repo: Repository, commits: CommitRange) -> frozenset[str]:
    """The processors of the receipts in a range that prove something."""
    return frozenset(
        _processors(read_history(repo, *LOG, "--format=%B", commits.end, f"^{commits.start}", "--"))
    )


def _processors(out: bytes) -> Iterator[str]:
    for message in out.decode(errors="replace").split("\0"):
        if "Mdtodo-" in message:
            for group in in_message(message):
                yield from (one.processor for one in group.tasks if one.outcome in PROVING)
