"""Make docs/architecture.svg and the table of rooms in docs/architecture.md from the imports and the import contract.

`python docs/architecture.py` writes both; `--check` writes nothing, and says by its exit code whether they are current.
"""

from __future__ import annotations

import ast
import sys
import textwrap
import tomllib
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import grimp

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
HOUSE = HERE.parent / "mdtodo"
CONTRACT = "The rooms import one way"
BEGIN, END = "<!-- rooms: made by docs/architecture.py -->", "<!-- /rooms -->"

WIDTH, GAP, PAD = 1000, 18, 12
TITLE, LINE, BETWEEN = 20, 15, 34

_HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" font-family="system-ui, sans-serif"
  font-size="11.5" text-anchor="middle" fill="#1f2328">
<title>The rooms of mdtodo, and which of them import which</title>
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
<path d="M0 0 L8 4 L0 8 z" fill="#0969da"/></marker></defs>
<rect width="{width}" height="{height}" fill="#f6f8fa"/>"""


@dataclass(frozen=True, slots=True)
class Box:
    """A room, or a module beside the rooms, and where it stands in the picture."""

    name: str
    lines: tuple[str, ...]
    x: float
    y: float
    width: float

    @property
    def height(self) -> float:
        return 2 * PAD + TITLE + LINE * (len(self.lines) - 1) + 6


def sentence(place: Path) -> str:
    """The first paragraph of a room's or a module's docstring, on one line."""
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    said = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return " ".join(said.partition("\n\n")[0].split())


def layers() -> list[list[str]]:
    """The layers of the import contract, top first, without the package's name."""
    linter = tomllib.loads((HOUSE.parent / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "importlinter"
    ]
    rows = next(one["layers"] for one in linter["contracts"] if one["name"] == CONTRACT)
    return [[room.strip().removeprefix("mdtodo.") for room in row.split("|")] for row in rows]


def arrows(rooms: list[str]) -> set[tuple[str, str]]:
    """Who imports whom, without what follows from other arrows: those of `a -> b -> c` stand for `a -> c`."""
    graph = grimp.build_graph("mdtodo", cache_dir=None)
    for room in rooms:
        if graph.find_children(f"mdtodo.{room}"):
            graph.squash_module(f"mdtodo.{room}")
    found: set[tuple[str, str]] = set()
    reach: dict[str, set[str]] = {}
    for room in reversed(rooms):  # what it imports stands below, and is known by now
        ones = {
            one.removeprefix("mdtodo.") for one in graph.find_modules_directly_imported_by(f"mdtodo.{room}")
        }
        below = {one for one in ones if one in reach}
        reach[room] = below.union(*(reach[one] for one in below))
        found |= {(room, one) for one in below if not any(one in reach[other] for other in below)}
    return found


def boxes(rows: list[list[str]]) -> list[Box]:
    """A row a layer; what a room's docstring says stands in its box."""
    made: list[Box] = []
    y = float(GAP)
    for row in rows:
        width = (WIDTH - GAP * (len(row) + 1)) / len(row) if len(row) > 1 else WIDTH * 0.6
        left = (WIDTH - width * len(row) - GAP * (len(row) - 1)) / 2
        placed = [
            Box(
                room,
                tuple(textwrap.wrap(sentence(HOUSE / room).replace("`", ""), int(width / 6.1))),
                left + number * (width + GAP),
                y,
                width,
            )
            for number, room in enumerate(row)
        ]
        made += placed
        y += max(box.height for box in placed) + BETWEEN
    return made


def drawn(box: Box) -> Iterator[str]:
    """The rectangle and its words."""
    yield (
        f'<rect x="{box.x:.0f}" y="{box.y:.0f}" width="{box.width:.0f}" height="{box.height:.0f}" rx="7" '
        'fill="#ffffff" stroke="#57606a"/>'
    )
    middle, y = box.x + box.width / 2, box.y + PAD + 11
    yield f'<text x="{middle:.0f}" y="{y:.0f}" font-weight="bold" font-size="14">{escape(box.name)}</text>'
    for number, line in enumerate(box.lines):
        yield f'<text x="{middle:.0f}" y="{y + TITLE + LINE * number:.0f}">{escape(line)}</text>'


def svg() -> str:
    """The whole picture."""
    rows = layers()
    placed = {box.name: box for box in boxes(rows)}
    height = max(box.y + box.height for box in placed.values()) + GAP
    out = [_HEAD.format(width=WIDTH, height=f"{height:.0f}")]
    for start, end in sorted(arrows(list(placed))):
        one, two = placed[start], placed[end]
        x1, y1, x2, y2 = one.x + one.width / 2, one.y + one.height, two.x + two.width / 2, two.y - 2
        bend = min(60, (y2 - y1) / 2)
        out.append(
            f'<path d="M{x1:.0f} {y1:.0f} C{x1:.0f} {y1 + bend:.0f} {x2:.0f} {y2 - bend:.0f} {x2:.0f} {y2:.0f}" '
            'fill="none" stroke="#0969da" stroke-opacity="0.6" marker-end="url(#head)"/>'
        )
    for box in placed.values():
        out += drawn(box)
    return "\n".join([*out, "</svg>", ""])


def table() -> str:
    """Every room, with its modules."""
    lines = ["| room | what lives there, and what never does | modules |", "| --- | --- | --- |"]
    for folder in sorted(one.parent for one in HOUSE.rglob("__init__.py")):
        name = folder.relative_to(HOUSE).as_posix()
        if name == "." or name.startswith("demo"):
            continue
        modules = sorted(one.stem for one in folder.glob("*.py") if one.stem != "__init__")
        lines.append(f"| `{name}/` | {sentence(folder)} | {', '.join(modules)} |")
    return "\n".join(lines)


def page() -> str:
    """docs/architecture.md with the table as it should be."""
    text = (HERE / "architecture.md").read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


def main(*, check: bool) -> int:
    """0 if both files are current or were written, 1 if they are not."""
    wanted = {HERE / "architecture.svg": svg(), HERE / "architecture.md": page()}
    old = [
        file for file, text in wanted.items() if not file.exists() or file.read_text(encoding="utf-8") != text
    ]
    if check:
        for file in old:
            sys.stderr.write(f"{file.name} is not current: run `python docs/architecture.py`\n")
        return int(bool(old))
    for file in old:
        file.write_text(wanted[file], encoding="utf-8")
        sys.stdout.write(f"wrote {file.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
