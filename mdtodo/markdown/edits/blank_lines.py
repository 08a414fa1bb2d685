"""The blank lines before and behind a place in the bytes of a file."""

from __future__ import annotations

from mdtodo.markdown.edits.paragraph import line_end

#: What a blank line holds, in a quote too.
BLANKS = b" \t\r\n>"


def blanks_before(data: bytes, at: int) -> int:
    """Where the blank lines start that stand before this one."""
    while (line := _line_before(data, at)) is not None and not data[line:at].strip(BLANKS):
        at = line
    return at


def blanks_behind(data: bytes, at: int) -> int:
    """Where those end that start there."""
    while at < len(data) and (blank := _blank_line(data, at)):
        at = blank
    return at


def _line_before(data: bytes, at: int) -> int | None:
    """Where the line before the one that starts there starts."""
    if at in (0, 3) and not data[:at].strip(b"\xef\xbb\xbf"):
        return None
    end = at - 2 if data[at - 2 : at] == b"\r\n" else at - 1
    start = max(data.rfind(b"\n", 0, end), data.rfind(b"\r", 0, end)) + 1
    return 3 if start == 0 and data.startswith(b"\xef\xbb\xbf") else start


def _blank_line(data: bytes, at: int) -> int | None:
    """Where the next line starts, if the one that starts there is blank."""
    ends = [one for one in (data.find(b"\n", at), data.find(b"\r", at)) if one >= 0]
    end = min(ends, default=len(data))
    if data[at:end].strip(BLANKS):
        return None
    return end + len(line_end(data, end))
