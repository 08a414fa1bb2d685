"""The pages of docs/, and what stands in their code blocks.

A block with `title="PATH"` is that file. The lines of a `sh` block, and those of a `console` block after `$ `, are run; one
that ends in `# exits N` exits so, every other one with 0. What a `console` block shows below a command is in its output, in
that order; `...` is anything. A block of `shell` is shown and not run: what installs mdtodo, asks a network or opens an editor.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
_FENCE = re.compile(r"^( *)```([\w-]+)([^\n]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_EXIT = re.compile(r"#.*\bexits (\d+)\s*$")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block; `line` is that of its fence, `title` the path of the file that it is."""

    language: str
    title: str | None
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Command:
    """A command line, the exit code that the page tells, and what it shows of the output."""

    text: str
    code: int
    shown: tuple[str, ...] = ()


def pages() -> list[str]:
    """The names of all pages, `guide.md` and so on."""
    return sorted(path.name for path in DOCS.glob("*.md"))


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def blocks(text: str) -> list[Block]:
    found = []
    for one in _FENCE.finditer(text):
        title = re.search(r'title="([^"]+)"', one[3])
        body = re.sub(rf"(?m)^{one[1]}", "", one[4])
        found.append(Block(one[2], title and title[1], body, text.count("\n", 0, one.start()) + 1))
    return found


def commands(block: Block) -> list[Command]:
    """Those of a `sh` block are one script each line that is not continued; those of a `console` block begin with `$ `."""
    if block.language == "console":
        parts = re.split(r"(?m)^\$ ", block.text)[1:]
        return [_command(first, rest) for first, _, rest in (part.partition("\n") for part in parts)]
    return [_command(line, "") for line in re.sub(r"\\\n\s*", "", block.text).splitlines() if line.strip()]


def _command(text: str, output: str) -> Command:
    code = _EXIT.search(text)
    shown = tuple(line for line in output.splitlines() if line.strip() and line.strip() != "...")
    return Command(text, int(code[1]) if code else 0, shown)


def anchors(text: str) -> set[str]:
    """The fragments that the headings of a page are reached by, as Python-Markdown's toc (and GitHub) makes them."""
    names: dict[str, int] = {}
    found = set()
    for heading in re.findall(r"(?m)^#{1,6} (.+?)\s*$", _FENCE.sub("", text)):
        words = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[\s]", "-", re.sub(r"[^\w\s-]", "", words).strip().lower())
        count = names.get(name, 0)
        names[name] = count + 1
        found.add(f"{name}_{count}" if count else name)
    return found


def links(text: str) -> list[str]:
    """Where the links and pictures of a page lead, code aside."""
    prose = re.sub(r"`[^`\n]*`", "", _FENCE.sub("", text))
    return re.findall(r"\]\(([^)\s]+)\)", prose) + re.findall(r"<(https?://[^>]+)>", prose)
