"""A pattern of the configuration for titles, with a bound on the time that it may take.

By `regex`, whose syntax is that of `re`, and which can be told to stop: RE2 has no look-around and no back references,
which patterns that are there may use, and `re` cannot be stopped. It is imported only where a title pattern is
configured, and takes 4 ms then.
"""

from __future__ import annotations

from time import process_time

from mdtodo.errors import ConfigError

#: Seconds of processor time for one title, and for all titles together.
SECONDS_PER_TITLE, SECONDS_IN_ALL = 1.0, 10.0


class TitlePattern:
    """The `match.title` of a processor; `file` is where it is configured.

    Raises ConfigError for a pattern that `regex` cannot read.
    """

    def __init__(self, processor: str, pattern: str, file: str | None = None) -> None:
        import regex

        self._key, self._file, self._spent = f"`processors.{processor}.match.title`", file, 0.0
        try:
            # VERSION0 reads what `re` reads; VERSION1 takes `[a--b]` for a difference of sets.
            self._pattern = regex.compile(pattern, regex.VERSION0)
        except (regex.error, RecursionError, OverflowError) as error:
            raise ConfigError(f"{self._key}: is no regular expression: {error}", file=file) from None

    def found_in(self, title: str) -> bool:
        """Whether it is found in the title. Raises ConfigError, with the title, where finding out takes too long."""
        while True:
            began = process_time()
            try:
                found = self._pattern.search(title, timeout=SECONDS_PER_TITLE) is not None
            except TimeoutError:
                found = None
            took = process_time() - began
            self._spent += took
            if self._spent > SECONDS_IN_ALL or (found is None and took > SECONDS_PER_TITLE / 2):
                self._refuse(title)
            if found is not None:
                return found
            # the machine stood still, as the clock went on: once more

    def _refuse(self, title: str) -> None:
        shown = title if len(title) <= 60 else title[:57] + "..."
        raise ConfigError(
            f'{self._key}: takes too long to look for in the title "{shown}"',
            file=self._file,
            hint="repeat nothing that is repeated itself, as `(a|aa)+` does",
        )
