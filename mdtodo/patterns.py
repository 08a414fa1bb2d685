"""Gitignore-style patterns against names, as git has them. The one door to pathspec, which is slow to import."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Whether a path, relative to the root with `/` between names, matches these patterns; the last one decides.

    A path is what `os.fsdecode` gives, so it may hold every byte but NUL.
    """
    from pathspec import GitIgnoreSpec

    lines = [_one_line(line.rstrip("\n")) for line in patterns]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of Python, about `[[]`, which means the same to git
        # of its backends the one that is always there, and that takes names which are no UTF-8
        spec = GitIgnoreSpec.from_lines(lines, backend="simple")
    return lambda path: bool(spec.match_file(_one_line(path)))


#: Stands for a newline, which pathspec's regular expressions take for an end. No path has it: half of a surrogate
#: pair, and none of those that stand for a byte.
_NEWLINE = "\ud800"


def _one_line(text: str) -> str:
    return text.replace("\n", _NEWLINE)
