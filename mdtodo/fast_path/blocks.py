"""The tasks of a file that has nothing unusual in it: a line scanner for the part of GFM that TODO files are made of.

What it reads, `mdtodo.markdown` reads as well, and equally; a line whose meaning takes more to tell makes it give up.
"""

TASK_CHARS = " xX/-"

#: What may begin a block; anything else begins text.
_STARTERS = frozenset("-*+0123456789#>`~<|:=_\v\f")
_RAW = ("<pre", "<script", "<style", "<textarea", "<?", "<!")
#: What the open paragraph is. Of one in an `OPAQUE` quote, and of an `UNCERTAIN` one, it is not known whether it is a
#: paragraph at all.
_NONE, _TEXT, _TASK, _QUOTED, _OPAQUE, _UNCERTAIN = range(6)


class UnsureError(Exception):
    """What the file says takes the whole program to tell."""


class PlainTask:
    """A task: its box, the text of its first paragraph, the number of the task around it (-1 for none), of the one
    before it in its ordered list, and the headings above it, each with its level."""

    __slots__ = ("char", "headings", "is_parent", "parent", "previous", "text")

    def __init__(
        self, char: str, text: str, parent: int, previous: int, headings: tuple[tuple[int, str], ...]
    ) -> None:
        self.char = char
        self.text = text
        self.parent = parent
        self.previous = previous
        self.headings = headings
        self.is_parent = False


class _OpenItem:
    """A list item that may go on: the column of its content, the number of its task or of the one around it, and the
    last task of the ordered list in it."""

    __slots__ = ("last", "offset", "task")

    def __init__(self, offset: int, task: int) -> None:
        self.offset = offset
        self.task = task
        self.last = -1


class Reader:
    """Reads one file; `tasks` and `headings` are its finds. Raises UnsureError."""

    def __init__(self, text: str) -> None:
        self.tasks: list[PlainTask] = []
        self.headings: list[str] = []
        self._above: tuple[tuple[int, str], ...] = ()
        self._document = _OpenItem(0, -1)
        self._stack = [self._document]
        self._paragraph = _NONE
        self._words = ""  # of a paragraph of text
        self._only = ""  # what each line of an uncertain paragraph begins with, "" for plain text
        self._fence = ""
        self._comment = False
        for line in _without_front_matter(text).split("\n"):
            self._line(line)

    def _line(self, line: str) -> None:
        bare = line.lstrip(" \t")
        if not bare:
            if not self._fence and not self._comment:
                self._paragraph = _NONE
            return
        column = len(line) - len(bare)
        if column and "\t" in line[:column]:
            column = len(line[:column].expandtabs(4))
        stack = self._stack
        matched = 1
        while matched < len(stack) and column >= stack[matched].offset:
            matched += 1
        if (self._fence or self._comment) and self._is_inside(bare, matched, column):
            return
        indent = column - stack[matched - 1].offset
        if self._paragraph == _UNCERTAIN:
            self._uncertain(bare, matched, indent)
        elif indent >= 4:
            if self._paragraph:
                self._text(bare, matched)
            else:  # indented code
                self._close(matched)
        elif bare[0] not in _STARTERS:
            self._text(bare, matched)
        else:
            self._start(bare, matched, column)

    def _is_inside(self, bare: str, matched: int, column: int) -> bool:
        """Whether the line is one of the open code or comment."""
        if matched < len(self._stack):
            if self._comment:
                raise UnsureError
            self._fence = ""
            return False
        if self._comment:
            self._comment = "-->" not in bare
            return True
        end = bare.rstrip(" \t")
        if (
            column - self._stack[-1].offset < 4
            and end.startswith(self._fence)
            and not end.strip(self._fence[0])
        ):
            self._fence = ""
        return True

    def _uncertain(self, bare: str, matched: int, indent: int) -> None:
        """Go on with what may be a paragraph, a table, HTML or definitions of links: only with what is none of ours."""
        plain = _begins_text(bare) if not self._only else bare.startswith(self._only)
        if matched < len(self._stack) or indent >= 4 or not plain:
            raise UnsureError
        if bare.lower().startswith(_RAW) or not bare.strip("-= \t"):
            raise UnsureError

    def _close(self, depth: int) -> None:
        del self._stack[depth:]
        self._paragraph = _NONE

    def _text(self, bare: str, matched: int) -> None:
        """Go on with the open paragraph, also where its containers do not, or begin one."""
        if self._paragraph:
            if self._paragraph == _OPAQUE:
                raise UnsureError
            if self._paragraph == _TASK:
                self.tasks[-1].text += "\n" + bare
            self._words += "\n" + bare
            return
        self._close(matched)
        self._paragraph, self._words = _TEXT, bare
        if bare[0] == "[" and "]:" in bare:
            self._paragraph, self._only = _UNCERTAIN, "["

    def _start(self, bare: str, matched: int, column: int) -> None:
        """What a line that does not just begin with text is."""
        first = bare[0]
        goes_on = matched == len(self._stack) and self._paragraph in (_TEXT, _TASK)
        if first in "-*_" and _is_break(bare):
            if goes_on and not bare.rstrip(" \t").strip("-"):
                self._underline(bare, matched, goes_on=True)
            else:
                self._close(matched)
        elif (after := _after_marker(bare)) and not (
            goes_on and first.isdecimal() and int(bare[: after - 1]) != 1
        ):
            self._item(bare, after, matched, column)
        elif first == "#" and (level := _level(bare)):
            self._heading(bare, level, matched)
        elif first in "`~" and (fence := _fence(bare)):
            self._close(matched)
            self._fence = fence
        elif first == "<":
            self._tag(bare, matched, goes_on=goes_on)
        elif first == ">":
            self._quote(bare, matched)
        elif first in "-=|:\v\f" and not bare.strip("-=|: \t\v\f"):
            self._underline(bare, matched, goes_on=goes_on)
        else:
            self._text(bare, matched)

    def _underline(self, bare: str, matched: int, *, goes_on: bool) -> None:
        """What below a paragraph may make a heading or a table of it."""
        if bare[0] in "\v\f":
            raise UnsureError
        end = bare.rstrip(" \t")
        if not goes_on:
            self._text(bare, matched)
        elif self._paragraph == _TASK or (len(self._stack) > 1 and not bare.strip("-= \t")):
            raise UnsureError
        elif not end.strip("=") or not end.strip("-"):
            self._add_heading(1 if bare[0] == "=" else 2, self._words, matched)
        elif not bare.strip("-= \t"):
            raise UnsureError
        else:
            self._paragraph, self._only = _UNCERTAIN, "|" if bare[0] == "|" else ""

    def _tag(self, bare: str, matched: int, *, goes_on: bool) -> None:
        if bare.startswith("<!--"):
            self._close(matched)
            self._comment = "-->" not in bare[2:]
            return
        if bare.lower().startswith(_RAW) or self._paragraph == _TASK or (self._paragraph and not goes_on):
            raise UnsureError
        self._close(matched)
        self._paragraph, self._only = _UNCERTAIN, ""

    def _quote(self, bare: str, matched: int) -> None:
        """A quote of plain text."""
        self._close(matched)
        inside = bare[1:].lstrip(" \t")
        item = inside.lstrip("-*+>0123456789.) \t")
        if inside and not item:  # a marker alone: the text of its item may be on the next line
            raise UnsureError
        if inside[:1] == "#" or (inside[:1] != "[" and item[:1] in ("[", "#")):
            raise UnsureError
        if inside and not inside.strip(
            "->= \t"
        ):  # what may make a heading of the line before, in quotes in it too
            raise UnsureError
        plain = inside[:1] not in _STARTERS or inside.startswith(("**", "__"))
        near = len(bare) - len(inside) < 3 and "\t" not in bare[:3]
        self._paragraph = _QUOTED if inside and plain and near and "]:" not in inside else _OPAQUE

    def _heading(self, bare: str, level: int, matched: int) -> None:
        if matched > 1:
            raise UnsureError
        self._add_heading(level, bare[level:].strip(" \t"), matched)

    def _add_heading(self, level: int, text: str, matched: int) -> None:
        self._close(matched)
        self._document.last = -1
        self.headings.append(text)
        self._above = (*[one for one in self._above if one[0] < level], (level, text))

    def _item(self, bare: str, after: int, matched: int, column: int) -> None:
        """A list item with text; its marker has `after` characters."""
        content = bare[after:].lstrip(" ")
        gap = len(bare) - after - len(content)
        if not content.strip(" \t") or not 1 <= gap <= 4 or content[0] == "\t" or not _begins_text(content):
            raise UnsureError
        if content[0] in "<|:=":
            raise UnsureError
        self._close(matched)
        around = self._stack[-1]
        task = around.task
        self._paragraph = _TEXT
        if content[0] == "[":
            if _is_task(content):
                ordered = bare[0].isdecimal()
                previous = around.last if ordered else -1
                text = content[3:].lstrip(" \t")
                self.tasks.append(PlainTask(content[1], text, task, previous, self._above))
                if task >= 0:
                    self.tasks[task].is_parent = True
                task = len(self.tasks) - 1
                around.last = task if ordered else around.last
                self._paragraph = _TASK
            elif not _is_no_box(content):
                raise UnsureError
        self._stack.append(_OpenItem(column + after + gap, task))


def _without_front_matter(text: str) -> str:
    """The text after YAML between `---` and `---`; what only may be that is not sure."""
    first, _, rest = text.partition("\n")
    if not first.startswith(("---", "+++")):
        return text
    lines = rest.split("\n")
    name, colon, value = lines[0].partition(":")
    if first.rstrip(" \t") != "---" or not colon or not name.isidentifier() or value[:1] not in ("", " "):
        raise UnsureError
    for number, line in enumerate(lines):
        if line.rstrip(" \t") in ("---", "..."):
            return "\n".join(lines[number + 1 :])
    raise UnsureError


def _is_task(content: str) -> bool:
    box = len(content) > 4 and content[1] in TASK_CHARS and content[2] == "]" and content[3] in " \t"
    return box and bool(content[3:].strip())


def _is_no_box(content: str) -> bool:
    """Whether it is surely a link, a reference or words in brackets, and no box that somebody meant."""
    end = content.find("]")
    if end < 0 or "]:" in content:
        return False
    if content[1] == "[" or content[end + 1 : end + 2] in ("(", "["):
        return True
    inside = content[1:end].strip()
    return len(inside) > 1 and inside.isascii() and inside.isprintable()


def _begins_text(text: str) -> bool:
    """Whether a line that starts so, with no paragraph open, begins one."""
    first = text[0]
    if first not in _STARTERS:
        return True
    if first in ">\v\f" or (first in "-*_" and _is_break(text)):
        return False
    if _after_marker(text):
        return False
    return not (first == "#" and _level(text)) and not (first in "`~" and _fence(text))


def _is_break(text: str) -> bool:
    """Whether it is `---`, `* * *` and the like."""
    rest = text.replace(" ", "").replace("\t", "")
    return len(rest) > 2 and not rest.strip(rest[0])


def _after_marker(text: str) -> int:
    """How long the marker of a list item is that the text begins with, 0 for none. Raises UnsureError for one alone."""
    length = 1
    if text[0].isdecimal():
        digits = len(text) - len(text.lstrip("0123456789"))
        if not 0 < digits < 10 or text[digits : digits + 1] not in (".", ")"):
            return 0
        length = digits + 1
    elif text[0] not in "-*+":
        return 0
    if text[length : length + 1] in ("", "\t"):
        raise UnsureError
    return length if text[length] == " " else 0


def _level(text: str) -> int:
    """Of a heading, 0 for none."""
    level = len(text) - len(text.lstrip("#"))
    return level if level < 7 and text[level : level + 1] in ("", " ", "\t") else 0


def _fence(text: str) -> str:
    """The fence of code that opens here, "" for none."""
    length = len(text) - len(text.lstrip(text[0]))
    return text[:length] if length > 2 and not (text[0] == "`" and "`" in text[length:]) else ""
