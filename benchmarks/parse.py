"""How fast files are read, as ratios of one run: beside mistune's block parser and cmark-gfm, and by size.

    python benchmarks/parse.py [--rounds N]

CPU seconds, the best of several rounds in turn, so that a busy machine slows all of them alike. cmark-gfm is
written in C and renders HTML besides, since its bindings offer no tree; mistune runs as `second_opinion`
does, once for the whole file.
"""

from __future__ import annotations

import argparse
import gc
import time
from random import Random
from typing import TYPE_CHECKING

from cmarkgfm import cmark
from mistune.block_parser import BlockParser

from mdtodo.markdown.blocks.scanner import scan
from mdtodo.markdown.document import parse
from mdtodo.markdown.second_opinion import second_opinion

if TYPE_CHECKING:
    from collections.abc import Callable

_WORDS = ("when", "the", "parser", "reads", "a", "line", "it", "should", "say", "why", "est:2h", "#backend")


def tasks(count: int, width: int = 80) -> bytes:
    """A file of `count` tasks in sections, up to three levels deep, about `width` bytes a task."""
    random = Random(count)
    lines = []
    level = 0
    for number in range(count):
        if number % 50 == 0:
            lines.append(f"\n## Section {number // 50}\n\n")
            level = 0
        text = f"{'  ' * level}- [{random.choice('   x')}] {number}"
        while len(text) < width - 8:
            text += " " + random.choice(_WORDS)
        lines.append(text + "\n")
        level = random.choice([0, 0, 1, min(level + 1, 2)])
    return "".join(lines).encode()


def prose(count: int) -> bytes:
    """A file of `count` lines of paragraphs, with a few lists, quotes and code in between."""
    block = "Text of a paragraph that goes on for a while, as in a README.\n" * 5 + "\n"
    other = "- item\n  more of it\n\n> quote\n\n```sh\ncode\n```\n\n### Heading\n\n"
    return ((block * 4 + other) * (count // 35)).encode()


def seconds(run: Callable[[], object]) -> float:
    """CPU time of one call, without what the collector does with leftovers of the one before."""
    gc.collect()
    start = time.process_time()
    run()
    return time.process_time() - start


def best(runs: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The best time of each, taken in turn."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            times[name].append(seconds(run))
    return {name: min(found) for name, found in times.items()}


def with_mistune(text: str) -> object:
    parser = BlockParser(max_nested_level=100)
    state = parser.state_cls()
    state.process(text)
    parser.parse(state)
    return state


def compare(title: str, data: bytes, rounds: int) -> None:
    text = data.decode()
    runs: dict[str, Callable[[], object]] = {
        "ours, parse": lambda: parse(data),
        "ours, scan alone": lambda: scan(data),
        "mistune, blocks alone": lambda: with_mistune(text),
        "second opinion": lambda: second_opinion(data),
        "cmark-gfm, to HTML": lambda: cmark.markdown_to_html_with_extensions(text, 0, ["table"]),
    }
    times = best(runs, rounds)
    lines = data.count(b"\n")
    print(f"\n{title}: {len(data) / 1e6:.1f} MB, {lines:,} lines, {len(parse(data).items):,} tasks")
    for name, taken in times.items():
        ratio = taken / times["ours, parse"]
        print(f"  {name:<22} {taken:8.3f} s {taken / lines * 1e6:7.2f} µs a line {ratio:7.2f} × ours")


def growth(rounds: int) -> None:
    small, large = tasks(10_000), tasks(100_000)
    times = best({"10,000": lambda: parse(small), "100,000": lambda: parse(large)}, rounds)
    print(f"\nten times the tasks take {times['100,000'] / times['10,000']:.1f} × the time (linear: 10)")
    deep = {f"{levels:,}": (b"- " * levels + b"[ ] a\n" + b"\n" * levels) for levels in (10_000, 100_000)}
    times = best({name: lambda data=data: parse(data) for name, data in deep.items()}, rounds)  # type: ignore[misc]
    print(f"ten times the nesting takes {times['100,000'] / times['10,000']:.1f} × the time")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--rounds", type=int, default=3)
    rounds = arguments.parse_args().rounds
    compare("tasks", tasks(10_000), rounds)
    compare("prose", prose(20_000), rounds)
    compare("many tasks", tasks(100_000), min(rounds, 2))
    growth(rounds)


if __name__ == "__main__":
    main()
