"""Random TODO files, most of which are nearly right."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

_KEYS = [
    *(
        "id:a",
        "id:b",
        "after:a",
        "after:b",
        "after:a,b",
        "est:1h",
        "est:3d",
        "due:2026-12-01",
        "due:2026-02-30",
    ),
    *("!high", "!hihg", "#tag", "prio:high", "run:test", "run:nope", "lane:high", "every:7d", "priority:low"),
    *("failed:2", "Note: x", "a:b", "https://x.y", "(A) q", "x ^id9", "📅 2026-01-01", "[due:: 2026-01-01]"),
    *(
        "from:main",
        "word",
        "title",
        "needs:gpu",
        "after:",
        "timeout:5",
        "`id:a`",
        "done:2026-01-01",
        "needs: x",
    ),
    *("due: 2026-01-01", "<id:a>", "[x](y id:b)", "expand:a", "lane:nope", "ID:a", "estimate:3h"),
]
_BLOCKS = [
    *(
        "text",
        "  text id:b",
        "> quote",
        "```",
        "<!-- c -->",
        "<!-- c",
        "| a |",
        "|--|",
        "---",
        "===",
        "[a]: b",
    ),
    *("<details>", "> - [ ] a", "\t- [ ] b", "2. [ ] c", "- - [ ] d", "- # e", "<b>f", "    g", "-->", "~~~"),
]


def nearly_right(random: Random) -> bytes:
    """A file of up to twelve lines."""
    lines: list[str] = []
    indent = 0
    for _ in range(random.randint(1, 12)):
        chance = random.random()
        if chance < 0.1:
            lines.append("")
        elif chance < 0.2:
            words = random.choices(["Head", "Foo", *_KEYS[:20]], k=random.randint(1, 2))
            lines.append(random.choice(["# ", "## ", "### "]) + " ".join(words))
        elif chance < 0.27:
            lines.append(" " * indent + random.choice(_BLOCKS))
        else:
            indent = random.choice([0, 0, 2, 2, 3, 4, indent, indent, indent, indent + 2, max(0, indent - 2)])
            marker = random.choice(["- ", "- ", "- ", "* ", "1. ", "2. "])
            box = random.choice(["[ ] ", "[ ] ", "[ ] ", "[x] ", "[-] ", "[/] ", "", "[~] "])
            words = random.choices(["alpha", "beta", "gamma", *_KEYS], k=random.choice([1, 1, 2, 2, 3]))
            lines.append(" " * indent + marker + box + " ".join(words))
    return "\n".join(lines).encode()


class Edits:
    """Files of few words, and changes of them as people make them."""

    def __init__(self, random: Random, words: int) -> None:
        self._random = random
        self._words = [f"w{number}" for number in range(words)]

    def file(self) -> list[str]:
        return [self._line() for _ in range(self._random.randint(1, 9))]

    def edited(self, before: list[str]) -> list[str]:
        """The same with one to three changes."""
        lines = list(before)
        for _ in range(self._random.choice([1, 1, 1, 2, 3])):
            self._edit(lines)
        return lines

    def _edit(self, lines: list[str]) -> None:
        chance, random = self._random.random(), self._random
        if chance < 0.5 or not lines:
            lines.insert(random.randrange(len(lines) + 1), self._line())
            return
        at = random.randrange(len(lines))
        if chance < 0.6:
            lines += ["", "## " + self._text(), "", self._line()]
        elif chance < 0.68:
            lines.pop(at)
        elif chance < 0.78:
            pair = ("[ ]", "[x]") if random.random() < 0.6 else ("[x]", "[ ]")
            lines[at] = lines[at].replace(*pair)
        elif chance < 0.85:
            lines[at] += random.choice([" more", " est:2h", " run:test", " #lint", " "])
        elif chance < 0.92:
            lines[at - 1], lines[at] = lines[at], lines[at - 1]
        else:
            lines[at] = "  " + lines[at] if chance < 0.96 else lines[at].lstrip()

    def _text(self) -> str:
        return " ".join(self._random.choices(self._words, k=self._random.choice([1, 2, 3])))

    def _line(self) -> str:
        random = self._random
        indent = " " * random.choice([0, 0, 0, 2, 2, 4])
        kind = random.choices(range(6), [60, 10, 10, 5, 12, 3])[0]
        if kind == 0:
            marker = random.choice(["- ", "- ", "- ", "* ", "1. "])
            box = random.choice(["[ ] ", "[ ] ", "[ ] ", "[x] ", "[x] ", "[-] ", "[/] "])
            key = random.choice(
                ["run:test", "#lint", "est:1h", "!high", "id:a", "after:a", "run:test id:b", "failed:1"]
            )
            return indent + marker + box + self._text() + (f" {key}" if random.random() < 0.35 else "")
        if kind == 1:
            return (
                "#" * random.choice([1, 2, 2, 3]) + " " + self._text() + random.choice(["", "", "", " #lint"])
            )
        if kind == 2:
            return ""
        if kind == 3:
            return indent + "- " + self._text()
        if kind == 4:
            return indent + self._text()
        return random.choice(["```", "<!-- x -->", "> " + self._text(), "---", "| a | b |", "<details>"])
