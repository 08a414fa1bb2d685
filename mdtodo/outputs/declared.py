"""The files that a processor declares as its `outputs`: by name, by folder, or by pattern."""

from __future__ import annotations

import os
import re
from dataclasses import field
from typing import TYPE_CHECKING

from mdtodo.core.path_patterns import matcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from dataclasses import dataclass

    from mdtodo.config.processor_settings import Processor
else:
    from mdtodo.core.light.dataclasses import dataclass

#: What makes a pattern of a path, in gitignore's syntax.
_WILDCARD = re.compile(r"[*?\[\\]")


@dataclass(frozen=True, slots=True)
class DeclaredOutputs:
    """The `outputs` of one processor. `names` are files, by their paths from the root; all else is a pattern.

    `without`: paths that are none, as TODO files, which people and mdtodo write at any time.
    """

    names: frozenset[str]
    patterns: tuple[str, ...]
    without: frozenset[str] = frozenset()
    _matches: list[Callable[[str], bool]] = field(default_factory=list, compare=False, repr=False)

    @classmethod
    def of(cls, outputs: Iterable[str], without: Iterable[str] = ()) -> DeclaredOutputs:
        """As the configuration has them. What stands below a name that is a folder fits it as a pattern."""
        given, left = tuple(outputs), frozenset(without)
        names = frozenset(rooted(one) for one in given if is_name(one)) - left
        return cls(names, tuple(one for one in given if not is_name(one)), left)

    def matches(self, path: str) -> bool:
        """Whether the path is one of them, by name or by pattern."""
        if path in self.without:
            return False
        if path in self.names or any(path.startswith(f"{name}/") for name in self.names):
            return True
        return bool(self.patterns) and self._fits(path)

    def pathspecs(self) -> list[str]:
        """What git has to look at, as pathspecs; none for everything."""
        places = [*self.names, *map(_literal, self.patterns)]
        return [] if "" in places else [f":(top,literal){place}" for place in sorted(set(places))]

    def overlaps(self, other: DeclaredOutputs) -> bool:
        """Whether a file may be an output of both; for patterns, as far as their beginnings tell."""
        ours = [*self.names, *map(_literal, self.patterns)]
        theirs = [*other.names, *map(_literal, other.patterns)]
        return any(_meet(one, another) for one in ours for another in theirs)

    def _fits(self, path: str) -> bool:
        if not self._matches:  # made when it is first asked for, since pathspec takes long to import
            self._matches.append(matcher(self.patterns))
        return self._matches[0](path)


def is_name(output: str) -> bool:
    """Whether a declared output is one file's name, and not a pattern or a folder."""
    return not (output.startswith("!") or output.endswith("/") or _WILDCARD.search(output))


def rooted(name: str) -> str:
    """A declared name as git writes paths."""
    return os.path.normpath(name.lstrip("/"))


def anchored(output: str) -> str:
    """A declared output as a gitignore pattern."""
    return f"/{rooted(output)}" if is_name(output) else output


def _literal(pattern: str) -> str:
    """The folder, or the path, below which everything is that can fit; "" for the root."""
    if pattern.startswith("!"):
        return ""
    plain = pattern.strip("/")
    found = _WILDCARD.search(plain)
    if found is None:
        return plain if "/" in pattern.rstrip("/") else ""
    folder, slash, _ = plain[: found.start()].rpartition("/")
    return folder if slash else ""


def _meet(one: str, other: str) -> bool:
    return not one or not other or f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def output_conflicts(processors: Mapping[str, Processor]) -> dict[str, frozenset[str]]:
    """By processor with outputs, those that may write the same files, itself among them: whose attempts overlap in time
    would be taken for each other's."""
    declared = {name: DeclaredOutputs.of(one.outputs) for name, one in processors.items() if one.outputs}
    return {
        name: frozenset(other for other, theirs in declared.items() if mine.overlaps(theirs))
        for name, mine in declared.items()
    }
