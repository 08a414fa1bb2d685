"""Task lists, what two people do to them, and what a merge must make of that."""

from __future__ import annotations

import copy
import re
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mdtodo.markdown.document import parse
from mdtodo.markdown.keys.read import read_keys

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

_WORDS = [
    "write",
    "the",
    "api",
    "docs",
    "for",
    "pages",
    "with",
    "new",
    "colours",
    "and",
    "tests",
    "of",
    "every",
    "part",
]
_OPERATIONS = [
    "tick",
    "tick",
    "tick",
    "fail",
    "fail",
    "reopen",
    "add",
    "add",
    "reword",
    "est",
    "note",
    "cancel",
    "delete",
    "move",
    "nest",
]


def merge_text(base: bytes, ours: bytes, theirs: bytes, style: str) -> bytes:
    """What `git merge-file` makes of them."""
    return merge_file(base, ours, theirs, *([f"--{style}"] if style != "merge" else []))[1]


def merge_file(base: bytes, ours: bytes, theirs: bytes, *options: str) -> tuple[int, bytes]:
    """The number of conflicts and the output of `git merge-file`."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("ours", "base", "theirs")]
        for path, data in zip(paths, (ours, base, theirs), strict=True):
            path.write_bytes(data)
        argv = ["git", "merge-file", "-p", "-q", *options, *map(str, paths)]
        done = subprocess.run(argv, capture_output=True, check=False)
        assert 0 <= done.returncode < 128, done.stderr
        return done.returncode, done.stdout


@dataclass
class Node:
    """A task; `name` is a word of its title that no other task has."""

    name: str
    title: str
    char: str = " "
    failed: int = 0
    est: int = 0
    children: list[Node] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def says(self) -> tuple[object, ...]:
        return self.char, self.failed, self.title, self.est


Outline = list[Node]


def outline(random: Random) -> Outline:
    """Some tasks, on up to three levels."""
    names = iter(range(100))

    def node() -> Node:
        name = f"t{next(names)}"
        made = Node(name, f"{random.choice(_WORDS)} {random.choice(_WORDS)} {name}")
        made.char = random.choice("   xx")
        made.failed = random.choice([0, 0, 0, 1, 2]) if made.char == " " else 0
        return made

    top = [node() for _ in range(random.randint(1, 6))]
    for one in top:
        if random.random() < 0.4:
            one.children = [node() for _ in range(random.randint(1, 3))]
            if random.random() < 0.3:
                one.children[0].children.append(node())
        if random.random() < 0.2:
            one.notes.append(f"note {one.name}")
    return top


def changed(random: Random, outline: Outline, who: str) -> Outline:
    """What `who` makes of it."""
    top = copy.deepcopy(outline)
    for _ in range(random.randint(1, 4)):
        operation = random.choice(_OPERATIONS)
        if operation == "add":
            _add(random, top, who)
        elif everything := [(node, siblings) for node, siblings, _ in walk(top)]:
            node, siblings = random.choice(everything)
            _change(random, top, who, operation, node, siblings)
    return top


def _add(random: Random, top: Outline, who: str) -> None:
    everything = list(walk(top))
    name = random.choice(["tn1", "tn2", f"t{who}{random.randint(0, 9)}"])
    if name in [node.name for node, _, _ in everything]:
        return
    siblings = random.choice([top, *[node.children for node, _, _ in everything]])
    siblings.insert(random.randint(0, len(siblings)), Node(name, f"added {name}"))


def _change(random: Random, top: Outline, who: str, operation: str, node: Node, siblings: Outline) -> None:
    if operation in ("tick", "reopen"):
        node.char, node.failed = ("x" if operation == "tick" else " "), 0
    elif operation == "cancel":
        node.char = "-"
    elif operation == "fail" and node.char == " ":
        node.failed += random.randint(1, 2)
    elif operation == "reword":
        node.title += f" again {who}"
    elif operation == "est":
        node.est = random.randint(1, 3)
    elif operation == "note":
        node.notes.append(f"note {who}{random.randint(0, 9)}")
    elif operation == "delete":
        siblings.remove(node)
    elif operation == "move":
        siblings.remove(node)
        places = [top, *[other.children for other, _, _ in walk(top)]]
        place = random.choice([siblings, random.choice(places)])
        place.insert(random.randint(0, len(place)), node)
    elif operation == "nest" and (place_in := siblings.index(node)):
        siblings.remove(node)
        siblings[place_in - 1].children.append(node)


def walk(top: Outline, parent: str | None = None) -> Iterator[tuple[Node, Outline, str | None]]:
    """Each task with its siblings and the name of its parent."""
    for node in list(top):
        yield node, top, parent
        yield from walk(node.children, node.name)


def written(top: Outline) -> bytes:
    return ("# Tasks\n\n" + "".join(line + "\n" for line in _lines(top, ""))).encode()


def _lines(top: Outline, indent: str) -> Iterator[str]:
    for node in top:
        keys = (f" est:{node.est}h" if node.est else "") + (f" failed:{node.failed}" if node.failed else "")
        yield f"{indent}- [{node.char}] {node.title}{keys}"
        yield from (f"{indent}  - {note}" for note in node.notes)
        yield from _lines(node.children, indent + "  ")


_CHARS = {"todo": " ", "done": "x", "cancelled": "-"}
_NAME = re.compile(r"\bt(?:\d+|n\d|[ab]\d)\b")


def faults(base: Outline, ours: Outline, theirs: Outline, merged: bytes, *, conflicts: bool) -> list[str]:
    """What is wrong with the merge of these, by the rules of the reference."""
    sides = [{node.name: (node, parent) for node, _, parent in walk(top)} for top in (base, ours, theirs)]
    lines = [_NAME.findall(line) for line in merged.decode().split("\n") if "- [" in line]
    counts = {name: sum(name in line for line in lines) for name in sides[1] | sides[2]}
    wrong = []
    for name, count in counts.items():
        was, our, their = (side.get(name) for side in sides)
        if our and their:
            added_apart = not was and (our[1] != their[1] or our[0].title != their[0].title)
            # moved and reworded at once, without an id, it is another task: one less here, one more there
            remade = was and any(_remade(name, sides[0], side) for side in sides[1:])
            if count == 0 or (not conflicts and count != 1 + added_apart and not (remade and count == 2)):
                wrong.append(f"{name} is there {count} times")
        elif was:
            left = our or their
            # moved away as well, it is one task less here and another one there, as for git
            side = sides[1] if our else sides[2]
            stayed = left is not None and left[1] == was[1] and _stayed(name, sides[0], side)
            if not conflicts and left and stayed and left[0].says != was[0].says:
                wrong.append(f"{name} was changed and deleted, and that is no conflict")
        elif count == 0 or (not conflicts and count != 1):
            wrong.append(f"{name} was added, and is there {count} times")
    return wrong if conflicts else wrong + list(_wrong_tasks(sides, counts, merged))


def _remade(
    name: str, base: dict[str, tuple[Node, str | None]], side: dict[str, tuple[Node, str | None]]
) -> bool:
    """Whether a task was moved and reworded on this side."""
    moved = side[name][1] != base[name][1] or not _stayed(name, base, side)
    return moved and side[name][0].title != base[name][0].title


def _stayed(
    name: str, base: dict[str, tuple[Node, str | None]], side: dict[str, tuple[Node, str | None]]
) -> bool:
    """Whether a task still comes after the same ones of its list, of those that are there in both."""
    list_of = base[name][1]
    both = [one for one in base if base[one][1] == list_of and one in side and side[one][1] == list_of]
    before = set(both[: both.index(name)])
    now = [one for one in side if one in both]
    return before == set(now[: now.index(name)])


def _wrong_tasks(
    sides: list[dict[str, tuple[Node, str | None]]], counts: dict[str, int], merged: bytes
) -> Iterator[str]:
    for item in parse(merged).items:
        keys = read_keys(item.text)
        (name,) = _NAME.findall(keys.title)
        was, our, their = (side[name][0] if name in side else None for side in sides)
        if our is None or their is None or (was is None and counts[name] > 1):
            continue
        before, char = (was.char if was else " "), _CHARS[item.status.value]
        expected = _merged_char(before, our.char, their.char)
        if char != expected:
            yield f"{name} says [{char}] instead of [{expected}]"
        failed = _merged_failed(was.failed if was else 0, our.failed, their.failed)
        if keys.failed != (0 if char == "x" != before else failed):
            yield f"{name} has failed:{keys.failed}"


def _merged_char(base: str, ours: str, theirs: str) -> str | None:
    if ours == theirs or theirs == base:
        return ours
    if ours == base:
        return theirs
    pair = {ours, theirs}
    if pair == {"x", "-"} or (base == "x" and "-" in pair):
        return None
    return "x" if "x" in pair else "-"


def _merged_failed(base: int, ours: int, theirs: int) -> int:
    if theirs == base:
        return ours
    return theirs if ours == base else max(ours, theirs)
