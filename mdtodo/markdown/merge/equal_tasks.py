"""Tasks with the same title and parents in a merge: which is which is not for lines to say, but for all around them.

`TaskIndex.find` says it, as for results that land. What it cannot tell has no counterpart in the other version.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mdtodo.core.task import Status
    from mdtodo.markdown.merge.version import Version
    from mdtodo.markdown.task_index import TaskIndex


class EqualTasks(NamedTuple):
    """Tasks of base, ours and theirs that share title and parents with another one in any version.

    `lines` are theirs in each version, `pairs` those of one task: of base and ours, of base and theirs, of ours and
    theirs. `repeated` are the titles of the file that several tasks have, whatever their parents are.
    """

    lines: tuple[set[int], set[int], set[int]]
    pairs: tuple[dict[int, int], dict[int, int], dict[int, int]]
    repeated: frozenset[str]


#: Where no two tasks that the merge looks at have one title.
NO_EQUALS = EqualTasks((set(), set(), set()), ({}, {}, {}), frozenset())


def equal_tasks(
    versions: Sequence[Version], wanted: Sequence[Iterable[int]], statuses: Mapping[str, Status]
) -> EqualTasks:
    """Those that have the titles of the lines `wanted` of each version. Parses only where a title is there twice."""
    if not _is_any_repeated(versions, wanted):
        return NO_EQUALS
    whole = [_Whole(version, statuses) for version in versions]
    several = {digest for one in whole for digest, lines in one.lines.items() if len(lines) > 1}
    lines = tuple({line for digest in several for line in one.lines.get(digest, ())} for one in whole)
    pairs = tuple(
        whole[old].pairs(whole[new], lines[old], lines[new]) for old, new in ((0, 1), (0, 2), (1, 2))
    )
    titles = frozenset(title for one in whole for title, count in Counter(one.titles).items() if count > 1)
    return EqualTasks(lines, pairs, titles)  # type: ignore[arg-type]


def _is_any_repeated(versions: Sequence[Version], wanted: Sequence[Iterable[int]]) -> bool:
    distinct = list({line for version in versions for line in version.lines if b"]" in line})
    words = dict(zip(distinct, _words(distinct), strict=True))
    asked = {
        words[line]
        for version, numbers in zip(versions, wanted, strict=True)
        for line in (version.lines[number] for number in numbers)
        if line in words
    }
    for version in versions:
        found = [said for line in version.lines if (said := words.get(line)) in asked and said is not None]
        if len(found) != len(set(found)):
            return True
    return False


def _words(lines: Sequence[bytes]) -> list[bytes]:
    """Of each line what is equal if titles are: its words after the box that are no keys, whatever they are."""
    # One substitution for all lines, and one look at them: one for each would take a tenth of the merge.
    bare = _MAY_BE_KEY.sub(b"", b"\0".join(lines)).split(b"\0") if lines else []
    said = [one.partition(b"]")[2] for one in bare]
    if _is_plain(b"\0".join([*said, b""])):
        return said
    return [one.strip() if _is_plain(one.strip()) else _words_of_title(one) for one in said]


def _is_plain(text: bytes) -> bool:
    """Whether a key can only be a word of its own there, and blanks are single ones between words."""
    return text.isascii() and not any(those in text for those in (b"[", b"  ", b"\t", b" \0"))


def _words_of_title(text: bytes) -> bytes:
    """The same of a line with keys of several words, or with more blanks than one."""
    from mdtodo.markdown.keys.read import read_keys

    title = read_keys(text.decode(errors="replace")).title.encode()
    return b" ".join(_MAY_BE_KEY.sub(b"", b" " + title).split())


_MAY_BE_KEY = re.compile(rb"[ \t]+(?:[^\0\s]*:|[#!^(])[^\0\s]*")


class _Whole:
    """A version with all its tasks."""

    def __init__(self, version: Version, statuses: Mapping[str, Status]) -> None:
        from mdtodo.markdown.document import parse
        from mdtodo.markdown.task_index import TaskIndex

        newline = version.format.newline and b"\n"
        document = parse(newline.join(version.lines), statuses)
        self.index: TaskIndex = TaskIndex(document, "")
        self.places = {item.line - 1: item.index for item in document.items}
        self.starts = [item.line - 1 for item in document.items]
        self.titles = [self.index[item.index].title for item in document.items]
        self.lines: dict[str, list[int]] = {}
        for line, place in self.places.items():
            self.lines.setdefault(self.index[place].digest, []).append(line)

    def pairs(self, other: _Whole, lines: set[int], others: set[int]) -> dict[int, int]:
        """The lines of the other version that are those tasks."""
        found: dict[int, int] = {}
        for line in sorted(lines):
            there = other.index.find(self.index[self.places[line]])
            if isinstance(there, int) and other.starts[there] in others:
                found[line] = other.starts[there]
        return found if len(set(found.values())) == len(found) else {}
