"""Random documents that are hard to read, for what must hold for any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

_MARKERS = ["-", "-", "-", "*", "+", "1.", "1)", "2.", "10.", "3)", "0.", "123456789.", "1234567890."]
_GAPS = [" "] * 6 + ["", "  ", "   ", "    ", "     ", "\t", " \t", "\t\t"]
_INDENTS = ["", "", "", "", " ", "  ", "  ", "   ", "    ", "     ", "      ", "\t", " \t", "  \t", "\t\t"]
_TASKS = ["[ ] a", "[x] b", "[ ] c d", "[X] e"]
_BOXES = [
    "[/] d", "[ ]", "[x] ", "[X]\tz", "[ ]\x0cq", "[y] k", "[xx] w", "[ ]\u00a0n", "[ ] \u2028z", "[x]",
    "[ ] p | q", "[ ] t |", "> - [ ] q", "- [ ] - [x] s", "- - [ ] n", "1. - [ ] m", "- 1. [x] l",
    "-\t- [ ] t", "## [ ] hh",
]  # fmt: skip
_TEXT = [
    "text", "more", "", "x", "é", "&", "\\", "`", "\x0b", "\x0c", "    code", "<", ">", ">>", "+", "*",
    "1.", "1)",
]  # fmt: skip
_LEAVES = [
    "# h", "#", "#x", "* # h", "####### no", "===", "=", "---", "--", "-", "***", "* * *", "- - -",
    "_ _ _", "__", "```", "```sh", "````", "~~~", "~~~ a`b", "``` a`b",
]  # fmt: skip
_HTML = [
    "<div>", "</div>", "<div", "<!-- c", "-->", "<!-- x -->", "<?php", "?>", "<!DOCTYPE", "<![CDATA[",
    "]]>", "<pre>", "</pre>", "<script>", "</script>", "<a b='c'>", "</a>", '<a b="c" d>x', "<b/>",
    "<x-y>", "<details>", "<textarea>", "<TextArea rows='2'>", "</textarea>", "<textarea/>",
]  # fmt: skip
_DEFINITIONS = [
    "[foo]: /url", "[foo]: /url 'title'", "[foo]:", '[bar]: <x y> "t', 'end"', "(t)", "'t'", "/url",
    "[a]: b", "[x]: y", "[ ]: z", "[é] u", "[\\]]: /u", "[f\\", "oo]: /u", "[z]: <a", "b>", "[a]: (",
    "[a]: )", "[b]: a(b)c",
]  # fmt: skip
_TABLES = [
    "a | b", "| c |", "|---|---|", "--|--", "|-|", "---|", "|a|b|", "a|b", "\\|", "|", "||", ":-:",
    "|:-:|", ":--",
]  # fmt: skip
_GROUPS = [_TASKS] * 9 + [_BOXES, _TEXT, _LEAVES, _HTML, _DEFINITIONS, _TABLES]
_BLANKS = ["", "", "", " ", "  ", "    ", "\t", ">", "> "]
_ENDS = ["\n"] * 7 + ["\r\n", "\r"]
_SOUP = [
    " ", " ", "  ", "\t", "\n", "\n", "\n", ">", "-", "*", "+", "1.", "2)", "[ ] a", "[x] b", "[ ] c",
    "[", "]", "x", "(", ")", "`", "```", "~~~", "#", "<", "div>", "|", "-|-", ":", "=", "---", "_",
    "\\", "a", '"', "'", "<!--", "-->", "[a]: /u", "[a]:", "<p>", "\r", "\r\n", "    ", "- ", "- [ ] a",
    "> ",
]  # fmt: skip


def document(random: Random) -> bytes:
    """A document of up to 20 lines, most of which go on with what an earlier one opened."""
    if random.random() < 0.3:
        return outline(random)
    prefixes: list[str] = []
    lines: list[str] = []
    groups = _GROUPS if random.random() < 0.7 else [*_GROUPS, *[random.choice(_GROUPS)] * 12]
    end = random.choice(_ENDS)
    mixed = random.random() < 0.1
    for _ in range(random.choice([1, 2, 3, 4, 5, 6, 8, 12, 20])):
        if random.random() < 0.12:
            lines.append(random.choice(_BLANKS))
        else:
            prefixes.append(_prefix(random, prefixes))
            lines.append(prefixes[-1] + random.choice(random.choice(groups)))
        lines.append(random.choice(_ENDS) if mixed else end)
    if random.random() < 0.3:
        lines.pop()
    return ("\ufeff" * (random.random() < 0.02) + "".join(lines)).encode()


def outline(random: Random) -> bytes:
    """A document of nested list items, most of them tasks, that are indented nearly right."""
    lines: list[str] = []
    prefixes = [random.choice(["", "", "", "> ", ">", "1. "])]
    for _ in range(random.randint(2, 20)):
        prefix = "".join(c if c in "> \t" else " " for c in random.choice(prefixes[-3:]))
        prefix = prefix[: max(0, len(prefix) - random.choice([0, 0, 0, 0, 1, 2, 3, 9]))]
        prefix += random.choice(["", "", "", " ", "  "])
        prefixes.append(prefix + random.choice(_MARKERS) + random.choice(_GAPS))
        if random.random() < 0.25:
            lines.append(prefixes[-2] + random.choice(random.choice([_TEXT, *_GROUPS])))
        elif random.random() < 0.15:
            lines.append(random.choice(_BLANKS))
        else:
            lines.append(prefixes[-1] + random.choice(random.choice(_GROUPS)))
    return random.choice(_ENDS).join(lines).encode()


def soup(random: Random) -> bytes:
    """A document of pieces of markdown without any order."""
    return "".join(random.choices(_SOUP, k=random.choice([4, 6, 8, 10, 14, 20, 30, 50]))).encode()


def _prefix(random: Random, earlier: list[str]) -> str:
    prefix = random.choice(_INDENTS)
    if earlier and random.random() < 0.55:
        prefix = _continued(random, random.choice(earlier[-4:]))
    for _ in range(random.choice([0, 0, 1, 1, 1, 1, 1, 2, 3])):
        if random.random() < 0.25:
            prefix += ">" + random.choice(["", "", " ", " ", " ", "  ", "\t"])
        else:
            prefix += random.choice(_MARKERS) + random.choice(_GAPS)
        if random.random() < 0.08:
            prefix += random.choice(_INDENTS)
    return prefix


def _continued(random: Random, prefix: str) -> str:
    """An earlier prefix with its markers blanked, or as it was, or cut, or without its quotes."""
    way = random.random()
    if way < 0.5:
        prefix = "".join(c if c in "> \t" else " " for c in prefix)
    elif way < 0.85:
        prefix = prefix if way < 0.7 else prefix[: random.randint(0, len(prefix))]
    else:
        prefix = "".join(c if c in " \t" else " " for c in prefix)
    if random.random() < 0.15:
        prefix = prefix[:-1]
    return prefix + (random.choice(_INDENTS) if random.random() < 0.1 else "")
