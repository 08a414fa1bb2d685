r"""A file's bytes before any markdown: are they text, line ends, front matter, leftovers of a merge.

Lines end with "\n", "\r\n" or a lone "\r" and with nothing else (never `str.splitlines`, which has more).
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right

from mdtodo.errors import InputError
from mdtodo.markdown.blocks.leaves import match

#: The byte order mark of UTF-8.
BOM = b"\xef\xbb\xbf"
_CONFLICT_MARKS = (b"<<<<<<<", b"|||||||", b"=======", b">>>>>>>")
#: The first line of front matter.
_FRONT_MATTER = rb"(---|\+\+\+)[ \t]*\r?\n"
#: The last line of it, and the first that is no comment.
#: Most indicators begin no plain key (YAML 1.2.2, 7.3.3): `- [ ] a: b` between two breaks is a task.
_SYNTAX = {
    b"---": (rb"(?:---|\.\.\.)[ \t]*\r?\n", rb"[^\s#:\-\[\]{}>|*&!%@`][^\n]*?:(?=\s)|\{"),
    b"+++": (rb"\+\+\+[ \t]*\r?\n", rb"\[|[\w\"'][^\n=]*="),
}
# The longer marks first: that of UTF-32, `ff fe 00 00`, begins with that of UTF-16.
_WIDE = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


def check_encoding(data: bytes, file: str) -> None:
    """Raise InputError with the line, unless `data` is UTF-8 without NUL."""
    wide = next((name for mark, name in _WIDE.items() if data.startswith(mark)), None)
    nul = data.find(b"\0")
    # UTF-16 without its mark: every other byte of ASCII text is NUL.
    if wide is None and nul >= 0 and data.count(b"\0", 0, 1000) * 3 >= len(data[:1000]):
        wide = "UTF-16"
    if wide is not None:
        raise InputError(f"this is {wide}, not UTF-8", file=file, line=1, hint="Save the file as UTF-8.")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = line_of(data, error.start)
        byte = f"0x{data[error.start]:02X}"
        raise InputError(
            f"not UTF-8: byte {byte}", file=file, line=line, hint="Save the file as UTF-8."
        ) from None
    if nul >= 0:
        raise InputError("contains a NUL byte, so it is not text", file=file, line=line_of(data, nul))


def line_of(data: bytes, offset: int) -> int:
    """The number of the line that the byte at `offset` is on; a line end belongs to the line that it ends."""
    return 1 + sum(1 for end in re.finditer(rb"\r\n|\n|\r", data) if end.end() <= offset)


def normalize_newlines(data: bytes) -> bytes:
    r"""`data` with the same offsets, lone "\r" read as "\n", and a line end at the end."""
    if data.count(b"\r") != data.count(b"\r\n"):
        data = re.sub(rb"\r(?!\n)", b"\n", data)
    return data if data.endswith(b"\n") else data + b"\n"


def dominant_newline(data: bytes) -> bytes:
    r"""The line end that most lines have; "\n" where there are none, or as many."""
    pairs = data.count(b"\r\n")
    counts = {b"\n": data.count(b"\n") - pairs, b"\r\n": pairs, b"\r": data.count(b"\r") - pairs}
    return max(counts, key=lambda end: counts[end])


def skip_front_matter(text: bytes) -> tuple[int, int]:
    """The offset and the number of the first line after a byte order mark and front matter, in what
    `normalize_newlines` has made of a text.

    Front matter is YAML between `---` and `---` or `...`, or TOML between `+++` and `+++`, from the first
    line on. A thematic break at the start of a file is none: what follows must look like the start of a
    mapping.
    """
    start = len(BOM) if text.startswith(BOM) else 0
    opening = match(_FRONT_MATTER, text, start) if text[start : start + 3] in _SYNTAX else None
    # GFM knows no front matter: before a blank line `---` is a thematic break.
    if opening is None or not text[opening.end() : text.find(b"\n", opening.end())].strip():
        return start, 1
    closing, key = _SYNTAX[opening[1]]
    at, line, found = opening.end(), 2, False
    while at < len(text):
        if match(closing, text, at):
            end = text.index(b"\n", at) + 1
            # Nothing but lines like `# a` between the two: these are headings, and no comments of YAML.
            return (end, line + 1) if found or line == 2 else (start, 1)
        following = text.index(b"\n", at) + 1
        content = text[at:following].strip()
        if not found and content and not content.startswith(b"#"):
            if not match(key, text, at):
                break
            found = True
        at, line = following, line + 1
    return start, 1


def conflict_lines(text: bytes, fences: list[tuple[int, int]]) -> tuple[int, ...]:
    """The lines of git's conflict markers, but for conflicts in the fenced code on the lines `fences`."""
    if b"<<<<<<<" not in text or b">>>>>>>" not in text:
        return ()
    found: list[int] = []
    conflict: list[int] = []  # the lines of the one that is open
    divided = False
    for number, line in enumerate(text.split(b"\n"), 1):
        # `=======` alone is the underline of a heading (GFM 4.3): it counts only between the two other markers.
        mark = line[:7]
        if mark not in _CONFLICT_MARKS or line[7:8] not in (b"", b" ", b"\r"):
            continue
        if mark == b"<<<<<<<":
            # Only the first line is asked: the sides of a conflict may open and close fences of their own.
            place = bisect_right(fences, (number, sys.maxsize))
            fenced = place > 0 and number <= fences[place - 1][1]
            conflict, divided = [] if fenced else [number], False
        elif conflict:
            conflict.append(number)
            divided = divided or mark == b"======="
            if mark == b">>>>>>>":
                found += conflict if divided else []
                conflict = []
    return tuple(found)
