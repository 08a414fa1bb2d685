"""The kinds of value that are mdtodo's own: durations, commands, patterns, status characters."""

from __future__ import annotations

import re
from functools import partial
from posixpath import normpath
from typing import TYPE_CHECKING, Any

from mdtodo.config.shapes import (
    InvalidError,
    ValueType,
    checked,
    list_of,
    must_be,
    number,
    shown,
    single_line,
)
from mdtodo.core.archive_paths import YEAR
from mdtodo.core.task import STATUS_CHARS

if TYPE_CHECKING:
    from collections.abc import Callable

_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_LONGEST = 366 * 86400.0
_DURATION = r"(?:(\d{1,9}(?:\.\d{1,9})?)d)?" + "".join(
    rf"(?:(\d{{1,9}}(?:\.\d{{1,9}})?){unit})?" for unit in ("h", "m(?!s)", "s", "ms")
)


def parse_duration(text: str) -> float:
    """Seconds of `90s`, `5m`, `1h30m`, `2d` (24 hours each), `250ms`, `1.5h`; at most 366 days.

    Raises ValueError with a sentence for anything else.
    """
    # ASCII: \d, and float() too, would take the digits of every script
    found = re.fullmatch(_DURATION, text.strip(), re.ASCII)
    if not text.strip() or found is None:
        raise ValueError(f'must be a duration such as "90s", "5m" or "1h30m", not {shown(text)}')
    seconds = sum(
        float(count) * unit for count, unit in zip(found.groups(), _UNITS.values(), strict=True) if count
    )
    if seconds > _LONGEST:
        raise ValueError(f"must be at most 366 days, not {shown(text)}")
    return seconds


def parse_moment(text: str) -> float:
    """Unix time of a date, a date with time, or a duration before now. Raises ValueError for anything else."""
    import time
    from datetime import datetime

    try:
        return time.time() - parse_duration(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).timestamp()
    except OverflowError as error:
        raise ValueError(str(error)) from error


def format_duration(seconds: float) -> str:
    """The shortest text in whole units that `parse_duration` reads as `seconds`, to the millisecond."""
    left = round(seconds * 1000)  # in whole milliseconds, since 0.1 + 0.2 is not 0.3
    parts: list[str] = []
    for unit, size in _UNITS.items():
        count, left = divmod(left, round(size * 1000))
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


_SIZES = {"GB": 10**9, "GiB": 1 << 30, "MB": 10**6, "MiB": 1 << 20, "kB": 1000, "KiB": 1 << 10, "B": 1}
_SIZE = re.compile(r"(\d{1,9}(?:\.\d{1,9})?) ?(" + "|".join(_SIZES) + ")", re.ASCII | re.IGNORECASE)


def parse_size(text: str) -> int:
    """Bytes of `500kB`, `100MB`, `1.5GB`, or, in powers of 1024, `64MiB`. Raises ValueError for anything else."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f'must be a size such as "100MB" or "1GiB", not {shown(text)}')
    unit = next(size for name, size in _SIZES.items() if name.lower() == found[2].lower())
    return int(float(found[1]) * unit)


def format_size(size: int) -> str:
    """The shortest whole number with a unit that `parse_size` reads as `size`."""
    whole = (f"{size // unit}{name}" for name, unit in _SIZES.items() if not size % unit and size >= unit)
    return min(whole, key=len, default="0B")


def size() -> ValueType:
    """A size in bytes; nothing at all is none."""
    return _measure('a size such as "100MB" or "1GiB"', parse_size, format_size, "must be more than nothing")


def duration(*, zero: bool = False) -> ValueType:
    """A duration in seconds, to the millisecond; nothing at all only with `zero`."""
    description = 'a duration such as "90s", "5m" or "1h30m"'
    # rounded before it is compared: 0.4ms would be shown as "0s", which is refused when read again
    return _measure(
        description,
        lambda text: round(parse_duration(text), 3),
        format_duration,
        "" if zero else "must be longer than 0",
    )


def _measure(
    description: str, parse: Callable[[str], float], show: Callable[[Any], str], if_nothing: str
) -> ValueType:
    """A text that `parse` reads; `if_nothing` is said of 0, unless it is empty."""

    def read(value: object) -> float:
        if not isinstance(value, str):
            raise must_be(description, value)
        try:
            found = parse(value)
        except ValueError as error:
            raise InvalidError(str(error)) from None
        if not found and if_nothing:
            raise InvalidError(if_nothing)
        return found

    return ValueType(description, read, show)


def command() -> ValueType:
    """A shell command, or a list of a program and its arguments."""
    description = "a command: a string for the shell, or a list of a program and its arguments"

    def read(value: object) -> str | tuple[str, ...]:
        # the program alone must not be blank: an argument may be ""
        words = [word for word in (value if isinstance(value, list) else [value]) if isinstance(word, str)]
        if (isinstance(value, list) and len(words) < len(value)) or not words or not words[0].strip():
            raise must_be(description, value)
        if any("\0" in word for word in words):
            raise InvalidError("must not contain NUL")
        return tuple(words) if isinstance(value, list) else words[0]

    return ValueType(description, read, lambda value: value if isinstance(value, str) else list(value))


def shell_command() -> ValueType:
    """A command for the shell, on as many lines as it takes."""
    return checked(
        "a shell command", lambda value: isinstance(value, str) and bool(value.strip()) and "\0" not in value
    )


def callable_name() -> ValueType:
    """`package.module:function`, or the name of an entry point."""
    description = '"package.module:function", or an entry point of the group mdtodo.processors'
    return checked(description, _is_callable_name)


def _is_callable_name(value: object) -> bool:
    if not isinstance(value, str) or not value.strip() or re.search(r"\s|\0", value):
        return False
    # the name of an entry point may hold nearly anything; only with a colon is it Python
    sides = value.split(":", 1)
    return len(sides) == 1 or all(part.isidentifier() for side in sides for part in side.split("."))


def weights() -> ValueType:
    """Numbers that are not negative, and not all 0."""
    description = "a list of numbers from 0 to 1000000, not all of them 0"
    numbers = list_of(description, number(0, 1_000_000))

    def read(value: object) -> tuple[float, ...]:
        found: tuple[float, ...] = numbers.read(value)
        if found and not any(found):  # an empty list means equal shares
            raise InvalidError(f"must be {description}")
        return found

    return numbers._replace(read=read)


def regex() -> ValueType:
    """A regular expression of Python's `re`."""

    def read(value: object) -> str:
        import warnings

        if not isinstance(value, str):
            raise must_be("a regular expression", value)
        try:
            with warnings.catch_warnings():  # re warns of "[[a]", and would at every command
                warnings.simplefilter("ignore")
                re.compile(value)
        except (re.error, RecursionError, OverflowError) as error:  # of "((((…" and of "a{9999999999}"
            raise InvalidError(f"is not a valid regular expression: {error}") from None
        return value

    return ValueType("a regular expression, matched anywhere", read)


def tags() -> ValueType:
    """Tags, with or without `#`."""
    plain = single_line("a tag")

    def read(value: object) -> str:
        tag = str(plain.read(value)).removeprefix("#")
        if not tag or re.search(r"\s", tag):
            raise must_be("a tag without spaces", value)
        return tag

    return list_of("a list of tags, all of which the task must have", ValueType("a tag", read))


def folder() -> ValueType:
    """A folder inside the repository, relative to its root; `.` is the root."""
    description = "a folder, relative to the repository's root"
    return ValueType(description, lambda value: normpath(_inside("a folder", value)))


def paths(description: str) -> ValueType:
    """gitignore-style patterns of files inside the repository."""
    return list_of(description, ValueType("a path", partial(_inside, "a path")))


def optional_path() -> ValueType:
    """A file inside the repository, relative to its root; `""` is none."""
    description = "a path, relative to the repository's root"
    return ValueType(description, lambda value: "" if value == "" else normpath(_inside("a path", value)))


def archive_path() -> ValueType:
    """The name of an archive, relative to the folder of a TODO file; `%Y` in it is the year."""

    def read(value: object) -> str:
        path = normpath(_inside("a path", value))
        if not path.lower().endswith((".md", ".markdown")):
            raise InvalidError(f"must be the name of a Markdown file, such as {shown('TODO.archive.md')}")
        if "%" in path.replace(YEAR, ""):
            raise InvalidError(f"knows no other code than %Y, the year: {shown(value)}")
        return path

    return ValueType("a path, relative to the folder of each TODO file", read)


def _inside(what: str, value: object) -> str:
    path = str(single_line(what).read(value))
    parts = [part for part in path.split("/") if part not in ("", ".")]
    # by casefold(), as .GIT is .git on macOS and Windows
    if path.startswith("/") or ".." in parts or (parts and parts[0].casefold() == ".git"):
        raise InvalidError(f"must be {what} inside the repository, not {shown(value)}")
    return path


def below_home() -> ValueType:
    """A path below the home of whoever runs mdtodo, relative to it."""

    def read(value: object) -> str:
        path = normpath(str(single_line("a path").read(value)))
        if path.startswith(("/", "../")) or path in (".", ".."):
            raise InvalidError(f"must be a path below your home, relative to it, not {shown(value)}")
        return path

    return ValueType("a path, relative to your home", read)


def executor_url() -> ValueType:
    """Where a cluster is; `""` is none."""
    description = "dask://HOST:PORT, tls://HOST:PORT or local-cluster:N"

    def read(value: object) -> str:
        url = str(value)
        if value != "" and not re.fullmatch(
            r"(dask|tcp|tls)://[^\s@/]+:[0-9]+/?|local-cluster:[1-9][0-9]*", url
        ):
            raise must_be(description, value)
        return url

    return ValueType(description, read)


def message_url(*, web: bool) -> ValueType:
    """A URL, of HTTP alone if `web`, or `$MDTODO_NAME`, a variable that has it, so that no secret need be in a
    repository. `""` is none, if `web`."""
    description = 'a URL, or "$MDTODO_NAME" for a variable that has one'
    begins = r"https?://[^\s/]+" if web else r"[A-Za-z][A-Za-z0-9+.-]*://?."

    def read(value: object) -> str:
        if web and value == "":
            return ""
        url = str(single_line(description).read(value)).strip()
        # no other variable: a configuration must not be able to send away what else is in the environment
        if not re.fullmatch(r"\$MDTODO_[A-Z0-9_]+", url) and not re.match(begins, url):
            raise must_be(description + (" that begins with http:// or https://" if web else ""), value)
        return url

    return ValueType(description, read)


def variable() -> ValueType:
    """The name of an environment variable."""

    def read(value: object) -> str:
        name = str(single_line("the name of a variable").read(value))
        check_variable(name)
        return name

    return ValueType("the name of an environment variable", read)


def environment_value() -> ValueType:
    """The value of an environment variable."""
    return checked("a string", lambda value: isinstance(value, str) and "\0" not in value)


def check_variable(key: str) -> None:
    """Refuses what cannot be an environment variable."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key):
        raise InvalidError("is not a valid name for an environment variable")


def check_status_char(key: str) -> None:
    """Refuses what cannot stand in a box."""
    if len(key) != 1:
        raise InvalidError("must be exactly one character")
    # what is built in may be said again, and the space of `[ ]` would be refused here
    if key not in STATUS_CHARS and (not key.isprintable() or key.isspace() or key in "[]\\"):
        raise InvalidError("cannot be used in a box")
