"""Three-way merge of a TODO file, by task.

The status and the words of each task's line are taken from both sides, and merged line by line (`line`).
What is left, which lines there are and in which order, is merged as text by git, with a number for each line
(`numbered`). Where git finds a conflict, what can be is put together task by task (`regions`). Then the
lines are put back, and the result is read again (`verify`).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.task import STATUS_CHARS
from mdtodo.markdown.merge.line import read_line, without_status_and_keys
from mdtodo.markdown.merge.match import match
from mdtodo.markdown.merge.result import Conflict, ConflictLine, Markers, Result, merged_task, to_bytes
from mdtodo.markdown.merge.version import read_versions
from mdtodo.markdown.source import check_encoding

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mdtodo.core.task import Status
    from mdtodo.markdown.merge.match import Matched
    from mdtodo.markdown.merge.numbered import TextMerge
    from mdtodo.markdown.merge.verify import Verifier
    from mdtodo.markdown.merge.version import Version

__all__ = ["Markers", "Merged", "merge"]


class Merged(NamedTuple):
    """The merged bytes, and the number of conflicts left in them."""

    data: bytes
    conflicts: int


def merge(
    base: bytes,
    ours: bytes,
    theirs: bytes,
    statuses: Mapping[str, Status] = STATUS_CHARS,
    *,
    text_merge: TextMerge,
    markers: Callable[[], Markers] = Markers,
) -> Merged | None:
    """The three versions as one, or None where only a plain text merge will do.

    `text_merge` gets base, ours, theirs and a style, and returns what `git merge-file -p` prints with markers
    of seven characters. `markers` is asked only if there is a conflict. Promises of a result: each task that
    both sides have, or that one of them added, is there once (twice only in the halves of one conflict), below
    the task that the sides say, with the status by the rules of `merged_line`; a task that one side changed
    and the other deleted is in a conflict. Raises InputError for what is no UTF-8 text.
    """
    if not _can_be_read(base, ours, theirs):
        return None
    if (whole := _undisputed(base, ours, theirs)) is not None:
        return Merged(whole, 0)
    versions = was, our, their = read_versions(base, ours, theirs)
    asked: list[Markers] = []

    def known() -> Markers:
        asked[:] = asked or [markers()]
        return asked[0]

    matched = match(was, our, their, statuses)
    if matched.same:
        result: Result | None = _in_place(versions, matched, statuses)
    else:
        # Imported here: where only boxes and keys changed, nothing is judged.
        from mdtodo.markdown.merge.verify import Verifier

        verifier = Verifier(versions, matched, statuses, lambda: text_merge(base, ours, theirs, "merge"))
        result = _by_lines(versions, matched, statuses, text_merge, known, verifier)
    if result is None:
        # Git's text merge could give the tick to another of several equal tasks without a word.
        if not matched.unclear:
            return None
        result = _as_one_conflict(versions)
    # Never worse than git: where lines merge without a conflict, none is put in, unless git could take one of several
    # equal tasks for another.
    elif (
        result.conflicts
        and matched.unclear.isdisjoint(result.disputed())
        and _is_clean_as_text(base, ours, theirs, text_merge)
    ):
        return None
    return Merged(to_bytes(result, versions, known), result.conflicts)


def _undisputed(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """What one side alone has made of it, or both alike, as git takes whole files: equal tasks would be unclear also
    where there is nothing to be decided. None for anything else."""
    if base in (ours, theirs) or ours == theirs:
        return theirs if ours == base else ours
    return None


def _can_be_read(*versions: bytes) -> bool:
    """Whether none of them has markers of an earlier merge in it."""
    for data in versions:
        check_encoding(data, "TODO.md")
    return not any(map(_is_conflicted, versions))


def _is_conflicted(data: bytes) -> bool:
    """Whether an earlier merge left markers in it."""
    # Not `=======`: a heading may be underlined so (GFM 4.3).
    return any(data.startswith(mark) or b"\n" + mark in data for mark in (b"<<<<<<<", b">>>>>>>"))


def _is_clean_as_text(base: bytes, ours: bytes, theirs: bytes, text_merge: TextMerge) -> bool:
    """Whether git merges the lines without a conflict, and doubles no task by that."""
    data = text_merge(base, ours, theirs, "merge")
    if _is_conflicted(data):
        return False
    counts = [Counter(map(without_status_and_keys, one.split(b"\n"))) for one in (data, ours, theirs)]
    return all(
        n <= max(counts[1][line], counts[2][line], 1) for line, n in counts[0].items() if read_line(line)
    )


def _as_one_conflict(versions: Sequence[Version]) -> Result:
    """All from the first line that differs to the last one for a person to decide."""
    base, ours, theirs = (version.lines for version in versions)
    shortest = min(len(base), len(ours), len(theirs))
    start = next((at for at in range(shortest) if not base[at] == ours[at] == theirs[at]), shortest)
    rest = shortest - start
    end = next((at for at in range(rest) if not base[~at] == ours[~at] == theirs[~at]), rest)
    sides = (
        [ConflictLine(line, None) for line in one[start : len(one) - end]] for one in (ours, base, theirs)
    )
    return Result([*ours[:start], Conflict(*sides), *ours[len(ours) - end :]], {}, 1)


def _in_place(versions: Sequence[Version], matched: Matched, statuses: Mapping[str, Status]) -> Result:
    """Where no line was added, deleted or moved, and none changed but those of tasks."""
    base, ours, theirs = (version.lines for version in versions)
    pieces: list[bytes | Conflict] = list(ours)
    conflicts = 0
    for at, entity in matched.places[1].items():
        piece = merged_task(entity, base[at], ours[at], theirs[at], statuses)
        conflicts += isinstance(piece, Conflict)
        pieces[at] = piece
    return Result(pieces, {}, conflicts)


def _by_lines(
    versions: Sequence[Version],
    matched: Matched,
    statuses: Mapping[str, Status],
    text_merge: TextMerge,
    markers: Callable[[], Markers],
    verifier: Verifier,
) -> Result | None:
    """As the text merge puts the lines.

    Where that is not sound, once more with the lines there as plain text; None where that does not help.
    """
    from mdtodo.markdown.merge.numbered import NumberedLines

    as_text: set[int] = set()
    # The second time the tasks at fault are plain text; the third time no region is put together by task either.
    for resolving in (True, True, False):
        numbers = NumberedLines(versions, matched, text_merge, as_text)
        order = numbers.merged(lambda: markers().style, resolving=resolving)
        result = numbers.result(order, statuses)
        wrong = verifier.wrong_tasks(result)
        if wrong is not None and not wrong:
            return result
        as_text = as_text | verifier.neighbours(wrong or set())
    return None
