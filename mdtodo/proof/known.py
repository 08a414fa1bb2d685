"""What was found of the ticks of a commit, kept for the next time: by commit and file, in `.git/mdtodo/proof/`.

Deleting it costs time alone, as all of it comes from git. A walk that reaches a commit of which all is known need go no
further.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mdtodo import __version__
from mdtodo.core import codec
from mdtodo.core.digest import hexdigest
from mdtodo.git.true_history import shallow_commits
from mdtodo.proof.walk import Found
from mdtodo.storage.caches.blob_cache import FindingCache

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mdtodo.git.repository import Repository
    from mdtodo.proof.rules import Rules

#: Another number where another mdtodo would find something else in the same history.
_VERSION = 8
_LONGEST = 1 << 24
_LAST = "last"


class KnownTicks:
    """The ticks of the `commit` that was judged last, "" where none was, by file and place, each with the processor by
    which it was judged."""

    def __init__(self, repo: Repository, rules: Rules) -> None:
        self._cache = FindingCache(repo, _key(repo, rules), "proof", longest=_LONGEST)
        self.commit = self._cache.get(_LAST) or ""
        self._read: dict[str, dict[tuple[int, str], Found]] = {}

    def find(self, path: str, at: int, processor: str) -> Found | None:
        """What is known of the tick at this place of a file, which that processor proves; None for nothing."""
        if path not in self._read:
            self._read[path] = _from_text(self._cache.get(_name(self.commit, path)))
        return self._read[path].get((at, processor))

    def keep(self, commit: str, found: Iterable[tuple[str, int, str, Found]]) -> None:
        """Know this of a commit from now on."""
        files: dict[str, dict[int, tuple[int, str, Found]]] = {}
        for path, at, processor, one in found:
            if not one.unknown and not one.outside:
                kept = one._replace(weak=None) if one.evidence else one
                files.setdefault(path, {})[at] = at, processor, kept
        for path, ticks in files.items():
            self._cache.put(_name(commit, path), codec.dumps([*ticks.values()]))
        self._cache.put(_LAST, commit)
        self._cache.save()


class Judgements:
    """What came of judging a version, by all that it depends on."""

    def __init__(self, repo: Repository, rules: Rules, version: Iterable[str]) -> None:
        self._cache = FindingCache(repo, _key(repo, rules) + "-judged", "proof", longest=_LONGEST)
        self._name = _digest("\0".join(version))

    def get(self) -> str | None:
        """What was put, in JSON; None for nothing."""
        return self._cache.get(self._name)

    def put(self, text: str) -> None:
        """Keep this."""
        self._cache.put(self._name, text)
        self._cache.save()

    def silent_files(self, rules: Rules, *, every: bool) -> dict[str, str]:
        """Files without a tick to be judged, `every` one or not, when a version was judged last: git's ids of their
        bytes, by path."""
        try:
            return codec.loads(dict[str, str], self._cache.get(_name_of_silent(rules, every=every)) or "{}")
        except ValueError:
            return {}

    def put_silent_files(self, rules: Rules, files: Mapping[str, str], *, every: bool) -> None:
        """Keep these in place of those, at the next `put`."""
        self._cache.put(_name_of_silent(rules, every=every), codec.dumps(files))


def _name(commit: str, path: str) -> str:
    return f"{commit}-{_digest(path)}"


def _key(repo: Repository, rules: Rules) -> str:
    """A name for all that decides what is found, but for the history."""
    config = rules.config
    said = [
        _VERSION,
        config.proof,
        config.archive,
        rules.signers.key if rules.signers else "",
        *sorted(config.processors),
    ]
    said += sorted(f"{char}{status}" for char, status in config.status.items())
    said += sorted(shallow_commits(repo))
    return _digest(repr(said))


def _name_of_silent(rules: Rules, *, every: bool) -> str:
    """Which processor a task has depends on the whole configuration."""
    return f"silent-{_digest(repr((__version__, rules.config, every)))}"


def _digest(text: str) -> str:
    return hexdigest(os.fsencode(text))[:20]


def _from_text(text: str | None) -> dict[tuple[int, str], Found]:
    """Nothing for what another version has written."""
    try:
        ticks = codec.loads(list[tuple[int, str, Found]], text or "[]")
    except ValueError:
        return {}
    return {(at, processor): found for at, processor, found in ticks}
