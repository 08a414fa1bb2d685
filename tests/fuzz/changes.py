"""Changes of versions that keep to what markdown is made of: lines, their prefixes, blocks, and pieces of words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fast_path.texts import Edits, nearly_right
from tests.fuzz.versions import BETWEEN, MORE, MOST, written
from tests.markdown import changes, documents

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    Lines = list[bytes]

_PREFIXES = [
    b"  ",
    b"  ",
    b"    ",
    b"\t",
    b" ",
    b"> ",
    b">",
    b"- ",
    b"1. ",
    b"- [ ] ",
    b"   ",
    b"2) ",
    b"- - ",
]
_BLOCKS = [
    b"```", b"````", b"~~~", b"  ```", b"    ```", b"> ```", b"# A", b"## B", b"### C", b"###### D", b"  # in", b"> # q",
    b"===", b"---", b"  ---", b"  ===", b"A\n===", b"B\n---", b"***", b"<!--", b"-->", b"<!-- a -->", b"<div>", b"</div>",
    b"<pre>", b"</pre>", b"<?", b"?>", b"  <div>", b"[a]: /u", b"[x]: /u", b"  [b]: /u 'c", b"d'", b"| a |", b"|---|",
    b"a | b\n--|--", b"- [ ] a", b"- [x] b", b"* [ ] c", b"+ [ ] d", b"1. [ ] e", b"2. [x] f", b"3) [ ] g", b"- a", b"-",
    b"1.", b"- [ ]", b"- [ ] ", b"- [~] h", b"- [] i", b"  - [ ] j", b"    - [ ] k", b"> - [ ] l", b"-\n  [ ] m", b"text",
    b"  text", b"    code", b"\tcode", b"> quote", b"", b"", b" ", b">", b"\xef\xbb\xbf", b"<<<<<<< a", b"=======", b">>>>>>> b",
    b"---\na: b\n---", b"+++\na = 1\n+++", b"- [ ] a id:a", b"- [ ] b after:a", b"## C after:a", b"- [ ] c id:a",
    "- [é] ü".encode(), b"- [ ] \xc2\xa0", b"- [ ] a\x0cb", b"- [ ] \xe2\x80\xa8",
]  # fmt: skip
_WORDS = [
    b"`", b"``", b"[", b"]", b"[ ]", b"[x]", b"(", b")", b"<", b">", b"<!--", b"-->", b"|", b"#", b"\\", b":", b"]: ", b"-", b"=",
    b"id:a", b"after:a", b"#t", b"!high", b"run:x", b"est:1h", b"due:2026-12-01", b"every:7d", b"a", b"x", b" ", b"\t", b"\r",
    b"  ", b"\\\n", b"\x0b", b"\x0c", "é".encode(), b"\xc2\x85", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"~", b"*", b"_", b"1. ",
]  # fmt: skip
_ENDS = [b"\n", b"\n", b"\n", b"\r\n", b"\r"]


def changed(random: Random, data: bytes, other: bytes) -> bytes:
    """The versions after some changes: most of one of them, some of what all have. `other` gives lines as well."""
    more = data.startswith(MORE) ^ (random.random() < 0.02)
    texts = data.removeprefix(MORE).split(BETWEEN)[:MOST]
    if len(texts) == 1 and random.random() < 0.5:
        texts.append(_change(random, texts[0], other))
    for _ in range(random.choice([1, 1, 1, 2, 3, 5])):
        way = random.random()
        if way < 0.12:
            texts = _reordered(random, texts)
        elif way < 0.45:
            _change_in_all(random, texts, other)
        else:
            at = random.randrange(len(texts))
            texts[at] = _change(random, texts[at], other)
    return written(texts, more=more)


def fresh(random: Random) -> bytes:
    """Some versions of a new file."""
    way = random.random()
    if way < 0.5:
        return written(_few_kinds(random), more=way < 0.02)
    if way < 0.6:
        edits = Edits(random, random.choice([7, 60]))
        lines = [edits.file()]
        lines += [edits.edited(random.choice(lines)) for _ in range(random.choice([1, 1, 1, 2, 3]))]
        return written([_of(one) for one in lines])
    makers = [
        changes.file,
        changes.file,
        documents.document,
        documents.outline,
        documents.soup,
        nearly_right,
    ]
    texts = [random.choice(makers)(random).replace(BETWEEN, b"")]
    for _ in range(random.choice([0, 1, 1, 2, 3])):
        before = random.choice(texts)
        texts.append(_edited(random, before) if random.random() < 0.4 else _change(random, before, texts[0]))
    return written(texts, more=random.random() < 0.05)


def short(random: Random) -> bytes:
    """A few pieces of lines, of which long texts may be made; and what stands before these."""
    pieces = [*_WORDS, *_PREFIXES, *_BLOCKS, b"\n", b"\n", b"\n  ", b"- [ ] "]
    made = b"".join(random.choices(pieces, k=random.choice([1, 1, 2, 2, 3, 4])))
    return written([made, random.choice([b"", b"", b"- [ ] ", random.choice(pieces), b"- [ ] a\n"])])


def _few_kinds(random: Random) -> list[bytes]:
    """Versions of a list, with headings or not, of tasks of which some have more below them: lines of few kinds, so that
    what one opens another one closes, or does not."""
    kinds = [
        *random.sample(_BLOCKS, random.choice([1, 2, 3])),
        random.choice([b"```", b"<!--", b"text", b"- a", b""]),
    ]
    indents = random.sample([b"", b" ", b"  ", b"  ", b"   ", b"    ", b"      "], 2)
    bullets = random.choice(
        [[b"- [ ] "], [b"- [ ] "], [b"1. [ ] "], [b"- [ ] ", b"- [x] ", b"1. [ ] ", b"- "]]
    )

    def line() -> bytes:
        if random.random() < 0.2:
            return random.choice(bullets) + b"n%d" % random.randrange(9)
        return random.choice(indents) + random.choice(kinds)

    made: list[bytes] = []
    headed = random.random() < 0.4
    for number in range(random.randint(4, 14)):
        if headed and random.random() < 0.3:
            made.append(b"#" * random.choice([1, 2, 3]) + b" H%d" % random.randrange(3))
        made.append(random.choice(bullets) + b"t%d" % number)
        while random.random() < 0.4:
            made.append(line())
    texts = [b"\n".join([*made, b""])]
    for _ in range(random.choice([1, 2, 3])):
        lines = random.choice(texts).split(b"\n")
        for _ in range(random.choice([1, 1, 2])):
            at = random.randrange(len(lines))
            lines[at : at + random.choice([0, 0, 1, 1, 2])] = [
                line() for _ in range(random.choice([0, 1, 1, 2]))
            ]
        texts.append(b"\n".join(lines))
    return texts


def _edited(random: Random, text: bytes) -> bytes:
    """As a person or a command would change it."""
    if random.random() < 0.5:
        return changes.changed(random, text).replace(BETWEEN, b"")
    return _of(
        Edits(random, random.choice([7, 60])).edited(text.decode("utf-8", "surrogateescape").split("\n"))
    )


def _of(lines: list[str]) -> bytes:
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def _reordered(random: Random, texts: list[bytes]) -> list[bytes]:
    """A version more or less, or another order."""
    way = random.random()
    if way < 0.6 and len(texts) < MOST:
        before = random.choice(texts)
        return [*texts, _edited(random, before)]
    if way < 0.8 and len(texts) > 1:
        texts.pop(random.randrange(len(texts)))
        return texts
    return random.sample(texts, len(texts))


def _change_in_all(random: Random, texts: list[bytes], other: bytes) -> None:
    """Make other lines of those that two versions have, or put some before or behind all."""
    way = random.random()
    if way < 0.3:
        more = _block(random, other)
        texts[:] = [more + text for text in texts] if way < 0.15 else [text + more for text in texts]
        return
    if way < 0.36:
        old, new = random.choice(
            [(b"\n", b"\r\n"), (b"\r\n", b"\n"), (b"- ", b"1. "), (b"[ ]", b"[x]"), (b"\n", b"\n\n")]
        )
        texts[:] = [text.replace(old, new) for text in texts]
        return
    lines = random.choice(texts).split(b"\n")
    at = random.randrange(len(lines))
    was = lines[at : at + random.choice([1, 1, 2, 3])]
    now = b"\n".join(_LINES[random.randrange(len(_LINES))](random, list(was), other))
    texts[:] = [text.replace(b"\n".join(was), now, 1) for text in texts]


def _change(random: Random, text: bytes, other: bytes) -> bytes:
    """Some lines of one version made others, or as a person or a command would change it."""
    if random.random() < 0.2:
        return _edited(random, text)
    lines = text.split(b"\n")
    first = random.randrange(len(lines))
    last = min(len(lines), first + random.choice([1, 1, 1, 2, 3, 5, 9]))
    lines[first:last] = _LINES[random.randrange(len(_LINES))](random, lines[first:last], other)
    return b"\n".join(lines)


def _block(random: Random, other: bytes) -> bytes:
    """Lines that stand by themselves."""
    way = random.random()
    if way < 0.3:
        return b"".join(b"- [ ] p%d\n" % random.randrange(20) for _ in range(random.choice([1, 3, 5, 8])))
    if way < 0.6:
        return b"".join(random.choice(_BLOCKS) + b"\n" for _ in range(random.choice([1, 1, 2, 3])))
    if way < 0.7:
        return b"".join(changes.task(random) + b"\n" for _ in range(random.choice([1, 2, 4])))
    lines = random.choice(other.removeprefix(MORE).split(BETWEEN)).split(b"\n")
    at = random.randrange(len(lines))
    return b"\n".join([*lines[at : at + random.choice([1, 2, 4, 8])], b""])


# What may become of some lines, of which there is always one.


def _inserted(random: Random, lines: Lines, other: bytes) -> Lines:
    at = random.randrange(len(lines) + 1)
    return [*lines[:at], *_block(random, other).split(b"\n")[:-1], *lines[at:]]


def _deleted(random: Random, lines: Lines, other: bytes) -> Lines:
    return []


def _doubled(random: Random, lines: Lines, other: bytes) -> Lines:
    return lines * random.choice([2, 2, 3, 8])


def _shuffled(random: Random, lines: Lines, other: bytes) -> Lines:
    return random.sample(lines, len(lines)) if len(lines) > 1 else lines


def _indented(random: Random, lines: Lines, other: bytes) -> Lines:
    prefix = random.choice(_PREFIXES)
    return [prefix + line for line in lines]


def _dedented(random: Random, lines: Lines, other: bytes) -> Lines:
    width = random.choice([1, 2, 2, 3, 4])
    return [line[min(width, len(line) - len(line.lstrip(b" \t>"))) :] for line in lines]


def _replaced(random: Random, lines: Lines, other: bytes) -> Lines:
    return [*_block(random, other).split(b"\n")[:-1], *lines[1:]]


def _retyped(random: Random, lines: Lines, other: bytes) -> Lines:
    """Some bytes of a line made others."""
    at = random.randrange(len(lines))
    line = lines[at]
    start = random.randrange(len(line) + 1)
    word = random.choice(_WORDS)
    lines[at] = line[:start] + word + line[start + random.choice([0, 0, 1, 2, len(word)]) :]
    return lines


def _ticked(random: Random, lines: Lines, other: bytes) -> Lines:
    boxes = [b"[ ]", b"[x]", b"[X]", b"[/]", b"[-]", b"[~]", b"[]", "[é]".encode()]
    old, new = random.sample(boxes, 2)
    return [line.replace(old, new) for line in lines]


def _marked(random: Random, lines: Lines, other: bytes) -> Lines:
    """Another marker of a list."""
    marks = [b"- ", b"* ", b"+ ", b"1. ", b"2. ", b"1) ", b"10. ", b"-   ", b"-\t", b"# "]
    old, new = random.sample(marks, 2)
    return [line.replace(old, new, 1) for line in lines]


def _joined(random: Random, lines: Lines, other: bytes) -> Lines:
    return [random.choice([b"", b" ", b"\r"]).join(lines)]


def _ended(random: Random, lines: Lines, other: bytes) -> Lines:
    return [line.removesuffix(b"\r") + random.choice([b"\r", b"", b" ", b"\t", b"\\"]) for line in lines]


def _fenced(random: Random, lines: Lines, other: bytes) -> Lines:
    """Between lines that open something and close it, or not."""
    opening, closing = random.choice(
        [
            (b"```", b"```"),
            (b"~~~", b"~~~"),
            (b"<!--", b"-->"),
            (b"<pre>", b"</pre>"),
            (b"<div>", b""),
            (b"```", b"````"),
        ]
    )
    indent = b" " * random.choice([0, 0, 1, 2, 2, 3, 4])
    return [
        *([indent + opening] * (random.random() < 0.8)),
        *lines,
        *([indent + closing] * (random.random() < 0.7)),
    ]


_LINES: list[Callable[[Random, Lines, bytes], Lines]] = [
    _inserted, _inserted, _deleted, _doubled, _shuffled, _indented, _dedented, _replaced, _retyped, _retyped, _ticked, _marked,
    _joined, _ended, _fenced,
]  # fmt: skip
