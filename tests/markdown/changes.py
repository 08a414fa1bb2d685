"""Random changes of random files, as people and commands make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.markdown import documents

if TYPE_CHECKING:
    from random import Random

_WORDS = [
    "Alpha",
    "Beta",
    "write",
    "it",
    "id:a",
    "id:b1",
    "id:c",
    "#t",
    "after:a",
    "run:x",
    "est:2h",
    "Gamma",
]
_HEADINGS = ["One", "Two", "Three run:y", "Four after:b1"]
_PIECES = [
    b"\n", b"\n\n", b"- [ ] x\n", b"  - [x] y\n", b"# H\n", b"## Z\n", b"```\n", b"<!--\n", b"-->\n", b"> ",
    b"1. [ ] o\n", b"   ", b"\t", b"[a]: b\n", b"===\n", b"---\n", b"[~] q\n", b"- [ ]\n", b"x", b" ", b"\r\n",
    b"\r", "é".encode(), b"| a |\n|---|\n", b"* [ ] w\n", b"<div>\n", b"> ## Q\n", b"  # in item\n", b"#x\n",
    b"- x\n", b"<<<<<<< a\n", b"=======\n", b">>>>>>> b\n",
]  # fmt: skip


def file(random: Random) -> bytes:
    """One with headings, most of them at the margin, and hard lines between; or one list."""
    lines: list[bytes] = []
    if random.random() < 0.3:
        lines = [task(random) for _ in range(random.randint(5, 40))]
        return b"\n".join(
            [b"# " + random.choice(_HEADINGS).encode(), b"", *lines, b""][random.choice([0, 2]) :]
        )
    for _ in range(random.randint(1, 5)):
        if random.random() < 0.8:
            lines.append(b"#" * random.randint(1, 4) + b" " + random.choice(_HEADINGS).encode())
        lines += documents.document(random).split(b"\n") if random.random() < 0.3 else []
        lines += [task(random) for _ in range(random.randint(0, 5))]
    return b"\n".join([*lines, b""])


def task(random: Random) -> bytes:
    """A line, mostly with a task of few different words."""
    indent = "  " * random.choice([0, 0, 0, 1, 2])
    box = random.choice(["- [ ] ", "- [ ] ", "- [x] ", "1. [ ] ", "- "])
    return f"{indent}{box}{' '.join(random.sample(_WORDS, random.randint(1, 3)))}".encode()


def changed(random: Random, data: bytes) -> bytes:
    """The file after a change or two."""
    for _ in range(random.randint(1, 2)):
        at = random.randrange(len(data) + 1)
        if random.random() < 0.7:
            at = data.rfind(b"\n", 0, at) + 1
        gone = 0 if random.random() < 0.5 else random.randint(1, 60)
        new = random.choice([b"", random.choice(_PIECES), task(random) + b"\n", task(random) + b"\n"])
        data = data[:at] + new + data[at + gone :]
    return data
