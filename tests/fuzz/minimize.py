"""A text as small as it can be for what is wrong with it to stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fuzz.versions import BETWEEN, MORE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TRIES = 3000


def minimized(data: bytes, is_wrong: Callable[[bytes], bool], tries: int = _TRIES) -> bytes:
    """Without versions, lines and bytes that make no difference, as far as so many tries tell."""
    found = True
    while found:
        found = False
        for smaller in _smaller(data):
            if not tries:
                return data
            tries -= 1
            if is_wrong(smaller):
                data, found = smaller, True
                break
    return data


def _smaller(data: bytes) -> Iterator[bytes]:
    """All that may be tried of one text, the largest steps first."""
    if data.startswith(MORE):
        yield data[1:]
    texts = data.split(BETWEEN)
    for at in range(len(texts)):
        if len(texts) > 1:
            yield BETWEEN.join([*texts[:at], *texts[at + 1 :]])
    lines = {line for text in texts for line in text.split(b"\n")}
    for line in sorted(lines, key=len, reverse=True):
        without = BETWEEN.join(text.replace(line + b"\n", b"") for text in texts)
        if without != data:
            yield without
    for separator, size in ((b"\n", 8), (b"\n", 4), (b"\n", 1)):
        parts = data.split(separator)
        for at in range(0, len(parts), size):
            if len(parts) > size:
                yield separator.join([*parts[:at], *parts[at + size :]])
    for size in (16, 8, 4, 2, 1):
        for at in range(0, len(data), size):
            yield data[:at] + data[at + size :]
