"""The runner's files and streams: outputs, the job summary, the log."""

from __future__ import annotations

import io
import os
import secrets
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: A step's summary may be 1 MiB; what goes beyond is not shown at all.
SUMMARY_BYTES = 1_000_000


def one_stream() -> None:
    """Make standard error the same stream as standard output, written line by line, in UTF-8."""
    # The descriptor, not just sys.stderr: git and processors write to it too.
    os.dup2(1, 2)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)


def set_outputs(environ: Mapping[str, str], outputs: Mapping[str, str]) -> None:
    """Outputs of this step, each with a delimiter that its text cannot hold. Nothing where there is no runner."""
    path = environ.get("GITHUB_OUTPUT")
    if not path:
        return
    with open(path, "a", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        for name, value in outputs.items():
            end = f"end-{secrets.token_hex(16)}"
            file.write(f"{name}<<{end}\n{value}\n{end}\n")


def add_summary(environ: Mapping[str, str], parts: Iterable[str]) -> None:
    """Parts of markdown for the job summary, as many of them as it can hold; the first ones matter most."""
    path = environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    left = SUMMARY_BYTES - (os.path.getsize(path) if os.path.exists(path) else 0)
    with open(path, "ab") as file:
        for part in parts:
            data = f"{part.rstrip()}\n\n".encode("utf-8", "backslashreplace")
            if len(data) <= left:
                file.write(data)
                left -= len(data)


class Masked(io.TextIOBase):
    """A stream in which no secret is written, only `***`. It masks within each write, so write whole lines."""

    def __init__(self, stream: io.TextIOBase, secrets: Iterable[str]) -> None:
        self._stream = stream
        # The longest first: a shorter one may be part of it, and would leave the rest readable.
        self._secrets = sorted(filter(None, secrets), key=len, reverse=True)

    def write(self, text: str) -> int:
        """As the stream's own, without the secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return self._stream.write(text)

    def flush(self) -> None:
        """The stream's own."""
        self._stream.flush()
