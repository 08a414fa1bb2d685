"""What may go wrong, as exceptions that build their own sentence and know their exit code.

Nothing else is raised to the user: the one decorator in `mdtodo.cli` prints `str(error)`, then the hint, and
exits with `exit_code` (0 all well, 1 errors found or failures, 2 wrong usage, 3 cannot work here, 130
interrupted).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class MdtodoError(Exception):
    """A sentence for a person: `file:line: sentence`, with what to do next in `hint`."""

    exit_code = 3

    def __init__(
        self, sentence: str, *, file: str | None = None, line: int | None = None, hint: str | None = None
    ) -> None:
        place = "" if file is None else f"{file}: " if line is None else f"{file}:{line}: "
        super().__init__(place + sentence)
        self.sentence = sentence
        self.file = file
        self.line = line
        self.hint = hint

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is to be printed, a line for each."""
        return (str(self),)


class UsageError(MdtodoError):
    """Wrong usage: an id that matches none or several tasks, an option that does not fit."""

    exit_code = 2


class ConfigError(MdtodoError):
    """The configuration is broken: names file, key and the nearest valid name.

    `each` are all the mistakes that were found, this one first; `str` has a line for each.
    """

    # A tuple, since all errors share the one of the class.
    others: tuple[ConfigError, ...] = ()

    @classmethod
    def of(cls, errors: Sequence[ConfigError]) -> ConfigError:
        """One error that tells of all these, of which there is at least one."""
        first, *others = errors
        first.others = tuple(others)
        return first

    def __str__(self) -> str:
        return "\n".join(self.sentences)

    @property
    def each(self) -> tuple[ConfigError, ...]:
        """All of them; `sentence`, `file` and `line` are those of each alone."""
        return (self, *self.others)

    @property
    def sentences(self) -> tuple[str, ...]:
        """A line for each."""
        # Not `str(one)`, which asks for the sentences again.
        return tuple(Exception.__str__(one) for one in self.each)


class InputError(MdtodoError):
    """A markdown file that cannot be read as one: not UTF-8, NUL, a folder, an outward symlink."""


class EditError(MdtodoError):
    """An edit that cannot be made without changing more than it should: the file is left as it is."""


class ChangedError(EditError):
    """A file is not any more what it was when it was read: to be read again, and tried again."""


class GitError(MdtodoError):
    """git refused, is missing, or the repository is in a state in which mdtodo must not write."""
