"""The log of one attempt: what its processor wrote, bounded on disk and in memory."""

from __future__ import annotations

import os

#: How much of the end of the output a result carries, in bytes.
TAIL = 4096
#: How much output is held in memory beyond what is kept of its end, before it is cut.
_SLACK = 1 << 16
_NOTE_LENGTH = 500


class AttemptLog:
    """A file of at most `limit` bytes, readable by its owner alone, made with the first byte of output.

    The beginning of the output goes to the file as it comes, and about an eighth of the limit is kept for
    its end; what lies between is counted, and the log says so in its place. Notes of mdtodo's own come
    last. A log that cannot be written (disk full, no permission) is a reason in `error`, never an
    exception: the result matters more. `made` is true once there may be a file.
    """

    __slots__ = (
        "_descriptor",
        "_end",
        "_end_size",
        "_head_left",
        "_last",
        "_notes",
        "_path",
        "_reserve",
        "_skipped",
        "error",
        "made",
    )

    def __init__(self, path: str, limit: int) -> None:
        self._reserve = min(4096, limit // 4)
        self._end_size = (limit - self._reserve) // 8
        self._head_left = limit - self._reserve - self._end_size
        self._end = bytearray()
        self._last = bytearray()
        self._skipped = 0
        self._notes: list[str] = []
        self.error: str | None = None
        self._path = path
        self._descriptor = -1
        self.made = False

    def write(self, data: bytes) -> None:
        """Take a piece of output, of any bytes."""
        self._last += data[-TAIL:]
        del self._last[:-TAIL]
        head = data[: self._head_left]
        self._head_left -= len(head)
        self._put(head)
        self._end += data[len(head) :]
        if len(self._end) > self._end_size + _SLACK:
            self._cut_end()

    def note(self, sentence: str) -> None:
        """Add a line of mdtodo's own, to stand at the end."""
        self._notes.append(f"mdtodo: {sentence}"[:_NOTE_LENGTH].replace("\n", " "))

    def close(self) -> None:
        """Write the end of the output and the notes."""
        self._cut_end()
        gap = f"\nmdtodo: {self._skipped} bytes of output dropped here\n".encode() if self._skipped else b""
        self._put(gap[: self._reserve] + self._end)
        self._put(self._note_lines()[: max(0, self._reserve - len(gap))])
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def tail(self) -> str:
        """The last 4 KiB of output as text; what is no UTF-8 shows as U+FFFD."""
        last = bytes(self._last)
        if len(last) == TAIL:  # perhaps cut inside a character: skip its rest
            last = last[next((i for i in range(4) if last[i] & 0xC0 != 0x80), 0) :]
        # each U+FFFD takes three bytes for one, so it may be too long again
        return last.decode("utf-8", "replace").encode()[-TAIL:].decode("utf-8", "ignore")

    def _cut_end(self) -> None:
        surplus = len(self._end) - self._end_size
        if surplus > 0:
            self._skipped += surplus
            del self._end[:surplus]

    def _note_lines(self) -> bytes:
        if not self._notes:
            return b""
        newline = "" if not self._last or self._last.endswith(b"\n") else "\n"
        return (newline + "\n".join(self._notes) + "\n").encode("utf-8", "replace")

    def _put(self, data: bytes | bytearray) -> None:
        view = memoryview(data)
        while view and self.error is None:
            try:
                if self._descriptor < 0:
                    self.made = True
                    self._descriptor = create(self._path)
                # write(2) may take a part of it, as on a disk that is nearly full
                view = view[os.write(self._descriptor, view) :]
            except OSError as error:
                self.error = f"the log could not be written: {error.strerror}"


def create(path: str) -> int:
    """A descriptor to write a new file of mode 0600, in a folder of mode 0700 where that has to be made."""
    # O_NOFOLLOW: a command may have put a link there
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(path, flags, 0o600)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        return os.open(path, flags, 0o600)
