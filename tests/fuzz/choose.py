"""The few of many texts that go all the ways through mdtodo that the many go: what `fuzz_corpus.json` has.

python -m tests.fuzz.choose FOLDER [--most N]

FOLDER is what `python -m tests.fuzz --kept FOLDER` has kept. Each text is tried with its property alone; of those that go a
way of their own the shortest are chosen, and made shorter as long as they do.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mdtodo.markdown.keys.read import read_keys
from tests.fuzz import properties
from tests.fuzz.minimize import minimized
from tests.fuzz.versions import CORPUS, Versions, committed

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

#: A file, and a step from one of its lines to another.
Way = tuple[str, int, int]
Ways = frozenset[Way]

#: Those that need no repository, nor measure times.
_CHEAP = [name for name in properties.__all__ if name not in ("costs", "gates")]
_ROOMS = tuple([f"{Path(__file__).parents[2]}/mdtodo/{room}/" for room in ("markdown", "fast_path")])


def main() -> None:
    """Write the corpus."""
    parser = argparse.ArgumentParser("python -m tests.fuzz.choose")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--most", type=int, default=200)
    given = parser.parse_args()
    chooser = _Chooser()
    known = {(name, text) for _, text in committed() for name in _CHEAP}
    for name in _CHEAP:
        known |= {(name, path.read_bytes()) for path in (given.folder / name).glob("*")}
    for name, text in sorted(known, key=lambda one: (len(one[1]), one)):
        chooser.look(name, text)
    chosen: dict[str, list[str]] = {}
    for name, text in chooser.chosen(given.most):
        chosen.setdefault(name, []).append(text.decode("latin-1"))
    written = json.dumps({name: chosen[name] for name in sorted(chosen)}, indent=0)
    CORPUS.write_text(written + "\n", encoding="ascii")
    sys.stdout.write(
        f"{sum(map(len, chosen.values()))} texts, {len(chooser.covered)} ways of {len(chooser.every)}\n"
    )


class _Chooser:
    """What each text covers."""

    def __init__(self) -> None:
        self.every: set[Way] = set()
        self.covered: set[Way] = set()
        self._found: list[tuple[str, bytes, Ways]] = []

    def look(self, name: str, text: bytes) -> None:
        """Keep the text if it goes a way that no shorter one went."""
        ways = _ways(name, text)
        if not ways <= self.every:
            self._found.append((name, text, ways))
            self.every |= ways

    def chosen(self, most: int) -> list[tuple[str, bytes]]:
        """So many at most, those first that add most."""
        made: list[tuple[str, bytes]] = []
        left = list(self._found)
        while left and len(made) < most:
            name, text, ways = max(left, key=lambda one: len(one[2] - self.covered))
            own = ways - self.covered
            if not own:
                break
            made.append((name, minimized(text, lambda one: own <= _ways(name, one), 100)))  # noqa: B023
            self.covered |= ways if made[-1][1] == text else _ways(*made[-1])
            left.remove((name, text, ways))
        return sorted(made, key=lambda one: (one[0], len(one[1]), one[1]))


def _ways(name: str, text: bytes) -> Ways:
    """Those of one text. A tracer of our own: coverage's takes longer to begin and to end than a text does."""
    found: set[Way] = set()

    def called(frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        file, last = frame.f_code.co_filename, -frame.f_lineno
        if not file.startswith(_ROOMS):
            return None

        def traced(frame: FrameType, event: str, _: object) -> Callable[..., Any]:
            nonlocal last
            if event == "line":
                found.add((file, last, frame.f_lineno))
                last = frame.f_lineno
            return traced

        return traced

    read_keys.cache_clear()
    sys.settrace(called)
    try:
        getattr(properties, name)(Versions.of(text))
    finally:
        sys.settrace(None)
    return frozenset(found)


if __name__ == "__main__":
    main()
