"""The file `$MDTODO_OUTPUT`: JSON lines that a processor may write, read without trusting them."""

from __future__ import annotations

import json
import os
import stat

from mdtodo.execution.processors.attempt_log import create
from mdtodo.execution.processors.metrics import keep_metrics, number

#: Bytes that are read of it; more than any honest processor writes.
LIMIT = 1 << 20
#: Characters of one note or subtask, and how many of each are taken; of subtasks one more, so that too many are seen
#: to be.
TEXT_LIMIT = 8192
COUNT_LIMIT = 500
_PROGRESS_WINDOW = 1 << 16
_COMPLAINTS = 10


class Reported:
    """What the lines said, in their order; `ignored` are sentences for the log."""

    __slots__ = ("ignored", "metrics", "notes", "outputs", "subtasks")

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.subtasks: list[str] = []
        self.metrics: dict[str, float] = {}
        self.outputs: list[str] = []
        self.ignored: list[str] = []


class OutputFiles:
    """Makes the file for each attempt of a pool process, in the folder of the log.

    One that was not touched serves the next attempt too: most are not, and file systems such as ext4 are
    slow to make a file where many were deleted within the last seconds.
    """

    __slots__ = ("_made", "_reusable")

    def __init__(self) -> None:
        self._reusable: list[OutputFile] = []
        self._made = 0

    def open(self, folder: str) -> OutputFile:
        """An empty file, whose name no process of an earlier attempt knows that still runs."""
        while self._reusable:
            reusable = self._reusable.pop()
            if reusable.folder == folder and reusable.untouched():
                return reusable
            reusable.remove()
        self._made += 1
        return OutputFile(f"{folder}/.output-{os.getpid()}-{self._made}")

    def close(self, output_file: OutputFile, *, unused: bool) -> None:
        """Keep it, or delete it; `unused` says that no process is left that knows of it."""
        if unused and output_file.empty:
            self._reusable.append(output_file)
        else:
            output_file.remove()

    def end(self) -> None:
        """Delete what is kept."""
        for one in self._reusable:
            one.remove()


class OutputFile:
    """The file of one attempt. What it says at the end counts; while the attempt runs, only the progress
    is read."""

    __slots__ = ("_last_stat", "empty", "folder", "path")

    def __init__(self, path: str) -> None:
        self._last_stat: tuple[int, int] | None = None
        self.empty = False
        self.folder = os.path.dirname(path)
        self.path = _create(path)

    def progress(self) -> float | None:
        """The latest progress, 0 to 100, where the file changed since the last call and says one."""
        data, size, changed = _read(self.path, tail=_PROGRESS_WINDOW)
        if self._last_stat == (size, changed):
            return None
        self._last_stat = size, changed
        for line in reversed(data.split(b"\n")):
            if b'"progress"' in line and (value := _progress(_object(line))) is not None:
                return value
        return None

    def read(self) -> Reported:
        """Everything it says now. An unfinished last line counts if it is whole JSON."""
        reported = Reported()
        data, size, _ = _read(self.path)
        if not data:
            self.empty = True
            return reported
        lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
        if size > LIMIT:
            # the limit has cut it
            lines.pop()
        complaints = [
            f"line {n} {complaint}" for n, line in enumerate(lines, 1) if (complaint := _take(line, reported))
        ]
        reported.ignored = [f"MDTODO_OUTPUT: {complaint}" for complaint in complaints[:_COMPLAINTS]]
        if len(complaints) > _COMPLAINTS:
            reported.ignored.append(f"MDTODO_OUTPUT: {len(complaints) - _COMPLAINTS} more lines ignored")
        if size > LIMIT:
            reported.ignored.append(f"MDTODO_OUTPUT: {size} bytes, of which only the first {LIMIT} were read")
        return reported

    def untouched(self) -> bool:
        """Whether it is as it was made: empty, and nobody else's by another name."""
        try:
            status = os.lstat(self.path)
        except OSError:
            return False
        return (status.st_size, status.st_nlink, status.st_mode) == (0, 1, stat.S_IFREG | 0o600)

    def remove(self) -> None:
        """Delete the file."""
        if self.path != os.devnull:
            try:
                os.unlink(self.path)
            except OSError:
                return


def reported_outputs(path: str) -> list[str]:
    """The outputs that the file of a killed attempt names."""
    reported = Reported()
    for line in _read(path)[0].split(b"\n"):
        _take(line, reported)
    return reported.outputs


def _read(path: str, tail: int = 0) -> tuple[bytes, int, int]:
    """Data (the last `tail` bytes, else the first `LIMIT`), size, time of change; nothing if it is
    no file now."""
    try:
        # most are empty: then this is the only call
        if not os.stat(path).st_size:
            return b"", 0, 0
        # a processor may have put a link there, or a named pipe, which would block
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b"", 0, 0
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return b"", 0, 0
        start = max(0, status.st_size - tail) if tail else 0
        return os.pread(descriptor, tail or LIMIT, start), status.st_size, status.st_mtime_ns
    finally:
        os.close(descriptor)


def _create(path: str) -> str:
    """An empty file at `path`, else in the folder for temporary files, else the null device."""
    try:
        os.close(create(path))
    except OSError:
        from tempfile import mkstemp

        try:
            descriptor, path = mkstemp(prefix="mdtodo-", suffix=".jsonl")
        except OSError:
            return os.devnull
        os.close(descriptor)
    return path


def _take(line: bytes, reported: Reported) -> str | None:
    """Add what a line says; a complaint where it says nothing that is known."""
    if not line.strip():
        return None
    found = _object(line)
    if found is None:
        return "ignored: not a JSON object"
    known = "progress" in found and _progress(found) is not None
    known = _take_texts(found, reported) or known
    if isinstance(metrics := found.get("metric"), dict) and metrics:
        return keep_metrics(metrics, reported.metrics)
    return None if known else "ignored: no valid progress, note, subtask, output or metric"


def _take_texts(found: dict[str, object], reported: Reported) -> bool:
    """Add its note, subtask and output; whether it has any."""
    known = False
    for key, texts, most in (
        ("note", reported.notes, COUNT_LIMIT),
        ("subtask", reported.subtasks, COUNT_LIMIT + 1),
    ):
        if isinstance(text := found.get(key), str) and text.strip() and len(texts) < most:
            texts.append(clean(text))
            known = True
    if isinstance(path := found.get("output"), str) and path and "\0" not in path:
        reported.outputs.append(path)
        known = True
    return known


def _object(line: bytes) -> dict[str, object] | None:
    if not line.lstrip().startswith(b"{"):
        return None
    try:
        # NaN and Infinity are Python's, not JSON's: no value, for the metric beside them; deep nesting: RecursionError
        found = json.loads(line.decode(), parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _progress(found: dict[str, object] | None) -> float | None:
    value = number(found.get("progress")) if found else None
    return None if value is None else min(100.0, max(0.0, value))


def clean(text: str) -> str:
    """Text that every file and terminal can hold: no lone surrogate, no NUL, not endless."""
    return text[:TEXT_LIMIT].encode("utf-8", "replace").decode().replace("\0", "�")
