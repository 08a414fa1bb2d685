"""What happened, line by line, for whoever has to find out later: leases, claims, attempts, results, landings.

Nothing is written unless a log was asked for. Each line has the run's name, and what concerns an attempt has
`attempt`, `<run>/<task>/<number>`, so that lines of many workers can be put together.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from mdtodo.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

#: Bytes of a log file before it is renamed to `<name>.1`, and how many of these are kept.
SIZE, KEPT = 10_000_000, 5

_write: Callable[[str], None] | None = None
_as_json = False


def attempt_name(run: str, task: str, number: int) -> str:
    """What ties together all that is said of one attempt."""
    return f"{run}/{task}/{number}"


def is_open() -> bool:
    """Whether a log was asked for; for who would put much together for a line."""
    return _write is not None


def record(event: str, /, **said: object) -> None:
    """Write a line, where a log was asked for: the event, and what is said of it; None says nothing."""
    if _write is None:
        return
    from datetime import UTC, datetime

    now = datetime.now(UTC).isoformat(timespec="microseconds")
    line = {"time": now, "event": event, "pid": os.getpid()}
    line |= {name: value for name, value in said.items() if value is not None}
    _write(_json(line) if _as_json else _text(line))


def open_log(path: str | None, *, as_json: bool) -> None:
    """From now on write events to the file at `path`, which is renamed when it is full, or, with None, to standard
    error. Raises OSError where it cannot be opened, UsageError for a Markdown file, which may hold tasks. A line that
    cannot be written later is told of once, and stops nothing. Of several processes each needs a file of its own: they
    would rename it under each other."""
    global _write, _as_json
    _as_json = as_json
    if path is None:
        _write = _to_standard_error
        return
    if path.lower().endswith((".md", ".markdown")):
        raise UsageError(f"--log-file {path!r} is a Markdown file, which a log would be added to")
    from logging import LogRecord, makeLogRecord
    from logging.handlers import RotatingFileHandler

    class Handler(RotatingFileHandler):
        def handleError(self, record: LogRecord) -> None:  # noqa: N802
            if not told:
                told.append(True)
                _to_standard_error(f"mdtodo: {path}: the log cannot be written: {sys.exc_info()[1]}")

    told: list[bool] = []
    handler = Handler(path, maxBytes=SIZE, backupCount=KEPT, encoding="utf-8", errors="backslashreplace")
    _write = lambda line: handler.emit(makeLogRecord({"msg": line}))  # noqa: E731


def _to_standard_error(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _json(line: dict[str, object]) -> str:
    import json

    return json.dumps(line)


def _text(line: dict[str, object]) -> str:
    time, event, *said = line.items()
    return " ".join([str(time[1]), str(event[1]), *(f"{name}={_word(value)}" for name, value in said)])


def _word(value: object) -> str:
    text = str(value)
    return text if text.isprintable() and " " not in text else repr(text)
